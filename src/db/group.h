/*
 * db/group.h - what the writer hands over to be run and committed together.
 */
#pragma once

#include "db/db.h"

#include <semaphore.h>

#define GROUP_MEMBERS_MAX ((size_t)512)

enum job_state {
	JOB_PENDING, /* not run yet, or to be run again */
	JOB_KEPT,    /* run; waits for the commit */
	JOB_PUT_OFF, /* a conflict of its own: to be run again in a group not before due_ms */
};

/* One call of db_transact (on the caller's stack) or db_transact_later (on the heap). */
struct job {
	struct job *next;
	bool is_listed; /* in a list of the writer's; guarded by its lock */
	db_body *body;
	void *arg;
	struct err *err; /* NULL: db_transact_later */
	void (*done)(void *arg, enum errc rc);
	struct deadline deadline;
	int64_t due_ms; /* not before (put off), or at the latest (later) */
	sem_t answered;
	enum errc rc;
	enum job_state state;
	int reruns;
	bool maybe_written; /* was in a commit that failed and may yet be found */
};

struct group {
	struct db_pool *pool;
	struct db *db;
	struct arena *arena; /* cleared before each member */
	struct err scratch;
	struct job *members[GROUP_MEMBERS_MAX];
	size_t count;
	bool singly; /* one member a transaction, until the group is through */
	int losses;  /* transactions of this group that the engine undid */
};

/*
 * Runs all members (JOB_PENDING) and answers them: members[i] is then NULL. Those that are put off stay, for the
 * caller to take back. The answer gives a job back to its caller; it must not be touched any more.
 */
void group_run(struct group *group);
