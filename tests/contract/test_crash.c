/*
 * Acknowledged means committed: after a power cut at any moment everything that was answered with OK is there, and
 * nothing by halves.
 */
#include "tests/cm.h"

#include "base/heap.h"
#include "base/str.h"
#include "tests/contract/crash_vfs.h"
#include "tests/contract/scratch.h"

#include <pthread.h>
#include <string.h>

#define CALLERS 4
#define CALLS 12
#define TEXT_SIZE 3000

/* Two rows of a transaction: id and id + 1, of different sizes. */
struct call {
	int64_t id;
	size_t acked_at; /* events when it was acknowledged */
};

struct caller {
	struct db_pool *pool;
	struct crash_vfs *vfs;
	pthread_t thread;
	struct call calls[CALLS];
};

static char text[TEXT_SIZE];

static enum errc pair_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct call *call = arg;
	struct put first = { .id = call->id, .text = { text, sizeof(text) } };
	struct put second = { .id = call->id + 1, .text = { text, 20 } };
	enum errc rc = put_body(db, arena, &first, err);

	return rc == OK ? put_body(db, arena, &second, err) : rc;
}

static void *call_often(void *arg)
{
	struct caller *caller = arg;

	for (size_t i = 0; i < CALLS; i++) {
		enum errc rc = db_transact(
		    caller->pool, deadline_in_ms(60000), pair_body, &caller->calls[i], NULL);

		caller->calls[i].acked_at = rc == OK ? crash_vfs_events(caller->vfs) : SIZE_MAX;
	}
	return NULL;
}

/* A log of 16 pages, so that all that is done to logs is done many times. */
static void run_callers(
    struct db_settings *settings, struct crash_vfs *vfs, struct caller *callers)
{
	struct db_pool *pool;

	settings->sqlite_vfs = "crash";
	settings->wal_limit_bytes = 65536;
	pool = scratch_open(settings);
	for (size_t i = 0; i < CALLERS; i++) {
		callers[i].pool = pool;
		callers[i].vfs = vfs;
		for (size_t j = 0; j < CALLS; j++)
			callers[i].calls[j].id = (int64_t)(1 + 2 * (i * CALLS + j));
		assert_int_equal(
		    pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	for (size_t i = 0; i < CALLERS; i++)
		assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
	db_close(&pool);
}

static void check_sound(struct db *db, size_t at)
{
	static const struct db_sql sql = { .name = "test.check",
		.text = "PRAGMA integrity_check" };
	struct db_q *q;

	assert_int_equal(db_query(db, &sql, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), OK);
	if (!str_equal(db_str(q, 0), STR("ok")))
		fail_msg("cut at %zu: %.*s", at, STR_ARG(db_str(q, 0)));
	db_done(&q);
}

/* Which of the rows are there, by id. */
static void read_rows(struct db *db, bool *has, size_t count)
{
	static const struct db_sql sql = { .name = "test.all",
		.text = "SELECT id, length(object) FROM audit_log" };
	struct db_q *q;

	assert_int_equal(db_query(db, &sql, &q, NULL), OK);
	while (db_step(q, NULL) == OK) {
		int64_t id = db_i64(q, 0);

		assert_true(id > 0 && id < (int64_t)count);
		assert_int_equal(db_i64(q, 1), id % 2 == 1 ? TEXT_SIZE : 20);
		has[id] = true;
	}
	db_done(&q);
}

static void check_image(const struct scratch *image, const struct caller *callers, size_t at)
{
	bool has[2 * CALLERS * CALLS + 2] = { false };
	struct db_settings settings = scratch_settings(image);
	struct db_pool *pool = scratch_open(&settings);
	struct db *db;

	assert_int_equal(db_lease(pool, 0, &db, NULL), OK);
	check_sound(db, at);
	read_rows(db, has, COUNT(has));
	db_return(&db);
	db_close(&pool);
	for (size_t i = 0; i < CALLERS; i++) {
		for (size_t j = 0; j < CALLS; j++) {
			const struct call *call = &callers[i].calls[j];

			if (has[call->id] != has[call->id + 1])
				fail_msg("cut at %zu: half of %d", at, (int)call->id);
			if (call->acked_at <= at && !has[call->id])
				fail_msg("cut at %zu: %d was acknowledged at %zu and is lost",
				    at, (int)call->id, call->acked_at);
		}
	}
}

static void cut_power_at(
    struct crash_vfs *vfs, const struct caller *callers, size_t at, unsigned seed)
{
	bool is_before_sync = crash_vfs_is_sync(vfs, at);

	/* elsewhere the variants say nothing that they do not say just before a sync */
	for (int variant = 0; variant < (is_before_sync ? CRASH_COUNT : 1); variant++) {
		struct scratch image;

		scratch_init(&image);
		crash_vfs_image(vfs, at, (enum crash_variant)variant, seed, image.folder);
		check_image(&image, callers, at);
		scratch_release(&image);
	}
}

static void what_was_acknowledged_survives_a_power_cut(void **state)
{
	struct crash_vfs *vfs = crash_vfs_new("crash");
	struct caller *callers = xcalloc(CALLERS, sizeof(*callers));
	struct scratch scratch;
	struct db_settings settings;
	size_t events;

	(void)state;
	memset(text, 'x', sizeof(text));
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	run_callers(&settings, vfs, callers);
	events = crash_vfs_events(vfs);
	for (size_t at = 0; at <= events; at++) {
		if (crash_vfs_is_sync(vfs, at) || (at > 0 && crash_vfs_is_sync(vfs, at - 1)) ||
		    at == events)
			cut_power_at(vfs, callers, at, (unsigned)at);
	}
	scratch_release(&scratch);
	xfree(callers);
	crash_vfs_free(&vfs);
}

/* ---- commits that fail ---- */

struct failing {
	struct crash_vfs *vfs;
	struct scratch scratch;
	struct db_pool *pool;
};

static int set_up(void **state)
{
	static struct failing f;
	struct db_settings settings;

	f.vfs = crash_vfs_new("crash");
	scratch_init(&f.scratch);
	settings = scratch_settings(&f.scratch);
	settings.sqlite_vfs = "crash";
	f.pool = scratch_open(&settings);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct failing *f = *state;

	crash_vfs_fail_syncs(f->vfs, 0);
	crash_vfs_fill_disk(f->vfs, -1);
	db_close(&f->pool);
	scratch_release(&f->scratch);
	crash_vfs_free(&f->vfs);
	return 0;
}

static bool image_has(struct failing *f, int64_t id)
{
	struct scratch image;
	struct db_settings settings;
	struct db_pool *pool;
	bool has;

	scratch_init(&image);
	crash_vfs_image(f->vfs, crash_vfs_events(f->vfs), CRASH_ALL, 0, image.folder);
	settings = scratch_settings(&image);
	pool = scratch_open(&settings);
	has = scratch_has(pool, id);
	db_close(&pool);
	scratch_release(&image);
	return has;
}

static void a_flush_that_fails_once_is_made_good(void **state)
{
	struct failing *f = *state;
	struct put first = { .id = 4 }, row = { .id = 5 };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &first, NULL), OK);
	crash_vfs_fail_syncs(f->vfs, 1);
	assert_int_equal(db_transact(f->pool, deadline_in_ms(10000), put_body, &row, NULL), OK);
	assert_int_equal(row.runs, 2);
	assert_true(scratch_has(f->pool, 5));
	assert_true(image_has(f, 5));
}

static void a_flush_that_fails_for_good_is_uncertain(void **state)
{
	struct failing *f = *state;
	struct put first = { .id = 4 }, row = { .id = 5 }, next = { .id = 6 };

	/* a new log is flushed twice; the failure is to hit a commit's flush */
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &first, NULL), OK);
	crash_vfs_fail_syncs(f->vfs, 1000);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &row, NULL), ERR_UNCERTAIN);
	/* not there for us, and yet there if every process died now: that is what the code says */
	assert_false(scratch_has(f->pool, 5));
	assert_true(image_has(f, 5));
	/* until the next commit that succeeds */
	crash_vfs_fail_syncs(f->vfs, 0);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &next, NULL), OK);
	assert_false(image_has(f, 5));
	assert_true(image_has(f, 6));
}

static void a_full_disk_is_certain(void **state)
{
	struct failing *f = *state;
	struct put row = { .id = 5, .text = { text, sizeof(text) } }, next = { .id = 6 };
	struct err err;

	crash_vfs_fill_disk(f->vfs, 2000);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &row, &err), ERR_UNAVAIL);
	assert_true(
	    str_find(str_from(err.text), STR("no space is left")) < str_from(err.text).n);
	assert_false(image_has(f, 5));
	crash_vfs_fill_disk(f->vfs, -1);
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), put_body, &next, NULL), OK);
	assert_true(scratch_has(f->pool, 6));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_acknowledged_survives_a_power_cut),
		TEST(a_flush_that_fails_once_is_made_good),
		TEST(a_flush_that_fails_for_good_is_uncertain),
		TEST(a_full_disk_is_certain),
	};

	return cmocka_run_group_tests_name("contract/crash", tests, NULL, NULL);
}
