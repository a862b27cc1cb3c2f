/*
 * db/pgsql_tx.c - transactions of the PostgreSQL driver.
 *
 * BEGIN, SAVEPOINT and what ends one are sent without waiting. A statement that fails makes the server skip what was
 * sent behind it up to the next Sync, a COMMIT too; so a COMMIT in the same breath as posted writes is safe.
 */
#include "base/str.h"
#include "db/pgsql_int.h"

#include <stdio.h>

static const char *const fixed_text[PGSQL_FIXED_COUNT] = {
	[PGSQL_BEGIN] = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
	[PGSQL_BEGIN_READ] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
	[PGSQL_COMMIT] = "COMMIT",
	[PGSQL_ROLLBACK] = "ROLLBACK",
	[PGSQL_LIMITS] = ("SELECT set_config('statement_timeout', ?, true),"
			  " set_config('idle_in_transaction_session_timeout', ?, true),"
			  " set_config('jit', 'off', true)"),
	[PGSQL_LOCK_WAIT] = "SELECT set_config('lock_timeout', ?, true)",
	/* "tabella" in hexadecimal: one process at a time changes the schema of a database */
	[PGSQL_MIGRATION_LOCK] = "SELECT pg_advisory_xact_lock(32757096044424289)",
	[PGSQL_LAST_ID] = "SELECT lastval()",
	[PGSQL_LISTEN] = "LISTEN tabella_changes",
	[PGSQL_TELL] = "SELECT pg_notify('tabella_changes', ?)",
	[PGSQL_VERSION] = "SELECT coalesce(max(version), 0) FROM mail_schema",
	[PGSQL_TABLES] = ("SELECT to_regclass('mail_schema') IS NOT NULL,"
			  " EXISTS (SELECT 1 FROM pg_tables WHERE schemaname = current_schema()"
			  " AND (tablename LIKE 'dbmail\\_%' OR tablename LIKE 'mail\\_%'))"),
	[PGSQL_SET_VERSION] =
	    ("INSERT INTO mail_schema (version, oldest, applied) VALUES (?, 0, ?)"
	     " ON CONFLICT DO NOTHING"),
	[PGSQL_UNSET_VERSION] = "DELETE FROM mail_schema WHERE version > ?",
};

enum errc pgsql_fixed(
    struct pgsql_conn *conn, enum pgsql_fixed which, struct db_stmt **stmt_out, struct err *err)
{
	enum errc rc = OK;

	if (!conn->fixed[which])
		rc = pgsql_prepare(
		    &conn->base, str_from(fixed_text[which]), &conn->fixed[which], err);
	if (rc != OK)
		return rc;
	pgsql_reset(conn->fixed[which]);
	*stmt_out = conn->fixed[which];
	return OK;
}

/* Sent without waiting; its failure is the transaction's. */
static enum errc tell(struct pgsql_conn *conn, enum pgsql_fixed which, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = pgsql_fixed(conn, which, &stmt, err);

	if (rc != OK)
		return rc;
	return pgsql_stmt_send(conn, pgsql_stmt_of(stmt), PGSQL_POST, PGSQL_PLAIN, err);
}

/* The same with up to two numbers. */
static enum errc tell_numbers(struct pgsql_conn *conn, enum pgsql_fixed which, int64_t first,
    int64_t second, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = pgsql_fixed(conn, which, &stmt, err);

	if (rc == OK)
		rc = pgsql_bind_i64(stmt, 1, first, err);
	if (rc == OK && pgsql_stmt_of(stmt)->text.params > 1)
		rc = pgsql_bind_i64(stmt, 2, second, err);
	if (rc != OK)
		return rc;
	return pgsql_stmt_send(conn, pgsql_stmt_of(stmt), PGSQL_POST, PGSQL_PLAIN, err);
}

/* ---- transactions ---- */

/* What was sent ahead is no part of what begins now. */
static enum errc clear(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = pgsql_ready(conn, err);

	return rc == OK && conn->unsynced ? pgsql_settle(conn, err) : rc;
}

static void enter(struct pgsql_conn *conn)
{
	conn->failure.code = OK;
	conn->depth = conn->failure_depth = 0;
	conn->warned = false;
}

static enum errc set_limits(struct pgsql_conn *conn, int wait_ms, struct err *err)
{
	const struct pgsql_driver *driver = conn->driver;
	enum errc rc = OK;

	/* behind a pooler nothing is known of the session but what this transaction says */
	if (!driver->target.prepares)
		rc = tell_numbers(
		    conn, PGSQL_LIMITS, conn->query_ms, (int64_t)2 * conn->query_ms, err);
	if (rc == OK &&
	    (!driver->target.prepares || wait_ms < driver->settings->busy_timeout_ms))
		rc = tell_numbers(conn, PGSQL_LOCK_WAIT, wait_ms > 0 ? wait_ms : 1, 0, err);
	return rc;
}

enum errc pgsql_begin(struct db_conn *base, int wait_ms, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = clear(conn, err);

	if (rc != OK)
		return rc;
	enter(conn);
	rc = tell(conn, PGSQL_BEGIN, err);
	conn->in_transaction = rc == OK;
	if (rc == OK)
		rc = set_limits(conn, wait_ms, err);
	if (rc == OK && conn->role == DB_ADMIN) {
		rc = tell(conn, PGSQL_MIGRATION_LOCK, err);
		if (rc == OK)
			rc = pgsql_flush(base, err);
	}
	if (rc != OK)
		pgsql_rollback(base);
	return rc;
}

enum errc pgsql_flush(struct db_conn *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = pgsql_settle(conn, err);

	if (rc == OK && conn->in_transaction && conn->failure.code != OK)
		return err_set(err, conn->failure.code, "%s", conn->failure.text);
	return rc;
}

/* Ends what is open, without waiting if nothing else is under way. */
static void leave(struct pgsql_conn *conn)
{
	/* a failure among what is under way would skip the ROLLBACK */
	enum errc rc = pgsql_settle(conn, NULL);

	conn->in_transaction = conn->in_snapshot = false;
	conn->depth = 0;
	if (rc == OK)
		rc = tell(conn, PGSQL_ROLLBACK, NULL);
	if (rc == OK)
		rc = pgsql_sync(conn, NULL);
	(void)rc; /* the connection is lost, which its next user is told */
}

void pgsql_rollback(struct db_conn *base)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);

	if (conn->in_transaction)
		leave(conn);
}

bool pgsql_in_transaction(const struct db_conn *base)
{
	return pgsql_conn_of(base)->in_transaction;
}

/*
 * COMMIT was sent. If its answer is lost nobody knows, unless a failure in front of it is known, which skipped it. A
 * warning says that the server committed and could not wait for its standby.
 */
static enum errc outcome(struct pgsql_conn *conn, struct pgsql_stmt *commit, struct err *err)
{
	const struct err *bad = conn->failure.code != OK ? &conn->failure : &commit->bad;
	struct str status;

	if (commit->answer == PGSQL_FAILED && bad->code == ERR_CLOSED && !commit->was_skipped)
		return err_set(err, ERR_UNCERTAIN, "the answer to COMMIT: %s", bad->text);
	if (commit->answer == PGSQL_FAILED)
		return err_set(err, bad->code, "%s", bad->text);
	status = str_from(PQcmdStatus(commit->result));
	if (!str_equal(status, STR("COMMIT")))
		return err_set(err, bad->code != OK ? bad->code : ERR_INTERNAL,
		    "the server undid the transaction: %s", bad->code != OK ? bad->text : "");
	if (conn->warned)
		return err_set(err, ERR_UNCERTAIN, "the server did not wait for its standby");
	return OK;
}

static enum errc uncertain(const struct pgsql_conn *conn, struct err *err)
{
	return err_set(err, ERR_UNCERTAIN, "the answer to COMMIT: %s", conn->loss.text);
}

enum errc pgsql_commit(struct db_conn *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct pgsql_stmt *commit;
	struct db_stmt *stmt;
	enum errc rc = pgsql_ready(conn, err);

	if (rc != OK)
		return rc;
	if (conn->failure.code != OK) {
		rc = err_set(err, conn->failure.code, "%s", conn->failure.text);
		pgsql_rollback(base);
		return rc;
	}
	rc = pgsql_fixed(conn, PGSQL_COMMIT, &stmt, err);
	if (rc != OK)
		return rc;
	commit = pgsql_stmt_of(stmt);
	conn->commits = true;
	rc = pgsql_stmt_send(conn, commit, PGSQL_STEP, PGSQL_PLAIN, err);
	if (rc == OK)
		rc = pgsql_settle(conn, err);
	conn->commits = false;
	if (rc != OK) {
		/* what failed in front of it is remembered as the transaction's failure */
		bool skipped = conn->failure.code != OK && conn->failure.code != ERR_CLOSED;

		return skipped ? rc : uncertain(conn, err);
	}
	rc = outcome(conn, commit, err);
	if (commit->answer == PGSQL_FAILED)
		pgsql_rollback(base);
	conn->in_transaction = false;
	pgsql_reset(stmt);
	return rc;
}

/* ---- savepoints ---- */

static enum errc tell_point(
    struct pgsql_conn *conn, enum pgsql_point which, int depth, struct err *err)
{
	static const char *const verbs[] = { [PGSQL_POINT_SET] = "SAVEPOINT",
		[PGSQL_POINT_KEEP] = "RELEASE",
		[PGSQL_POINT_UNDO] = "ROLLBACK TO" };
	struct db_stmt **stmtp = &conn->points[which][depth];
	enum errc rc = OK;

	if (!*stmtp) {
		char text[32];

		(void)snprintf(text, sizeof(text), "%s part%d", verbs[which], depth);
		rc = pgsql_prepare(&conn->base, str_from(text), stmtp, err);
	}
	if (rc != OK)
		return rc;
	return pgsql_stmt_send(conn, pgsql_stmt_of(*stmtp), PGSQL_POST, PGSQL_PLAIN, err);
}

static enum errc failure_of(const struct pgsql_conn *conn, struct err *err)
{
	return err_set(err, conn->failure.code, "%s", conn->failure.text);
}

enum errc pgsql_savepoint(struct db_conn *base, int depth, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc;

	if (conn->failure.code != OK)
		return failure_of(conn, err);
	conn->depth = depth;
	rc = tell_point(conn, PGSQL_POINT_SET, depth, err);
	conn->depth = depth + 1;
	return rc;
}

enum errc pgsql_savepoint_keep(struct db_conn *base, int depth, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = OK;

	if (conn->failure.code == OK) {
		/* whoever posted in here is told whether that worked; otherwise nothing can have failed */
		bool waits = conn->posts > 0;

		rc = tell_point(conn, PGSQL_POINT_KEEP, depth, err);
		if (rc == OK && waits)
			rc = pgsql_settle(conn, err);
	}
	if (rc == OK && conn->failure.code != OK) {
		rc = failure_of(conn, err);
		/* that of the part alone; if it is not, the whole is lost anyway */
		(void)pgsql_savepoint_undo(base, depth, NULL);
	}
	conn->depth = depth;
	return rc;
}

enum errc pgsql_savepoint_undo(struct db_conn *base, int depth, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = pgsql_settle(conn, err);

	conn->depth = depth;
	if (rc != OK)
		return rc;
	if (conn->failure.code != OK && conn->failure_depth <= depth)
		return failure_of(conn, err);
	conn->failure.code = OK;
	rc = tell_point(conn, PGSQL_POINT_UNDO, depth, err);
	return rc == OK ? tell_point(conn, PGSQL_POINT_KEEP, depth, err) : rc;
}

/* ---- reading ---- */

enum errc pgsql_snapshot_begin(struct db_conn *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = clear(conn, err);

	if (rc != OK)
		return rc;
	enter(conn);
	rc = tell(conn, PGSQL_BEGIN_READ, err);
	conn->in_snapshot = rc == OK;
	return rc;
}

void pgsql_snapshot_end(struct db_conn *base)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);

	if (conn->in_snapshot)
		leave(conn);
}

enum errc pgsql_last_id(struct db_conn *base, int64_t *id_out, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = pgsql_fixed(pgsql_conn_of(base), PGSQL_LAST_ID, &stmt, err);

	if (rc == OK)
		rc = pgsql_step(stmt, err);
	if (rc != OK)
		return rc;
	*id_out = pgsql_column_i64(stmt, 0);
	pgsql_reset(stmt);
	return OK;
}
