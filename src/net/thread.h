/*
 * net/thread.h - threads with small stacks, and waiting on the monotonic clock.
 */
#pragma once

#include "base/base.h"

#include <pthread.h>

/* Enough for a command with its database call; big things are on the heap. */
#define THREAD_STACK_SIZE ((size_t)(256 * 1024))

/* All signals are blocked in it: they are the main thread's. ERR_UNAVAIL when the system has no more threads. */
NODISCARD enum errc thread_start(
    pthread_t *thread, void *(*body)(void *arg), void *arg, struct err *err);

/* A condition whose timed waits take the monotonic clock. */
void thread_cond_init(pthread_cond_t *cond);
void thread_cond_wait_until(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t mono_ms);
