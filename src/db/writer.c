/*
 * db/writer.c - the thread that commits for many: what waits is run in one transaction, each member in a
 * savepoint, and answered after the commit. While a commit waits for the disk the next group assembles.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/thread.h"
#include "db/db_int.h"
#include "db/group.h"

#include <assert.h>
#include <errno.h>
#include <time.h>

#define IDLE_AFTER_MS 1000
#define LATER_DEADLINE_MS 30000
#define LATER_MAX 100000 /* more than that means that the database stands still */

struct job_list {
	struct job *first, **tail;
	size_t count;
};

struct writer {
	struct db_pool *pool;
	pthread_t thread;

	pthread_mutex_t lock; /* guards the lists, what is due, and `stopping` */
	pthread_cond_t wake;
	struct job_list queue, delayed, later;
	int64_t later_due_ms;
	bool stopping;

	pthread_mutex_t
	    conn_lock; /* guards group.db: held by the writer except while it sleeps */
	_Atomic bool poll_wanted;

	struct group group; /* the writer's own, as is what follows */
	int64_t idle_since_ms;
};

static void list_init(struct job_list *list)
{
	*list = (struct job_list){ .first = NULL, .tail = &list->first };
}

static void list_add(struct job_list *list, struct job *job)
{
	job->next = NULL;
	job->is_listed = true;
	*list->tail = job;
	list->tail = &job->next;
	list->count++;
}

static struct job *list_take(struct job_list *list)
{
	struct job *job = list->first;

	list->first = job->next;
	if (!list->first)
		list->tail = &list->first;
	list->count--;
	job->is_listed = false;
	return job;
}

/* No effect if it is in another list. */
static void list_remove(struct job_list *list, struct job *job)
{
	struct job **link = &list->first;

	while (*link != job) {
		if (!*link)
			return;
		link = &(*link)->next;
	}
	*link = job->next;
	if (list->tail == &job->next)
		list->tail = link;
	list->count--;
	job->is_listed = false;
}

static void note_foreign(struct writer *w)
{
	const struct db_ops *ops = w->pool->driver->ops;

	if (!w->group.db->dead && ops->foreign_changes(w->group.db->conn))
		atomic_store(&w->pool->foreign, true);
}

static void take_back_put_off(struct writer *w)
{
	for (size_t i = 0; i < w->group.count; i++) {
		struct job *job = w->group.members[i];

		if (!job)
			continue;
		pthread_mutex_lock(&w->lock);
		list_add(&w->delayed, job);
		pthread_mutex_unlock(&w->lock);
	}
}

static void run_group(struct writer *w)
{
	const struct db_ops *ops = w->pool->driver->ops;

	group_run(&w->group);
	take_back_put_off(w);
	if (atomic_exchange(&w->poll_wanted, false))
		note_foreign(w);
	if (ops->between && !w->group.db->dead)
		ops->between(w->group.db->conn);
}

/* ---- who is next ---- */

static void add_member(struct writer *w, struct job *job)
{
	job->state = JOB_PENDING;
	w->group.members[w->group.count++] = job;
}

/* Under the lock. */
static void take_delayed(struct writer *w, size_t room, int64_t now_ms)
{
	size_t count = w->delayed.count;

	for (size_t i = 0; i < count; i++) {
		struct job *job = list_take(&w->delayed);

		if (w->group.count < room && (job->due_ms <= now_ms || w->stopping))
			add_member(w, job);
		else
			list_add(&w->delayed, job);
	}
}

/* Under the lock. Waiting callers first; what may wait joins any group. */
static void take_members(struct writer *w, int64_t now_ms)
{
	size_t room = (size_t)w->pool->settings.group_max;

	w->group.count = 0;
	take_delayed(w, room, now_ms);
	while (w->group.count < room && w->queue.first)
		add_member(w, list_take(&w->queue));
	if (w->group.count == 0 && w->later_due_ms > now_ms && !w->stopping)
		return;
	room += w->group.count;
	while (w->group.count < room && w->group.count < GROUP_MEMBERS_MAX && w->later.first)
		add_member(w, list_take(&w->later));
	w->later_due_ms = w->later.first ? now_ms : INT64_MAX;
}

/* Under the lock. When there is something to do even if nobody calls; INT64_MAX: never. */
static int64_t next_due_ms(const struct writer *w)
{
	int64_t due_ms = w->later_due_ms;

	for (const struct job *job = w->delayed.first; job; job = job->next) {
		if (job->due_ms < due_ms)
			due_ms = job->due_ms;
	}
	return due_ms;
}

/* Under the lock. Until woken, or until `until_ms`. */
static void sleep_until(struct writer *w, int64_t until_ms)
{
	struct timespec at = { .tv_sec = until_ms / 1000,
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };

	if (until_ms == INT64_MAX)
		(void)pthread_cond_wait(&w->wake, &w->lock);
	else
		(void)pthread_cond_timedwait(&w->wake, &w->lock, &at);
}

static int64_t do_idle_work(struct writer *w, int64_t now_ms)
{
	const struct db_ops *ops = w->pool->driver->ops;
	int next_ms = -1;

	pthread_mutex_lock(&w->conn_lock);
	if (ops->idle && !w->group.db->dead)
		next_ms = ops->idle(w->group.db->conn, now_ms - w->idle_since_ms);
	pthread_mutex_unlock(&w->conn_lock);
	return next_ms < 0 ? INT64_MAX : now_ms + next_ms;
}

/* Fills the members; false when the writer is to end and nothing is left. */
static bool wait_for_members(struct writer *w)
{
	int64_t idle_at_ms;

	w->idle_since_ms = clock_mono_ms();
	idle_at_ms = w->idle_since_ms + IDLE_AFTER_MS;
	pthread_mutex_lock(&w->lock);
	for (;;) {
		int64_t now_ms = clock_mono_ms(), due_ms;

		take_members(w, now_ms);
		if (w->group.count > 0 || w->stopping)
			break;
		due_ms = next_due_ms(w);
		if (idle_at_ms <= now_ms) {
			pthread_mutex_unlock(&w->lock);
			idle_at_ms = do_idle_work(w, now_ms);
			pthread_mutex_lock(&w->lock);
		} else {
			sleep_until(w, due_ms < idle_at_ms ? due_ms : idle_at_ms);
		}
	}
	pthread_mutex_unlock(&w->lock);
	return w->group.count > 0;
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;

	while (wait_for_members(w)) {
		pthread_mutex_lock(&w->conn_lock);
		run_group(w);
		pthread_mutex_unlock(&w->conn_lock);
	}
	return NULL;
}

/* ---- callers ---- */

/* Waits on the real-time clock because that is what POSIX offers; a jump of it only costs another look. */
static bool wait_answer(struct job *job)
{
	int left_ms = deadline_left_ms(job->deadline);
	int64_t until_ms = clock_unix_ms() + left_ms;
	struct timespec at = { .tv_sec = until_ms / 1000,
		.tv_nsec = (long)(until_ms % 1000) * 1000000 };

	while (sem_timedwait(&job->answered, &at) < 0) {
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* Its deadline has passed: a job that no group has taken yet is taken back. */
static bool take_back(struct writer *w, struct job *job)
{
	bool taken_back;

	pthread_mutex_lock(&w->lock);
	taken_back = job->is_listed;
	if (taken_back) {
		list_remove(&w->queue, job);
		list_remove(&w->delayed, job);
	}
	pthread_mutex_unlock(&w->lock);
	return taken_back;
}

/* True when the job was answered, false when it was never run to an end. */
static bool wait_for_job(struct writer *w, struct job *job)
{
	while (!wait_answer(job)) {
		if (!deadline_passed(job->deadline))
			continue;
		if (take_back(w, job))
			return false;
		/* a group has it, and the writer answers what it took */
		while (sem_wait(&job->answered) < 0)
			assert(errno == EINTR);
		break;
	}
	return true;
}

enum errc writer_run(
    struct writer *w, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	struct job job = { .body = body, .arg = arg, .err = err, .deadline = deadline };
	bool answered;

	/* a body or a listener that waits for the writer would wait for itself */
	assert(!pthread_equal(pthread_self(), w->thread));
	(void)sem_init(&job.answered, 0, 0);
	pthread_mutex_lock(&w->lock);
	list_add(&w->queue, &job);
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	answered = wait_for_job(w, &job);
	(void)sem_destroy(&job.answered);
	return answered ? job.rc : db_too_busy(NULL, err);
}

void writer_run_later(struct writer *w, int delay_ms, db_body *body,
    void (*done)(void *arg, enum errc rc), void *arg)
{
	struct job *job = xcalloc(1, sizeof(*job));
	bool full;

	*job = (struct job){ .body = body, .arg = arg, .done = done };
	job->deadline = deadline_in_ms((int64_t)delay_ms + LATER_DEADLINE_MS);
	job->due_ms = clock_mono_ms() + delay_ms;
	pthread_mutex_lock(&w->lock);
	full = w->later.count >= LATER_MAX;
	if (!full) {
		list_add(&w->later, job);
		if (job->due_ms < w->later_due_ms) {
			w->later_due_ms = job->due_ms;
			pthread_cond_signal(&w->wake);
		}
	}
	pthread_mutex_unlock(&w->lock);
	if (!full)
		return;
	if (done)
		done(arg, ERR_UNAVAIL);
	xfree(job);
}

void writer_poll_foreign(struct writer *w)
{
	if (pthread_mutex_trylock(&w->conn_lock) != 0) {
		atomic_store(&w->poll_wanted, true);
		return;
	}
	note_foreign(w);
	pthread_mutex_unlock(&w->conn_lock);
}

/* ---- life ---- */

static void init_locks(struct writer *w)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->wake, &attr);
	(void)pthread_condattr_destroy(&attr);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_mutex_init(&w->conn_lock, NULL);
}

static void release(struct writer **wp)
{
	struct writer *w = *wp;

	db_conn_free(&w->group.db);
	arena_free(&w->group.arena);
	(void)pthread_cond_destroy(&w->wake);
	(void)pthread_mutex_destroy(&w->lock);
	(void)pthread_mutex_destroy(&w->conn_lock);
	xfree(w);
	*wp = NULL;
}

enum errc writer_new(struct db_pool *pool, struct writer **writer_out, struct err *err)
{
	enum db_role role = pool->driver->single_writer ? DB_WRITER : DB_BOTH;
	struct writer *w = xcalloc(1, sizeof(*w));
	enum errc rc;

	w->pool = w->group.pool = pool;
	w->group.arena = arena_new("transaction");
	w->later_due_ms = INT64_MAX;
	list_init(&w->queue);
	list_init(&w->delayed);
	list_init(&w->later);
	init_locks(w);
	rc = db_conn_new(pool, role, &w->group.db, err);
	if (rc == OK)
		rc = pool->settings.any_schema
		    ? OK
		    : db_check_schema(
			  pool->driver, w->group.db->conn, pool->settings.table_prefix, err);
	if (rc == OK)
		rc = thread_start(
		    "db writer", THREAD_STACK_SIZE, writer_main, w, &w->thread, err);
	if (rc != OK) {
		release(&w);
		return rc;
	}
	*writer_out = w;
	return OK;
}

void writer_free(struct writer **writerp)
{
	struct writer *w = *writerp;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	w->stopping = true;
	pthread_cond_signal(&w->wake);
	pthread_mutex_unlock(&w->lock);
	thread_join(w->thread);
	release(writerp);
}
