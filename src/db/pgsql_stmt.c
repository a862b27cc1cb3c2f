/*
 * db/pgsql_stmt.c - statements of the PostgreSQL driver.
 *
 * A statement is prepared on the server in the same breath as it is run for the first time. Numbers are sent as text,
 * so that they fit every type of integer; texts and bytes as they are, which is what text and bytea take. Answers are
 * in binary.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <stdio.h>
#include <string.h>

enum { FORMAT_TEXT, FORMAT_BINARY };

enum errc pgsql_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err)
{
	static const char skipping[] = " ON CONFLICT DO NOTHING";
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct pgsql_stmt *stmt;
	struct pgsql_text own;
	enum errc rc = pgsql_text_init(&own, text, err);
	size_t params;

	if (rc != OK)
		return rc;
	stmt = xcalloc(1, sizeof(*stmt));
	params = (size_t)own.params;
	stmt->base.conn = base;
	stmt->text = own;
	stmt->serial = ++conn->serial;
	stmt->params = xcalloc(params + 1, sizeof(*stmt->params));
	stmt->values = xcalloc(params + 1, sizeof(*stmt->values));
	stmt->lengths = xcalloc(params + 1, sizeof(*stmt->lengths));
	stmt->formats = xcalloc(params + 1, sizeof(*stmt->formats));
	if (own.may_skip) {
		size_t n = strlen(own.text);

		stmt->skipping = xmalloc(n + sizeof(skipping));
		memcpy(stmt->skipping, own.text, n);
		memcpy(stmt->skipping + n, skipping, sizeof(skipping));
	}
	*stmt_out = &stmt->base;
	return OK;
}

/* What the server keeps of it goes with the connection. */
void pgsql_finalize(struct db_stmt **stmtp)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(*stmtp);

	if (!stmt)
		return;
	pgsql_forget(pgsql_conn_of(stmt->base.conn), stmt, true);
	PQclear(stmt->result);
	pgsql_text_release(&stmt->text);
	xfree(stmt->skipping);
	xfree(stmt->params);
	xfree(stmt->values);
	xfree(stmt->lengths);
	xfree(stmt->formats);
	xfree(stmt->scratch);
	xfree(stmt);
	*stmtp = NULL;
}

/* ---- parameters ---- */

static enum errc bind(
    struct db_stmt *base, int param, const struct pgsql_param *value, struct err *err)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(base);

	if (param < 1 || param > stmt->text.params)
		return err_set(
		    err, ERR_INTERNAL, "parameter %d of %d", param, stmt->text.params);
	if (value->bytes.n > INT32_MAX)
		return err_set(err, ERR_LIMIT, "a value of %zu bytes", value->bytes.n);
	stmt->params[param - 1] = *value;
	return OK;
}

/* printf would be a good part of what a statement costs us. */
static void write_number(char out[PGSQL_NUMBER], int64_t value)
{
	uint64_t left = value < 0 ? -(uint64_t)value : (uint64_t)value;
	char digits[PGSQL_NUMBER];
	size_t n = 0, at = 0;

	do
		digits[n++] = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (value < 0)
		out[at++] = '-';
	while (n > 0)
		out[at++] = digits[--n];
	out[at] = '\0';
}

enum errc pgsql_bind_i64(struct db_stmt *stmt, int param, int64_t value, struct err *err)
{
	struct pgsql_param number = { .is_number = true };

	write_number(number.number, value);
	return bind(stmt, param, &number, err);
}

enum errc pgsql_bind_str(struct db_stmt *stmt, int param, struct str text, struct err *err)
{
	/* NULL would be bound as NULL, and an empty text is no NULL */
	struct pgsql_param value = { .bytes = { text.n > 0 ? text.p : "", text.n } };

	return bind(stmt, param, &value, err);
}

enum errc pgsql_bind_null(struct db_stmt *stmt, int param, struct err *err)
{
	return bind(stmt, param, &(struct pgsql_param){ .is_null = true }, err);
}

/* What was not bound is NULL. */
static void lay_out(struct pgsql_stmt *stmt)
{
	for (int i = 0; i < stmt->text.params; i++) {
		const struct pgsql_param *param = &stmt->params[i];

		stmt->values[i] = param->is_number ? param->number : param->bytes.p;
		stmt->lengths[i] = (int)param->bytes.n;
		stmt->formats[i] = param->is_number ? FORMAT_TEXT : FORMAT_BINARY;
	}
}

/* ---- sending ---- */

static const char *text_of(const struct pgsql_stmt *stmt, enum pgsql_way way)
{
	return way == PGSQL_SKIPS && stmt->skipping ? stmt->skipping : stmt->text.text;
}

static enum errc send_prepared(
    struct pgsql_conn *conn, struct pgsql_stmt *stmt, enum pgsql_way way, struct err *err)
{
	char name[32];

	(void)snprintf(
	    name, sizeof(name), "t%llu_%d", (unsigned long long)stmt->serial, (int)way);
	if (!stmt->prepared[way]) {
		if (!PQsendPrepare(conn->handle, name, text_of(stmt, way), 0, NULL))
			return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
		pgsql_push(conn, PGSQL_PARSE, stmt, way);
		stmt->prepared[way] = true;
	}
	if (!PQsendQueryPrepared(conn->handle, name, stmt->text.params, stmt->values,
		stmt->lengths, stmt->formats, FORMAT_BINARY))
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	return OK;
}

enum errc pgsql_stmt_send(struct pgsql_conn *conn, struct pgsql_stmt *stmt,
    enum pgsql_sent what, enum pgsql_way way, struct err *err)
{
	enum errc rc = pgsql_ready(conn, err);

	if (rc != OK)
		return rc;
	lay_out(stmt);
	if (way == PGSQL_SKIPS && !stmt->skipping)
		way = PGSQL_PLAIN;
	if (conn->driver->target.prepares)
		rc = send_prepared(conn, stmt, way, err);
	else if (!PQsendQueryParams(conn->handle, text_of(stmt, way), stmt->text.params, NULL,
		     stmt->values, stmt->lengths, stmt->formats, FORMAT_BINARY))
		rc = pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	if (rc != OK)
		return rc;
	if (what == PGSQL_STEP) {
		stmt->answer = PGSQL_AHEAD;
		stmt->was_skipped = false;
		stmt->way = way;
	}
	pgsql_push(conn, what, what == PGSQL_STEP ? stmt : NULL, way);
	return OK;
}

/* Inside of a transaction that has failed nothing more is asked. */
static enum errc is_usable(const struct pgsql_conn *conn, struct err *err)
{
	if ((conn->in_transaction || conn->in_snapshot) && conn->failure.code != OK)
		return err_set(err, conn->failure.code, "%s", conn->failure.text);
	return OK;
}

enum errc pgsql_send(struct db_stmt *base, struct err *err)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(base);
	struct pgsql_conn *conn = pgsql_conn_of(base->conn);
	enum errc rc = is_usable(conn, err);

	if (rc == OK && stmt->answer == PGSQL_NONE)
		rc = pgsql_stmt_send(conn, stmt, PGSQL_STEP, PGSQL_SKIPS, err);
	return rc;
}

void pgsql_hurry(struct db_conn *base)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = OK;

	/* libpq keeps what is small until a Sync, and the server its answers */
	if (conn->unsynced)
		rc = pgsql_sync(conn, NULL);
	(void)rc; /* the connection is lost, which is told to whoever waits */
}

enum errc pgsql_post(struct db_stmt *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base->conn);
	enum errc rc = is_usable(conn, err);

	if (rc == OK && !conn->in_transaction)
		return err_set(err, ERR_STATE, "writing outside a transaction");
	/* a key that is taken must fail what is sent behind it, the COMMIT too */
	if (rc == OK)
		rc = pgsql_stmt_send(conn, pgsql_stmt_of(base), PGSQL_POST, PGSQL_PLAIN, err);
	conn->posts += rc == OK;
	return rc;
}

/* ---- answers ---- */

static int64_t rows_touched(PGresult *result)
{
	struct str status = str_from(PQcmdStatus(result));
	uint64_t count = 0;

	if (str_starts(status, STR("SELECT")) ||
	    str_to_u64(str_from(PQcmdTuples(result)), INT64_MAX, &count) != OK)
		return 0;
	return (int64_t)count;
}

void pgsql_stmt_answer(struct pgsql_stmt *stmt, PGresult *result, const struct err *bad)
{
	stmt->answer = bad ? PGSQL_FAILED : PGSQL_HERE;
	if (bad) {
		stmt->bad = *bad;
		return;
	}
	PQclear(stmt->result);
	stmt->result = result;
	stmt->row = -1;
	stmt->rows = PQntuples(result);
	stmt->changes = rows_touched(result);
	if (stmt->way == PGSQL_SKIPS && stmt->changes == 0) {
		stmt->answer = PGSQL_FAILED;
		(void)err_set(&stmt->bad, ERR_EXISTS, "such a row is there");
	}
}

enum errc pgsql_step(struct db_stmt *base, struct err *err)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(base);
	struct pgsql_conn *conn = pgsql_conn_of(base->conn);
	enum errc rc = OK;

	if (stmt->answer == PGSQL_NONE)
		rc = pgsql_send(base, err);
	if (rc == OK && stmt->answer == PGSQL_AHEAD)
		rc = pgsql_settle(conn, err);
	if (rc != OK)
		return rc;
	if (stmt->answer == PGSQL_FAILED)
		return err_set(err, stmt->bad.code, "%s", stmt->bad.text);
	if (stmt->row + 1 >= stmt->rows) {
		stmt->row = stmt->rows;
		return ERR_END;
	}
	stmt->row++;
	return OK;
}

void pgsql_reset(struct db_stmt *base)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(base);

	if (stmt->answer == PGSQL_AHEAD)
		pgsql_forget(pgsql_conn_of(base->conn), stmt, false);
	PQclear(stmt->result);
	stmt->result = NULL;
	stmt->answer = PGSQL_NONE;
	stmt->row = -1;
	stmt->rows = 0;
	if (stmt->text.params > 0)
		memset(stmt->params, 0, (size_t)stmt->text.params * sizeof(*stmt->params));
}

/* ---- columns ---- */

static bool has_value(const struct pgsql_stmt *stmt, int column)
{
	return stmt->result && stmt->row >= 0 && stmt->row < stmt->rows && column >= 0 &&
	    column < PQnfields(stmt->result) && !PQgetisnull(stmt->result, stmt->row, column);
}

static struct str bytes_of(const struct pgsql_stmt *stmt, int column)
{
	return (struct str){ PQgetvalue(stmt->result, stmt->row, column),
		(size_t)PQgetlength(stmt->result, stmt->row, column) };
}

int64_t pgsql_column_i64(const struct db_stmt *base, int column)
{
	const struct pgsql_stmt *stmt = pgsql_stmt_of(base);

	if (!has_value(stmt, column))
		return 0;
	return pgsql_value_i64(PQftype(stmt->result, column), bytes_of(stmt, column));
}

static char *scratch_of(struct pgsql_stmt *stmt, int column)
{
	if (column >= stmt->scratch_columns) {
		/* the first of a row that is no text: room for all of them, as views stay where they are */
		stmt->scratch_columns = PQnfields(stmt->result);
		xfree(stmt->scratch);
		stmt->scratch = xcalloc((size_t)stmt->scratch_columns, PGSQL_SCRATCH);
	}
	return stmt->scratch[column];
}

struct str pgsql_column_str(const struct db_stmt *base, int column)
{
	struct pgsql_stmt *stmt = pgsql_stmt_of(base);

	if (!has_value(stmt, column))
		return STR_EMPTY;
	return pgsql_value_text(
	    PQftype(stmt->result, column), bytes_of(stmt, column), scratch_of(stmt, column));
}

struct str pgsql_column_blob(const struct db_stmt *base, int column)
{
	const struct pgsql_stmt *stmt = pgsql_stmt_of(base);

	return has_value(stmt, column) ? bytes_of(stmt, column) : STR_EMPTY;
}

bool pgsql_column_is_null(const struct db_stmt *base, int column)
{
	return !has_value(pgsql_stmt_of(base), column);
}

int64_t pgsql_changes(const struct db_stmt *base)
{
	return pgsql_stmt_of(base)->changes;
}
