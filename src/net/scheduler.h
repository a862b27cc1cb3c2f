/*
 * net/scheduler.h - work that comes back: checkpoints, sweeps, polling. One thread runs all of it, one at a
 * time, so a job may block on the database; a long one delays the others, so it does its work in pieces.
 */
#pragma once

#include "base/base.h"

struct scheduler;

struct scheduler *scheduler_new(void);

/* Waits for the job that runs, then joins the thread. */
void scheduler_stop(struct scheduler *scheduler);
void scheduler_free(struct scheduler **schedulerp);

NODISCARD enum errc scheduler_start(struct scheduler *scheduler, struct err *err);

/*
 * Run `job` every `every_ms` (at least 1), counted from the end of one run to the start of the next; first in
 * `every_ms` from now. Before or after the start.
 */
void scheduler_every(
    struct scheduler *scheduler, int64_t every_ms, void (*job)(void *arg), void *arg);

/* Run the jobs of `arg` no more. When it returns none is running. Not from within a job. */
void scheduler_remove(struct scheduler *scheduler, const void *arg);
