/*
 * db/sqlite_schema.c - whose database it is, and which version.
 */
#include "base/arena.h"
#include "base/base.h"
#include "db/schema/scripts.h"
#include "db/sqlite_int.h"

const struct db_migration *sqlite_migrations(struct db_driver *driver, size_t *count_out)
{
	(void)driver;
	*count_out = COUNT(sqlite_scripts);
	return sqlite_scripts;
}

enum errc sqlite_schema_version(struct db_conn *base, int *version_out, struct err *err)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	int64_t application, version = 0, tables = 0;
	enum errc rc = sqlite_number(conn, "PRAGMA application_id", &application, err);

	if (rc == OK)
		rc = sqlite_number(conn, "PRAGMA user_version", &version, err);
	if (rc == OK)
		rc = sqlite_number(conn, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (rc != OK)
		return rc;
	if (application != SQLITE_APPLICATION_ID && (application != 0 || tables > 0))
		return err_set(err, ERR_UNSUPPORTED,
		    "%s is not a Tabella database: another program's tables are in it",
		    conn->driver->path);
	*version_out = (int)version;
	return OK;
}

enum errc sqlite_set_schema_version(struct db_conn *base, int version, struct err *err)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	struct arena *arena = arena_new("schema version");
	struct str text =
	    str_printf(arena, "PRAGMA application_id = %d; PRAGMA user_version = %d",
		SQLITE_APPLICATION_ID, version);
	enum errc rc = sqlite_exec(conn, text.p, err);

	arena_free(&arena);
	return rc;
}

enum errc sqlite_run_script(struct db_conn *base, struct str script, struct err *err)
{
	struct arena *arena = arena_new("schema script");
	/* SQLite's own splitter knows where a trigger ends */
	enum errc rc = sqlite_exec(sqlite_conn_of(base), str_cstr(arena, script), err);

	arena_free(&arena);
	return rc;
}
