#include "net/net_int.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/random.h"
#include "base/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* Every so often the sockets come before the run queue, so that neither starves the other. */
#define EPOLL_TURN 8

/* And every so often who has had a turn comes before who was woken. */
#define AGAIN_TURN 4

/* Workers that may be busy beside one for each core: a step may wait for a file of the spool. */
#define BUSY_BESIDE 1

/* What one look at the sockets takes. */
#define EVENTS_AT_ONCE 16

/* At the end wakes are no longer one for one: the last connection may close on any worker. */
#define ENDED_POLL_MS 10

/* How often a stop looks whether all are gone. */
#define WAIT_LOOK_NS 5000000L

/* The wake_fd's event; no slot has generation 0. */
#define WAKE_TOKEN UINT64_C(0)

/* Is there something that a worker may run? */
static bool has_work(const struct reactor *reactor)
{
	return runq_count(reactor->runq, RUNQ_FRESH) > 0 ||
	    (runq_count(reactor->runq, RUNQ_AGAIN) > 0 &&
		atomic_load(&reactor->busy) < reactor->busy_max);
}

/* Whoever changes the run queue or `busy` looks at what there is afterwards, and a sleeper does before it sleeps: so
 * work and a worker find each other. */
static void kick(struct reactor *reactor)
{
	uint64_t one = 1;

	if (atomic_load(&reactor->sleepers) > 0)
		(void)!write(reactor->wake_fd, &one, sizeof(one));
}

static bool become_busy(struct worker *worker)
{
	struct reactor *reactor = worker->reactor;
	unsigned busy = atomic_load(&reactor->busy);

	do {
		if (busy >= reactor->busy_max)
			return false;
	} while (!atomic_compare_exchange_weak(&reactor->busy, &busy, busy + 1));
	worker->is_busy = true;
	return true;
}

static void cease_to_be_busy(struct worker *worker)
{
	if (worker->is_busy)
		atomic_fetch_sub(&worker->reactor->busy, 1);
	worker->is_busy = false;
}

void reactor_begin_wait(struct worker *worker)
{
	if (!worker->is_busy)
		return;
	cease_to_be_busy(worker);
	if (has_work(worker->reactor))
		kick(worker->reactor);
}

void reactor_queue(struct reactor *reactor, struct session_ref ref, bool again)
{
	const struct runnable *runnable = slots_owner(reactor->slots, ref);

	runq_push(reactor->runq, again || runnable->is_greedy ? RUNQ_AGAIN : RUNQ_FRESH, ref);
}

void reactor_submit(struct reactor *reactor, struct session_ref ref)
{
	reactor_queue(reactor, ref, false);
	if (has_work(reactor))
		kick(reactor);
}

void reactor_wake_bits(struct reactor *reactor, struct session_ref ref, unsigned bits)
{
	if (slots_wake(reactor->slots, ref, bits))
		reactor_submit(reactor, ref);
}

void reactor_wake(struct reactor *reactor, struct session_ref ref, unsigned events)
{
	if (!slots_wake(reactor->slots, ref, events & WAKE_EVENTS))
		return;
	/* news of a mailbox may come to thousands at once: what somebody has asked for goes before them */
	reactor_queue(reactor, ref, events == EVENT_BUS);
	if (has_work(reactor))
		kick(reactor);
}

enum errc reactor_arm(
    struct reactor *reactor, struct session_ref ref, int fd, unsigned events, bool *in_epoll)
{
	struct epoll_event event = {
		.events = events | EPOLLONESHOT,
		.data.u64 = (uint64_t)ref.generation << 32 | ref.slot,
	};
	int op = *in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

	if (epoll_ctl(reactor->epoll, op, fd, &event) != 0)
		return ERR_UNAVAIL;
	*in_epoll = true;
	return OK;
}

/* True: the owner is RUNNING in our hands. */
static bool take_event(
    struct reactor *reactor, const struct epoll_event *event, struct session_ref *ref_out)
{
	unsigned bits = 0;

	if (event->data.u64 == WAKE_TOKEN)
		return false;
	ref_out->slot = (uint32_t)event->data.u64;
	ref_out->generation = (uint32_t)(event->data.u64 >> 32);
	if (event->events & (EPOLLIN | EPOLLHUP | EPOLLERR | EPOLLRDHUP))
		bits |= WAKE_INPUT;
	if (event->events & (EPOLLOUT | EPOLLHUP | EPOLLERR))
		bits |= WAKE_OUTPUT;
	return slots_wake(reactor->slots, *ref_out, bits);
}

/*
 * Waits for events: the first that is not greedy's is ours, the others go to the run queue, so that nobody waits longer
 * at a socket than those before him take. True: its owner is RUNNING in our hands.
 */
static bool poll_events(struct reactor *reactor, int timeout_ms, struct session_ref *ref_out)
{
	struct epoll_event event[EVENTS_AT_ONCE];
	struct session_ref ref;
	bool found = false;
	int n = epoll_wait(reactor->epoll, event, EVENTS_AT_ONCE, timeout_ms);

	for (int i = 0; i < n; i++) {
		const struct runnable *runnable;

		if (!take_event(reactor, &event[i], &ref))
			continue;
		runnable = slots_owner(reactor->slots, ref);
		if (found || runnable->is_greedy) {
			reactor_queue(reactor, ref, false);
			continue;
		}
		*ref_out = ref;
		found = true;
	}
	return found;
}

/* Until there may be something to run. */
static bool sleep_a_while(struct reactor *reactor, struct session_ref *ref_out)
{
	int timeout_ms = atomic_load(&reactor->ended) ? ENDED_POLL_MS : -1;
	bool found;

	atomic_fetch_add(&reactor->sleepers, 1);
	/* whoever pushes after this look sees a sleeper and writes to wake_fd */
	found = poll_events(reactor, has_work(reactor) ? 0 : timeout_ms, ref_out);
	atomic_fetch_sub(&reactor->sleepers, 1);
	return found;
}

static bool pop_again(struct worker *worker, struct session_ref *ref_out)
{
	struct reactor *reactor = worker->reactor;

	if (runq_count(reactor->runq, RUNQ_AGAIN) == 0 || !become_busy(worker))
		return false;
	if (runq_pop(reactor->runq, RUNQ_AGAIN, ref_out))
		return true;
	cease_to_be_busy(worker);
	return false;
}

/* In the order that this turn has. */
static bool pop_any(struct worker *worker, struct session_ref *ref_out)
{
	struct runq *runq = worker->reactor->runq;

	if (worker->turn % AGAIN_TURN == 0)
		return pop_again(worker, ref_out) || runq_pop(runq, RUNQ_FRESH, ref_out);
	return runq_pop(runq, RUNQ_FRESH, ref_out) || pop_again(worker, ref_out);
}

static bool next_ready(struct worker *worker, struct session_ref *ref_out)
{
	struct reactor *reactor = worker->reactor;
	bool is_epoll_turn = ++worker->turn % EPOLL_TURN == 0;
	bool found = (is_epoll_turn && poll_events(reactor, 0, ref_out)) ||
	    pop_any(worker, ref_out) || sleep_a_while(reactor, ref_out);

	/* wakes come one by one, so each worker that leaves something behind wakes the next */
	if (has_work(reactor))
		kick(reactor);
	return found;
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;
	struct reactor *reactor = worker->reactor;
	struct session_ref ref;

	while (!atomic_load(&reactor->ended) || atomic_load(&reactor->connections) > 0) {
		if (next_ready(worker, &ref)) {
			struct runnable *runnable = slots_owner(reactor->slots, ref);

			runnable->run(runnable, worker, slots_pending(reactor->slots, ref));
			cease_to_be_busy(worker);
		}
	}
	buf_release(&worker->spare_in);
	buf_release(&worker->spare_out);
	kick(reactor);
	return NULL;
}

static void on_clock(void *arg, struct session_ref ref)
{
	reactor_wake_bits(arg, ref, WAKE_CLOCK);
}

static void on_ticket(void *arg, struct session_ref ref)
{
	reactor_wake_bits(arg, ref, WAKE_TICKET);
}

static unsigned or_default(unsigned value, unsigned otherwise)
{
	return value > 0 ? value : otherwise;
}

static unsigned cores(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n > 0 && n < 4096 ? (unsigned)n : 1;
}

static void set_options(struct reactor_options *to, const struct reactor_options *from)
{
	*to = *from;
	to->tickets = or_default(from->tickets, 4);
	to->workers = or_default(from->workers, to->tickets + cores());
	to->connections_max = or_default(from->connections_max, 10000);
	to->per_address_max = or_default(from->per_address_max, 256);
	to->per_user_max = or_default(from->per_user_max, 64);
	to->handshakes_max = or_default(from->handshakes_max, 512);
	if (to->handshake_timeout_ms <= 0)
		to->handshake_timeout_ms = INT64_C(30) * 1000;
	if (to->send_timeout_ms <= 0)
		to->send_timeout_ms = INT64_C(5) * 60 * 1000;
	if (to->memory_max == 0)
		to->memory_max = UINT64_C(512) * 1024 * 1024;
}

static enum errc open_fds(struct reactor *reactor, struct err *err)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET, .data.u64 = WAKE_TOKEN };

	reactor->epoll = epoll_create1(EPOLL_CLOEXEC);
	reactor->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	reactor->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (reactor->epoll < 0 || reactor->wake_fd < 0 || reactor->reserve_fd < 0 ||
	    epoll_ctl(reactor->epoll, EPOLL_CTL_ADD, reactor->wake_fd, &event) != 0)
		return err_set(err, ERR_UNAVAIL, "reactor: %s", strerror(errno));
	return OK;
}

enum errc reactor_new(
    const struct reactor_options *options, struct reactor **reactor_out, struct err *err)
{
	struct reactor *reactor = xcalloc(1, sizeof(*reactor));
	uint32_t slots;
	enum errc rc;

	set_options(&reactor->options, options);
	reactor_set_limits(
	    reactor, reactor->options.per_address_max, reactor->options.per_user_max);
	reactor->busy_max = cores() + BUSY_BESIDE;
	slots = reactor->options.connections_max + REACTOR_LISTENERS_MAX;
	reactor->slots = slots_new(slots);
	reactor->activities = activities_new(slots);
	reactor->runq = runq_new(slots);
	reactor->timers = timers_new(slots, on_clock, reactor);
	reactor->tickets = tickets_new(reactor->options.tickets, on_ticket, reactor);
	reactor->scheduler = scheduler_new();
	reactor->by_address = tally_new();
	reactor->by_user = tally_new();
	budget_init(&reactor->memory, NULL, reactor->options.memory_max);
	tally_set_budgets(
	    reactor->by_user, &reactor->memory, reactor->options.account_memory_max);
	(void)pthread_mutex_init(&reactor->reserve_lock, NULL);
	atomic_init(&reactor->silent.level, -1);
	if (options->log)
		log_child(&reactor->log, options->log, NULL);
	else
		log_init(&reactor->log, &reactor->silent, "net");
	/* not from 1: ids of an earlier process may still stand in the database */
	atomic_init(&reactor->next_id, random_u64());
	rc = open_fds(reactor, err);
	if (rc != OK) {
		reactor_free(&reactor);
		return rc;
	}
	*reactor_out = reactor;
	return OK;
}

static void join_workers(struct reactor *reactor)
{
	atomic_store(&reactor->ended, true);
	kick(reactor);
	for (unsigned i = 0; i < reactor->started; i++)
		(void)pthread_join(reactor->workers[i].thread, NULL);
	reactor->started = 0;
}

enum errc reactor_start(struct reactor *reactor, struct err *err)
{
	enum errc rc = timers_start(reactor->timers, err);

	if (rc == OK)
		rc = scheduler_start(reactor->scheduler, err);
	reactor->workers = xcalloc(reactor->options.workers, sizeof(reactor->workers[0]));
	for (unsigned i = 0; rc == OK && i < reactor->options.workers; i++) {
		struct worker *worker = &reactor->workers[i];

		worker->reactor = reactor;
		buf_init(&worker->spare_in, SESSION_IN_MAX);
		buf_init(&worker->spare_out, SESSION_OUT_MAX);
		rc = thread_start(
		    "worker", THREAD_STACK_SIZE, worker_main, worker, &worker->thread, err);
		reactor->started += rc == OK;
	}
	for (unsigned i = 0; rc == OK && i < reactor->listeners; i++)
		rc = listener_start(reactor->listener[i], err);
	if (rc != OK)
		reactor_stop(reactor, 0);
	return rc;
}

void reactor_set_limits(
    struct reactor *reactor, unsigned per_address_max, unsigned per_user_max)
{
	atomic_store(&reactor->per_address_max, per_address_max);
	atomic_store(&reactor->per_user_max, per_user_max);
}

bool reactor_next_activity(
    struct reactor *reactor, uint32_t *slot, struct arena *arena, struct activity *activity_out)
{
	return activities_next(reactor->activities, slot, arena, activity_out);
}

void reactor_kick(struct reactor *reactor, struct session_ref ref)
{
	reactor_wake_bits(reactor, ref, WAKE_KICK);
}

void reactor_every(struct reactor *reactor, int64_t every_ms, void (*job)(void *arg), void *arg)
{
	scheduler_every(reactor->scheduler, every_ms, job, arg);
}

static void wake_all(struct reactor *reactor, unsigned bits)
{
	for (uint32_t i = 0; i < slots_count(reactor->slots); i++) {
		struct session_ref ref;

		if (slots_wake_any(reactor->slots, i, bits, &ref))
			reactor_submit(reactor, ref);
	}
}

static void wait_for_none(struct reactor *reactor, int64_t wait_ms)
{
	struct deadline deadline = deadline_in_ms(wait_ms);
	struct timespec pause = { .tv_nsec = WAIT_LOOK_NS };

	while (atomic_load(&reactor->connections) > 0 && !deadline_passed(deadline))
		(void)nanosleep(&pause, NULL);
}

void reactor_stop(struct reactor *reactor, int64_t grace_ms)
{
	atomic_store(&reactor->stopping, true);
	if (reactor->started > 0) {
		wake_all(reactor, EVENT_SHUTDOWN);
		wait_for_none(reactor, grace_ms);
		wake_all(reactor, WAKE_CLOSE);
		join_workers(reactor);
	}
	timers_stop(reactor->timers);
	scheduler_stop(reactor->scheduler);
}

static void close_fd(int fd)
{
	if (fd > 0)
		(void)close(fd);
}

void reactor_free(struct reactor **reactorp)
{
	struct reactor *reactor = *reactorp;

	if (!reactor)
		return;
	for (unsigned i = 0; i < reactor->listeners; i++)
		listener_free(&reactor->listener[i]);
	timers_free(&reactor->timers);
	scheduler_free(&reactor->scheduler);
	tickets_free(&reactor->tickets);
	runq_free(&reactor->runq);
	slots_free(&reactor->slots);
	activities_free(&reactor->activities);
	tally_free(&reactor->by_address);
	tally_free(&reactor->by_user);
	close_fd(reactor->epoll);
	close_fd(reactor->wake_fd);
	close_fd(reactor->reserve_fd);
	(void)pthread_mutex_destroy(&reactor->reserve_lock);
	xfree(reactor->workers);
	xfree(reactor);
	*reactorp = NULL;
}

struct reactor_stats reactor_stats(struct reactor *reactor)
{
	return (struct reactor_stats){
		.connections = atomic_load(&reactor->connections),
		.strangers = atomic_load(&reactor->strangers),
		.handshakes = atomic_load(&reactor->handshakes),
		.tickets_waiting = tickets_waiting(reactor->tickets),
		.memory = budget_used(&reactor->memory),
		.accepted = counter_read(&reactor->accepted),
		.refused = counter_read(&reactor->refused),
	};
}
