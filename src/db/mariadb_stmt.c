/*
 * db/mariadb_stmt.c - prepared statements: their parameters, their run.
 *
 * A text of two statements (see db_sql) is two of the server's; the second runs if the first touched a row.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/mariadb_int.h"

static enum errc prepare_part(struct mariadb_conn *conn, const struct mariadb_split *split,
    unsigned i, struct mariadb_part *part, struct err *err)
{
	struct str text = split->texts[i];
	unsigned params = split->params[i];
	my_bool yes = 1;

	mariadb_await(conn);
	part->handle = mysql_stmt_init(conn->handle);
	if (!part->handle)
		heap_exhausted(sizeof(MYSQL_STMT));
	part->params = params;
	part->numbers = xcalloc(params + 1, sizeof(unsigned));
	part->values = xcalloc(params + 1, sizeof(MYSQL_BIND));
	for (unsigned at = 0; at < params; at++)
		part->numbers[at] = mariadb_param_number(split, i, at);
	mariadb_waited(conn);
	if (mysql_stmt_prepare(part->handle, text.p, text.n) != 0)
		return mariadb_stmt_failed(conn, part->handle, err);
	if (mysql_stmt_param_count(part->handle) != params)
		return err_set(err, ERR_INTERNAL, "%lu parameters, and not %u: %.*s",
		    mysql_stmt_param_count(part->handle), params, STR_ARG(text));
	/* so that a column's buffer is as large as it must be before its rows are read */
	(void)mysql_stmt_attr_set(part->handle, STMT_ATTR_UPDATE_MAX_LENGTH, &yes);
	return OK;
}

/* What is not bound is NULL, as on the other engines. */
static void forget_bindings(struct mariadb_stmt *stmt)
{
	for (unsigned i = 0; i < stmt->param_count; i++)
		stmt->params[i] = (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL };
}

static enum errc prepare(struct mariadb_conn *conn, const struct mariadb_split *split,
    struct db_stmt **stmt_out, struct err *err)
{
	struct mariadb_stmt *stmt = xcalloc(1, sizeof(*stmt));
	struct db_stmt *made = &stmt->base;
	enum errc rc = OK;

	stmt->base.conn = &conn->base;
	stmt->param_count = split->param_count;
	stmt->params = xcalloc(stmt->param_count + 1, sizeof(MYSQL_BIND));
	stmt->numbers = xcalloc(stmt->param_count + 1, sizeof(int64_t));
	forget_bindings(stmt);
	while (stmt->part_count < split->count && rc == OK) {
		unsigned i = stmt->part_count++;

		rc = prepare_part(conn, split, i, &stmt->parts[i], err);
	}
	if (rc == OK)
		*stmt_out = made;
	else
		mariadb_finalize(&made);
	return rc;
}

enum errc mariadb_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err)
{
	struct arena *arena = arena_new("mariadb prepare");
	struct mariadb_split split;
	enum errc rc = mariadb_split_text(text, arena, &split, err);

	if (rc == OK)
		rc = prepare(mariadb_conn_of(base), &split, stmt_out, err);
	arena_free(&arena);
	return rc;
}

void mariadb_finalize(struct db_stmt **stmtp)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(*stmtp);

	mariadb_forget(mariadb_conn_of(stmt->base.conn), stmt);
	mariadb_await(mariadb_conn_of(stmt->base.conn));
	/* on a lost connection there is nothing to tell the server */
	for (unsigned i = 0; i < stmt->part_count; i++) {
		(void)mysql_stmt_close(stmt->parts[i].handle);
		xfree(stmt->parts[i].numbers);
		xfree(stmt->parts[i].values);
	}
	mariadb_free_cells(stmt);
	xfree(stmt->params);
	xfree(stmt->numbers);
	xfree(stmt);
	*stmtp = NULL;
}

static enum errc bind(struct db_stmt *base, int param, MYSQL_BIND value, struct err *err)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(base);

	if (param < 1 || (unsigned)param > stmt->param_count)
		return err_set(err, ERR_INTERNAL, "no parameter %d", param);
	stmt->params[param - 1] = value;
	return OK;
}

enum errc mariadb_bind_i64(struct db_stmt *base, int param, int64_t value, struct err *err)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(base);
	MYSQL_BIND binding = { .buffer_type = MYSQL_TYPE_LONGLONG };

	if (param < 1 || (unsigned)param > stmt->param_count)
		return err_set(err, ERR_INTERNAL, "no parameter %d", param);
	stmt->numbers[param - 1] = value;
	binding.buffer = &stmt->numbers[param - 1];
	return bind(base, param, binding, err);
}

static enum errc bind_bytes(struct db_stmt *base, int param, struct str bytes,
    enum enum_field_types type, struct err *err)
{
	MYSQL_BIND binding = { .buffer_type = type };

	/* NULL would be taken for no value, and an empty text is no NULL */
	binding.buffer = (void *)(uintptr_t)(bytes.n > 0 ? bytes.p : "");
	binding.buffer_length = bytes.n;
	return bind(base, param, binding, err);
}

enum errc mariadb_bind_str(struct db_stmt *base, int param, struct str text, struct err *err)
{
	return bind_bytes(base, param, text, MYSQL_TYPE_STRING, err);
}

enum errc mariadb_bind_blob(struct db_stmt *base, int param, struct str bytes, struct err *err)
{
	return bind_bytes(base, param, bytes, MYSQL_TYPE_BLOB, err);
}

enum errc mariadb_bind_null(struct db_stmt *base, int param, struct err *err)
{
	return bind(base, param, (MYSQL_BIND){ .buffer_type = MYSQL_TYPE_NULL }, err);
}

enum errc mariadb_part_bind(
    struct mariadb_stmt *stmt, const struct mariadb_part *part, struct err *err)
{
	for (unsigned i = 0; i < part->params; i++)
		part->values[i] = stmt->params[part->numbers[i] - 1];
	if (part->params > 0 && mysql_stmt_bind_param(part->handle, part->values) != 0)
		return mariadb_stmt_failed(mariadb_conn_of(stmt->base.conn), part->handle, err);
	return OK;
}

enum errc mariadb_part_answer(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(stmt->base.conn);

	if (mysql_stmt_field_count(handle) > 0)
		return mariadb_take_rows(stmt, handle, err);
	stmt->changes = (int64_t)mysql_stmt_affected_rows(handle);
	if (mysql_stmt_insert_id(handle) != 0)
		conn->last_id = (int64_t)mysql_stmt_insert_id(handle);
	return OK;
}

static enum errc run_part(
    struct mariadb_stmt *stmt, const struct mariadb_part *part, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(stmt->base.conn);
	enum errc rc = mariadb_part_bind(stmt, part, err);

	if (rc != OK)
		return rc;
	mariadb_waited(conn);
	if (mysql_stmt_execute(part->handle) != 0)
		return mariadb_stmt_failed(conn, part->handle, err);
	return mariadb_part_answer(stmt, part->handle, err);
}

static enum errc run(struct mariadb_stmt *stmt, struct err *err)
{
	enum errc rc;

	mariadb_forget(mariadb_conn_of(stmt->base.conn), stmt);
	mariadb_await(mariadb_conn_of(stmt->base.conn));
	stmt->changes = 0;
	rc = run_part(stmt, &stmt->parts[0], err);
	if (rc == OK && stmt->part_count > 1 && stmt->changes > 0)
		rc = run_part(stmt, &stmt->parts[1], err);
	stmt->is_done = rc == OK && !stmt->rows;
	return rc;
}

enum errc mariadb_step(struct db_stmt *base, struct err *err)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(base);
	struct mariadb_conn *conn = mariadb_conn_of(base->conn);
	enum errc rc;

	if (conn->running == stmt)
		mariadb_await(conn);
	if (stmt->is_answered) {
		stmt->is_answered = false;
		if (stmt->answer.code != OK)
			return err_set(err, stmt->answer.code, "%s", stmt->answer.text);
		stmt->is_done = !stmt->rows;
	}
	if (!stmt->rows && !stmt->is_done) {
		rc = run(stmt, err);
		if (rc != OK)
			return rc;
	}
	return stmt->is_done ? ERR_END : mariadb_next_row(stmt, err);
}

void mariadb_reset(struct db_stmt *base)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(base);

	mariadb_forget(mariadb_conn_of(base->conn), stmt);
	mariadb_drop_rows(stmt);
	forget_bindings(stmt);
	stmt->is_done = false;
	stmt->changes = 0;
}

int64_t mariadb_changes(const struct db_stmt *stmt)
{
	return mariadb_stmt_of(stmt)->changes;
}
