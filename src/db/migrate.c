/*
 * db/migrate.c - the numbered steps of the schema: what is there, what is missing, one transaction each.
 */
#include "base/arena.h"
#include "db/db_int.h"

#define MIGRATE_WAIT_MS 30000

static int newest(struct db_driver *driver)
{
	size_t count;
	const struct db_migration *steps = driver->ops->migrations(driver, &count);

	return steps[count - 1].to;
}

static enum errc refuse_newer(int version, int ours, struct err *err)
{
	return err_set(err, ERR_UNSUPPORTED,
	    "the database has schema %d and this program knows %d: use the newer program",
	    version, ours);
}

enum errc db_check_schema(struct db_driver *driver, struct db_conn *conn, struct err *err)
{
	int version, ours = newest(driver);
	enum errc rc = driver->ops->schema_version(conn, &version, err);

	if (rc != OK)
		return rc;
	if (version > ours)
		return refuse_newer(version, ours, err);
	if (version == 0)
		return err_set(
		    err, ERR_NOTFOUND, "the database is empty: make it with `tabella init`");
	if (version < ours)
		return err_set(err, ERR_STATE,
		    "the database has schema %d and this program needs %d: run `tabella "
		    "db upgrade`",
		    version, ours);
	return OK;
}

/* Runs in the step's transaction: another process may have done the step meanwhile. */
static enum errc apply(struct db_driver *driver, struct db_conn *conn,
    const struct db_migration *step, struct str prefix, struct err *err)
{
	const struct db_ops *ops = driver->ops;
	struct arena *arena;
	int from;
	enum errc rc = ops->schema_version(conn, &from, err);

	if (rc != OK || from >= step->to)
		return rc;
	arena = arena_new("migration");
	rc = ops->run_script(conn, db_rewrite_prefix(arena, step->script, prefix), err);
	if (rc == OK) {
		struct str record = str_printf(arena,
		    "INSERT INTO %.*supgrade_steps (from_version, to_version) VALUES (%d, %d)",
		    STR_ARG(prefix), from, step->to);

		rc = ops->run_script(conn, record, err);
	}
	if (rc == OK)
		rc = ops->set_schema_version(conn, step->to, err);
	arena_free(&arena);
	return rc;
}

static enum errc run_step(struct db_driver *driver, struct db_conn *conn,
    const struct db_migration *step, struct str prefix, struct err *err)
{
	const struct db_ops *ops = driver->ops;
	enum errc rc = ops->begin(conn, MIGRATE_WAIT_MS, err);

	if (rc == ERR_CONFLICT)
		return err_set(err, ERR_UNAVAIL, "another process is writing: try again");
	if (rc != OK)
		return rc;
	rc = apply(driver, conn, step, prefix, err);
	if (rc == OK)
		rc = ops->commit(conn, err);
	if (rc != OK && ops->in_transaction(conn))
		ops->rollback(conn);
	return rc;
}

enum errc db_migrate_conn(struct db_driver *driver, struct db_conn *conn, struct str prefix,
    int *from_out, int *to_out, struct err *err)
{
	size_t count;
	const struct db_migration *steps = driver->ops->migrations(driver, &count);
	int ours = steps[count - 1].to;
	enum errc rc = driver->ops->schema_version(conn, from_out, err);

	if (rc != OK)
		return rc;
	if (*from_out > ours)
		return refuse_newer(*from_out, ours, err);
	for (size_t i = 0; i < count && rc == OK; i++) {
		if (steps[i].to > *from_out)
			rc = run_step(driver, conn, &steps[i], prefix, err);
	}
	if (rc == OK)
		*to_out = ours;
	return rc;
}
