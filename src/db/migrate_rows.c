/*
 * db/migrate_rows.c - what a database says of its own schema: the rows of mail_schema, a copy that is not finished, the
 * names of all that is in it.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "db/migrate_int.h"

static const struct db_sql sql_rows = { .name = "schema.rows",
	.text = "SELECT max(version), max(oldest),"
		" (SELECT max(version) FROM mail_schema WHERE confirmed IS NOT NULL)"
		" FROM mail_schema" };
static const struct db_sql sql_row_update = { .name = "schema.row_update",
	.text = "UPDATE mail_schema SET oldest = ?, applied = ?, confirmed = NULLIF(?, 0)"
		" WHERE version = ?",
	.pgsql = "UPDATE mail_schema SET oldest = ?, applied = ?,"
		 " confirmed = NULLIF(?::bigint, 0) WHERE version = ?" };
static const struct db_sql sql_row_insert = { .name = "schema.row_insert",
	.text = "INSERT INTO mail_schema (oldest, applied, confirmed, version)"
		" VALUES (?, ?, NULLIF(?, 0), ?)",
	.pgsql = "INSERT INTO mail_schema (oldest, applied, confirmed, version)"
		 " VALUES (?, ?, NULLIF(?::bigint, 0), ?)" };
static const struct db_sql sql_row_delete = { .name = "schema.row_delete",
	.text = "DELETE FROM mail_schema WHERE version >= ?" };
static const struct db_sql sql_confirm = { .name = "schema.confirm",
	.text = "UPDATE mail_schema SET confirmed = ? WHERE confirmed IS NULL" };
static const struct db_sql sql_copy_source = { .name = "schema.copy_source",
	.text = "SELECT source FROM mail_copy WHERE name = ''" };
static const struct db_sql sql_copy_mark = { .name = "schema.copy_mark",
	.text = "INSERT INTO mail_copy (name, source) VALUES ('', ?)" };
static const struct db_sql sql_names = { .name = "schema.names",
	.pgsql =
	    "SELECT 'column', table_name || '.' || column_name || ' ' || data_type"
	    " FROM information_schema.columns WHERE table_schema = current_schema()"
	    " UNION ALL SELECT 'index', indexname || ' ' || tablename FROM pg_indexes"
	    " WHERE schemaname = current_schema()"
	    " UNION ALL SELECT 'trigger', event_object_table || ' ' || trigger_name || ' ' ||"
	    " event_manipulation FROM information_schema.triggers"
	    " WHERE trigger_schema = current_schema()"
	    " UNION ALL SELECT 'constraint', table_name || ' ' || constraint_name"
	    " FROM information_schema.table_constraints"
	    " WHERE table_schema = current_schema() AND constraint_type <> 'CHECK'"
	    " ORDER BY 1, 2",
	.mariadb =
	    "SELECT 'column', concat(table_name, '.', column_name, ' ', column_type)"
	    " FROM information_schema.columns WHERE table_schema = database()"
	    " UNION ALL SELECT 'index', concat(table_name, ' ', index_name, ' ', column_name)"
	    " FROM information_schema.statistics WHERE table_schema = database()"
	    " UNION ALL SELECT 'trigger', concat(event_object_table, ' ', trigger_name)"
	    " FROM information_schema.triggers WHERE trigger_schema = database()"
	    " UNION ALL SELECT 'constraint', concat(table_name, ' ', constraint_name)"
	    " FROM information_schema.table_constraints WHERE table_schema = database()"
	    " ORDER BY 1, 2",
	.sqlite = "SELECT 'column', m.name || '.' || c.name || ' ' || c.type"
		  " FROM sqlite_schema m, pragma_table_info(m.name) c"
		  " UNION ALL SELECT type, name FROM sqlite_schema ORDER BY 1, 2" };

static enum errc prepare(
    struct db_conn *conn, struct str text, struct db_stmt **stmt_out, struct err *err)
{
	return conn->ops->prepare(conn, text, stmt_out, err);
}

static enum errc bind_ints(struct db_stmt *stmt, struct conn_ints params, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < params.n; i++)
		rc = stmt->conn->ops->bind_i64(stmt, (int)i + 1, params.v[i], err);
	return rc;
}

static enum errc step_to_end(struct db_stmt *stmt, int64_t *changes_out, struct err *err)
{
	const struct db_ops *ops = stmt->conn->ops;
	enum errc rc;

	do
		rc = ops->step(stmt, err);
	while (rc == OK);
	if (rc != ERR_END)
		return rc;
	if (changes_out)
		*changes_out = ops->changes(stmt);
	return OK;
}

static void finish(struct db_stmt **stmtp)
{
	const struct db_ops *ops = (*stmtp)->conn->ops;

	ops->reset(*stmtp);
	ops->finalize(stmtp);
}

enum errc conn_run(struct db_conn *conn, struct str text, struct conn_ints params,
    int64_t *changes_out, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = prepare(conn, text, &stmt, err);

	if (rc != OK)
		return rc;
	rc = bind_ints(stmt, params, err);
	if (rc == OK)
		rc = step_to_end(stmt, changes_out, err);
	finish(&stmt);
	return rc;
}

enum errc conn_ask(struct db_conn *conn, struct str text, struct conn_ints params,
    int64_t *row_out, size_t columns, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = prepare(conn, text, &stmt, err);

	if (rc != OK)
		return rc;
	rc = bind_ints(stmt, params, err);
	if (rc == OK)
		rc = conn->ops->step(stmt, err);
	for (size_t i = 0; rc == OK && i < columns; i++) {
		bool empty = conn->ops->column_is_null(stmt, (int)i);

		row_out[i] = empty ? 0 : conn->ops->column_i64(stmt, (int)i);
	}
	finish(&stmt);
	return rc;
}

static struct str text_for(const struct db_conn *conn, const struct db_sql *sql)
{
	return db_sql_text(sql, conn->ops->engine);
}

enum errc schema_rows_read(struct db_conn *conn, struct schema_rows *rows_out, struct err *err)
{
	int64_t row[3] = { 0 };
	enum errc rc = conn_ask(conn, text_for(conn, &sql_rows), CONN_NONE, row, 3, err);

	*rows_out = (struct schema_rows){ (int)row[0], (int)row[1], (int)row[2] };
	return rc == ERR_END ? OK : rc;
}

enum errc schema_row_add(
    struct db_conn *conn, const struct db_migration *step, bool confirmed, struct err *err)
{
	int64_t oldest = step->oldest > 0 ? step->oldest : step->to, now = clock_unix_s();
	struct conn_ints row = CONN_INTS(oldest, now, confirmed ? now : 0, step->to);
	int64_t changes = 0;
	enum errc rc = conn_run(conn, text_for(conn, &sql_row_update), row, &changes, err);

	if (rc == OK && changes == 0)
		rc = conn_run(conn, text_for(conn, &sql_row_insert), row, NULL, err);
	return rc;
}

enum errc schema_row_delete(struct db_conn *conn, int version, struct err *err)
{
	return conn_run(conn, text_for(conn, &sql_row_delete), CONN_INTS(version), NULL, err);
}

enum errc schema_rows_confirm(struct db_conn *conn, struct err *err)
{
	return conn_run(
	    conn, text_for(conn, &sql_confirm), CONN_INTS(clock_unix_s()), NULL, err);
}

enum errc schema_copy_source(
    struct db_conn *conn, struct arena *arena, struct str *source_out, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = prepare(conn, text_for(conn, &sql_copy_source), &stmt, err);

	*source_out = STR_EMPTY;
	if (rc != OK)
		return rc;
	rc = conn->ops->step(stmt, err);
	if (rc == OK)
		*source_out = str_dup(arena, conn->ops->column_str(stmt, 0));
	finish(&stmt);
	return rc == ERR_END ? OK : rc;
}

enum errc schema_copy_mark(struct db_conn *conn, struct str source, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = prepare(conn, text_for(conn, &sql_copy_mark), &stmt, err);

	if (rc != OK)
		return rc;
	rc = conn->ops->bind_str(stmt, 1, source, err);
	if (rc == OK)
		rc = step_to_end(stmt, NULL, err);
	finish(&stmt);
	return rc;
}

enum errc schema_fingerprint(
    struct db_conn *conn, uint8_t hash_out[SHA256_SIZE], struct err *err)
{
	struct db_stmt *stmt;
	struct sha256 hash;
	enum errc rc = prepare(conn, text_for(conn, &sql_names), &stmt, err);

	if (rc != OK)
		return rc;
	sha256_init(&hash);
	while ((rc = conn->ops->step(stmt, err)) == OK) {
		sha256_add(&hash, conn->ops->column_str(stmt, 0));
		sha256_add(&hash, STR(" "));
		sha256_add(&hash, conn->ops->column_str(stmt, 1));
		sha256_add(&hash, STR("\n"));
	}
	sha256_finish(&hash, hash_out);
	sha256_release(&hash);
	finish(&stmt);
	return rc == ERR_END ? OK : rc;
}
