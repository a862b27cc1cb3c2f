/*
 * store/site_status.c - one look at a database, from outside of the site.
 */
#include "store/site_status.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/url.h"
#include "store/site_copy_int.h"
#include "store/site_status_sql.h"

#include <sys/stat.h>

#define WAIT_MS 10000
#define COUNT_BELOW ((int64_t)1 << 30) /* bytes of an SQLite file whose rows are counted */

const char *site_engine_name(enum db_engine engine)
{
	static const char *const names[] = {
		[DB_SQLITE] = "sqlite", [DB_PGSQL] = "postgresql", [DB_MARIADB] = "mariadb"
	};

	return names[engine];
}

static enum errc read_engine(
    struct db *db, struct arena *arena, struct site_status *status, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, &sql_site_engine, &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK) {
		status->version = str_dup(arena, db_str(q, 0));
		status->bytes = db_i64(q, 1);
	}
	db_done(&q);
	return rc;
}

static bool is_number(struct str text)
{
	uint64_t value;

	return str_to_u64(text, INT64_MAX, &value) == OK;
}

/* Did the engine say so? Names and values in any case. */
static bool says(const struct site_status *status, struct str name, struct str value)
{
	for (size_t i = 0; i < status->fact_count; i++) {
		if (str_equal_nocase(status->fact[i].name, name))
			return str_equal_nocase(status->fact[i].value, value);
	}
	return false;
}

/* A server that is no member of a cluster has nothing to say of one. */
static void drop_cluster(struct site_status *status)
{
	size_t kept = 0;

	if (says(status, STR("wsrep_on"), STR("ON")))
		return;
	for (size_t i = 0; i < status->fact_count; i++) {
		if (!str_starts(status->fact[i].name, STR("wsrep_")))
			status->fact[kept++] = status->fact[i];
	}
	status->fact_count = kept;
}

/* Settings with which a server forgets what it has committed when it crashes. Galera's other members remember it. */
static struct str careless(struct arena *arena, const struct site_status *status)
{
	static const struct {
		struct str name, value;
		bool others_help;
	} rows[] = {
		{ STR_INIT("synchronous_commit"), STR_INIT("off"), false },
		{ STR_INIT("fsync"), STR_INIT("off"), false },
		{ STR_INIT("innodb_flush_log_at_trx_commit"), STR_INIT("0"), true },
		{ STR_INIT("innodb_flush_log_at_trx_commit"), STR_INIT("2"), true },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (says(status, rows[i].name, rows[i].value) &&
		    !(rows[i].others_help && says(status, STR("wsrep_on"), STR("ON"))))
			return str_printf(arena, "%.*s = %.*s", STR_ARG(rows[i].name),
			    STR_ARG(rows[i].value));
	}
	return STR_EMPTY;
}

static enum errc read_facts(struct db *db, const struct db_sql *sql, struct arena *arena,
    struct site_status *status, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	while (
	    rc == OK && status->fact_count < SITE_FACTS_MAX && (rc = db_step(q, err)) == OK) {
		struct site_fact *fact = &status->fact[status->fact_count++];

		*fact = (struct site_fact){ str_dup(arena, db_str(q, 0)),
			str_dup(arena, db_str(q, 1)), is_number(db_str(q, 1)) };
	}
	db_done(&q);
	return rows_end(rc);
}

/* What waits in the log for its place in the file. */
static void add_log_size(
    const struct db_settings *settings, struct arena *arena, struct site_status *status)
{
	struct str url = settings->url;
	struct stat about;
	const char *path;

	if (status->engine != DB_SQLITE || status->fact_count == SITE_FACTS_MAX)
		return;
	if (str_starts_nocase(url, STR("sqlite:")))
		url = str_from_at(url, str_starts_nocase(url, STR("sqlite://")) ? 9 : 7);
	path = str_cstr(arena, str_printf(arena, "%.*s-wal", STR_ARG(url)));
	status->fact[status->fact_count++] = (struct site_fact){ STR("wal_bytes"),
		str_printf(arena, "%lld",
		    path && stat(path, &about) == 0 ? (long long)about.st_size : 0),
		true };
}

static enum errc list_tables(
    struct db *db, struct arena *arena, struct site_status *status, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &sql_site_tables, &q, err);

	status->table = ARENA_NEW(arena, struct site_table_size, SITE_TABLES_MAX);
	while (
	    rc == OK && status->table_count < SITE_TABLES_MAX && (rc = db_step(q, err)) == OK)
		status->table[status->table_count++] =
		    (struct site_table_size){ str_dup(arena, db_str(q, 0)), db_i64(q, 1),
			    db_i64(q, 1) >= 0, db_i64(q, 2) };
	db_done(&q);
	return rows_end(rc);
}

/* A table of ours by the name that it has in the database. */
static const struct site_table *known_table(
    struct arena *arena, struct str name, struct str prefix)
{
	if (prefix.n > 0 && str_starts(name, prefix)) {
		name = str_from_at(name, prefix.n);
		name = str_printf(arena, "dbmail_%.*s", STR_ARG(name));
	}
	return site_table_find(name);
}

/* Of what the engine does not estimate. In a large file as many as there are messages, if they are. */
static enum errc count_rows(struct db *db, struct arena *arena, const struct site_table *table,
    struct site_table_size *size, int64_t messages, struct err *err)
{
	const struct site_sql *sql;

	if (messages >= 0 &&
	    (table->like || str_equal(str_from(table->name), STR("mail_entries")))) {
		size->rows = messages;
		size->about = true;
		return OK;
	}
	sql = site_sql_new(arena, table, db_engine_of(db));
	return rows_one(db, &sql->count, (struct ints){ NULL, 0 }, &size->rows, 1, err);
}

static enum errc count_tables(struct db *db, const struct db_settings *settings,
    struct arena *arena, struct site_status *status, struct err *err)
{
	int64_t messages = -1;
	enum errc rc = OK;

	if (status->engine == DB_SQLITE && status->bytes >= COUNT_BELOW)
		rc = rows_one(
		    db, &sql_site_messages, (struct ints){ NULL, 0 }, &messages, 1, err);
	for (size_t i = 0; rc == OK && i < status->table_count; i++) {
		struct site_table_size *size = &status->table[i];
		const struct site_table *table =
		    known_table(arena, size->name, settings->table_prefix);

		if (size->rows < 0 && table)
			rc = count_rows(db, arena, table, size, messages, err);
	}
	return rc;
}

/* A newer one has all that the program's own has, or the program could not run beside it. */
static int known_schema(const struct db_schema *schema)
{
	return schema->version < schema->program ? schema->version : schema->program;
}

static enum errc read_all(struct db *db, const struct db_settings *settings,
    const char *lock_folder, struct arena *arena, struct site_status *status, struct err *err)
{
	static const struct db_sql *const facts[] = { &sql_site_facts, &sql_site_settings,
		&sql_site_standbys };
	enum errc rc = read_engine(db, arena, status, err);

	for (size_t i = 0; rc == OK && i < COUNT(facts); i++)
		rc = read_facts(db, facts[i], arena, status, err);
	status->standby = says(status, STR("in_recovery"), STR("1")) ||
	    says(status, STR("read_only"), STR("ON"));
	status->not_primary = says(status, STR("wsrep_on"), STR("ON")) &&
	    !says(status, STR("wsrep_cluster_status"), STR("Primary"));
	status->careless = careless(arena, status);
	drop_cluster(status);
	add_log_size(settings, arena, status);
	if (rc == OK)
		rc = list_tables(db, arena, status, err);
	if (rc != OK || status->schema.version == 0)
		return rc;
	rc = count_tables(db, settings, arena, status, err);
	if (rc == OK)
		rc = site_nodes_read(
		    db, known_schema(&status->schema), lock_folder, arena, &status->nodes, err);
	return rc;
}

enum errc site_status_read(const struct db_settings *settings, const char *lock_folder,
    struct arena *arena, struct site_status *status_out, struct err *err)
{
	struct db_settings own = *settings;
	struct db_pool *pool = NULL;
	struct db *db = NULL;
	enum db_engine engine;
	enum errc rc;

	*status_out = (struct site_status){ .bytes = -1 };
	own.any_schema = true;
	/* a server may be one that follows another; a file may have a log that wants to be put away */
	own.read_only = db_url_engine(settings->url, &engine);
	rc = db_schema_read(&own, &status_out->schema, err);
	own.read_only = true;
	if (rc == OK)
		rc = db_open(&own, &pool, err);
	if (rc == OK)
		rc = db_lease(pool, WAIT_MS, &db, err);
	if (rc == OK) {
		status_out->engine = db_engine_of(db);
		rc = read_all(db, settings, lock_folder, arena, status_out, err);
	}
	db_return(&db);
	db_close(&pool);
	return rc;
}
