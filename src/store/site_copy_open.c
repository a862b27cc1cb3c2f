/*
 * store/site_copy_open.c - both databases of a copy: opened, looked at, and refused if the one is at work or the other holds a
 * site.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/upgrade.h"
#include "db/url.h"
#include "store/site_copy_int.h"
#include "store/site_nodes.h"

#include <string.h>

#define WAIT_MS 60000

/* A table's name without the administrator's prefix, which is his own. */
static struct str plain_name(
    const struct site_copy_run *run, struct arena *arena, struct str name)
{
	struct str prefix = run->settings->table_prefix;

	if (!str_starts(name, prefix))
		return name;
	name = str_from_at(name, prefix.n);
	return str_printf(arena, "dbmail_%.*s", STR_ARG(name));
}

static enum errc check_column(
    const struct site_table *table, struct str name, struct str column, struct err *err)
{
	if (!table && (str_starts(name, STR("mail_")) || str_starts(name, STR("dbmail_"))))
		return err_set(err, ERR_STATE,
		    "the source has a table %.*s that this program does not know",
		    STR_ARG(name));
	if (!table || !table->columns)
		return OK; /* another's, or of the database alone */
	for (size_t i = 0; i < table->column_count; i++) {
		if (str_equal_nocase(str_from(table->columns[i].name), column))
			return OK;
	}
	return err_set(err, ERR_STATE,
	    "the source has a column %.*s.%.*s that this program does not know", STR_ARG(name),
	    STR_ARG(column));
}

/* Nothing of ours in the source may be missing in the list of tables: it would be lost. */
static enum errc check_columns(struct site_copy_run *run, struct err *err)
{
	struct arena *arena = arena_new("copy check");
	struct db_q *q = NULL;
	enum errc rc = db_query(run->reader, &sql_copy_columns, &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		struct str name = plain_name(run, arena, db_str(q, 0));

		rc = check_column(site_table_find(name), name, db_str(q, 1), err);
	}
	db_done(&q);
	arena_free(&arena);
	return rows_end(rc);
}

static enum errc count_table(struct site_copy_run *run, size_t number, struct err *err)
{
	const struct site_table *table = &run->tables[number];
	int64_t rows = 0;
	enum errc rc = OK;

	if (table->like) {
		for (size_t i = 0; i < number; i++) {
			if (strcmp(run->tables[i].name, table->like) == 0)
				rows = (int64_t)run->table_about[i];
		}
	} else {
		rc = rows_one(run->reader, &run->from_sql[number]->count,
		    (struct ints){ NULL, 0 }, &rows, 1, err);
	}
	run->table_about[number] = (uint64_t)rows;
	run->progress.rows_about += (uint64_t)rows;
	return rc;
}

static enum errc prepare_tables(struct site_copy_run *run, struct err *err)
{
	enum errc rc = OK;

	run->table_about = ARENA_NEW(run->arena, uint64_t, run->count);
	run->from_sql = ARENA_NEW(run->arena, const struct site_sql *, run->count);
	run->to_sql = ARENA_NEW(run->arena, const struct site_sql *, run->count);
	for (size_t i = 0; rc == OK && i < run->count; i++) {
		if (!run->tables[i].columns)
			continue;
		run->from_sql[i] = site_sql_new(run->arena, &run->tables[i], run->from_engine);
		run->to_sql[i] = site_sql_new(run->arena, &run->tables[i], run->to_engine);
		rc = count_table(run, i, err);
	}
	return rc;
}

/* ---- opening ---- */

struct db_settings site_copy_database(const struct site_copy_run *run, struct str url)
{
	const struct site_copy_settings *s = run->settings;

	return (struct db_settings){
		.url = url,
		.table_prefix = s->table_prefix,
		.readers = 2,
		.busy_timeout_ms = s->busy_timeout_ms,
		.wal_limit_bytes = s->wal_limit_bytes,
		.patient = true,
		.log = s->log,
	};
}

/* A site that is written to would be copied in pieces that do not fit each other. */
enum errc site_copy_refuse_nodes(struct site_copy_run *run, struct err *err)
{
	struct arena *arena = arena_new("copy nodes");
	struct site_nodes nodes = { .count = 0 };
	enum errc rc = OK;

	if (!run->settings->online)
		rc = site_nodes_read(run->reader, run->schema,
		    site_lock_folder(arena, run->settings->from), arena, &nodes, err);
	if (rc == OK && nodes.alive > 0)
		rc = err_set(err, ERR_STATE,
		    "the source is in use by %.*s%s: stop it, or copy the site as it is now "
		    "with "
		    "--online",
		    STR_ARG(site_node_text(arena, &nodes)),
		    nodes.alive > 1 ? " and others" : "");
	arena_free(&arena);
	return rc;
}

static enum errc open_source(struct site_copy_run *run, struct err *err)
{
	struct db_settings settings = site_copy_database(run, run->settings->from);
	struct db_schema schema;
	enum db_engine engine;
	enum errc rc;

	/* it may be a server that follows another one; a file may have a log that wants to be put away */
	settings.read_only = db_url_engine(settings.url, &engine);
	rc = db_schema_read(&settings, &schema, err);
	if (rc == OK && schema.version > schema.program)
		rc = err_set(err, ERR_STATE,
		    "the source has schema %d and this program knows %d: copy it with the "
		    "newer "
		    "program",
		    schema.version, schema.program);
	if (rc == OK)
		rc = db_open(&settings, &run->from, err);
	if (rc == OK)
		rc = db_lease(run->from, WAIT_MS, &run->reader, err);
	if (rc == OK) {
		run->from_engine = db_engine_of(run->reader);
		run->schema = schema.version;
		rc = site_copy_refuse_nodes(run, err);
	}
	if (rc == OK && run->settings->online)
		rc = db_snapshot_begin(run->reader, err);
	return rc;
}

/* A database that has a schema but is no half-made copy: nothing of anybody's may be in it. */
static enum errc refuse_site(const struct db_settings *settings, struct err *err)
{
	static const struct db_sql *const asks[] = { &sql_copy_has_accounts,
		&sql_copy_has_addresses, &sql_copy_has_mail };
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	int64_t there = 0;
	enum errc rc = db_open(settings, &pool, err);

	if (rc == OK)
		rc = db_lease(pool, WAIT_MS, &db, err);
	for (size_t i = 0; rc == OK && there == 0 && i < COUNT(asks); i++)
		rc = rows_one(db, asks[i], (struct ints){ NULL, 0 }, &there, 1, err);
	if (rc == OK && there > 0)
		rc = err_set(
		    err, ERR_EXISTS, "the target holds a site already: name an empty database");
	db_return(&db);
	db_close(&pool);
	return rc;
}

static enum errc refuse_other_copy(
    const struct site_copy_run *run, const struct db_schema *schema, struct err *err)
{
	if (str_equal(str_from(schema->copy_source), run->source))
		return OK;
	return err_set(err, ERR_EXISTS,
	    "the target holds an unfinished copy of %s: finish that one, or name an empty "
	    "database",
	    schema->copy_source);
}

static enum errc look_at_target(
    struct site_copy_run *run, const struct db_settings *settings, struct err *err)
{
	struct db_schema schema;
	enum errc rc = db_schema_read(settings, &schema, err);

	if (rc == ERR_NOTFOUND)
		return OK; /* no file yet */
	if (rc != OK || schema.version == 0)
		return rc;
	if (schema.version > schema.program)
		return err_set(err, ERR_EXISTS,
		    "the target has schema %d of a newer program: name an empty database",
		    schema.version);
	if (schema.copy_source[0] == '\0')
		return refuse_site(settings, err);
	run->resumed = true;
	return refuse_other_copy(run, &schema, err);
}

static enum errc reset_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)arena;
	(void)arg;
	return rows_run(db, &sql_copy_reset, (struct ints){ NULL, 0 }, NULL, err);
}

static enum errc open_target(struct site_copy_run *run, struct err *err)
{
	struct db_settings settings = site_copy_database(run, run->settings->to);
	int from, to;
	enum errc rc;

	settings.any_schema = true;
	rc = look_at_target(run, &settings, err);
	settings.create = true;
	settings.copy_source = run->source;
	if (rc == OK)
		rc = db_migrate(&settings, &from, &to, err);
	settings.create = false;
	if (rc == OK)
		rc = db_open(&settings, &run->to, err);
	if (rc != OK)
		return rc;
	run->to_engine = db_pool_engine(run->to);
	/* what an earlier snapshot showed is of no use beside this one */
	if (run->resumed && (run->settings->restart || run->settings->online)) {
		run->resumed = false;
		rc = db_transact(run->to, site_copy_deadline(), reset_body, NULL, err);
	}
	return rc;
}

enum errc site_copy_open(struct site_copy_run *run, struct err *err)
{
	enum errc rc;

	run->source = db_url_shown(run->settings->from, run->arena);
	rc = open_source(run, err);
	if (rc == OK)
		rc = check_columns(run, err);
	if (rc == OK)
		rc = open_target(run, err);
	return rc == OK ? prepare_tables(run, err) : rc;
}
