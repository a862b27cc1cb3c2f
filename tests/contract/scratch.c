#include "tests/cm.h"

#include "tests/contract/scratch.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/url.h"
#include "tests/contract/scratch_int.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const struct db_sql sql_put = { .name = "test.put",
	.text = "INSERT INTO audit_log (id, at, actor, source, action, object) VALUES (?, 0, "
		"'', '', '', ?)" };
const struct db_sql sql_count = { .name = "test.count",
	.text = "SELECT count(*) FROM audit_log" };
const struct db_sql sql_get = { .name = "test.get",
	.text = "SELECT id, object FROM audit_log WHERE id = ?" };

static const struct variant variants[] = {
	{ .name = "sqlite" },
	{ .name = "sqlite, leased", .many_writers = true },
	{ .name = "pgsql", .engine = DB_PGSQL, .many_writers = true },
	{ .name = "mariadb", .engine = DB_MARIADB, .many_writers = true },
};

/* How an engine's server is administered. */
static const struct server {
	const char *environment; /* names it */
	const char *create, *copy,
	    *drop; /* with the names of the database and of the one that is copied */
	void (*run)(const char *url, const char *sql);
} servers[] = {
	[DB_PGSQL] = {
	    .environment = "TABELLA_TEST_PGSQL",
	    .create = "CREATE DATABASE \"%s\"",
	    .copy = "CREATE DATABASE \"%s\" TEMPLATE \"%s\"",
	    .drop = "DROP DATABASE IF EXISTS \"%s\" WITH (FORCE)",
	    .run = scratch_pgsql_run,
	},
	[DB_MARIADB] = {
	    .environment = "TABELLA_TEST_MARIADB",
	    .create = "CREATE DATABASE `%s` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
	    .drop = "DROP DATABASE IF EXISTS `%s`",
	    .run = scratch_mariadb_run,
	},
};

/* The program's one thread runs one test at a time. */
static struct {
	const struct variant *variant;
	char template
	    [64];   /* a database with the schema, made for the first test; empty: none yet */
	int number; /* of the databases made so far */
} running = { .variant = &variants[0] };

enum db_engine scratch_engine(void)
{
	return running.variant->engine;
}

int scratch_call_step(void)
{
	return scratch_engine() == DB_SQLITE || getenv("LONG_TESTS") ? 1 : 7;
}

static const char *server_url(enum db_engine engine)
{
	const char *url = engine == DB_SQLITE ? NULL : getenv(servers[engine].environment);

	return url && url[0] != '\0' ? url : NULL;
}

static void administer(const char *format, const char *name, const char *other)
{
	enum db_engine engine = scratch_engine();
	struct arena *arena = arena_new("scratch");
	struct str sql = STR_EMPTY, rest = str_from(format), piece;

	/* names are put in place of %s, one after the other */
	for (int i = 0; str_split(&rest, '%', &piece); i++)
		sql = i == 0 ? piece
			     : str_printf(arena, "%.*s%s%.*s", STR_ARG(sql),
				   i == 1 ? name : other, STR_ARG(str_from_at(piece, 1)));
	servers[engine].run(server_url(engine), str_cstr(arena, sql));
	arena_free(&arena);
}

/* The administrator's url with another database in it. */
static void url_of(const char *name, char *out, size_t room)
{
	struct arena *arena = arena_new("scratch");
	struct buf text = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_url url;

	assert_int_equal(
	    db_url_parse(str_from(server_url(scratch_engine())), arena, &url, NULL), OK);
	url.name = str_from(name);
	db_url_print(&url, &text);
	assert_true(text.n < room);
	(void)snprintf(out, room, "%.*s", STR_ARG(buf_str(&text)));
	db_url_release(&url);
	buf_release(&text);
	arena_free(&arena);
}

static void new_name(char *out, size_t room)
{
	(void)snprintf(out, room, "tabella_t%d_%d", (int)getpid(), running.number++);
}

/* Where a copy is quicker than the schema's steps. */
static void make_template(void)
{
	char url[sizeof(((struct scratch *)NULL)->url)];
	struct db_settings settings = { .readers = 1, .create = true };
	struct db_pool *pool;

	new_name(running.template, sizeof(running.template));
	administer(servers[scratch_engine()].create, running.template, "");
	url_of(running.template, url, sizeof(url));
	settings.url = str_from(url);
	pool = scratch_open(&settings);
	db_close(&pool);
}

static void make_database(struct scratch *scratch)
{
	const struct server *server = &servers[scratch_engine()];

	if (server->copy && running.template[0] == '\0')
		make_template();
	new_name(scratch->name, sizeof(scratch->name));
	administer(
	    server->copy ? server->copy : server->create, scratch->name, running.template);
	url_of(scratch->name, scratch->url, sizeof(scratch->url));
}

void scratch_init(struct scratch *scratch)
{
	/* in memory where there is such a folder: the tests commit thousands of times */
	const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	*scratch = (struct scratch){ .name = "" };
	(void)snprintf(
	    scratch->folder, sizeof(scratch->folder), "%s/tabella-db-XXXXXX", parent);
	assert_non_null(mkdtemp(scratch->folder));
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/t.db", scratch->folder);
	(void)snprintf(scratch->url, sizeof(scratch->url), "sqlite:%s", scratch->path);
	if (scratch_engine() != DB_SQLITE)
		make_database(scratch);
}

void scratch_release(struct scratch *scratch)
{
	DIR *folder = opendir(scratch->folder);
	struct dirent *entry;

	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.')
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	(void)closedir(folder);
	(void)rmdir(scratch->folder);
	if (scratch->name[0] != '\0')
		administer(servers[scratch_engine()].drop, scratch->name, "");
}

static int run_on(const struct variant *variant, const struct CMUnitTest *tests, size_t count)
{
	int failed;

	if (variant->engine != DB_SQLITE && !server_url(variant->engine)) {
		print_message("%s is skipped: %s names no server (tests/engines.py does)\n",
		    variant->name, servers[variant->engine].environment);
		return 0;
	}
	running.variant = variant;
	failed = _cmocka_run_group_tests(variant->name, tests, count, NULL, NULL);
	print_message("%s: %zu tests, %d failed\n", variant->name, count, failed);
	if (running.template[0] != '\0')
		administer(servers[scratch_engine()].drop, running.template, "");
	running.template[0] = '\0';
	running.variant = &variants[0];
	return failed;
}

int scratch_run_tests(
    const struct CMUnitTest *tests, size_t count, const struct variant **variant)
{
	int failed = 0;

	for (size_t i = 0; i < COUNT(variants); i++) {
		if (variant)
			*variant = &variants[i];
		else if (variants[i].engine == DB_SQLITE && variants[i].many_writers)
			continue;
		failed += run_on(&variants[i], tests, count);
	}
	return failed;
}

struct db_settings scratch_settings(const struct scratch *scratch)
{
	return (struct db_settings){
		.url = str_from(scratch->url),
		.readers = 4,
		.busy_timeout_ms = 5000,
		.create = true,
	};
}

struct db_pool *scratch_open(const struct db_settings *settings)
{
	struct db_pool *pool = NULL;
	struct err err;

	if (db_open(settings, &pool, &err) != OK)
		fail_msg("db_open: %s %s", errc_name(err.code), err.text);
	return pool;
}

enum errc put_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct put *put = arg;
	struct db_q *q;
	enum errc rc = db_query(db, &sql_put, &q, err);

	(void)arena;
	put->runs++;
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, put->id);
	db_bind_str(q, 2, put->text);
	rc = db_run(&q, NULL, err);
	if (rc == OK && put->result != OK)
		rc = err_set(err, put->result, "as the test wants it");
	return rc;
}

static int64_t read_number(struct db_pool *pool, const struct db_sql *sql, int64_t id)
{
	struct db *db = NULL;
	struct db_q *q = NULL;
	int64_t value = -1;

	assert_int_equal(db_lease(pool, 5000, &db, NULL), OK);
	assert_int_equal(db_query(db, sql, &q, NULL), OK);
	if (id >= 0)
		db_bind_i64(q, 1, id);
	if (db_step(q, NULL) == OK)
		value = db_i64(q, 0);
	db_done(&q);
	db_return(&db);
	return value;
}

int64_t scratch_count(struct db_pool *pool)
{
	return read_number(pool, &sql_count, -1);
}

bool scratch_has(struct db_pool *pool, int64_t id)
{
	return read_number(pool, &sql_get, id) == id;
}
