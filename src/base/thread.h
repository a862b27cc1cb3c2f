/*
 * base/thread.h - threads with a name (as ps -L and gdb show it) and a stack of a known size; waiting on the
 * monotonic clock.
 *
 * Locks are pthread's own.
 */
#pragma once

#include "base/base.h"

#include <pthread.h>

/* Enough for every path of ours; sessions are not recursive. */
#define THREAD_STACK_SIZE ((size_t)512 * 1024)

/*
 * Starts `run(arg)` with all signals blocked: they are the main thread's. `name` is a constant of at most 15
 * bytes. ERR_UNAVAIL when the system has no more threads. Every thread is joined.
 */
NODISCARD enum errc thread_start(const char *name, size_t stack_size, void *(*run)(void *),
    void *arg, pthread_t *thread_out, struct err *err);

void thread_join(pthread_t thread);

/* A condition whose timed waits take the monotonic clock. */
void thread_cond_init(pthread_cond_t *cond);
void thread_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_ms);
