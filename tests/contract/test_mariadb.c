/*
 * What is MariaDB's alone: how it is opened, what it says when it cannot be, and how texts compare. Without a server (see
 * scratch.h) every test is skipped.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "tests/contract/scratch_int.h"
#include "tests/contract/server_site.h"

#include <pthread.h>
#include <string.h>

static void other_database(struct db_url *url)
{
	url->name = STR("tabella `is` not there");
}

static void what_is_wrong_is_said_with_what_to_do(void **state)
{
	struct scratch *scratch = *state;
	struct err err;

	MARIADB_ONLY();
	assert_int_equal(open_changed(scratch, true, wrong_password, &err), ERR_UNAVAIL);
	assert_says(&err, "password in the configuration");
	assert_int_equal(open_changed(scratch, true, no_server, &err), ERR_UNAVAIL);
	assert_says(&err, "is the server running");
	assert_int_equal(open_changed(scratch, false, other_database, &err), ERR_NOTFOUND);
	assert_says(&err, "tabella db upgrade");
	assert_int_equal(open_changed(scratch, false, nothing, &err), ERR_NOTFOUND);
	assert_says(&err, "empty");
}

static void a_missing_database_is_made(void **state)
{
	struct scratch *scratch = *state;
	struct err err;

	MARIADB_ONLY();
	assert_int_equal(open_changed(scratch, true, other_database, &err), OK);
	administer(scratch, "DROP DATABASE `tabella ``is`` not there`");
}

static void the_next_host_is_tried(void **state)
{
	struct err err;

	MARIADB_ONLY();
	assert_int_equal(open_changed(*state, true, first_host_is_down, &err), OK);
}

static void tables_of_others_are_left_alone(void **state)
{
	struct err err;

	MARIADB_ONLY();
	administer(*state, "CREATE TABLE %s.dbmail_users (user_idnr BIGINT PRIMARY KEY)");
	assert_int_equal(open_changed(*state, true, nothing, &err), ERR_UNSUPPORTED);
	assert_says(&err, "another program's tables");
}

/* As a kill leaves it: changes of tables commit one by one, and the step's record comes last. */
static void a_step_that_was_cut_off_is_made_whole(void **state)
{
	struct err err;

	MARIADB_ONLY();
	assert_int_equal(open_changed(*state, true, nothing, &err), OK);
	administer(*state, "DELETE FROM %s.mail_schema");
	administer(*state, "DROP TABLE %s.mail_objects");
	administer(*state, "DROP VIEW %s.dbmail_keywords");
	assert_int_equal(open_changed(*state, false, nothing, &err), ERR_NOTFOUND);
	assert_int_equal(open_changed(*state, true, nothing, &err), OK);
	assert_int_equal(open_changed(*state, false, nothing, &err), OK);
}

/* ---- statements ---- */

static struct db *lease(struct db_pool *pool)
{
	struct db *db = NULL;

	assert_int_equal(db_lease(pool, 5000, &db, NULL), OK);
	return db;
}

static const struct db_sql sql_same = { .name = "test.same",
	.text = "SELECT 'a' = 'a ', 'a' = 'A', '\xc3\xa9' = 'e', 'a' || ? = 'a\\', name = ?"
		" FROM (SELECT cast('x ' AS CHAR) AS name) t" };

static void texts_compare_by_their_bytes(void **state)
{
	struct db_settings settings;
	struct db_pool *pool;
	struct db_q *q;
	struct db *db;

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	pool = scratch_open(&settings);
	db = lease(pool);
	assert_int_equal(db_query(db, &sql_same, &q, NULL), OK);
	db_bind_str(q, 1, STR("\\"));
	db_bind_str(q, 2, STR("x"));
	assert_int_equal(db_step(q, NULL), OK);
	assert_int_equal(db_i64(q, 0), 0);
	assert_int_equal(db_i64(q, 1), 0);
	assert_int_equal(db_i64(q, 2), 0);
	assert_int_equal(db_i64(q, 3), 1);
	assert_int_equal(db_i64(q, 4), 0);
	db_done(&q);
	db_return(&db);
	db_close(&pool);
}

static const struct db_sql sql_bump = { .name = "test.bump",
	.text = "UPDATE mail_accounts SET modseq = modseq + ? WHERE owner = ? RETURNING modseq",
	.mariadb = "UPDATE mail_accounts SET modseq = modseq + ? WHERE owner = ?;"
		   " SELECT modseq FROM mail_accounts WHERE owner = ?" };
static const struct db_sql sql_account = { .name = "test.account",
	.text = "INSERT INTO mail_accounts (owner, modseq) VALUES (?, 10)" };

struct bump {
	int64_t owner, by;
	int64_t modseq, changes; /* -1: no row */
};

static enum errc bump_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct bump *bump = arg;
	struct db_q *q;
	enum errc rc = db_query(db, &sql_bump, &q, err);

	(void)arena;
	bump->modseq = -1;
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, bump->by);
	db_bind_i64(q, 2, bump->owner);
	rc = db_step(q, err);
	if (rc == OK) {
		bump->modseq = db_i64(q, 0);
		rc = db_step(q, err);
	}
	bump->changes = db_changes(q);
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

static enum errc account_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, &sql_account, &q, err);

	(void)arena;
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, *(int64_t *)arg);
	return db_run(&q, NULL, err);
}

static void transact(struct db_pool *pool, db_body *body, void *arg)
{
	assert_int_equal(db_transact(pool, deadline_in_ms(10000), body, arg, NULL), OK);
}

static void a_text_of_two_statements_gives_the_row_that_was_changed(void **state)
{
	struct bump there = { .owner = 7, .by = 5 }, same = { .owner = 7, .by = 0 };
	struct bump not_there = { .owner = 8, .by = 5 };
	struct db_settings settings;
	struct db_pool *pool;
	int64_t owner = 7;

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	pool = scratch_open(&settings);
	transact(pool, account_body, &owner);
	transact(pool, bump_body, &there);
	assert_int_equal(there.modseq, 15);
	assert_int_equal(there.changes, 1);
	/* a row that is found and stays as it is counts, as on the other engines */
	transact(pool, bump_body, &same);
	assert_int_equal(same.modseq, 15);
	assert_int_equal(same.changes, 1);
	transact(pool, bump_body, &not_there);
	assert_int_equal(not_there.modseq, -1);
	assert_int_equal(not_there.changes, 0);
	db_close(&pool);
}

/* ---- others at work ---- */

struct crossing {
	struct db_pool *pool;
	pthread_barrier_t *both;
	int64_t first, second; /* owners, locked in this order */
	int runs;
};

static enum errc crossing_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct crossing *crossing = arg;
	struct bump bump = { .owner = crossing->first, .by = 1 };
	enum errc rc = bump_body(db, arena, &bump, err);

	if (crossing->runs++ == 0)
		(void)pthread_barrier_wait(crossing->both);
	bump.owner = crossing->second;
	return rc == OK ? bump_body(db, arena, &bump, err) : rc;
}

static void *cross(void *arg)
{
	struct crossing *crossing = arg;
	enum errc rc =
	    db_transact(crossing->pool, deadline_in_ms(20000), crossing_body, crossing, NULL);

	return rc == OK ? NULL : crossing;
}

static void a_deadlock_runs_one_of_the_two_again(void **state)
{
	struct db_settings settings;
	struct db_pool *pool;
	pthread_barrier_t both;
	struct crossing crossings[2];
	pthread_t threads[2];
	int64_t owners[2] = { 1, 2 };

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	pool = scratch_open(&settings);
	(void)pthread_barrier_init(&both, NULL, 2);
	for (int i = 0; i < 2; i++) {
		transact(pool, account_body, &owners[i]);
		crossings[i] = (struct crossing){
			.pool = pool, .both = &both, .first = owners[i], .second = owners[1 - i]
		};
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, cross, &crossings[i]), 0);
	for (int i = 0; i < 2; i++) {
		void *failed;

		assert_int_equal(pthread_join(threads[i], &failed), 0);
		assert_null(failed);
	}
	assert_true(crossings[0].runs + crossings[1].runs >= 3);
	(void)pthread_barrier_destroy(&both);
	db_close(&pool);
}

static const struct db_sql sql_id = { .name = "test.id", .text = "SELECT connection_id()" };
static const struct db_sql sql_lives = { .name = "test.lives",
	.text = "SELECT count(*) FROM information_schema.processlist WHERE id = ?" };

static int64_t ask(struct db *db, const struct db_sql *sql, int64_t param)
{
	struct db_q *q;
	int64_t value;

	assert_int_equal(db_query(db, sql, &q, NULL), OK);
	if (param > 0)
		db_bind_i64(q, 1, param);
	assert_int_equal(db_step(q, NULL), OK);
	value = db_i64(q, 0);
	db_done(&q);
	return value;
}

static void a_connection_that_was_ended_is_not_leased(void **state)
{
	struct db_settings settings;
	struct db_pool *pool;
	struct db *killed, *other;
	char kill[64];
	int64_t id;

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	pool = scratch_open(&settings);
	killed = lease(pool);
	other = lease(pool);
	id = ask(killed, &sql_id, 0);
	(void)snprintf(kill, sizeof(kill), "KILL %lld", (long long)id);
	db_return(&killed);
	scratch_mariadb_run(getenv("TABELLA_TEST_MARIADB"), kill);
	while (ask(other, &sql_lives, id) > 0)
		;
	killed = lease(pool);
	assert_true(ask(killed, &sql_id, 0) != id);
	db_return(&killed);
	db_return(&other);
	db_close(&pool);
}

/* The server is lost while it runs what was sent ahead. */
static void a_connection_that_is_ended_ahead_is_closed(void **state)
{
	static const struct db_sql sleeps = { .name = "test.sleeps",
		.text = "SELECT SLEEP(60)" };
	struct db_settings settings;
	struct db_pool *pool;
	struct db *killed, *other;
	struct db_q *q;
	char kill[64];
	int64_t id;

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	pool = scratch_open(&settings);
	killed = lease(pool);
	other = lease(pool);
	id = ask(killed, &sql_id, 0);
	(void)snprintf(kill, sizeof(kill), "KILL %lld", (long long)id);
	assert_int_equal(db_query(killed, &sleeps, &q, NULL), OK);
	db_send(q);
	db_hurry(killed);
	scratch_mariadb_run(getenv("TABELLA_TEST_MARIADB"), kill);
	assert_int_equal(db_step(q, NULL), ERR_CLOSED);
	db_done(&q);
	db_return(&killed);
	/* and when nobody takes its answer */
	killed = lease(pool);
	id = ask(killed, &sql_id, 0);
	(void)snprintf(kill, sizeof(kill), "KILL %lld", (long long)id);
	assert_int_equal(db_query(killed, &sleeps, &q, NULL), OK);
	db_send(q);
	db_hurry(killed);
	scratch_mariadb_run(getenv("TABELLA_TEST_MARIADB"), kill);
	db_return(&killed);
	killed = lease(pool);
	assert_true(ask(killed, &sql_id, 0) != id);
	db_return(&killed);
	db_return(&other);
	db_close(&pool);
}

struct killed {
	struct put first, second;
};

/* Ended by an administrator in its middle, the first time. */
static enum errc killed_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct killed *killed = arg;
	enum errc rc = put_body(db, arena, &killed->first, err);

	if (rc == OK && killed->first.runs == 1) {
		char kill[64];

		(void)snprintf(kill, sizeof(kill), "KILL %lld", (long long)ask(db, &sql_id, 0));
		scratch_mariadb_run(getenv("TABELLA_TEST_MARIADB"), kill);
	}
	return rc == OK ? put_body(db, arena, &killed->second, err) : rc;
}

static void assert_runs_again(void **state, db_body *body)
{
	struct killed killed = { { .id = 1 }, { .id = 2 } };
	struct db_settings settings = scratch_settings(*state);
	struct db_pool *pool = scratch_open(&settings);

	transact(pool, body, &killed);
	assert_int_equal(killed.first.runs, 2);
	assert_true(killed.second.runs >= 1);
	assert_int_equal(scratch_count(pool), 2);
	db_close(&pool);
}

static void a_connection_that_is_ended_in_a_transaction_runs_it_again(void **state)
{
	MARIADB_ONLY();
	assert_runs_again(state, killed_body);
}

static void undo_without_a_word(struct db *db)
{
	static const struct db_sql sql_rollback = { .name = "test.rollback",
		.text = "ROLLBACK" };
	struct db_q *q;

	assert_int_equal(db_query(db, &sql_rollback, &q, NULL), OK);
	assert_int_equal(db_run(&q, NULL, NULL), OK);
}

/* In its middle, the first time: what is written behind it is refused. */
static enum errc undone_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct killed *killed = arg;
	enum errc rc = put_body(db, arena, &killed->first, err);

	if (rc == OK && killed->first.runs == 1)
		undo_without_a_word(db);
	return rc == OK ? put_body(db, arena, &killed->second, err) : rc;
}

/* At its end, the first time: a COMMIT would find nothing wrong. */
static enum errc undone_last_body(
    struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct killed *killed = arg;
	enum errc rc = put_body(db, arena, &killed->first, err);

	if (rc == OK)
		rc = put_body(db, arena, &killed->second, err);
	if (rc == OK && killed->first.runs == 1)
		undo_without_a_word(db);
	return rc;
}

static void a_transaction_that_the_server_undid_is_run_again(void **state)
{
	MARIADB_ONLY();
	assert_runs_again(state, undone_body);
}

static void what_the_server_undid_is_not_committed(void **state)
{
	MARIADB_ONLY();
	assert_runs_again(state, undone_last_body);
}

struct waiting {
	struct db_pool *other;
	struct put row, inner;
	enum errc rc;
	struct err err;
};

static enum errc waiting_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct waiting *w = arg;
	enum errc rc = put_body(db, arena, &w->row, err);

	if (rc == OK)
		w->rc =
		    db_transact(w->other, deadline_in_ms(1500), put_body, &w->inner, &w->err);
	return rc;
}

/* Another pool: a body must not wait for its own. */
static void a_lock_that_lasts_is_named_at_the_deadline(void **state)
{
	struct waiting w = { .row = { .id = 1 }, .inner = { .id = 1 } };
	struct db_settings settings;
	struct db_pool *pool;

	MARIADB_ONLY();
	settings = scratch_settings(*state);
	settings.busy_timeout_ms = 300;
	pool = scratch_open(&settings);
	w.other = scratch_open(&settings);
	transact(pool, waiting_body, &w);
	assert_int_equal(w.rc, ERR_UNAVAIL);
	assert_says(&w.err, "Lock wait timeout");
	assert_true(w.inner.runs > 1);
	assert_int_equal(scratch_count(pool), 1);
	db_close(&w.other);
	db_close(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(what_is_wrong_is_said_with_what_to_do),
		SERVER_TEST(a_missing_database_is_made),
		SERVER_TEST(the_next_host_is_tried),
		SERVER_TEST(tables_of_others_are_left_alone),
		SERVER_TEST(a_step_that_was_cut_off_is_made_whole),
		SERVER_TEST(texts_compare_by_their_bytes),
		SERVER_TEST(a_text_of_two_statements_gives_the_row_that_was_changed),
		SERVER_TEST(a_deadlock_runs_one_of_the_two_again),
		SERVER_TEST(a_connection_that_was_ended_is_not_leased),
		SERVER_TEST(a_connection_that_is_ended_ahead_is_closed),
		SERVER_TEST(a_connection_that_is_ended_in_a_transaction_runs_it_again),
		SERVER_TEST(a_transaction_that_the_server_undid_is_run_again),
		SERVER_TEST(what_the_server_undid_is_not_committed),
		SERVER_TEST(a_lock_that_lasts_is_named_at_the_deadline),
	};

	return scratch_run(tests, NULL);
}
