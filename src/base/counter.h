/*
 * base/counter.h - numbers that any thread counts up and any thread reads, without order between them.
 */
#pragma once

#include "base/base.h"

#include <stdatomic.h>

struct counter {
	_Atomic uint64_t value;
};

static inline void counter_add(struct counter *counter, uint64_t n)
{
	atomic_fetch_add_explicit(&counter->value, n, memory_order_relaxed);
}

/* For gauges: what was added before. */
static inline void counter_sub(struct counter *counter, uint64_t n)
{
	atomic_fetch_sub_explicit(&counter->value, n, memory_order_relaxed);
}

static inline uint64_t counter_read(const struct counter *counter)
{
	return atomic_load_explicit(&counter->value, memory_order_relaxed);
}
