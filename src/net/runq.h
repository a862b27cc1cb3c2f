/*
 * net/runq.h - the run queue: what is RUNNING (net/slot.h) and waits for a worker. First in, first out.
 *
 * A slot is in here once at the most, so a queue of as many places as there are slots never overflows.
 */
#pragma once

#include "net/session.h"

struct runq;

struct runq *runq_new(uint32_t places);
void runq_free(struct runq **runqp);

void runq_push(struct runq *runq, struct session_ref ref);
bool runq_pop(struct runq *runq, struct session_ref *ref_out);

/* How many wait; ordered (seq_cst) against pushes, for the sleeper's last look. */
uint32_t runq_count(const struct runq *runq);
