/*
 * What the writer does when nobody calls; driven by hand, so that no test waits.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "db/driver.h"
#include "tests/contract/scratch.h"

#include <sys/stat.h>
#include <time.h>

struct fixture {
	struct scratch scratch;
	struct db_settings settings;
	struct db_driver *driver;
	struct db_conn *conn;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct db_pool *pool;

	scratch_init(&f.scratch);
	f.settings = scratch_settings(&f.scratch);
	f.settings.wal_limit_bytes = 64 << 20;
	pool = scratch_open(&f.settings);
	db_close(&pool);
	assert_int_equal(sqlite_driver_new(&f.settings, &f.driver, NULL), OK);
	assert_int_equal(f.driver->ops->connect(f.driver, DB_WRITER, &f.conn, NULL), OK);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	f->driver->ops->disconnect(&f->conn);
	f->driver->ops->free(f->driver);
	scratch_release(&f->scratch);
	return 0;
}

static void run(struct fixture *f, struct str text)
{
	assert_int_equal(f->driver->ops->run_script(f->conn, text, NULL), OK);
}

static int64_t log_size(const struct fixture *f)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s-wal", f->scratch.path);
	return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* Until there is nothing left to do; the keeper's thread has its part in it. */
static void idle(struct fixture *f)
{
	struct timespec moment = { .tv_nsec = 5000000 };

	for (int i = 0; i < 2000; i++) {
		if (f->driver->ops->idle(f->conn, 10000) < 0)
			return;
		(void)nanosleep(&moment, NULL);
	}
	fail_msg("the work does not end");
}

static void nothing_is_done_at_once(void **state)
{
	struct fixture *f = *state;

	run(f, STR("INSERT INTO audit_log VALUES (1, 0, '', '', '', '', '')"));
	assert_int_equal(f->driver->ops->idle(f->conn, 500), 1500);
	assert_true(log_size(f) > 0);
}

static void the_log_is_emptied(void **state)
{
	struct fixture *f = *state;
	struct db_driver_stats stats;

	run(f, STR("INSERT INTO audit_log VALUES (1, 0, '', '', '', '', '')"));
	idle(f);
	assert_int_equal(log_size(f), 0);
	f->driver->ops->stats(f->driver, &stats);
	assert_int_equal(stats.wal_bytes, 0);
	assert_true(stats.checkpoints > 0);
}

static int64_t file_size(const struct fixture *f)
{
	struct stat st;

	assert_int_equal(stat(f->scratch.path, &st), 0);
	return (int64_t)st.st_size;
}

static void pages_that_are_free_go_back(void **state)
{
	struct fixture *f = *state;
	int64_t full;

	run(f,
	    STR("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
		" INSERT INTO audit_log SELECT i, 0, '', '', '', '', hex(zeroblob(2000)) FROM "
		"n"));
	idle(f);
	full = file_size(f);
	run(f, STR("DELETE FROM audit_log"));
	idle(f);
	assert_true(file_size(f) < full * 3 / 4);
	assert_int_equal(log_size(f), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_done_at_once),
		TEST(the_log_is_emptied),
		TEST(pages_that_are_free_go_back),
	};

	return cmocka_run_group_tests_name("db/sqlite_keeper", tests, NULL, NULL);
}
