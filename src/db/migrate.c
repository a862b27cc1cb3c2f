/*
 * db/migrate.c - the numbered steps of the schema: what is there, what is missing, one transaction each; and which
 * programs may use what is there.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/migrate_int.h"

struct schema_work schema_work_on(
    struct db_driver *driver, struct db_conn *conn, struct str prefix)
{
	struct schema_work work = { .driver = driver, .conn = conn, .prefix = prefix };

	work.steps = driver->ops->migrations(driver, &work.count);
	return work;
}

int schema_newest(const struct schema_work *work)
{
	return work->steps[work->count - 1].to;
}

enum errc schema_refuse_newer(const struct schema_work *work, int version, struct err *err)
{
	int ours = schema_newest(work);
	struct schema_rows rows = { .newest = 0 };
	enum errc rc = OK;

	if (ours >= SCHEMA_ROWS_FROM)
		rc = schema_rows_read(work->conn, &rows, err);
	if (rc != OK)
		return rc;
	/* a newer program says with each step which older ones can go on */
	if (rows.newest == version && rows.oldest <= ours)
		return OK;
	if (rows.newest == version)
		return err_set(err, ERR_UNSUPPORTED,
		    "the database has schema %d, which is for programs from schema %d on, and "
		    "this one knows %d: use the newer program",
		    version, rows.oldest, ours);
	return err_set(err, ERR_UNSUPPORTED,
	    "the database has schema %d and this program knows %d: use the newer program",
	    version, ours);
}

static enum errc refuse_half_copied(struct db_conn *conn, struct err *err)
{
	struct arena *arena = arena_new("schema check");
	struct str source;
	enum errc rc = schema_copy_source(conn, arena, &source, err);

	if (rc == OK && source.n > 0)
		rc = err_set(err, ERR_STATE,
		    "the copy of %.*s into this database is not finished: give the same "
		    "`tabella db copy` command again",
		    STR_ARG(source));
	arena_free(&arena);
	return rc;
}

enum errc schema_check_prefix(const struct schema_work *work, struct err *err)
{
	struct arena *arena = arena_new("prefix");
	int64_t one;
	enum errc rc = conn_ask(work->conn,
	    str_printf(arena, "SELECT 1 FROM %.*supgrade_steps LIMIT 1", STR_ARG(work->prefix)),
	    CONN_NONE, &one, 1, err);

	if (rc == ERR_END)
		rc = OK;
	else if (rc == ERR_INTERNAL)
		rc = err_set(err, ERR_STATE,
		    "the database has a site, but no table %.*susers: it was made with "
		    "another table_prefix",
		    STR_ARG(work->prefix));
	arena_free(&arena);
	return rc;
}

enum errc db_check_schema(
    struct db_driver *driver, struct db_conn *conn, struct str prefix, struct err *err)
{
	struct schema_work work = schema_work_on(driver, conn, prefix);
	int version, ours = schema_newest(&work);
	enum errc rc = driver->ops->schema_version(conn, &version, err);

	if (rc != OK)
		return rc;
	if (version == 0)
		return err_set(err, ERR_NOTFOUND,
		    "the database is empty: `tabella db upgrade` makes its tables");
	if (version < ours)
		return err_set(err, ERR_STATE,
		    "the database has schema %d and this program needs %d: run `tabella "
		    "db upgrade`",
		    version, ours);
	if (version > ours)
		rc = schema_refuse_newer(&work, version, err);
	if (rc == OK)
		rc = schema_check_prefix(&work, err);
	return rc == OK ? refuse_half_copied(conn, err) : rc;
}

/* DBMail's own record. A step that was cut off in its middle may have written it. */
static enum errc record_step(
    const struct schema_work *work, struct arena *arena, int from, int to, struct err *err)
{
	struct str text = str_printf(arena,
	    "INSERT INTO %.*supgrade_steps (from_version, to_version)"
	    " SELECT one.a, one.b FROM (SELECT %d AS a, %d AS b) one WHERE NOT EXISTS"
	    " (SELECT 1 FROM %.*supgrade_steps WHERE from_version = %d AND to_version = %d)",
	    STR_ARG(work->prefix), from, to, STR_ARG(work->prefix), from, to);

	return work->driver->ops->run_script(work->conn, text, err);
}

enum errc schema_apply(const struct schema_work *work, const struct db_migration *step,
    const struct step_options *options, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	struct arena *arena;
	int from;
	enum errc rc = ops->schema_version(work->conn, &from, err);

	/* another process may have done the step meanwhile */
	if (rc != OK || from >= step->to)
		return rc;
	arena = arena_new("migration");
	rc = ops->run_script(
	    work->conn, db_rewrite_prefix(arena, step->script, work->prefix), err);
	if (rc == OK)
		rc = record_step(work, arena, from, step->to, err);
	if (rc == OK && options->copy_source.n > 0 && step->to == schema_newest(work))
		rc = schema_copy_mark(work->conn, options->copy_source, err);
	/* last: where each statement commits by itself, the step is done from here on */
	if (rc == OK && step->to >= SCHEMA_ROWS_FROM)
		rc = schema_row_add(work->conn, step, options->fresh, err);
	if (rc == OK)
		rc = ops->set_schema_version(work->conn, step->to, err);
	arena_free(&arena);
	return rc;
}

static enum errc run_step(const struct schema_work *work, const struct db_migration *step,
    const struct step_options *options, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	enum errc rc = ops->begin(work->conn, MIGRATE_WAIT_MS, err);

	if (rc == ERR_CONFLICT)
		return err_set(err, ERR_UNAVAIL, "another process is writing: try again");
	if (rc != OK)
		return rc;
	rc = schema_apply(work, step, options, err);
	if (rc == OK)
		rc = ops->commit(work->conn, err);
	if (rc != OK && ops->in_transaction(work->conn))
		ops->rollback(work->conn);
	return rc;
}

/* A database that has its schema already becomes one that is copied into; nothing if it is. */
static enum errc mark_copy(const struct schema_work *work, struct str source, struct err *err)
{
	struct arena *arena = arena_new("copy mark");
	struct str there;
	enum errc rc = schema_copy_source(work->conn, arena, &there, err);

	if (rc == OK && there.n == 0)
		rc = schema_copy_mark(work->conn, source, err);
	arena_free(&arena);
	return rc;
}

/* A step that another process was killed in the middle of is finished by MariaDB, which commits what it has done. */
static enum errc wait_for_others(const struct schema_work *work, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	enum errc rc;

	if (ops->engine != DB_MARIADB)
		return OK;
	/* its lock is held as long as the connection lasts */
	rc = ops->begin(work->conn, MIGRATE_WAIT_MS, err);
	if (rc == ERR_CONFLICT)
		return err_set(
		    err, ERR_UNAVAIL, "another process changes the schema: try again");
	if (rc == OK)
		ops->rollback(work->conn);
	return rc;
}

enum errc schema_bring_up(const struct schema_work *work, struct str copy_source, int *from_out,
    int *to_out, struct err *err)
{
	struct step_options options = { .copy_source = copy_source };
	enum errc rc = wait_for_others(work, err);

	if (rc == OK)
		rc = work->driver->ops->schema_version(work->conn, from_out, err);
	if (rc != OK)
		return rc;
	*to_out = schema_newest(work);
	if (*from_out > *to_out) {
		*to_out = *from_out;
		return schema_refuse_newer(work, *from_out, err);
	}
	options.fresh = *from_out == 0;
	for (size_t i = 0; i < work->count && rc == OK; i++) {
		if (work->steps[i].to > *from_out)
			rc = run_step(work, &work->steps[i], &options, err);
	}
	if (rc == OK && *from_out == *to_out && copy_source.n > 0)
		rc = mark_copy(work, copy_source, err);
	return rc;
}
