/*
 * What db.h promises, held by every driver.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/fault.h"
#include "tests/contract/scratch.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

static const struct variant *variant;

struct fixture {
	struct scratch scratch;
	struct db_pool *pool;
	struct fault_plan plan; /* never armed: for its many_writers */
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
	f.plan.many_writers = variant->many_writers;
	fault_wrap(&settings, &f.plan);
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

/* ---- statements ---- */

static struct db *lease(struct fixture *f)
{
	struct db *db = NULL;

	assert_int_equal(db_lease(f->pool, 5000, &db, NULL), OK);
	return db;
}

static const struct db_sql sql_types = { .name = "test.types",
	.text = "SELECT ?, ?, ?, ?, ?, ?",
	.pgsql = "SELECT ?::bigint, ?::text, ?::text, ?::bytea, ?::bytea, ?::bigint" };

static void values_come_back_as_they_went_in(void **state)
{
	struct fixture *f = *state;
	struct db *db = lease(f);
	struct db_q *q;

	assert_int_equal(db_query(db, &sql_types, &q, NULL), OK);
	db_bind_i64(q, 1, INT64_MIN);
	db_bind_str(q, 2, STR("h\xc3\xa9 'quoted'"));
	db_bind_str(q, 3, STR_EMPTY);
	db_bind_blob(q, 4, STR("\0\1\xff\0"));
	db_bind_blob(q, 5, STR_EMPTY);
	db_bind_null(q, 6);
	assert_int_equal(db_step(q, NULL), OK);
	assert_true(db_i64(q, 0) == INT64_MIN);
	assert_true(str_equal(db_str(q, 1), STR("h\xc3\xa9 'quoted'")));
	assert_int_equal(db_str(q, 2).n, 0);
	assert_false(db_is_null(q, 2)); /* empty is not NULL */
	assert_true(str_equal(db_blob(q, 3), STR("\0\1\xff\0")));
	assert_false(db_is_null(q, 4));
	assert_true(db_is_null(q, 5));
	assert_int_equal(db_str(q, 5).n, 0);
	assert_int_equal(db_step(q, NULL), ERR_END);
	db_done(&q);
	assert_null(q);
	db_return(&db);
}

static const struct db_sql sql_find = { .name = "test.find",
	.text = "SELECT id FROM audit_log WHERE object = ?" };

/* SQLite takes any bytes. Elsewhere it is an argument that cannot be, and nobody's trouble. */
static void a_text_that_is_none_is_an_argument_that_cannot_be(void **state)
{
	static const struct str texts[] = { STR_INIT("\xff"), STR_INIT("a\xc3") };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT(texts); i++) {
		struct put row = { .id = (int64_t)i + 1, .text = texts[i] };
		struct db *db = lease(f);
		struct db_q *q;
		enum errc rc;

		assert_int_equal(db_query(db, &sql_find, &q, NULL), OK);
		db_bind_str(q, 1, texts[i]);
		rc = db_step(q, NULL);
		if (rc != ERR_END && rc != ERR_ARG)
			fail_msg("%s, look for %zu: %s", variant->name, i, errc_name(rc));
		db_done(&q);
		db_return(&db);
		rc = put(f, &row);
		if (rc != (variant->engine == DB_SQLITE ? OK : ERR_ARG))
			fail_msg("%s, put %zu: %s", variant->name, i, errc_name(rc));
	}
}

static void a_binding_that_fails_shows_at_the_step(void **state)
{
	struct fixture *f = *state;
	struct db *db = lease(f);
	struct db_q *q;
	struct err err;

	assert_int_equal(db_query(db, &sql_get, &q, NULL), OK);
	db_bind_i64(q, 9, 1); /* it has one parameter */
	db_bind_i64(q, 1, 1);
	assert_int_equal(db_step(q, &err), ERR_INTERNAL);
	assert_true(str_find(str_from(err.text), STR("test.get")) == 0);
	db_done(&q);
	/* and is forgotten with the statement */
	assert_int_equal(db_query(db, &sql_get, &q, NULL), OK);
	db_bind_i64(q, 1, 1);
	assert_int_equal(db_step(q, NULL), ERR_END);
	db_done(&q);
	db_return(&db);
}

static void a_statement_is_open_once_a_connection(void **state)
{
	struct fixture *f = *state;
	struct db *db = lease(f);
	struct db_q *q, *again;

	assert_int_equal(db_query(db, &sql_get, &q, NULL), OK);
	assert_int_equal(db_query(db, &sql_get, &again, NULL), ERR_STATE);
	assert_null(again);
	db_done(&q);
	assert_int_equal(db_query(db, &sql_get, &again, NULL), OK);
	db_done(&again);
	db_return(&db);
}

static struct db_q *send_get(struct db *db, int64_t id)
{
	struct db_q *q;

	assert_int_equal(db_query(db, &sql_get, &q, NULL), OK);
	db_bind_i64(q, 1, id);
	db_send(q);
	db_hurry(db);
	return q;
}

static int64_t ask_count(struct db *db)
{
	struct db_q *q;
	int64_t count;

	assert_int_equal(db_query(db, &sql_count, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), OK);
	count = db_i64(q, 0);
	db_done(&q);
	return count;
}

static void what_runs_ahead_waits_for_its_step(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 7, .text = STR_INIT("hello") };
	struct db_q *q;
	struct db *db;

	assert_int_equal(put(f, &row), OK);
	db = lease(f);
	/* others are asked meanwhile, and a snapshot is taken */
	q = send_get(db, 7);
	db_send(q);
	db_hurry(db);
	assert_int_equal(ask_count(db), 1);
	assert_int_equal(ask_count(db), 1);
	assert_int_equal(db_step(q, NULL), OK);
	assert_true(str_equal(db_str(q, 1), STR("hello")));
	assert_int_equal(ask_count(db), 1);
	assert_int_equal(db_step(q, NULL), ERR_END);
	db_done(&q);
	q = send_get(db, 8);
	assert_int_equal(db_step(q, NULL), ERR_END);
	assert_int_equal(db_step(q, NULL), ERR_END);
	db_done(&q);
	/* nobody wants it */
	q = send_get(db, 7);
	db_done(&q);
	q = send_get(db, 8);
	assert_int_equal(db_step(q, NULL), ERR_END);
	db_done(&q);
	q = send_get(db, 7);
	db_return(&db);
	db = lease(f);
	assert_int_equal(ask_count(db), 1);
	db_return(&db);
}

static void what_fails_ahead_is_told_by_its_step(void **state)
{
	/* SQLite takes the first of them */
	static const struct db_sql two = { .name = "test.two",
		.text = "SELECT (SELECT id FROM audit_log)" };
	struct fixture *f = *state;
	struct put rows[] = { { .id = 7 }, { .id = 8 } };
	struct db_q *q;
	struct db *db;

	for (size_t i = 0; i < COUNT(rows); i++)
		assert_int_equal(put(f, &rows[i]), OK);
	db = lease(f);
	for (int run = 0; run < 2; run++) {
		assert_int_equal(db_query(db, &two, &q, NULL), OK);
		db_send(q);
		db_hurry(db);
		if (run > 0)
			assert_int_equal(ask_count(db), 2);
		assert_int_equal(
		    db_step(q, NULL), variant->engine == DB_SQLITE ? OK : ERR_INTERNAL);
		db_done(&q);
		assert_int_equal(ask_count(db), 2);
	}
	db_return(&db);
}

static void a_statement_that_is_wrong_is_our_bug(void **state)
{
	static const struct db_sql wrong = { .name = "test.wrong", .text = "SELEC 1" };
	struct fixture *f = *state;
	struct db *db = lease(f);
	struct db_q *q;
	enum errc rc = db_query(db, &wrong, &q, NULL);

	if (rc == OK) /* an engine that is far looks at it when it is run */
		rc = db_run(&q, NULL, NULL);
	assert_int_equal(rc, ERR_INTERNAL);
	assert_null(q);
	db_return(&db);
}

static void a_reader_cannot_write(void **state)
{
	struct fixture *f = *state;
	struct db *db = lease(f);
	struct db_q *q;
	enum errc rc;

	/* SQLite's connections for reading and writing refuse nothing; MariaDB will not even prepare it */
	if (variant->engine != DB_SQLITE || !variant->many_writers) {
		rc = db_query(db, &sql_put, &q, NULL);
		if (rc == OK) {
			db_bind_i64(q, 1, 1);
			db_bind_str(q, 2, STR("x"));
			rc = db_run(&q, NULL, NULL);
		}
		assert_int_equal(rc, ERR_STATE);
		assert_null(q);
	}
	db_return(&db);
	assert_null(db);
}

static const struct db_sql sql_add = { .name = "test.add",
	.text = "INSERT INTO audit_log (at, actor, source, action, object) VALUES (1, '', '', "
		"'', '')" };
static const struct db_sql sql_touch = { .name = "test.touch",
	.text = "UPDATE audit_log SET at = 2 WHERE id <= ?" };

struct counts {
	int64_t last_id, touched, touched_none;
};

static enum errc counts_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct counts *counts = arg;
	struct db_q *q;
	enum errc rc = OK;

	(void)arena;
	for (int i = 0; i < 3 && rc == OK; i++) {
		rc = db_query(db, &sql_add, &q, err);
		if (rc == OK)
			rc = db_run(&q, NULL, err);
	}
	if (rc == OK)
		rc = db_last_id(db, &counts->last_id, err);
	if (rc == OK)
		rc = db_query(db, &sql_touch, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, 2);
	rc = db_run(&q, &counts->touched, err);
	if (rc == OK)
		rc = db_query(db, &sql_touch, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, 0);
	return db_run(&q, &counts->touched_none, err);
}

static void counts_rows_and_knows_the_last_id(void **state)
{
	struct fixture *f = *state;
	struct counts counts = { 0, 0, 0 };

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), counts_body, &counts, NULL), OK);
	assert_int_equal(counts.last_id, 3);
	assert_int_equal(counts.touched, 2);
	assert_int_equal(counts.touched_none, 0);
}

static int64_t count_on(struct db *db)
{
	struct db_q *q;
	int64_t count;

	assert_int_equal(db_query(db, &sql_count, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), OK);
	count = db_i64(q, 0);
	db_done(&q);
	return count;
}

static void a_snapshot_sees_one_state(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 1 };
	struct db *db = lease(f);

	assert_int_equal(db_snapshot_begin(db, NULL), OK);
	assert_int_equal(count_on(db), 0);
	assert_int_equal(put(f, &row), OK);
	assert_int_equal(count_on(db), 0);
	db_snapshot_end(db);
	assert_int_equal(count_on(db), 1);
	assert_int_equal(db_snapshot_begin(db, NULL), OK);
	assert_int_equal(db_snapshot_begin(db, NULL), ERR_STATE);
	db_return(&db); /* ends the snapshot too */
	row.id = 2;
	assert_int_equal(put(f, &row), OK);
	assert_int_equal(scratch_count(f->pool), 2);
}

static enum errc snapshot_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)arena;
	(void)arg;
	return db_snapshot_begin(db, err);
}

static void a_transaction_has_no_snapshot_inside(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), snapshot_body, NULL, NULL), ERR_STATE);
}

static enum errc leave_open_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct db_q *q;
	enum errc rc = put_body(db, arena, arg, err);

	if (rc == OK)
		rc = db_query(db, &sql_get, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, ((struct put *)arg)->id);
	return db_step(q, err); /* and no db_done */
}

static void statements_left_open_are_closed(void **state)
{
	struct fixture *f = *state;
	struct put row = { .id = 1 };
	struct db *db = lease(f);
	struct db_q *q;

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), leave_open_body, &row, NULL), OK);
	row.id = 2;
	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), leave_open_body, &row, NULL), OK);
	assert_int_equal(db_query(db, &sql_count, &q, NULL), OK);
	assert_int_equal(db_step(q, NULL), OK);
	db_return(&db);
	assert_int_equal(scratch_count(f->pool), 2);
}

static enum errc orphan_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	static const struct db_sql orphan = { .name = "test.orphan",
		.text = "INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES (999, 'x')" };
	struct db_q *q;
	enum errc rc = db_query(db, &orphan, &q, err);

	(void)arena;
	(void)arg;
	return rc == OK ? db_run(&q, NULL, err) : rc;
}

static void a_row_must_name_what_is_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(10000), orphan_body, NULL, NULL), ERR_NOTFOUND);
}

/* ---- leases ---- */

static void leases_are_as_many_as_readers(void **state)
{
	struct fixture *f = *state;
	struct db *db[5] = { NULL };

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(db_lease(f->pool, 0, &db[i], NULL), OK);
	assert_int_equal(db_lease(f->pool, 0, &db[4], NULL), ERR_UNAVAIL);
	assert_int_equal(db_lease(f->pool, 20, &db[4], NULL), ERR_UNAVAIL);
	db_return(&db[2]);
	assert_int_equal(db_lease(f->pool, 0, &db[4], NULL), OK);
	for (size_t i = 0; i < 5; i++)
		db_return(&db[i]);
}

struct waiter {
	struct db_pool *pool;
	pthread_t thread;
	enum errc rc;
};

static void *wait_for_lease(void *arg)
{
	struct waiter *waiter = arg;
	struct db *db = NULL;

	waiter->rc = db_lease(waiter->pool, 10000, &db, NULL);
	db_return(&db);
	return NULL;
}

static void who_waits_gets_what_is_returned(void **state)
{
	struct fixture *f = *state;
	struct waiter waiters[8];
	struct db *db[4];

	for (size_t i = 0; i < 4; i++)
		assert_int_equal(db_lease(f->pool, 0, &db[i], NULL), OK);
	for (size_t i = 0; i < COUNT(waiters); i++) {
		waiters[i] = (struct waiter){ .pool = f->pool, .rc = ERR_INTERNAL };
		assert_int_equal(
		    pthread_create(&waiters[i].thread, NULL, wait_for_lease, &waiters[i]), 0);
	}
	for (size_t i = 0; i < 4; i++)
		db_return(&db[i]);
	for (size_t i = 0; i < COUNT(waiters); i++) {
		assert_int_equal(pthread_join(waiters[i].thread, NULL), 0);
		assert_int_equal(waiters[i].rc, OK);
	}
}

/* ---- many callers ---- */

struct caller {
	struct db_pool *pool;
	pthread_t thread;
	int64_t first_id;
	int failures;
};

/* Every third of its members fails after its insert. */
static void *call_often(void *arg)
{
	struct caller *caller = arg;

	for (int64_t i = 0; i < 60; i++) {
		enum errc want = i % 3 == 2 ? ERR_QUOTA : OK;
		struct put row = { .id = caller->first_id + i, .result = want };
		enum errc rc =
		    db_transact(caller->pool, deadline_in_ms(60000), put_body, &row, NULL);

		caller->failures += rc != want;
	}
	return NULL;
}

static void members_that_fail_harm_nobody(void **state)
{
	struct fixture *f = *state;
	struct caller callers[8];

	for (size_t i = 0; i < COUNT(callers); i++) {
		callers[i] =
		    (struct caller){ .pool = f->pool, .first_id = 1000 * (int64_t)(i + 1) };
		assert_int_equal(
		    pthread_create(&callers[i].thread, NULL, call_often, &callers[i]), 0);
	}
	for (size_t i = 0; i < COUNT(callers); i++) {
		assert_int_equal(pthread_join(callers[i].thread, NULL), 0);
		assert_int_equal(callers[i].failures, 0);
	}
	assert_int_equal(scratch_count(f->pool), 8 * 40);
	assert_true(scratch_has(f->pool, 3001));
	assert_false(scratch_has(f->pool, 3002));
}

/* ---- without waiting ---- */

struct later {
	struct put row;
	sem_t done;
	enum errc rc;
};

static void later_done(void *arg, enum errc rc)
{
	struct later *later = arg;

	later->rc = rc;
	(void)sem_post(&later->done);
}

static void later_work_is_done_after_its_delay(void **state)
{
	struct fixture *f = *state;
	struct later good = { .row = { .id = 1 } };
	struct later bad = { .row = { .id = 2, .result = ERR_QUOTA } };

	(void)sem_init(&good.done, 0, 0);
	(void)sem_init(&bad.done, 0, 0);
	db_transact_later(f->pool, 1, put_body, later_done, &good.row);
	db_transact_later(f->pool, 1, put_body, later_done, &bad.row);
	(void)sem_wait(&good.done);
	(void)sem_wait(&bad.done);
	assert_int_equal(good.rc, OK);
	assert_int_equal(bad.rc, ERR_QUOTA);
	assert_int_equal(scratch_count(f->pool), 1);
	(void)sem_destroy(&good.done);
	(void)sem_destroy(&bad.done);
}

static void later_work_is_done_before_the_end(void **state)
{
	struct fixture *f = *state;
	struct later work = { .row = { .id = 1 }, .rc = ERR_INTERNAL };
	struct db_settings settings = scratch_settings(&f->scratch);

	(void)sem_init(&work.done, 0, 0);
	db_transact_later(f->pool, 3600000, put_body, later_done, &work.row);
	db_close(&f->pool);
	assert_int_equal(work.rc, OK);
	(void)sem_destroy(&work.done);
	f->pool = scratch_open(&settings);
	assert_true(scratch_has(f->pool, 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_committed_row_is_seen_by_readers),
		TEST(an_error_of_the_body_undoes_what_it_wrote),
		TEST(a_taken_key_is_err_exists),
		TEST(a_taken_key_leaves_the_transaction_usable),
		TEST(a_conflict_runs_the_body_again),
		TEST(a_conflict_that_lasts_is_err_unavail_at_the_deadline),
		TEST(a_failed_savepoint_undoes_its_part_alone),
		TEST(changes_are_told_only_when_they_are_committed),
		TEST(a_passed_deadline_runs_nothing),
		TEST(values_come_back_as_they_went_in),
		TEST(a_text_that_is_none_is_an_argument_that_cannot_be),
		TEST(a_binding_that_fails_shows_at_the_step),
		TEST(a_statement_is_open_once_a_connection),
		TEST(what_runs_ahead_waits_for_its_step),
		TEST(what_fails_ahead_is_told_by_its_step),
		TEST(a_statement_that_is_wrong_is_our_bug),
		TEST(a_reader_cannot_write),
		TEST(counts_rows_and_knows_the_last_id),
		TEST(a_snapshot_sees_one_state),
		TEST(a_transaction_has_no_snapshot_inside),
		TEST(statements_left_open_are_closed),
		TEST(a_row_must_name_what_is_there),
		TEST(leases_are_as_many_as_readers),
		TEST(who_waits_gets_what_is_returned),
		TEST(members_that_fail_harm_nobody),
		TEST(later_work_is_done_after_its_delay),
		TEST(later_work_is_done_before_the_end),
	};

	return scratch_run(tests, &variant);
}
