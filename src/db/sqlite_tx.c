/*
 * db/sqlite_tx.c - transactions of the SQLite driver.
 */
#include "db/sqlite_int.h"

static const char *const fixed_text[FIXED_COUNT] = {
	[FIXED_BEGIN] = "BEGIN IMMEDIATE",
	[FIXED_BEGIN_READ] = "BEGIN",
	[FIXED_COMMIT] = "COMMIT",
	[FIXED_ROLLBACK] = "ROLLBACK",
	[FIXED_DATA_VERSION] = "PRAGMA data_version",
};

static sqlite3_stmt *prepare_once(
    struct sqlite_conn *conn, const char *text, sqlite3_stmt **handlep)
{
	if (!*handlep)
		(void)sqlite3_prepare_v3(
		    conn->handle, text, -1, SQLITE_PREPARE_PERSISTENT, handlep, NULL);
	return *handlep;
}

static sqlite3_stmt *fixed(struct sqlite_conn *conn, enum fixed_sql which)
{
	return prepare_once(conn, fixed_text[which], &conn->fixed[which]);
}

/* The extended code of a step that gives no row; SQLITE_OK when it worked. */
static int run_handle(struct sqlite_conn *conn, sqlite3_stmt *handle)
{
	int code;

	if (!handle)
		return sqlite3_extended_errcode(conn->handle);
	code = sqlite3_step(handle);
	if (code == SQLITE_DONE) {
		(void)sqlite3_reset(handle);
		return SQLITE_OK;
	}
	code = sqlite3_extended_errcode(conn->handle);
	(void)sqlite3_reset(handle); /* keeps the connection's error */
	return code;
}

static int run_fixed(struct sqlite_conn *conn, enum fixed_sql which)
{
	return run_handle(conn, fixed(conn, which));
}

static enum errc run(struct db_conn *base, enum fixed_sql which, struct err *err)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);

	return run_fixed(conn, which) == SQLITE_OK ? OK : sqlite_error(conn, err);
}

void sqlite_set_wait(struct sqlite_conn *conn, int wait_ms)
{
	if (conn->wait_ms == wait_ms)
		return;
	(void)sqlite3_busy_timeout(conn->handle, wait_ms);
	conn->wait_ms = wait_ms;
}

enum errc sqlite_begin(struct db_conn *base, int wait_ms, struct err *err)
{
	sqlite_set_wait(sqlite_conn_of(base), wait_ms);
	return run(base, FIXED_BEGIN, err);
}

/*
 * What SQLite guarantees of a COMMIT that fails (vdbeaux.c, wal.c): the transaction is rolled back, for this
 * process and all others, because the shared index of the log does not know its frames. But frames that were
 * written and whose flush failed stand in the log file behind the last valid one, and if every process died
 * now, recovery would find them whole and commit them. The next transaction that commits writes over them,
 * which makes them void for good. A full disk is no such case: the frame that carries the commit mark is
 * written last.
 */
static bool may_be_found(int code)
{
	int primary = code & 0xff;

	return primary != SQLITE_FULL && primary != SQLITE_BUSY && primary != SQLITE_READONLY;
}

enum errc sqlite_commit(struct db_conn *base, struct err *err)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	int code = run_fixed(conn, FIXED_COMMIT);
	enum errc rc;

	if (code == SQLITE_OK) {
		conn->doubtful = false;
		return OK;
	}
	if (may_be_found(code))
		conn->doubtful = true;
	rc = sqlite_error(conn, err);
	if (!sqlite3_get_autocommit(conn->handle))
		sqlite_rollback(base);
	return rc;
}

void sqlite_rollback(struct db_conn *base)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);

	if (!sqlite3_get_autocommit(conn->handle))
		(void)run_fixed(conn, FIXED_ROLLBACK);
}

bool sqlite_in_transaction(const struct db_conn *base)
{
	return !sqlite3_get_autocommit(sqlite_conn_of(base)->handle);
}

bool sqlite_doubtful(const struct db_conn *base)
{
	return sqlite_conn_of(base)->doubtful;
}

static enum errc run_savepoint(
    struct db_conn *base, enum savepoint_sql which, int depth, struct err *err)
{
	static const char *const verbs[] = { [POINT_SET] = "SAVEPOINT",
		[POINT_RELEASE] = "RELEASE",
		[POINT_ROLLBACK_TO] = "ROLLBACK TO" };
	struct sqlite_conn *conn = sqlite_conn_of(base);
	sqlite3_stmt **handlep = &conn->points[which][depth];
	char text[32];

	if (!*handlep)
		(void)snprintf(text, sizeof(text), "%s part%d", verbs[which], depth);
	if (run_handle(conn, prepare_once(conn, text, handlep)) != SQLITE_OK)
		return sqlite_error(conn, err);
	return OK;
}

enum errc sqlite_savepoint(struct db_conn *conn, int depth, struct err *err)
{
	return run_savepoint(conn, POINT_SET, depth, err);
}

enum errc sqlite_savepoint_keep(struct db_conn *conn, int depth, struct err *err)
{
	return run_savepoint(conn, POINT_RELEASE, depth, err);
}

enum errc sqlite_savepoint_undo(struct db_conn *conn, int depth, struct err *err)
{
	enum errc rc = run_savepoint(conn, POINT_ROLLBACK_TO, depth, err);

	return rc == OK ? run_savepoint(conn, POINT_RELEASE, depth, err) : rc;
}

enum errc sqlite_snapshot_begin(struct db_conn *conn, struct err *err)
{
	return run(conn, FIXED_BEGIN_READ, err);
}

void sqlite_snapshot_end(struct db_conn *conn)
{
	sqlite_rollback(conn);
}

/* The number does not move for this connection's own commits, and no other of this process writes. */
bool sqlite_foreign_changes(struct db_conn *base)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	sqlite3_stmt *handle = fixed(conn, FIXED_DATA_VERSION);
	int64_t before = conn->version;

	if (handle && sqlite3_step(handle) == SQLITE_ROW)
		conn->version = sqlite3_column_int64(handle, 0);
	(void)sqlite3_reset(handle);
	return conn->version != before;
}

enum errc sqlite_last_id(struct db_conn *conn, int64_t *id_out, struct err *err)
{
	(void)err;
	*id_out = sqlite3_last_insert_rowid(sqlite_conn_of(conn)->handle);
	return OK;
}
