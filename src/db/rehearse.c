/*
 * db/rehearse.c - the missing steps of the schema tried out: in a transaction that is undone, or on a copy of the structure.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/migrate_int.h"
#include "db/upgrade.h"

#include <string.h>

#define COPY_TABLES_MAX 512

static enum errc check_result(const struct schema_work *work, struct err *err)
{
	struct db_schema schema;
	enum errc rc = schema_read(work, &schema, err);

	if (rc == OK && schema.version != schema.program)
		rc = err_set(err, ERR_INTERNAL, "the steps lead to schema %d, not %d",
		    schema.version, schema.program);
	return rc;
}

/* Forwards, a look, and back as far as there is a way. */
static enum errc go_and_return(
    const struct schema_work *work, struct db_rehearsal *rehearsal, struct err *err)
{
	const struct step_options options = { .fresh = false };
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	enum errc rc = schema_fingerprint(work->conn, before, err);
	size_t i;

	for (i = 0; rc == OK && i < work->count; i++)
		rc = schema_apply(work, &work->steps[i], &options, err);
	if (rc == OK)
		rc = check_result(work, err);
	for (i = work->count; rc == OK && i > 0; i--) {
		const struct db_migration *step = &work->steps[i - 1];

		if (step->to <= rehearsal->from || step->undo.n == 0)
			break;
		rc = schema_undo(work, step, err);
	}
	if (rc != OK || (i > 0 && work->steps[i - 1].to > rehearsal->from))
		return rc;
	rc = schema_fingerprint(work->conn, after, err);
	if (rc == OK && memcmp(before, after, sizeof(before)) != 0)
		rc = err_set(err, ERR_INTERNAL,
		    "the way back from schema %d does not lead to what schema %d was",
		    rehearsal->to, rehearsal->from);
	rehearsal->and_back = rc == OK;
	return rc;
}

/* ---- on a copy: MariaDB commits each change of a table ---- */

struct copy {
	struct arena *arena;
	struct str database, scratch;
	struct str tables[COPY_TABLES_MAX]; /* as SHOW CREATE TABLE gives them */
	size_t count;
};

/* Up to `max` texts. */
struct texts {
	struct arena *arena;
	struct str *items;
	size_t max, count;
};

/* One column of a statement's rows. ERR_LIMIT: there are more. */
static enum errc read_texts(
    struct db_conn *conn, struct str text, int column, struct texts *texts, struct err *err)
{
	struct db_stmt *stmt;
	enum errc rc = conn->ops->prepare(conn, text, &stmt, err);

	if (rc != OK)
		return rc;
	while ((rc = conn->ops->step(stmt, err)) == OK && texts->count < texts->max)
		texts->items[texts->count++] =
		    str_dup(texts->arena, conn->ops->column_str(stmt, column));
	conn->ops->reset(stmt);
	conn->ops->finalize(&stmt);
	if (rc == OK)
		return err_set(err, ERR_LIMIT, "more than %zu rows", texts->max);
	return rc == ERR_END ? OK : rc;
}

/* Of the only row; empty: there is none. */
static enum errc read_text(struct db_conn *conn, struct str text, int column,
    struct arena *arena, struct str *value_out, struct err *err)
{
	struct texts one = { arena, value_out, 1, 0 };

	*value_out = STR_EMPTY;
	return read_texts(conn, text, column, &one, err);
}

static enum errc read_structure(
    const struct schema_work *work, struct copy *copy, struct err *err)
{
	struct str names[COPY_TABLES_MAX];
	struct texts tables = { copy->arena, names, COPY_TABLES_MAX, 0 };
	enum errc rc = read_text(
	    work->conn, STR("SELECT database()"), 0, copy->arena, &copy->database, err);

	if (rc == OK)
		rc = read_texts(work->conn,
		    STR("SELECT table_name FROM information_schema.tables"
			" WHERE table_schema = database() AND table_type = 'BASE TABLE'"),
		    0, &tables, err);
	for (copy->count = 0; rc == OK && copy->count < tables.count; copy->count++)
		rc = read_text(work->conn,
		    str_printf(
			copy->arena, "SHOW CREATE TABLE `%.*s`", STR_ARG(names[copy->count])),
		    1, copy->arena, &copy->tables[copy->count], err);
	copy->scratch = str_printf(copy->arena, "%.*s_rehearsal", STR_ARG(copy->database));
	return rc;
}

static enum errc run_text(const struct schema_work *work, struct str text, struct err *err)
{
	return work->driver->ops->run_script(work->conn, text, err);
}

/* The tables without their rows, but for those that say which schema it is. */
static enum errc fill_copy(
    const struct schema_work *work, const struct copy *copy, struct err *err)
{
	struct str prefix = work->prefix;
	enum errc rc = run_text(work,
	    str_printf(
		copy->arena, "USE `%.*s`; SET FOREIGN_KEY_CHECKS = 0", STR_ARG(copy->scratch)),
	    err);

	for (size_t i = 0; rc == OK && i < copy->count; i++)
		rc = run_text(work, copy->tables[i], err);
	if (rc != OK)
		return rc;
	return run_text(work,
	    str_printf(copy->arena,
		"INSERT INTO mail_schema SELECT * FROM `%.*s`.mail_schema;"
		"INSERT INTO %.*supgrade_steps SELECT * FROM `%.*s`.%.*supgrade_steps;"
		"SET FOREIGN_KEY_CHECKS = 1",
		STR_ARG(copy->database), STR_ARG(prefix), STR_ARG(copy->database),
		STR_ARG(prefix)),
	    err);
}

/* What a rehearsal left that was killed is known by this comment. Only one is at work at a time. */
#define SCRATCH_COMMENT "rehearsal of tabella db upgrade"

static enum errc drop_left_over(
    const struct schema_work *work, const struct copy *copy, struct err *err)
{
	struct str name;
	enum errc rc = read_text(work->conn,
	    str_printf(copy->arena,
		"SELECT schema_name FROM information_schema.schemata"
		" WHERE schema_name = '%.*s' AND schema_comment = '" SCRATCH_COMMENT "'",
		STR_ARG(copy->scratch)),
	    0, copy->arena, &name, err);

	if (rc != OK || name.n == 0)
		return rc;
	return run_text(
	    work, str_printf(copy->arena, "DROP DATABASE `%.*s`", STR_ARG(copy->scratch)), err);
}

/* No right to make it, or one is there: that is said, and is no failure. */
static enum errc make_scratch(const struct schema_work *work, const struct copy *copy,
    struct db_rehearsal *rehearsal, struct err *err)
{
	struct err why = { .code = OK };
	enum errc rc = run_text(work,
	    str_printf(copy->arena, "CREATE DATABASE `%.*s` COMMENT '" SCRATCH_COMMENT "'",
		STR_ARG(copy->scratch)),
	    &why);

	rehearsal->how = rc == OK ? DB_REHEARSED_COPY : DB_REHEARSED_NOT;
	if (rc == ERR_CLOSED)
		return err_set(err, rc, "%s", why.text);
	if (rc != OK)
		err_fill(&rehearsal->why_not, rc,
		    "MariaDB undoes no change of a table, and made no database %.*s to try it "
		    "in: %s",
		    STR_ARG(copy->scratch), why.text);
	return OK;
}

static enum errc rehearse_on_copy(
    const struct schema_work *work, struct db_rehearsal *rehearsal, struct err *err)
{
	struct arena *arena = arena_new("rehearsal");
	struct copy *copy = ARENA_NEW(arena, struct copy, 1);
	enum errc rc, end;

	copy->arena = arena;
	rc = read_structure(work, copy, err);
	if (rc == OK)
		rc = drop_left_over(work, copy, err);
	if (rc == OK)
		rc = make_scratch(work, copy, rehearsal, err);
	if (rc == OK && rehearsal->how == DB_REHEARSED_COPY) {
		rc = fill_copy(work, copy, err);
		if (rc == OK)
			rc = go_and_return(work, rehearsal, err);
		end = run_text(work,
		    str_printf(arena, "USE `%.*s`; DROP DATABASE `%.*s`",
			STR_ARG(copy->database), STR_ARG(copy->scratch)),
		    rc == OK ? err : NULL);
		if (rc == OK)
			rc = end;
	}
	arena_free(&arena);
	return rc;
}

/* Is there a step to rehearse? */
static enum errc look(const struct schema_work *work, struct db_rehearsal *rehearsal,
    bool *missing_out, struct err *err)
{
	struct db_schema schema;
	enum errc rc = schema_read(work, &schema, err);

	if (rc != OK)
		return rc;
	*rehearsal = (struct db_rehearsal){ .from = schema.version, .to = schema.program };
	*missing_out = schema.version > 0 && schema.version < schema.program;
	if (schema.version > schema.program)
		return schema_refuse_newer(work, schema.version, err);
	return OK;
}

static enum errc rehearse_body(const struct schema_work *work, void *arg, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	struct db_rehearsal *rehearsal = arg;
	bool missing;
	enum errc rc = look(work, rehearsal, &missing, err);

	if (rc != OK || !missing)
		return rc;
	rc = ops->begin(work->conn, MIGRATE_WAIT_MS, err);
	if (rc == ERR_CONFLICT)
		return err_set(err, ERR_UNAVAIL, "another process is writing: try again");
	if (rc != OK)
		return rc;
	/* who was waited for may have made the steps */
	rc = look(work, rehearsal, &missing, err);
	if (rc == OK && missing && ops->engine != DB_MARIADB) {
		rehearsal->how = DB_REHEARSED_HERE;
		rc = go_and_return(work, rehearsal, err);
	}
	ops->rollback(work->conn);
	/* its lock is held as long as the connection lasts */
	if (rc == OK && missing && ops->engine == DB_MARIADB)
		rc = rehearse_on_copy(work, rehearsal, err);
	return rc;
}

enum errc db_rehearse(
    const struct db_settings *settings, struct db_rehearsal *rehearsal_out, struct err *err)
{
	return db_administer(settings, rehearse_body, rehearsal_out, err);
}
