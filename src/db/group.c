/*
 * db/group.c - one commit for many members.
 *
 * A member that fails is undone alone. If the engine undid the whole transaction, the others are run again
 * without the one at which it happened; if the commit failed, every member is run again in a transaction of
 * its own, so that the one that broke it (too large for what is left of the disk) breaks only itself.
 */
#include "db/group.h"

#include "base/heap.h"
#include "db/db_int.h"

#include <time.h>

#define GROUP_US 20000	  /* work of one transaction; a member begun is finished */
#define LOCK_SLICE_MS 250 /* waiting for another process, between looks at the deadlines */
#define DOUBT_RERUNS 2	  /* of a member whose failed commit may yet be found */

static void answer(struct group *g, struct job *job, enum errc rc)
{
	const struct db_ops *ops = g->pool->driver->ops;

	if (rc != OK)
		counter_add(&g->pool->rollbacks, 1);
	if (rc != OK && job->maybe_written && ops->doubtful(g->db->conn))
		rc = err_set(job->err, ERR_UNCERTAIN, "a failed commit may have been written");
	if (job->err) {
		job->rc = rc;
		/* from here on the job is its caller's */
		(void)sem_post(&job->answered);
		return;
	}
	if (job->done)
		job->done(job->arg, rc);
	xfree(job);
}

static void answer_member(struct group *g, size_t i, enum errc rc)
{
	struct job *job = g->members[i];

	g->members[i] = NULL;
	answer(g, job, rc);
}

static struct err *err_of(struct group *g, struct job *job)
{
	return job->err ? job->err : &g->scratch;
}

static void answer_expired(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		struct job *job = g->members[i];

		if (job && job->state == JOB_PENDING && deadline_passed(job->deadline))
			answer_member(g, i, db_too_busy(NULL, err_of(g, job)));
	}
}

/* A conflict of its own: the member waits a moment, the others do not. */
static void put_off(struct group *g, size_t i)
{
	struct job *job = g->members[i];

	if (deadline_passed(job->deadline)) {
		answer_member(g, i, db_too_busy(err_of(g, job), err_of(g, job)));
		return;
	}
	counter_add(&g->pool->reruns, 1);
	job->state = JOB_PUT_OFF;
	job->due_ms = clock_mono_ms() + db_jitter_ms(++job->reruns);
}

/* The transaction is gone; who was in it is run again. */
static void requeue_kept(struct group *g)
{
	db_changes_cut(g->db, 0);
	for (size_t i = 0; i < g->count; i++) {
		struct job *job = g->members[i];

		if (!job || job->state != JOB_KEPT)
			continue;
		job->state = JOB_PENDING;
		job->reruns++;
		counter_add(&g->pool->reruns, 1);
	}
}

static void pause_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
}

static bool has_transaction(const struct group *g)
{
	return !g->db->dead && g->db->ops->in_transaction(g->db->conn);
}

static enum errc renew(struct group *g, struct err *err)
{
	enum db_role role = g->pool->driver->single_writer ? DB_WRITER : DB_BOTH;
	enum errc rc = db_conn_renew(g->db, role, err);

	g->db->dead = rc != OK;
	return db_unreachable(rc, err);
}

static enum errc begin_once(struct group *g, struct job *job, struct err *err)
{
	int wait_ms = deadline_left_ms(job->deadline);
	enum errc rc = OK;

	if (wait_ms > g->pool->settings.busy_timeout_ms)
		wait_ms = g->pool->settings.busy_timeout_ms;
	if (wait_ms > LOCK_SLICE_MS)
		wait_ms = LOCK_SLICE_MS;
	if (g->db->dead)
		rc = renew(g, err);
	if (rc == OK)
		rc = g->db->ops->begin(g->db->conn, wait_ms, err);
	if (rc == ERR_CLOSED)
		g->db->dead = true;
	return rc;
}

/* A transaction for members[i]; false if the member was answered instead. */
static bool begin_for(struct group *g, size_t i)
{
	struct job *job = g->members[i];
	struct err *err = err_of(g, job);
	enum errc rc;

	g->db->savepoints = 0;
	db_changes_cut(g->db, 0);
	for (int tries = 1;; tries++) {
		rc = begin_once(g, job, err);
		if (rc == OK)
			return true;
		if (rc != ERR_CONFLICT && rc != ERR_CLOSED) {
			answer_member(g, i, rc);
			return false;
		}
		answer_expired(g);
		if (g->members[i] != job)
			return false;
		pause_ms(db_jitter_ms(tries));
	}
}

/* The whole transaction is gone, because of members[i]. */
static void after_loss(struct group *g, size_t i, enum errc rc)
{
	struct job *job = g->members[i];

	requeue_kept(g);
	g->singly = ++g->losses > 1;
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED)
		put_off(g, i);
	else
		answer_member(g, i,
		    rc != OK ? rc
			     : err_set(err_of(g, job), ERR_UNAVAIL,
				   "the engine undid the transaction"));
}

static void undo_member(struct group *g, bool saved)
{
	const struct db_ops *ops = g->db->ops;

	if (!saved || ops->savepoint_undo(g->db->conn, 0, NULL) != OK)
		ops->rollback(g->db->conn);
}

/*
 * Runs members[i] in the open transaction. The first needs no savepoint: if it fails, nothing else is lost.
 * True if it waits for the commit.
 */
static bool run_member(struct group *g, size_t i, bool saved)
{
	struct job *job = g->members[i];
	struct db *db = g->db;
	struct err *err = err_of(g, job);
	size_t changes_before = db->changes.count;
	enum errc rc = saved ? db->ops->savepoint(db->conn, 0, err) : OK;

	db->savepoints = saved ? 1 : 0;
	if (rc == OK)
		rc = db_run_body(db, g->arena, job->body, job->arg, err);
	if (rc == OK && saved && has_transaction(g))
		rc = db->ops->savepoint_keep(db->conn, 0, err);
	/* what it posted must not fail in the next member's hands */
	if (rc == OK && !saved && has_transaction(g) && db->ops->flush)
		rc = db->ops->flush(db->conn, err);
	if (rc == OK && has_transaction(g)) {
		job->state = JOB_KEPT;
		return true;
	}
	if (has_transaction(g))
		undo_member(g, saved);
	if (saved && !has_transaction(g)) {
		after_loss(g, i, rc);
		return false;
	}
	db_changes_cut(db, changes_before);
	if (rc == OK)
		rc = err_set(err, ERR_UNAVAIL, "the engine undid the transaction");
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED)
		put_off(g, i);
	else
		answer_member(g, i, rc);
	return false;
}

static void answer_kept(struct group *g, enum errc rc, const struct err *err)
{
	for (size_t i = 0; i < g->count; i++) {
		struct job *job = g->members[i];

		if (!job || job->state != JOB_KEPT)
			continue;
		if (rc != OK)
			(void)err_set(job->err, rc, "%s", err->text);
		answer_member(g, i, rc);
	}
}

/* Run again it either commits, which makes the failed commit void, or fails for good. */
static bool may_settle_doubt(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		const struct job *job = g->members[i];

		if (job && job->state == JOB_KEPT && job->reruns >= DOUBT_RERUNS)
			return false;
	}
	return true;
}

static void mark_maybe_written(struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		if (g->members[i] && g->members[i]->state == JOB_KEPT)
			g->members[i]->maybe_written = true;
	}
}

static void after_failed_commit(
    struct group *g, size_t kept, enum errc rc, const struct err *err)
{
	bool doubtful = g->db->ops->doubtful && g->db->ops->doubtful(g->db->conn);

	if (doubtful)
		mark_maybe_written(g);
	if (rc == ERR_CLOSED || rc == ERR_UNCERTAIN)
		g->db->dead = true;
	if (rc == ERR_CONFLICT || rc == ERR_CLOSED) {
		requeue_kept(g);
		answer_expired(g);
		pause_ms(db_jitter_ms(++g->losses));
	} else if (rc != ERR_UNCERTAIN && (kept > 1 || (doubtful && may_settle_doubt(g)))) {
		g->singly = true;
		requeue_kept(g);
	} else {
		answer_kept(g, rc, err);
	}
}

static void commit_kept(struct group *g, size_t kept)
{
	struct err err;
	int64_t began_us = clock_mono_us();
	enum errc rc = g->db->ops->commit(g->db->conn, &err);

	metric_observe(
	    g->pool->metrics, DB_COMMIT_TIME, 0, 0, (uint64_t)(clock_mono_us() - began_us));
	if (rc != OK) {
		after_failed_commit(g, kept, rc, &err);
		return;
	}
	counter_add(&g->pool->commits, 1);
	metric_observe(g->pool->metrics, DB_GROUP_SIZE, 0, 0, kept);
	db_committed(g->pool, &g->db->changes);
	answer_kept(g, OK, NULL);
}

static bool any_pending(const struct group *g)
{
	for (size_t i = 0; i < g->count; i++) {
		if (g->members[i] && g->members[i]->state == JOB_PENDING)
			return true;
	}
	return false;
}

static void run_transaction(struct group *g)
{
	int64_t began_us = clock_mono_us();
	size_t kept = 0;

	for (size_t i = 0; i < g->count; i++) {
		struct job *job = g->members[i];

		if (!job || job->state != JOB_PENDING)
			continue;
		if (kept > 0 && (g->singly || clock_mono_us() - began_us > GROUP_US))
			break;
		if (deadline_passed(job->deadline)) {
			answer_member(g, i, db_too_busy(NULL, err_of(g, job)));
			continue;
		}
		if (!has_transaction(g)) {
			kept = 0;
			if (!begin_for(g, i))
				continue;
		}
		if (run_member(g, i, kept > 0))
			kept++;
		else if (!has_transaction(g))
			kept = 0;
	}
	if (kept > 0)
		commit_kept(g, kept);
	db_count_statements(g->db);
}

void group_run(struct group *g)
{
	g->singly = false;
	g->losses = 0;
	while (any_pending(g))
		run_transaction(g);
}
