/*
 * db/sqlite_stmt.c - statements of the SQLite driver.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/sqlite_int.h"

enum errc sqlite_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	struct sqlite_stmt *stmt;
	sqlite3_stmt *handle;
	const char *tail;

	if (text.n > INT32_MAX)
		return err_set(err, ERR_LIMIT, "a statement of %zu bytes", text.n);
	if (sqlite3_prepare_v3(conn->handle, text.p, (int)text.n, SQLITE_PREPARE_PERSISTENT,
		&handle, &tail) != SQLITE_OK)
		return sqlite_error(conn, err);
	if (!handle || str_trim(str_from_at(text, (size_t)(tail - text.p))).n > 0) {
		(void)sqlite3_finalize(handle);
		return err_set(err, ERR_INTERNAL, "not one statement: %.*s", STR_ARG(text));
	}
	stmt = xcalloc(1, sizeof(*stmt));
	stmt->base.conn = base;
	stmt->handle = handle;
	*stmt_out = &stmt->base;
	return OK;
}

void sqlite_finalize(struct db_stmt **stmtp)
{
	struct sqlite_stmt *stmt = sqlite_stmt_of(*stmtp);

	/* returns the statement's last error, which was seen */
	(void)sqlite3_finalize(stmt->handle);
	xfree(stmt);
	*stmtp = NULL;
}

static enum errc bound(struct db_stmt *stmt, int code, struct err *err)
{
	return code == SQLITE_OK ? OK : sqlite_error(sqlite_conn_of(stmt->conn), err);
}

enum errc sqlite_bind_i64(struct db_stmt *stmt, int param, int64_t value, struct err *err)
{
	return bound(stmt, sqlite3_bind_int64(sqlite_stmt_of(stmt)->handle, param, value), err);
}

enum errc sqlite_bind_str(struct db_stmt *stmt, int param, struct str text, struct err *err)
{
	/* NULL would be bound as NULL, and an empty text is no NULL */
	const char *p = text.n > 0 ? text.p : "";
	int code = sqlite3_bind_text64(
	    sqlite_stmt_of(stmt)->handle, param, p, text.n, SQLITE_STATIC, SQLITE_UTF8);

	return bound(stmt, code, err);
}

enum errc sqlite_bind_blob(struct db_stmt *stmt, int param, struct str bytes, struct err *err)
{
	const char *p = bytes.n > 0 ? bytes.p : "";
	int code =
	    sqlite3_bind_blob64(sqlite_stmt_of(stmt)->handle, param, p, bytes.n, SQLITE_STATIC);

	return bound(stmt, code, err);
}

enum errc sqlite_bind_null(struct db_stmt *stmt, int param, struct err *err)
{
	return bound(stmt, sqlite3_bind_null(sqlite_stmt_of(stmt)->handle, param), err);
}

enum errc sqlite_step(struct db_stmt *base, struct err *err)
{
	struct sqlite_stmt *stmt = sqlite_stmt_of(base);
	struct sqlite_conn *conn = sqlite_conn_of(base->conn);

	switch (sqlite3_step(stmt->handle)) {
	case SQLITE_ROW:
		return OK;
	case SQLITE_DONE:
		stmt->changes =
		    sqlite3_stmt_readonly(stmt->handle) ? 0 : sqlite3_changes64(conn->handle);
		return ERR_END;
	default:
		return sqlite_error(conn, err);
	}
}

void sqlite_reset(struct db_stmt *stmt)
{
	sqlite3_stmt *handle = sqlite_stmt_of(stmt)->handle;

	/* returns the last step's error, which was seen */
	(void)sqlite3_reset(handle);
	(void)sqlite3_clear_bindings(handle);
}

int64_t sqlite_column_i64(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_int64(sqlite_stmt_of(stmt)->handle, column);
}

struct str sqlite_column_str(const struct db_stmt *stmt, int column)
{
	sqlite3_stmt *handle = sqlite_stmt_of(stmt)->handle;
	const char *p = (const char *)sqlite3_column_text(handle, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(handle, column) : 0 };
}

struct str sqlite_column_blob(const struct db_stmt *stmt, int column)
{
	sqlite3_stmt *handle = sqlite_stmt_of(stmt)->handle;
	const char *p = sqlite3_column_blob(handle, column);

	return (struct str){ p, p ? (size_t)sqlite3_column_bytes(handle, column) : 0 };
}

bool sqlite_column_is_null(const struct db_stmt *stmt, int column)
{
	return sqlite3_column_type(sqlite_stmt_of(stmt)->handle, column) == SQLITE_NULL;
}

int64_t sqlite_changes(const struct db_stmt *stmt)
{
	return sqlite_stmt_of(stmt)->changes;
}
