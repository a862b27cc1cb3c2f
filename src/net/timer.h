/*
 * net/timer.h - one time for each slot, told by a thread of its own.
 *
 * A heap by time, with the place of each slot in it: setting, moving and removing cost O(log n) under one lock.
 * Owners keep it rare: they leave a time that is too early and look again when it comes.
 */
#pragma once

#include "net/session.h"

struct timers;

/* `fire` is called on the timer thread, without a lock; it must not block. The thread starts with timers_start. */
struct timers *timers_new(
    uint32_t slots, void (*fire)(void *arg, struct session_ref ref), void *arg);
NODISCARD enum errc timers_start(struct timers *timers, struct err *err);

/* Ends and joins the thread. */
void timers_stop(struct timers *timers);
void timers_free(struct timers **timersp);

/* At monotonic `at_ms`, in place of the slot's earlier time; 0 removes it. A ref fires at most once a setting. */
void timers_set(struct timers *timers, struct session_ref ref, int64_t at_ms);
