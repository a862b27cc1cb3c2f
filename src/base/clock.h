/*
 * base/clock.h - what time it is, and how long is left.
 *
 * Unix time is for people and for rows; it jumps when the clock is set. Time-outs are measured on the
 * monotonic clock, which only goes forward and means nothing outside this process.
 */
#pragma once

#include "base/base.h"

int64_t clock_unix_s(void);
int64_t clock_unix_ms(void);
int64_t clock_mono_ms(void);
int64_t clock_mono_us(void);

/* A moment on the monotonic clock. */
struct deadline {
	int64_t at_ms;
};

#define DEADLINE_NEVER ((struct deadline){ INT64_MAX })

/* `ms` from now; a negative number is now, a huge one never. */
struct deadline deadline_in_ms(int64_t ms);

/* Milliseconds that are left: 0 when it has passed, INT_MAX at the most (as poll takes it). */
int deadline_left_ms(struct deadline deadline);

bool deadline_passed(struct deadline deadline);

/* The one that comes first. */
struct deadline deadline_earlier(struct deadline a, struct deadline b);
