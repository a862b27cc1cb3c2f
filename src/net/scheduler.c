#include "net/scheduler.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/thread.h"

#include <assert.h>

struct job {
	int64_t every_ms, next_ms;
	void (*run)(void *arg);
	void *arg;
	bool removed; /* while it runs */
};

struct scheduler {
	pthread_t thread;
	bool started;
	pthread_cond_t changed; /* a job came, a job ended, or stop */
	pthread_mutex_t lock;	/* all below */
	bool stop;
	struct job *job;
	size_t count, room;
	struct job running; /* run == NULL: none */
};

struct scheduler *scheduler_new(void)
{
	struct scheduler *scheduler = xcalloc(1, sizeof(*scheduler));

	(void)pthread_mutex_init(&scheduler->lock, NULL);
	thread_cond_init(&scheduler->changed);
	return scheduler;
}

void scheduler_free(struct scheduler **schedulerp)
{
	struct scheduler *scheduler = *schedulerp;

	if (!scheduler)
		return;
	scheduler_stop(scheduler);
	(void)pthread_cond_destroy(&scheduler->changed);
	(void)pthread_mutex_destroy(&scheduler->lock);
	xfree(scheduler->job);
	xfree(scheduler);
	*schedulerp = NULL;
}

static void add(struct scheduler *scheduler, struct job job)
{
	if (scheduler->count == scheduler->room) {
		scheduler->room = scheduler->room > 0 ? scheduler->room * 2 : 8;
		scheduler->job =
		    xrealloc(scheduler->job, scheduler->room * sizeof(scheduler->job[0]));
	}
	scheduler->job[scheduler->count++] = job;
}

void scheduler_every(
    struct scheduler *scheduler, int64_t every_ms, void (*job)(void *arg), void *arg)
{
	assert(every_ms > 0);
	(void)pthread_mutex_lock(&scheduler->lock);
	add(scheduler,
	    (struct job){
		.every_ms = every_ms,
		.next_ms = clock_mono_ms() + every_ms,
		.run = job,
		.arg = arg,
	    });
	(void)pthread_mutex_unlock(&scheduler->lock);
	(void)pthread_cond_broadcast(&scheduler->changed);
}

void scheduler_remove(struct scheduler *scheduler, const void *arg)
{
	size_t kept = 0;

	(void)pthread_mutex_lock(&scheduler->lock);
	for (size_t i = 0; i < scheduler->count; i++) {
		if (scheduler->job[i].arg != arg)
			scheduler->job[kept++] = scheduler->job[i];
	}
	scheduler->count = kept;
	while (scheduler->running.run && scheduler->running.arg == arg) {
		scheduler->running.removed = true;
		(void)pthread_cond_wait(&scheduler->changed, &scheduler->lock);
	}
	(void)pthread_mutex_unlock(&scheduler->lock);
}

/* The index of the job that comes first; the count if there is none. */
static size_t earliest(const struct scheduler *scheduler)
{
	size_t best = 0;

	for (size_t i = 1; i < scheduler->count; i++) {
		if (scheduler->job[i].next_ms < scheduler->job[best].next_ms)
			best = i;
	}
	return best;
}

/* Under the lock, which is open while the job runs. */
static void run_one(struct scheduler *scheduler, size_t at)
{
	scheduler->running = scheduler->job[at];
	scheduler->job[at] = scheduler->job[--scheduler->count];
	(void)pthread_mutex_unlock(&scheduler->lock);
	scheduler->running.run(scheduler->running.arg);
	(void)pthread_mutex_lock(&scheduler->lock);
	if (!scheduler->running.removed) {
		scheduler->running.next_ms = clock_mono_ms() + scheduler->running.every_ms;
		add(scheduler, scheduler->running);
	}
	scheduler->running.run = NULL;
	(void)pthread_cond_broadcast(&scheduler->changed);
}

static void *scheduler_main(void *arg)
{
	struct scheduler *scheduler = arg;

	(void)pthread_mutex_lock(&scheduler->lock);
	while (!scheduler->stop) {
		size_t at = earliest(scheduler);

		if (at == scheduler->count)
			(void)pthread_cond_wait(&scheduler->changed, &scheduler->lock);
		else if (scheduler->job[at].next_ms > clock_mono_ms())
			thread_cond_wait_until(
			    &scheduler->changed, &scheduler->lock, scheduler->job[at].next_ms);
		else
			run_one(scheduler, at);
	}
	(void)pthread_mutex_unlock(&scheduler->lock);
	return NULL;
}

enum errc scheduler_start(struct scheduler *scheduler, struct err *err)
{
	enum errc rc = thread_start(
	    "scheduler", THREAD_STACK_SIZE, scheduler_main, scheduler, &scheduler->thread, err);

	scheduler->started = rc == OK;
	return rc;
}

void scheduler_stop(struct scheduler *scheduler)
{
	if (!scheduler->started)
		return;
	(void)pthread_mutex_lock(&scheduler->lock);
	scheduler->stop = true;
	(void)pthread_mutex_unlock(&scheduler->lock);
	(void)pthread_cond_broadcast(&scheduler->changed);
	(void)pthread_join(scheduler->thread, NULL);
	scheduler->started = false;
}
