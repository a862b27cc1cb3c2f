/*
 * main/metrics.h - the page of numbers for Prometheus: what the folders count, and what they tell when asked.
 */
#pragma once

#include "base/metric.h"

struct auth;
struct reactor;
struct site;

#define METRICS_SETS_MAX 12

/* The exposition format. */
#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

struct metrics_env {
	const struct site *site;
	struct reactor *reactor;
	struct auth *auth;
	int64_t started_unix_s;
	const struct metrics *sets[METRICS_SETS_MAX];
	size_t set_count;
	int statm_fd,
	    fds_fd; /* /proc/self/statm and /proc/self/fd, opened before the process is locked in; -1: none */
};

/* Opens what is in /proc. */
void metrics_env_open(struct metrics_env *env);
void metrics_env_close(struct metrics_env *env);

/* Appends the page; needs no database. Any thread. */
void metrics_page(const struct metrics_env *env, struct buf *out);
