#include "tests/cm.h"

#include "tests/contract/scratch.h"

#include "base/str.h"

#include <dirent.h>
#include <stdio.h>
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

const struct variant variants[] = {
	{ .name = "sqlite" },
	{ .name = "sqlite, leased", .many_writers = true },
};
const size_t variant_count = COUNT(variants);

void scratch_init(struct scratch *scratch)
{
	/* in memory where there is such a folder: the tests commit thousands of times */
	const char *parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

	(void)snprintf(
	    scratch->folder, sizeof(scratch->folder), "%s/tabella-db-XXXXXX", parent);
	assert_non_null(mkdtemp(scratch->folder));
	(void)snprintf(scratch->path, sizeof(scratch->path), "%s/t.db", scratch->folder);
	(void)snprintf(scratch->url, sizeof(scratch->url), "sqlite:%s", scratch->path);
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
