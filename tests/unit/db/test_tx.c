#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "tests/unit/db/scratch.h"

#include <string.h>

struct fixture {
	struct scratch scratch;
	struct db_pool *pool;
	struct change changes[16];
	size_t change_count;
};

static void on_change(void *arg, const struct change *changes, size_t count)
{
	struct fixture *f = arg;

	for (size_t i = 0; i < count && f->change_count < COUNT(f->changes); i++)
		f->changes[f->change_count++] = changes[i];
}

static int set_up(void **state)
{
	static struct fixture f;
	struct db_settings settings;

	memset(&f, 0, sizeof(f));
	scratch_init(&f.scratch);
	settings = scratch_settings(&f.scratch);
	settings.on_change = on_change;
	settings.on_change_arg = &f;
	f.pool = scratch_open(&settings);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	db_close(&f->pool);
	scratch_release(&f->scratch);
	return 0;
}

static enum errc put(struct fixture *f, struct put *what)
{
	return db_transact(f->pool, deadline_in_ms(10000), put_body, what, NULL);
}

static void a_committed_row_is_seen_by_readers(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7, .text = STR_INIT("hello") };

	assert_int_equal(put(f, &row), OK);
	assert_true(scratch_has(f->pool, 7));
	assert_int_equal(scratch_count(f->pool), 1);
}

static void an_error_of_the_body_undoes_what_it_wrote(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7, .result = ERR_QUOTA };

	assert_int_equal(put(f, &row), ERR_QUOTA);
	assert_int_equal(row.runs, 1);
	assert_int_equal(scratch_count(f->pool), 0);
}

static void a_taken_key_is_err_exists(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7 };

	assert_int_equal(put(f, &row), OK);
	assert_int_equal(put(f, &row), ERR_EXISTS);
	assert_int_equal(scratch_count(f->pool), 1);
}

static enum errc twice_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct put *row = arg;
	enum errc rc = put_body(db, arena, row, err);

	if (rc == ERR_EXISTS) {
		row->id++;
		rc = put_body(db, arena, row, err);
	}
	return rc;
}

static void a_taken_key_leaves_the_transaction_usable(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7 };

	assert_int_equal(put(f, &row), OK);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), twice_body, &row, NULL), OK);
	assert_true(scratch_has(f->pool, 8));
}

static enum errc conflict_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct put *row = arg;
	enum errc rc = put_body(db, arena, row, err);

	if (rc == OK && row->runs < 3)
		return err_set(err, ERR_CONFLICT, "again");
	return rc;
}

static void a_conflict_runs_the_body_again(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7 };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), conflict_body, &row, NULL), OK);
	assert_int_equal(row.runs, 3);
	assert_int_equal(scratch_count(f->pool), 1);
}

static void a_conflict_that_lasts_is_err_unavail_at_the_deadline(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7, .result = ERR_CONFLICT };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(30), put_body, &row, NULL), ERR_UNAVAIL);
	assert_true(row.runs >= 1);
	assert_int_equal(scratch_count(f->pool), 0);
}

static enum errc part_put(struct db *db, void *arg, struct err *err)
{
	db_notify(db, (struct change){ .owner = ((struct put *)arg)->id });
	return put_body(db, NULL, arg, err);
}

struct parts {
	struct put good, bad, last;
	enum errc bad_rc;
};

static enum errc parts_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct parts *parts = arg;
	enum errc rc = db_savepoint(db, part_put, &parts->good, err);

	(void)arena;
	parts->bad_rc = db_savepoint(db, part_put, &parts->bad, NULL);
	if (rc == OK)
		rc = db_savepoint(db, part_put, &parts->last, err);
	return rc;
}

static void a_failed_savepoint_undoes_its_part_alone(void **state)
{
	struct fixture *f = *state;
	struct parts parts = { .good = { .id = 1 },
		.bad = { .id = 2, .result = ERR_QUOTA },
		.last = { .id = 3 } };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), parts_body, &parts, NULL), OK);
	assert_int_equal(parts.bad_rc, ERR_QUOTA);
	assert_true(scratch_has(f->pool, 1));
	assert_false(scratch_has(f->pool, 2));
	assert_true(scratch_has(f->pool, 3));
	/* and what it wanted told is not told */
	assert_int_equal(f->change_count, 2);
	assert_int_equal(f->changes[0].owner, 1);
	assert_int_equal(f->changes[1].owner, 3);
}

static enum errc notify_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	enum errc *result = arg;

	(void)arena;
	(void)err;
	db_notify(db, (struct change){ .owner = 5, .kind = CHANGE_MAIL });
	return *result;
}

static void changes_are_told_only_when_they_are_committed(void **state)
{
	struct fixture *f = *state;
	enum errc good = OK, bad = ERR_QUOTA;

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), notify_body, &bad, NULL), ERR_QUOTA);
	assert_int_equal(f->change_count, 0);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), notify_body, &good, NULL), OK);
	assert_int_equal(f->change_count, 1);
	assert_int_equal(f->changes[0].owner, 5);
}

static void a_passed_deadline_runs_nothing(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7 };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(-1), put_body, &row, NULL), ERR_UNAVAIL);
	assert_int_equal(row.runs, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_committed_row_is_seen_by_readers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    an_error_of_the_body_undoes_what_it_wrote, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_taken_key_is_err_exists, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_taken_key_leaves_the_transaction_usable, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_conflict_runs_the_body_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_conflict_that_lasts_is_err_unavail_at_the_deadline, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_failed_savepoint_undoes_its_part_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    changes_are_told_only_when_they_are_committed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_passed_deadline_runs_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("db/tx", tests, NULL, NULL);
}
