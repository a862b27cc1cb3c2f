/*
 * db/pgsql_schema.c - whose database it is, and which version.
 */
#include "base/arena.h"
#include "base/base.h"
#include "db/pgsql_int.h"
#include "db/schema/scripts.h"

const struct db_migration *pgsql_migrations(struct db_driver *driver, size_t *count_out)
{
	(void)driver;
	*count_out = COUNT(pgsql_scripts);
	return pgsql_scripts;
}

static enum errc look(
    struct pgsql_conn *conn, bool *is_ours_out, bool *is_taken_out, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = pgsql_fixed(conn, PGSQL_TABLES, &stmt, err);

	if (rc == OK)
		rc = pgsql_step(stmt, err);
	if (rc != OK)
		return rc;
	*is_ours_out = pgsql_column_i64(stmt, 0) != 0;
	*is_taken_out = pgsql_column_i64(stmt, 1) != 0;
	pgsql_reset(stmt);
	return OK;
}

enum errc pgsql_schema_version(struct db_conn *base, int *version_out, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct db_stmt *stmt;
	bool is_ours, is_taken;
	enum errc rc = look(conn, &is_ours, &is_taken, err);

	if (rc != OK)
		return rc;
	*version_out = 0;
	if (!is_ours && is_taken)
		return err_set(err, ERR_UNSUPPORTED,
		    "the database %s is not Tabella's: another program's tables are in it. "
		    "Name an empty one",
		    PQdb(conn->handle));
	if (!is_ours)
		return OK;
	rc = pgsql_fixed(conn, PGSQL_VERSION, &stmt, err);
	if (rc == OK)
		rc = pgsql_step(stmt, err);
	if (rc != OK)
		return rc;
	*version_out = (int)pgsql_column_i64(stmt, 0);
	pgsql_reset(stmt);
	return OK;
}

/* Way back included. The row of a step may be there already, with more in it. */
enum errc pgsql_set_schema_version(struct db_conn *base, int version, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	struct db_stmt *stmt;
	enum errc rc = pgsql_fixed(conn, PGSQL_UNSET_VERSION, &stmt, err);

	if (rc == OK)
		rc = pgsql_bind_i64(stmt, 1, version, err);
	if (rc == OK)
		rc = pgsql_step(stmt, err);
	if (rc == ERR_END)
		rc = pgsql_fixed(conn, PGSQL_SET_VERSION, &stmt, err);
	if (rc == OK)
		rc = pgsql_bind_i64(stmt, 1, version, err);
	if (rc == OK)
		rc = pgsql_bind_i64(stmt, 2, clock_unix_s(), err);
	if (rc == OK)
		rc = pgsql_step(stmt, err);
	return rc == ERR_END ? OK : rc;
}

enum errc pgsql_run_script(struct db_conn *base, struct str script, struct err *err)
{
	struct arena *arena = arena_new("schema script");
	const char *text = str_cstr(arena, script);
	enum errc rc = text ? pgsql_run_simple(pgsql_conn_of(base), text, err)
			    : err_set(err, ERR_INTERNAL, "a NUL in a script");

	arena_free(&arena);
	return rc;
}
