/*
 * deliver/metrics.h - what is counted of deliveries.
 */
#pragma once

#include "base/metric.h"

struct plan;

struct metrics *deliver_metrics_new(void);

/* What came of a recipient of a message of `size` bytes. */
void deliver_metrics_count(struct metrics *metrics, const struct plan *plan, uint64_t size);
