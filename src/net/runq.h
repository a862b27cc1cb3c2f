/*
 * net/runq.h - the run queue: what is RUNNING (net/slot.h) and waits for a worker.
 *
 * Two lines, each first in, first out: of those who were woken, and of those who have had their turn and have more to
 * do, or who take more than their share. So a short command does not wait for every long one.
 *
 * A slot is in here once at the most, so lines of as many places as there are slots never overflow.
 */
#pragma once

#include "net/session.h"

struct runq;

enum runq_line { RUNQ_FRESH, RUNQ_AGAIN, RUNQ_LINES };

struct runq *runq_new(uint32_t places);
void runq_free(struct runq **runqp);

void runq_push(struct runq *runq, enum runq_line which, struct session_ref ref);
bool runq_pop(struct runq *runq, enum runq_line which, struct session_ref *ref_out);

/* How many wait; ordered (seq_cst) against pushes, for the sleeper's last look. */
uint32_t runq_count(const struct runq *runq, enum runq_line which);
