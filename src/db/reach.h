/*
 * db/reach.h - whether a database server can be reached, learnt from the connections that are opened.
 *
 * After a failure nobody tries for a while, so that sessions are told at once that the database is away, instead of each
 * waiting for its own connection to time out. Then one tries; when it succeeds everybody may. A server that takes no more
 * connections is there: nobody asks it for one for a while, and those that are open do the work. Any thread.
 */
#pragma once

#include "base/base.h"

#include <pthread.h>

struct log;

#define REACH_WHY_MAX 256

struct reach {
	pthread_mutex_t lock;
	const struct log *log; /* NULL: nothing is logged */
	bool lost;	       /* the last attempt failed */
	bool full;	       /* the last attempt found no room */
	bool trying;	       /* somebody finds out whether it is back */
	int failures;	       /* in a row */
	int64_t lost_at_ms, next_at_ms, full_told_at_ms;
	uint64_t opened, failed; /* connections, since the start */
	char why[REACH_WHY_MAX];
};

void reach_init(struct reach *reach, const struct log *log);
void reach_release(struct reach *reach);

/*
 * ERR_UNAVAIL: the database is away, ERR_LIMIT: it takes no more connections, and it is not yet time to try again.
 * OK: tell how it went by reach_tell.
 */
NODISCARD enum errc reach_ask(struct reach *reach, struct err *err);

/* `rc` of opening a connection, with its `err` if it failed. Logs what is new. */
void reach_tell(struct reach *reach, enum errc rc, const struct err *err);

struct reach_state {
	bool lost, full;
	uint64_t opened, failed;
};
struct reach_state reach_state(struct reach *reach);
