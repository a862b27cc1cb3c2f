/*
 * Steps of the schema, with a driver that has one more than ours.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "db/driver.h"
#include "db/upgrade.h"
#include "tests/contract/scratch.h"

#include <sqlite3.h>

/* The SQLite driver's functions with another list of steps. */
static struct db_ops newer_ops;
#define STEPS_MAX 64
static struct db_migration newer_steps[STEPS_MAX];
static size_t newer_count;
static size_t our_count; /* steps that the driver has itself */

static const struct db_migration *newer_migrations(struct db_driver *driver, size_t *count_out)
{
	(void)driver;
	*count_out = newer_count;
	return newer_steps;
}

static struct db_driver *make_newer(void *arg, struct db_driver *driver)
{
	const struct db_migration *steps;
	size_t count;

	(void)arg;
	steps = driver->ops->migrations(driver, &count);
	assert_int_equal(count, our_count);
	for (size_t i = 0; i < count; i++)
		newer_steps[i] = steps[i];
	newer_ops = *driver->ops;
	newer_ops.migrations = newer_migrations;
	driver->ops = &newer_ops;
	return driver;
}

static const struct db_refusal refusals[] = {
	{ "SELECT a FROM dbmail_two WHERE a = 4", "there is a four" },
	{ NULL, NULL },
};

struct fixture {
	struct scratch scratch;
	struct db_settings ours, newer;
};

static int set_up(void **state)
{
	static struct fixture f;
	struct db_pool *pool;
	int from, newest;

	scratch_init(&f.scratch);
	f.ours = scratch_settings(&f.scratch);
	f.newer = f.ours;
	f.newer.create = false;
	f.newer.wrap_driver = make_newer;
	pool = scratch_open(&f.ours);
	db_close(&pool);
	assert_int_equal(db_migrate(&f.ours, &from, &newest, NULL), OK);
	our_count = (size_t)newest;
	assert_true(our_count + 2 <= STEPS_MAX);
	newer_steps[our_count] = (struct db_migration){ .to = newest + 1,
		.script = STR_INIT(
		    "CREATE TABLE dbmail_two (a);"
		    "CREATE TRIGGER t AFTER INSERT ON dbmail_two BEGIN"
		    " DELETE FROM dbmail_two WHERE a = 1; DELETE FROM dbmail_two WHERE a = 2;"
		    " END; INSERT INTO dbmail_two VALUES (3);"),
		.undo = STR_INIT("DROP TABLE dbmail_two;"),
		.refusals = refusals };
	newer_steps[our_count + 1] = (struct db_migration){ .to = newest + 2,
		.script = STR_INIT("CREATE TABLE three (a); CREATE TABLE three (a);") };
	newer_count = our_count + 1;
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	scratch_release(&((struct fixture *)*state)->scratch);
	return 0;
}

static enum errc try_open(const struct db_settings *settings, struct err *err)
{
	struct db_pool *pool = NULL;
	enum errc rc = db_open(settings, &pool, err);

	db_close(&pool);
	return rc;
}

static void an_older_schema_waits_for_db_migrate(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int from = -1, to = -1;

	assert_int_equal(try_open(&f->newer, &err), ERR_STATE);
	assert_true(str_find(str_from(err.text), STR("upgrade")) < str_from(err.text).n);
	assert_int_equal(db_migrate(&f->newer, &from, &to, NULL), OK);
	assert_int_equal(from, our_count);
	assert_int_equal(to, our_count + 1);
	assert_int_equal(try_open(&f->newer, NULL), OK);
	/* again: nothing to do */
	assert_int_equal(db_migrate(&f->newer, &from, &to, NULL), OK);
	assert_int_equal(from, our_count + 1);
	/* and the older program lets it be */
	assert_int_equal(try_open(&f->ours, NULL), ERR_UNSUPPORTED);
}

static void create_migrates_too(void **state)
{
	struct fixture *f = *state;

	f->newer.create = true;
	assert_int_equal(try_open(&f->newer, NULL), OK);
	assert_int_equal(try_open(&f->ours, NULL), ERR_UNSUPPORTED);
}

static void a_step_that_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	int from, to;

	newer_count = our_count + 2;
	assert_int_equal(db_migrate(&f->newer, &from, &to, NULL), ERR_INTERNAL);
	/* the step before it stays done */
	newer_count = our_count + 1;
	assert_int_equal(try_open(&f->newer, NULL), OK);
	/* and when it is mended it runs, which it would not if the first table had stayed */
	newer_count = our_count + 2;
	newer_steps[our_count + 1].script = STR("CREATE TABLE three (a);");
	assert_int_equal(db_migrate(&f->newer, &from, &to, NULL), OK);
	assert_int_equal(from, our_count + 1);
}

static void a_database_that_is_not_there_is_not_made(void **state)
{
	struct fixture *f = *state;
	struct scratch other;
	struct db_settings settings;
	int from, to;

	(void)f;
	scratch_init(&other);
	settings = scratch_settings(&other);
	settings.create = false;
	assert_int_equal(db_migrate(&settings, &from, &to, NULL), ERR_NOTFOUND);
	settings.create = true;
	assert_int_equal(db_migrate(&settings, &from, &to, NULL), OK);
	assert_int_equal(from, 0);
	assert_int_equal(to, our_count);
	scratch_release(&other);
}

static void migrate_newer(struct fixture *f)
{
	int from, to;

	assert_int_equal(db_migrate(&f->newer, &from, &to, NULL), OK);
}

static void run_sql(const struct fixture *f, const char *text)
{
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(f->scratch.path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, text, NULL, NULL, NULL), SQLITE_OK);
	(void)sqlite3_close(handle);
}

/* Two versions side by side: the step says from which schema on programs can go on. */
static void an_older_program_uses_what_is_additive(void **state)
{
	struct fixture *f = *state;
	struct db_schema schema;

	newer_steps[our_count].oldest = (int)our_count;
	migrate_newer(f);
	assert_int_equal(try_open(&f->ours, NULL), OK);
	assert_int_equal(db_schema_read(&f->ours, &schema, NULL), OK);
	assert_int_equal(schema.version, our_count + 1);
	assert_int_equal(schema.program, our_count);
	assert_int_equal(schema.oldest, our_count);
	/* and has nothing to migrate */
	f->ours.create = true;
	assert_int_equal(try_open(&f->ours, NULL), OK);
}

/* One step that is not additive is enough, whatever those behind it say. */
static void a_later_additive_step_does_not_help(void **state)
{
	struct fixture *f = *state;
	struct db_schema schema;

	newer_steps[our_count + 1] = (struct db_migration){ .to = (int)our_count + 2,
		.script = STR_INIT("CREATE TABLE three (a);"),
		.oldest = (int)our_count };
	newer_count = our_count + 2;
	assert_int_equal(db_schema_read(&f->newer, &schema, NULL), OK);
	assert_int_equal(schema.oldest_then, our_count + 1);
	migrate_newer(f);
	assert_int_equal(try_open(&f->ours, NULL), ERR_UNSUPPORTED);
}

static void a_rehearsal_changes_nothing(void **state)
{
	struct fixture *f = *state;
	struct db_rehearsal rehearsal;
	struct db_schema schema;

	assert_int_equal(db_rehearse(&f->newer, &rehearsal, NULL), OK);
	assert_int_equal(rehearsal.how, DB_REHEARSED_HERE);
	assert_int_equal(rehearsal.to, our_count + 1);
	assert_true(rehearsal.and_back);
	assert_int_equal(db_schema_read(&f->newer, &schema, NULL), OK);
	assert_int_equal(schema.version, our_count);
	migrate_newer(f);
	assert_int_equal(db_rehearse(&f->newer, &rehearsal, NULL), OK);
	assert_int_equal(rehearsal.how, DB_REHEARSED_NOTHING);
}

static void a_rehearsal_finds_a_bad_step_and_a_bad_way_back(void **state)
{
	struct fixture *f = *state;
	struct db_rehearsal rehearsal;
	struct err err;

	newer_count = our_count + 2;
	assert_int_equal(db_rehearse(&f->newer, &rehearsal, NULL), ERR_INTERNAL);
	newer_count = our_count + 1;
	newer_steps[our_count].undo = STR("DROP TRIGGER t;");
	assert_int_equal(db_rehearse(&f->newer, &rehearsal, &err), ERR_INTERNAL);
	assert_true(str_find(str_from(err.text), STR("way back")) < str_from(err.text).n);
	newer_steps[our_count].undo = STR_EMPTY;
	assert_int_equal(db_rehearse(&f->newer, &rehearsal, NULL), OK);
	assert_false(rehearsal.and_back);
	assert_int_equal(try_open(&f->ours, NULL), OK);
}

static void a_step_is_undone_until_it_is_confirmed(void **state)
{
	struct fixture *f = *state;
	int from, to, version;

	assert_int_equal(db_undo(&f->newer, &from, &to, NULL), ERR_STATE);
	migrate_newer(f);
	/* the older program has no script for it */
	assert_int_equal(db_undo(&f->ours, &from, &to, NULL), ERR_STATE);
	assert_int_equal(db_undo(&f->newer, &from, &to, NULL), OK);
	assert_int_equal(from, our_count + 1);
	assert_int_equal(to, our_count);
	assert_int_equal(try_open(&f->ours, NULL), OK);
	assert_int_equal(db_confirm(&f->newer, &version, NULL), ERR_STATE);
	migrate_newer(f);
	assert_int_equal(db_confirm(&f->newer, &version, NULL), OK);
	assert_int_equal(version, our_count + 1);
	assert_int_equal(db_undo(&f->newer, &from, &to, NULL), ERR_STATE);
	assert_int_equal(try_open(&f->newer, NULL), OK);
}

static void what_the_older_schema_cannot_hold_closes_the_way_back(void **state)
{
	struct fixture *f = *state;
	struct err err;
	int from, to;

	migrate_newer(f);
	run_sql(f, "INSERT INTO dbmail_two VALUES (4)");
	assert_int_equal(db_undo(&f->newer, &from, &to, &err), ERR_STATE);
	assert_true(
	    str_find(str_from(err.text), STR("there is a four")) < str_from(err.text).n);
	assert_int_equal(try_open(&f->newer, NULL), OK);
	run_sql(f, "DELETE FROM dbmail_two WHERE a = 4");
	assert_int_equal(db_undo(&f->newer, &from, &to, NULL), OK);
}

static void a_copy_that_is_not_finished_is_no_site(void **state)
{
	struct fixture *f = *state;
	struct scratch other;
	struct db_settings settings;
	struct db_schema schema;
	struct err err;
	int from, to;

	(void)f;
	scratch_init(&other);
	settings = scratch_settings(&other);
	settings.copy_source = STR("sqlite:/elsewhere");
	assert_int_equal(db_migrate(&settings, &from, &to, NULL), OK);
	assert_int_equal(try_open(&settings, &err), ERR_STATE);
	assert_true(str_find(str_from(err.text), STR("db copy")) < str_from(err.text).n);
	assert_int_equal(db_schema_read(&settings, &schema, NULL), OK);
	assert_string_equal(schema.copy_source, "sqlite:/elsewhere");
	settings.any_schema = true;
	assert_int_equal(try_open(&settings, NULL), OK);
	scratch_release(&other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_older_schema_waits_for_db_migrate),
		TEST(create_migrates_too),
		TEST(a_step_that_fails_leaves_nothing),
		TEST(a_database_that_is_not_there_is_not_made),
		TEST(an_older_program_uses_what_is_additive),
		TEST(a_later_additive_step_does_not_help),
		TEST(a_rehearsal_changes_nothing),
		TEST(a_rehearsal_finds_a_bad_step_and_a_bad_way_back),
		TEST(a_step_is_undone_until_it_is_confirmed),
		TEST(what_the_older_schema_cannot_hold_closes_the_way_back),
		TEST(a_copy_that_is_not_finished_is_no_site),
	};

	return cmocka_run_group_tests_name("db/migrate", tests, NULL, NULL);
}
