/*
 * Every call of a transaction fails once, in every way: whatever the caller was told, that is what is stored.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "db/fault.h"
#include "tests/contract/scratch.h"

#include <pthread.h>

static const struct variant *variant;

static enum errc put_part(struct db *db, void *arg, struct err *err)
{
	return put_body(db, NULL, arg, err);
}

struct pair {
	struct put first, second;
};

/* Two rows, one of them in a savepoint, and a look at the first. */
static enum errc pair_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct pair *pair = arg;
	struct db_q *q;
	enum errc rc = put_body(db, arena, &pair->first, err);

	if (rc == OK)
		rc = db_savepoint(db, put_part, &pair->second, err);
	if (rc != OK)
		return rc;
	rc = db_query(db, &sql_get, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, pair->first.id);
	rc = db_step(q, err);
	db_done(&q);
	return rc;
}

/* All, nothing, or (uncertain) one of the two; never half. */
static void check_stored(struct db_pool *pool, int64_t first_id, enum errc rc, const char *what)
{
	bool first = scratch_has(pool, first_id), second = scratch_has(pool, first_id + 1);

	if (first != second)
		fail_msg("%s, %s: half of it is stored", variant->name, what);
	if (rc == OK && !first)
		fail_msg("%s, %s: acknowledged and not stored %d", variant->name, what,
		    (int)first_id);
	if (rc != OK && rc != ERR_UNCERTAIN && first)
		fail_msg("%s, %s: %s, and yet stored", variant->name, what, errc_name(rc));
}

/* The second row's recipient has no room; the first one's has. */
static enum errc no_room_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct pair *pair = arg;
	enum errc rc = put_body(db, arena, &pair->first, err);

	if (rc == OK && db_savepoint(db, put_part, &pair->second, err) != ERR_QUOTA)
		rc = ERR_INTERNAL;
	return rc;
}

struct fault_case {
	const char *what;
	unsigned calls;
	enum fault_kind kind;
	enum errc code;
	enum errc want; /* each time that the fault took place */
};

static const struct fault_case fault_cases[] = {
	{ "step fails", FAULT_STEP, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "step conflicts", FAULT_STEP, FAULT_FAILS, ERR_CONFLICT, OK },
	{ "step is undone", FAULT_STEP, FAULT_UNDOES, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "step deadlocks", FAULT_STEP, FAULT_UNDOES, ERR_CONFLICT, OK },
	{ "step drops", FAULT_STEP, FAULT_DROPS, OK, OK },
	{ "step drops after", FAULT_STEP, FAULT_DROPS_AFTER, OK, OK },
	{ "step takes long", FAULT_STEP, FAULT_DELAYS, OK, OK },
	{ "prepare fails", FAULT_PREPARE, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "prepare drops", FAULT_PREPARE, FAULT_DROPS, OK, OK },
	{ "begin fails", FAULT_BEGIN, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "begin conflicts", FAULT_BEGIN, FAULT_FAILS, ERR_CONFLICT, OK },
	{ "begin drops", FAULT_BEGIN, FAULT_DROPS, OK, OK },
	{ "begin drops after", FAULT_BEGIN, FAULT_DROPS_AFTER, OK, OK },
	{ "savepoint fails", FAULT_SAVEPOINT, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "savepoint drops", FAULT_SAVEPOINT, FAULT_DROPS, OK, OK },
	{ "commit fails", FAULT_COMMIT, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "commit conflicts", FAULT_COMMIT, FAULT_FAILS, ERR_CONFLICT, OK },
	{ "commit drops", FAULT_COMMIT, FAULT_DROPS, OK, OK },
	{ "commit is not answered", FAULT_COMMIT, FAULT_DROPS_AFTER, OK, ERR_UNCERTAIN },
};

static void run_case(struct db_pool *pool, struct fault_plan *plan, const struct fault_case *c)
{
	static int64_t next_id = 1;
	bool fired = true;
	int n;

	plan->calls = c->calls;
	plan->kind = c->kind;
	plan->code = c->code;
	plan->delay_ms = 1;
	for (n = 1; fired; n += scratch_call_step()) {
		struct pair pair = { { .id = next_id }, { .id = next_id + 1 } };
		struct put after = { .id = next_id + 2 };
		enum errc rc;

		fault_arm(plan, n);
		rc = db_transact(pool, deadline_in_ms(10000), pair_body, &pair, NULL);
		fired = fault_disarm(plan);
		if (rc != (fired ? c->want : OK))
			fail_msg(
			    "%s, %s, call %d: %s", variant->name, c->what, n, errc_name(rc));
		check_stored(pool, next_id, rc, c->what);
		/* and nothing is left behind that the next one would stumble over */
		assert_int_equal(
		    db_transact(pool, deadline_in_ms(10000), put_body, &after, NULL), OK);
		next_id += 3;
	}
	/* a statement is prepared once a connection: no failure there is a failure less to look for */
	if (n == 2 && c->calls != FAULT_PREPARE)
		fail_msg("%s, %s: no such call", variant->name, c->what);
}

static void a_failure_at_any_call_leaves_all_or_nothing(void **state)
{
	struct fault_plan plan = { .many_writers = variant->many_writers };
	struct scratch scratch;
	struct db_settings settings;
	struct db_pool *pool;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	fault_wrap(&settings, &plan);
	for (size_t i = 0; i < COUNT(fault_cases); i++) {
		/* opened anew each time: so that each case prepares its statements */
		pool = scratch_open(&settings);
		run_case(pool, &plan, &fault_cases[i]);
		db_close(&pool);
	}
	scratch_release(&scratch);
}

/* The part failed for a reason of its own, which is not why the transaction cannot go on. */
static void a_part_that_cannot_be_undone_fails_as_the_engine_says(void **state)
{
	static const struct fault_case cases[] = {
		{ "undo drops", FAULT_SAVEPOINT, FAULT_DROPS, OK, OK },
		{ "undo conflicts", FAULT_SAVEPOINT, FAULT_UNDOES, ERR_CONFLICT, OK },
		{ "undo fails", FAULT_SAVEPOINT, FAULT_FAILS, ERR_UNAVAIL, ERR_UNAVAIL },
	};
	struct fault_plan plan = { .many_writers = variant->many_writers };
	struct scratch scratch;
	struct db_settings settings;
	struct db_pool *pool;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	fault_wrap(&settings, &plan);
	pool = scratch_open(&settings);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t id = 2 * (int64_t)i + 1;
		struct pair pair = { { .id = id }, { .id = id + 1, .result = ERR_QUOTA } };
		enum errc rc;

		plan.calls = cases[i].calls;
		plan.kind = cases[i].kind;
		plan.code = cases[i].code;
		fault_arm(&plan, 2);
		rc = db_transact(pool, deadline_in_ms(10000), no_room_body, &pair, NULL);
		assert_true(fault_disarm(&plan));
		if (rc != cases[i].want)
			fail_msg("%s, %s: %s", variant->name, cases[i].what, errc_name(rc));
		assert_int_equal(scratch_has(pool, id), rc == OK);
		assert_false(scratch_has(pool, id + 1));
	}
	db_close(&pool);
	scratch_release(&scratch);
}

static void a_lost_connection_is_not_leased_again(void **state)
{
	struct fault_plan plan = {
		.calls = FAULT_STEP, .kind = FAULT_DROPS, .many_writers = variant->many_writers
	};
	struct scratch scratch;
	struct db_settings settings;
	struct db_pool *pool;
	struct db *db;
	struct db_q *q;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	settings.readers = 1;
	fault_wrap(&settings, &plan);
	pool = scratch_open(&settings);
	fault_arm(&plan, 1);
	assert_int_equal(db_lease(pool, 0, &db, NULL), OK);
	assert_int_equal(db_query(db, &sql_count, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), ERR_CLOSED);
	db_return(&db);
	assert_int_equal(scratch_count(pool), 0);
	/* lost while it was idle: found when it is leased */
	plan.calls = FAULT_LEASE;
	fault_arm(&plan, 1);
	assert_int_equal(scratch_count(pool), 0);
	assert_true(fault_disarm(&plan));
	db_close(&pool);
	scratch_release(&scratch);
}

struct caller {
	struct db_pool *pool;
	pthread_t thread;
	int64_t first_id;
	enum errc rc[40];
};

static void *call_often(void *arg)
{
	struct caller *caller = arg;

	for (size_t i = 0; i < COUNT(caller->rc); i++) {
		struct pair pair = { { .id = caller->first_id + 2 * (int64_t)i },
			{ .id = caller->first_id + 2 * (int64_t)i + 1 } };

		caller->rc[i] =
		    db_transact(caller->pool, deadline_in_ms(60000), pair_body, &pair, NULL);
	}
	return NULL;
}

static void run_callers(struct db_pool *pool, struct fault_plan *plan, int64_t first_id)
{
	struct caller callers[6];

	for (size_t i = 0; i < COUNT(callers); i++) {
		callers[i] =
		    (struct caller){ .pool = pool, .first_id = first_id + 1000 * (int64_t)i };
		assert_int_equal(
		    pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(callers); i++)
		assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
	assert_true(fault_disarm(plan));
	for (size_t i = 0; i < COUNT(callers); i++) {
		for (size_t j = 0; j < COUNT(callers[i].rc); j++)
			check_stored(pool, callers[i].first_id + 2 * (int64_t)j,
			    callers[i].rc[j], "many callers");
	}
}

static void many_callers_are_each_told_the_truth(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_FAILS, FAULT_UNDOES, FAULT_DROPS,
		FAULT_DROPS_AFTER };
	struct fault_plan plan = { .calls = FAULT_STEP | FAULT_SAVEPOINT | FAULT_COMMIT,
		.code = ERR_UNAVAIL,
		.again = 23,
		.many_writers = variant->many_writers };
	struct scratch scratch;
	struct db_settings settings;
	struct db_pool *pool;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	fault_wrap(&settings, &plan);
	pool = scratch_open(&settings);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		plan.kind = kinds[i];
		fault_arm(&plan, 23);
		run_callers(pool, &plan, 100000 * (int64_t)(i + 1));
	}
	db_close(&pool);
	scratch_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_at_any_call_leaves_all_or_nothing),
		cmocka_unit_test(a_part_that_cannot_be_undone_fails_as_the_engine_says),
		cmocka_unit_test(a_lost_connection_is_not_leased_again),
		cmocka_unit_test(many_callers_are_each_told_the_truth),
	};

	return scratch_run(tests, &variant);
}
