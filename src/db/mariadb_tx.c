/*
 * db/mariadb_tx.c - transactions, savepoints and snapshots of the MariaDB driver.
 *
 * What the server does by itself: a deadlock, and a write set that another node of a cluster was faster with, undo the whole
 * transaction (mariadb_error.c notes it); any other failed statement is undone alone.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/mariadb_int.h"

#define BEFORE_STATEMENT_S 2

int mariadb_lock_seconds(const struct mariadb_conn *conn, int wait_ms)
{
	const struct mariadb_driver *driver = conn->driver;
	int seconds = wait_ms <= 1000 ? 1 : wait_ms / 1000 + (wait_ms % 1000 > 0);
	int most = driver->target.statement_timeout_s - BEFORE_STATEMENT_S;

	if (db_is_patient(driver->settings, conn->role) || most < 1 || seconds <= most)
		return seconds;
	return most;
}

enum errc mariadb_begin(struct db_conn *base, int wait_ms, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	struct arena *arena;
	int wait_s = mariadb_lock_seconds(conn, wait_ms);
	enum errc rc;

	if (conn->role == DB_ADMIN) {
		rc = mariadb_lock_schema(conn, wait_ms, err);
		if (rc != OK)
			return rc;
	}
	if (wait_s == conn->lock_wait_s) {
		rc = mariadb_exec(conn, "START TRANSACTION READ WRITE", err);
	} else {
		arena = arena_new("mariadb begin");
		rc = mariadb_exec_str(conn,
		    str_printf(arena,
			"SET SESSION innodb_lock_wait_timeout = %d, "
			"lock_wait_timeout = %d; START TRANSACTION READ WRITE",
			wait_s, wait_s),
		    err);
		arena_free(&arena);
		conn->lock_wait_s = rc == OK ? wait_s : 0;
	}
	conn->in_tx = rc == OK;
	return rc;
}

static enum errc commit_failed(struct mariadb_conn *conn, struct err *err)
{
	enum errc rc =
	    mariadb_classify_commit(mysql_errno(conn->handle), mysql_sqlstate(conn->handle));
	struct err why;

	(void)mariadb_failed(conn, &why);
	if (rc == ERR_UNCERTAIN)
		conn->lost = true;
	else
		mariadb_rollback(&conn->base);
	conn->in_tx = false;
	return err_set(err, rc, "COMMIT: %s", why.text);
}

/* As of its last answer: a COMMIT of what is no more would be OK. Changes of tables end a transaction too, on purpose. */
static bool was_undone(const struct mariadb_conn *conn)
{
	unsigned status = SERVER_STATUS_IN_TRANS;

	return conn->role != DB_ADMIN &&
	    mariadb_get_infov(conn->handle, MARIADB_CONNECTION_SERVER_STATUS, &status) == 0 &&
	    (status & SERVER_STATUS_IN_TRANS) == 0;
}

enum errc mariadb_commit(struct db_conn *base, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);

	mariadb_await(conn);
	if (was_undone(conn)) {
		conn->in_tx = false;
		return err_set(err, ERR_CONFLICT, "the server undid the transaction");
	}
	mariadb_waited(conn);
	if (mysql_real_query(conn->handle, "COMMIT", 6) != 0)
		return commit_failed(conn, err);
	conn->in_tx = false;
	return OK;
}

void mariadb_rollback(struct db_conn *base)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);

	if (!conn->in_tx)
		return;
	/* a server that does not even undo is one to leave */
	if (mariadb_exec(conn, "ROLLBACK", NULL) != OK)
		conn->lost = true;
	conn->in_tx = false;
}

bool mariadb_in_transaction(const struct db_conn *base)
{
	return mariadb_conn_of(base)->in_tx;
}

/* A failed COMMIT is not made void by a later one. */
bool mariadb_doubtful(const struct db_conn *base)
{
	(void)base;
	return false;
}

enum errc mariadb_savepoint(struct db_conn *base, int depth, struct err *err)
{
	char text[32];

	(void)snprintf(text, sizeof(text), "SAVEPOINT part%d", depth);
	return mariadb_exec(mariadb_conn_of(base), text, err);
}

/* Nothing to say to the server: a savepoint costs nothing, and the next one of its name takes its place. */
enum errc mariadb_savepoint_keep(struct db_conn *conn, int depth, struct err *err)
{
	(void)conn;
	(void)depth;
	(void)err;
	return OK;
}

enum errc mariadb_savepoint_undo(struct db_conn *base, int depth, struct err *err)
{
	char text[48];

	(void)snprintf(text, sizeof(text), "ROLLBACK TO SAVEPOINT part%d", depth);
	return mariadb_exec(mariadb_conn_of(base), text, err);
}

enum errc mariadb_snapshot_begin(struct db_conn *base, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	/* for the next transaction alone */
	enum errc rc = mariadb_exec(conn,
	    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; "
	    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
	    err);

	/* if that did not begin, the level would be another's */
	if (rc != OK)
		conn->lost = true;
	return rc;
}

void mariadb_snapshot_end(struct db_conn *base)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);

	if (!conn->lost && mariadb_exec(conn, "COMMIT", NULL) != OK)
		conn->lost = true;
}

enum errc mariadb_last_id(struct db_conn *conn, int64_t *id_out, struct err *err)
{
	(void)err;
	*id_out = mariadb_conn_of(conn)->last_id;
	return OK;
}
