/*
 * What is SQLite's own: the file, whose it is, other processes, the log.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "tests/contract/scratch.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int set_up(void **state)
{
	static struct scratch scratch;

	scratch_init(&scratch);
	*state = &scratch;
	return 0;
}

static int tear_down(void **state)
{
	scratch_release(*state);
	return 0;
}

static enum errc try_open(const struct db_settings *settings, struct err *err)
{
	struct db_pool *pool = NULL;
	enum errc rc = db_open(settings, &pool, err);

	db_close(&pool);
	return rc;
}

/* As another program would, with a connection of its own. */
static void run_raw(const struct scratch *scratch, const char *text)
{
	sqlite3 *handle = NULL;

	assert_int_equal(sqlite3_open(scratch->path, &handle), SQLITE_OK);
	(void)sqlite3_busy_timeout(handle, 5000);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
}

static int64_t ask_raw(const struct scratch *scratch, const char *text)
{
	sqlite3 *handle = NULL;
	sqlite3_stmt *stmt = NULL;
	int64_t value;

	assert_int_equal(sqlite3_open(scratch->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &stmt, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	assert_int_equal(sqlite3_close(handle), SQLITE_OK);
	return value;
}

static enum errc put_id(struct db_pool *pool, int64_t id, int ms)
{
	struct put row = { .id = id };

	return db_transact(pool, deadline_in_ms(ms), put_body, &row, NULL);
}

static const struct {
	const char *before, *after; /* around the path */
	enum errc want;
} url_cases[] = {
	{ "", "", OK },
	{ "sqlite:", "", OK },
	{ "SQLite:", "", OK },
	{ "sqlite://", "", OK },
	{ "sqlite://host", "", ERR_UNSUPPORTED },
	{ "oracle://host", "", ERR_UNSUPPORTED },
	{ "nothing:", "", ERR_UNSUPPORTED },
	{ "file:", "", ERR_UNSUPPORTED },
	{ "sqlite:file:", "", ERR_UNSUPPORTED },
};

static void takes_urls_and_paths(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);

	assert_int_equal(try_open(&settings, NULL), OK);
	settings.create = false;
	for (size_t i = 0; i < COUNT(url_cases); i++) {
		char url[256];
		enum errc rc;

		(void)snprintf(url, sizeof(url), "%s%s", url_cases[i].before, scratch->path);
		settings.url = str_from(url);
		rc = try_open(&settings, NULL);
		if (rc != url_cases[i].want)
			fail_msg("%s: %s", url, errc_name(rc));
	}
	settings.url = STR("sqlite:");
	assert_int_equal(try_open(&settings, NULL), ERR_UNSUPPORTED);
	settings.url = STR("sqlite::memory:");
	assert_int_equal(try_open(&settings, NULL), ERR_UNSUPPORTED);
	settings.url = STR("");
	assert_int_equal(try_open(&settings, NULL), ERR_UNSUPPORTED);
}

static void makes_a_file_of_its_own(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool = scratch_open(&settings);
	struct stat st;
	char log[128];

	assert_int_equal(put_id(pool, 1, 5000), OK);
	assert_int_equal(stat(scratch->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(log, sizeof(log), "%s-wal", scratch->path);
	assert_int_equal(stat(log, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	db_close(&pool);
	/* a clean end leaves one file */
	assert_int_equal(stat(log, &st), -1);
	assert_int_equal(ask_raw(scratch, "PRAGMA application_id"), 0x54424c41);
	assert_int_equal(ask_raw(scratch, "PRAGMA page_size"), 4096);
	assert_int_equal(ask_raw(scratch, "PRAGMA auto_vacuum"), 2);
	assert_true(ask_raw(scratch, "PRAGMA user_version") >= 2);
	assert_int_equal(ask_raw(scratch, "SELECT max(to_version) FROM dbmail_upgrade_steps"),
	    ask_raw(scratch, "PRAGMA user_version"));
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM dbmail_users"), 3);
}

static void refuses_what_is_not_there_and_what_is_not_ours(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct err err;
	int fd;

	settings.create = false;
	assert_int_equal(try_open(&settings, &err), ERR_NOTFOUND);
	assert_int_equal(access(scratch->path, F_OK), -1); /* and makes nothing */
	fd = open(scratch->path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(try_open(&settings, &err), ERR_NOTFOUND);
	assert_int_equal(write(fd, "this is no database, is it? ", 28), 28);
	for (int i = 0; i < 100; i++)
		assert_int_equal(write(fd, "this is no database, is it? ", 28), 28);
	(void)close(fd);
	settings.create = true;
	assert_int_equal(try_open(&settings, &err), ERR_CORRUPT);
	(void)unlink(scratch->path);
	run_raw(scratch, "CREATE TABLE songs (title TEXT)");
	assert_int_equal(try_open(&settings, &err), ERR_UNSUPPORTED);
	assert_true(
	    str_find(str_from(err.text), STR("not a Tabella database")) < str_from(err.text).n);
	/* and leaves it as it was */
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM sqlite_schema"), 1);
	settings.url = STR("sqlite:/nowhere/at/all.db");
	assert_int_equal(try_open(&settings, &err), ERR_UNAVAIL);
}

static void refuses_a_newer_schema(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct err err;
	int from, to;

	assert_int_equal(try_open(&settings, NULL), OK);
	run_raw(scratch, "PRAGMA user_version = 1000");
	assert_int_equal(try_open(&settings, &err), ERR_UNSUPPORTED);
	settings.create = false;
	assert_int_equal(try_open(&settings, &err), ERR_UNSUPPORTED);
	assert_true(str_find(str_from(err.text), STR("newer")) < str_from(err.text).n);
	assert_int_equal(db_migrate(&settings, &from, &to, NULL), ERR_UNSUPPORTED);
	settings.read_only = true;
	assert_int_equal(try_open(&settings, &err), ERR_UNSUPPORTED);
}

static void names_tables_as_the_administrator_wants(void **state)
{
	static const struct db_sql users = { .name = "test.users",
		.text = "SELECT count(*) FROM dbmail_users" };
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool;
	struct db *db;
	struct db_q *q;

	settings.table_prefix = STR("old_");
	pool = scratch_open(&settings);
	assert_int_equal(db_lease(pool, 0, &db, NULL), OK);
	assert_int_equal(db_query(db, &users, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), OK);
	assert_int_equal(db_i64(q, 0), 3);
	db_return(&db);
	db_close(&pool);
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM old_users"), 3);
	settings.table_prefix = STR("x; DROP TABLE ");
	assert_int_equal(try_open(&settings, NULL), ERR_ARG);
	settings.table_prefix = STR("mail_"); /* ours begin so */
	assert_int_equal(try_open(&settings, NULL), ERR_ARG);
}

static void reads_only_when_told_so(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool = scratch_open(&settings);

	assert_int_equal(put_id(pool, 1, 5000), OK);
	db_close(&pool);
	settings.read_only = true;
	pool = scratch_open(&settings);
	assert_int_equal(put_id(pool, 2, 5000), ERR_UNAVAIL);
	assert_int_equal(scratch_count(pool), 1);
	assert_false(db_foreign_changes(pool));
	db_close(&pool);
}

/* The result of `run` in a process of its own, as its exit code. */
static int in_a_child(int (*run)(const struct scratch *), const struct scratch *scratch)
{
	pid_t pid = fork();
	int status = 0;

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(run(scratch));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int open_as_nobody(const struct scratch *scratch)
{
	struct db_settings settings = scratch_settings(scratch);
	struct err err;

	settings.create = false;
	if (geteuid() == 0 && setuid(65534) != 0)
		return 254;
	return (int)try_open(&settings, &err);
}

static void says_that_it_cannot_write(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);

	assert_int_equal(try_open(&settings, NULL), OK);
	assert_int_equal(chmod(scratch->path, 0444), 0);
	assert_int_equal(chmod(scratch->folder, 0555), 0);
	assert_int_equal(in_a_child(open_as_nobody, scratch), ERR_UNAVAIL);
	assert_int_equal(chmod(scratch->folder, 0755), 0);
}

/* ---- other processes ---- */

#define CHILD_ROWS 50

static int put_many(const struct scratch *scratch)
{
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool;
	int failures = 0;

	if (db_open(&settings, &pool, NULL) != OK)
		return 100;
	for (int64_t i = 0; i < CHILD_ROWS; i++)
		failures += put_id(pool, 1000 + i, 60000) != OK;
	db_close(&pool);
	return failures;
}

static void many_processes_make_it_at_once(void **state)
{
	struct scratch *scratch = *state;
	pid_t pids[4];

	for (size_t i = 0; i < COUNT(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			struct db_settings settings = scratch_settings(scratch);

			_exit((int)try_open(&settings, NULL));
		}
	}
	for (size_t i = 0; i < COUNT(pids); i++) {
		int status = 0;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), OK);
	}
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM dbmail_upgrade_steps"),
	    ask_raw(scratch, "PRAGMA user_version"));
}

static void two_processes_write_side_by_side(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool;
	int status = 0;
	pid_t pid;

	assert_int_equal(try_open(&settings, NULL), OK);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(put_many(scratch));
	pool = scratch_open(&settings);
	for (int64_t i = 0; i < CHILD_ROWS; i++)
		assert_int_equal(put_id(pool, i + 1, 60000), OK);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_int_equal(scratch_count(pool), 2 * CHILD_ROWS);
	db_close(&pool);
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM audit_log"), 2 * CHILD_ROWS);
}

/* A look that meets the writer at work is taken by the writer, or at the next call. */
static bool sees_foreign_changes(struct db_pool *pool)
{
	struct timespec moment = { .tv_nsec = 1000000 };

	for (int i = 0; i < 2000; i++) {
		if (db_foreign_changes(pool))
			return true;
		(void)nanosleep(&moment, NULL);
	}
	return false;
}

static void tells_others_commits_from_its_own(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool = scratch_open(&settings);

	assert_false(db_foreign_changes(pool));
	assert_int_equal(put_id(pool, 1, 5000), OK);
	assert_false(db_foreign_changes(pool));
	assert_int_equal(put_id(pool, 2, 5000), OK);
	assert_false(db_foreign_changes(pool));
	run_raw(scratch, "DELETE FROM audit_log WHERE id = 1");
	assert_true(sees_foreign_changes(pool));
	assert_false(db_foreign_changes(pool));
	/* seen also if we wrote between their commit and the look */
	run_raw(scratch, "DELETE FROM audit_log WHERE id = 2");
	assert_int_equal(put_id(pool, 3, 5000), OK);
	assert_true(sees_foreign_changes(pool));
	assert_false(db_foreign_changes(pool));
	db_close(&pool);
}

static void waits_for_another_writer_until_the_deadline(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool = scratch_open(&settings);
	struct put row = { .id = 1 };
	sqlite3 *other = NULL;

	assert_int_equal(sqlite3_open(scratch->path, &other), SQLITE_OK);
	assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(
	    db_transact(pool, deadline_in_ms(50), put_body, &row, NULL), ERR_UNAVAIL);
	assert_int_equal(row.runs, 0);
	assert_int_equal(scratch_count(pool), 0); /* reading goes on */
	assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(put_id(pool, 1, 5000), OK);
	(void)sqlite3_close(other);
	db_close(&pool);
}

/* ---- the log ---- */

static char block[60000];

static void put_blocks(struct db_pool *pool, int64_t first, int64_t count, int64_t wal_most)
{
	struct db_stats stats;

	for (int64_t i = first; i < first + count; i++) {
		struct put row = { .id = i, .text = { block, sizeof(block) } };

		assert_int_equal(
		    db_transact(pool, deadline_in_ms(60000), put_body, &row, NULL), OK);
		db_stats(pool, &stats);
		if (stats.wal_bytes > wal_most)
			fail_msg("the log has %d bytes", (int)stats.wal_bytes);
	}
	assert_true(stats.checkpoints > 0);
}

static void the_log_stays_short_while_all_write_and_read(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings = scratch_settings(scratch);
	struct db_pool *pool;
	struct db *db;
	int64_t limit = 512 << 10;

	memset(block, 'x', sizeof(block));
	settings.wal_limit_bytes = limit;
	pool = scratch_open(&settings);
	put_blocks(pool, 1, 100, 2 * limit + 2 * (int64_t)sizeof(block));
	/* one that reads on and on keeps its state, and delays the log's end, not the writers */
	assert_int_equal(db_lease(pool, 0, &db, NULL), OK);
	assert_int_equal(db_snapshot_begin(db, NULL), OK);
	assert_int_equal(scratch_count(pool), 100);
	put_blocks(pool, 101, 20, INT64_MAX);
	db_return(&db);
	db_close(&pool);
	assert_int_equal(ask_raw(scratch, "SELECT count(*) FROM audit_log"), 120);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(takes_urls_and_paths),
		TEST(makes_a_file_of_its_own),
		TEST(refuses_what_is_not_there_and_what_is_not_ours),
		TEST(refuses_a_newer_schema),
		TEST(names_tables_as_the_administrator_wants),
		TEST(reads_only_when_told_so),
		TEST(says_that_it_cannot_write),
		TEST(many_processes_make_it_at_once),
		TEST(two_processes_write_side_by_side),
		TEST(tells_others_commits_from_its_own),
		TEST(waits_for_another_writer_until_the_deadline),
		TEST(the_log_stays_short_while_all_write_and_read),
	};

	return cmocka_run_group_tests_name("db/sqlite", tests, NULL, NULL);
}
