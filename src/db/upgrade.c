/*
 * db/upgrade.c - the schema looked at, undone, confirmed.
 */
#include "db/upgrade.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/migrate_int.h"

#include <stdio.h>
#include <time.h>

/* A step takes a moment where its statements are no transaction. */
#define READ_AGAIN 20
#define READ_PAUSE_NS (100 * 1000000L)

/* ---- what there is ---- */

static int oldest_of(const struct db_migration *step)
{
	return step->oldest > 0 ? step->oldest : step->to;
}

static enum errc read_rows(
    const struct schema_work *work, struct db_schema *schema, struct err *err)
{
	struct arena *arena = arena_new("schema");
	struct schema_rows rows;
	struct str source;
	enum errc rc = schema_rows_read(work->conn, &rows, err);

	if (rc == OK && rows.newest != schema->version && schema->version <= schema->program)
		rc = err_set(err, ERR_CORRUPT,
		    "the database says schema %d, and mail_schema has steps up to %d",
		    schema->version, rows.newest);
	if (rc == OK)
		rc = schema_copy_source(work->conn, arena, &source, err);
	if (rc == OK) {
		schema->oldest = rows.oldest;
		schema->confirmed = rows.confirmed;
		(void)snprintf(
		    schema->copy_source, sizeof(schema->copy_source), "%.*s", STR_ARG(source));
	}
	arena_free(&arena);
	return rc;
}

static enum errc read_once(
    const struct schema_work *work, struct db_schema *schema, struct err *err)
{
	enum errc rc = work->driver->ops->schema_version(work->conn, &schema->version, err);

	schema->program = schema_newest(work);
	/* what was before mail_schema suits its own programs alone, and cannot be undone */
	schema->oldest = schema->confirmed = schema->version;
	schema->copy_source[0] = '\0';
	if (rc == OK && schema->version > 0)
		rc = schema_check_prefix(work, err);
	if (rc == OK && schema->version >= SCHEMA_ROWS_FROM)
		rc = read_rows(work, schema, err);
	schema->oldest_then = schema->oldest;
	for (size_t i = 0; i < work->count; i++) {
		if (work->steps[i].to > schema->version &&
		    oldest_of(&work->steps[i]) > schema->oldest_then)
			schema->oldest_then = oldest_of(&work->steps[i]);
	}
	return rc;
}

enum errc schema_read(const struct schema_work *work, struct db_schema *schema, struct err *err)
{
	const struct timespec pause = { .tv_nsec = READ_PAUSE_NS };
	enum errc rc = read_once(work, schema, err);

	/* between two of its statements another process may have made a step, or be at one */
	for (int again = 0; again < READ_AGAIN && (rc == ERR_CORRUPT || rc == ERR_INTERNAL);
	     again++) {
		(void)nanosleep(&pause, NULL);
		rc = read_once(work, schema, err);
	}
	return rc;
}

static enum errc read_body(const struct schema_work *work, void *arg, struct err *err)
{
	return schema_read(work, arg, err);
}

enum errc db_schema_read(
    const struct db_settings *settings, struct db_schema *schema_out, struct err *err)
{
	return db_administer(settings, read_body, schema_out, err);
}

/* ---- back ---- */

/* Unless something is there that the older schema cannot hold. */
static enum errc check_refusals(
    const struct schema_work *work, const struct db_migration *step, struct err *err)
{
	struct arena *arena = arena_new("undo");
	enum errc rc = OK;

	if (step->undo.n == 0)
		rc = err_set(err, ERR_STATE, "schema %d has no way back", step->to);
	for (const struct db_refusal *r = step->refusals; rc == OK && r && r->ask; r++) {
		struct str ask = db_rewrite_prefix(arena, str_from(r->ask), work->prefix);

		rc = conn_ask(work->conn, ask, CONN_NONE, NULL, 0, err);
		if (rc == OK)
			rc = err_set(
			    err, ERR_STATE, "schema %d cannot be undone: %s", step->to, r->why);
		else if (rc == ERR_END)
			rc = OK;
	}
	arena_free(&arena);
	return rc;
}

/* In a transaction. */
enum errc schema_undo(
    const struct schema_work *work, const struct db_migration *step, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	struct arena *arena = arena_new("undo");
	enum errc rc = OK;

	/* first: where each change of a table is committed, a step that is half undone is one to be made again */
	if (step->to > SCHEMA_ROWS_FROM)
		rc = schema_row_delete(work->conn, step->to, err);
	if (rc == OK)
		rc = ops->run_script(
		    work->conn, db_rewrite_prefix(arena, step->undo, work->prefix), err);
	if (rc == OK)
		rc = ops->run_script(work->conn,
		    str_printf(arena, "DELETE FROM %.*supgrade_steps WHERE to_version = %d",
			STR_ARG(work->prefix), step->to),
		    err);
	if (rc == OK)
		rc = ops->set_schema_version(work->conn, step->to - 1, err);
	arena_free(&arena);
	return rc;
}

/* Whole, and only if it is still the newest. */
static enum errc undo_alone(
    const struct schema_work *work, const struct db_migration *step, struct err *err)
{
	const struct db_ops *ops = work->driver->ops;
	int version;
	enum errc rc = ops->begin(work->conn, MIGRATE_WAIT_MS, err);

	if (rc == ERR_CONFLICT)
		return err_set(err, ERR_UNAVAIL, "another process is writing: try again");
	if (rc != OK)
		return rc;
	rc = ops->schema_version(work->conn, &version, err);
	if (rc == OK && version != step->to)
		rc = err_set(err, ERR_STATE, "another process changes the schema: look again");
	if (rc == OK)
		rc = check_refusals(work, step, err);
	if (rc == OK)
		rc = schema_undo(work, step, err);
	if (rc == OK)
		rc = ops->commit(work->conn, err);
	if (rc != OK && ops->in_transaction(work->conn))
		ops->rollback(work->conn);
	return rc;
}

struct undo {
	int from, to;
};

/* All are asked before the first is undone. */
static enum errc check_all_refusals(
    const struct schema_work *work, const struct db_schema *schema, struct err *err)
{
	struct db_schema now;
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < work->count; i++) {
		if (work->steps[i].to > schema->confirmed &&
		    work->steps[i].to <= schema->version)
			rc = check_refusals(work, &work->steps[i], err);
	}
	/* what they ask about may be gone: another process undoes them */
	if (rc == ERR_INTERNAL && schema_read(work, &now, NULL) == OK &&
	    now.version != schema->version)
		rc = err_set(err, ERR_UNAVAIL, "another process changes the schema: try again");
	return rc;
}

static enum errc undo_body(const struct schema_work *work, void *arg, struct err *err)
{
	struct undo *undo = arg;
	struct db_schema schema;
	enum errc rc = schema_read(work, &schema, err);

	if (rc != OK)
		return rc;
	if (schema.version > schema.program)
		return err_set(err, ERR_STATE,
		    "schema %d can be undone by the program that made it, not by this one, "
		    "which knows %d",
		    schema.version, schema.program);
	if (schema.confirmed >= schema.version)
		return err_set(err, ERR_STATE,
		    "there is nothing to undo: schema %d is confirmed", schema.version);
	undo->from = undo->to = schema.version;
	rc = check_all_refusals(work, &schema, err);
	for (size_t i = work->count; rc == OK && i > 0; i--) {
		const struct db_migration *step = &work->steps[i - 1];

		if (step->to <= schema.confirmed || step->to > schema.version)
			continue;
		rc = undo_alone(work, step, err);
		if (rc == OK)
			undo->to = step->to - 1;
	}
	return rc;
}

enum errc db_undo(
    const struct db_settings *settings, int *from_out, int *to_out, struct err *err)
{
	struct undo undo = { .from = 0 };
	enum errc rc = db_administer(settings, undo_body, &undo, err);

	*from_out = undo.from;
	*to_out = undo.to;
	return rc;
}

static enum errc confirm_body(const struct schema_work *work, void *arg, struct err *err)
{
	struct db_schema schema;
	enum errc rc = schema_read(work, &schema, err);

	if (rc != OK)
		return rc;
	*(int *)arg = schema.version;
	if (schema.version > schema.program)
		return err_set(err, ERR_STATE,
		    "schema %d is confirmed by the program that made it, not by this one, "
		    "which knows %d",
		    schema.version, schema.program);
	if (schema.version < schema.program)
		return err_set(err, ERR_STATE,
		    "the database has schema %d and this program needs %d: run `tabella db "
		    "upgrade` first",
		    schema.version, schema.program);
	return schema_rows_confirm(work->conn, err);
}

enum errc db_confirm(const struct db_settings *settings, int *version_out, struct err *err)
{
	return db_administer(settings, confirm_body, version_out, err);
}
