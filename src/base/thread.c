#include "base/thread.h"

#include "base/heap.h"

#include <assert.h>
#include <signal.h>
#include <string.h>
#include <time.h>

/* The sanitizers' frames are many times larger. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define STACK_FACTOR 16
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define STACK_FACTOR 16
#endif
#endif
#ifndef STACK_FACTOR
#define STACK_FACTOR 1
#endif

struct start {
	const char *name;
	void *(*run)(void *);
	void *arg;
};

/* The name is given from within: from outside it would be a write to a file of /proc. */
static void *run_named(void *arg)
{
	struct start start = *(struct start *)arg;

	xfree(arg);
	(void)pthread_setname_np(pthread_self(), start.name);
	return start.run(start.arg);
}

enum errc thread_start(const char *name, size_t stack_size, void *(*run)(void *), void *arg,
    pthread_t *thread_out, struct err *err)
{
	struct start *start = xmalloc(sizeof(*start));
	pthread_attr_t attr;
	sigset_t all, before;
	int rc;

	assert(strlen(name) <= 15);
	*start = (struct start){ name, run, arg };
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setstacksize(&attr, stack_size * STACK_FACTOR);
	/* inherited, so that no signal finds the thread before it could block them */
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(thread_out, &attr, run_named, start);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (rc == 0)
		return OK;
	xfree(start);
	return err_set(err, ERR_UNAVAIL, "thread %s: %s", name, strerror(rc));
}

void thread_join(pthread_t thread)
{
	int rc = pthread_join(thread, NULL);

	assert(rc == 0);
	(void)rc;
}

void thread_cond_init(pthread_cond_t *cond)
{
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(cond, &attr);
	(void)pthread_condattr_destroy(&attr);
}

void thread_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_ms)
{
	struct timespec at = { .tv_sec = mono_ms / 1000, .tv_nsec = mono_ms % 1000 * 1000000 };

	(void)pthread_cond_timedwait(cond, lock, &at);
}
