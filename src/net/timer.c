#include "net/timer.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/thread.h"

#include <pthread.h>
#include <time.h>

#define NOWHERE UINT32_MAX

struct timer {
	int64_t at_ms;
	struct session_ref ref;
};

struct timers {
	void (*fire)(void *arg, struct session_ref ref);
	void *arg;
	pthread_t thread;
	bool started;
	pthread_cond_t changed; /* the first one became earlier, or stop */
	pthread_mutex_t lock;	/* all below */
	bool stop;
	uint32_t count;
	struct timer *heap; /* a slot has one at the most */
	uint32_t *place;    /* by slot: index in the heap or NOWHERE */
};

struct timers *timers_new(
    uint32_t slots, void (*fire)(void *arg, struct session_ref ref), void *arg)
{
	struct timers *timers = xcalloc(1, sizeof(*timers));

	timers->fire = fire;
	timers->arg = arg;
	timers->heap = xcalloc(slots, sizeof(timers->heap[0]));
	timers->place = xcalloc(slots, sizeof(timers->place[0]));
	for (uint32_t i = 0; i < slots; i++)
		timers->place[i] = NOWHERE;
	(void)pthread_mutex_init(&timers->lock, NULL);
	thread_cond_init(&timers->changed);
	return timers;
}

void timers_free(struct timers **timersp)
{
	struct timers *timers = *timersp;

	if (!timers)
		return;
	timers_stop(timers);
	(void)pthread_cond_destroy(&timers->changed);
	(void)pthread_mutex_destroy(&timers->lock);
	xfree(timers->heap);
	xfree(timers->place);
	xfree(timers);
	*timersp = NULL;
}

static void put(struct timers *timers, uint32_t at, struct timer timer)
{
	timers->heap[at] = timer;
	timers->place[timer.ref.slot] = at;
}

static void sift_up(struct timers *timers, uint32_t at, struct timer timer)
{
	while (at > 0 && timers->heap[(at - 1) / 2].at_ms > timer.at_ms) {
		put(timers, at, timers->heap[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	put(timers, at, timer);
}

static void sift_down(struct timers *timers, uint32_t at, struct timer timer)
{
	for (;;) {
		uint32_t child = at * 2 + 1;

		if (child >= timers->count)
			break;
		if (child + 1 < timers->count &&
		    timers->heap[child + 1].at_ms < timers->heap[child].at_ms)
			child++;
		if (timers->heap[child].at_ms >= timer.at_ms)
			break;
		put(timers, at, timers->heap[child]);
		at = child;
	}
	put(timers, at, timer);
}

static void take_out(struct timers *timers, uint32_t at)
{
	struct timer last = timers->heap[--timers->count];

	timers->place[timers->heap[at].ref.slot] = NOWHERE;
	if (at == timers->count)
		return;
	if (at > 0 && timers->heap[(at - 1) / 2].at_ms > last.at_ms)
		sift_up(timers, at, last);
	else
		sift_down(timers, at, last);
}

void timers_set(struct timers *timers, struct session_ref ref, int64_t at_ms)
{
	bool is_first;

	(void)pthread_mutex_lock(&timers->lock);
	if (timers->place[ref.slot] != NOWHERE)
		take_out(timers, timers->place[ref.slot]);
	if (at_ms != 0)
		sift_up(timers, timers->count++, (struct timer){ .at_ms = at_ms, .ref = ref });
	is_first = at_ms != 0 && timers->place[ref.slot] == 0;
	(void)pthread_mutex_unlock(&timers->lock);
	if (is_first)
		(void)pthread_cond_signal(&timers->changed);
}

static void *timers_main(void *arg)
{
	struct timers *timers = arg;

	(void)pthread_mutex_lock(&timers->lock);
	while (!timers->stop) {
		struct session_ref ref;

		if (timers->count == 0) {
			(void)pthread_cond_wait(&timers->changed, &timers->lock);
			continue;
		}
		if (timers->heap[0].at_ms > clock_mono_ms()) {
			thread_cond_wait_until(
			    &timers->changed, &timers->lock, timers->heap[0].at_ms);
			continue;
		}
		ref = timers->heap[0].ref;
		take_out(timers, 0);
		(void)pthread_mutex_unlock(&timers->lock);
		timers->fire(timers->arg, ref);
		(void)pthread_mutex_lock(&timers->lock);
	}
	(void)pthread_mutex_unlock(&timers->lock);
	return NULL;
}

enum errc timers_start(struct timers *timers, struct err *err)
{
	enum errc rc = thread_start(
	    "timers", THREAD_STACK_SIZE, timers_main, timers, &timers->thread, err);

	timers->started = rc == OK;
	return rc;
}

void timers_stop(struct timers *timers)
{
	if (!timers->started)
		return;
	(void)pthread_mutex_lock(&timers->lock);
	timers->stop = true;
	(void)pthread_mutex_unlock(&timers->lock);
	(void)pthread_cond_signal(&timers->changed);
	(void)pthread_join(timers->thread, NULL);
	timers->started = false;
}
