/*
 * What is PostgreSQL's alone: the pipeline and its failures, sessions that are ended by others, news, poolers. Without a
 * server (see scratch.h) every test is skipped.
 */
#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "db/driver.h"
#include "tests/contract/server_site.h"

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

static void through_a_pooler(struct db_url *url)
{
	url->options[url->option_count++] =
	    (struct db_url_option){ STR_INIT("prepare"), STR_INIT("off") };
}

static void quickly(struct db_url *url)
{
	url->options[url->option_count++] =
	    (struct db_url_option){ STR_INIT("statement_timeout"), STR_INIT("1") };
}

/* ---- the pipeline ---- */

struct site {
	struct db_pool *pool;
	struct buf url;
};

static struct site open_site(const struct scratch *scratch, void (*change)(struct db_url *))
{
	struct db_settings settings = scratch_settings(scratch);
	struct site site = { .url = BUF_INIT(DB_URL_TEXT_MAX) };

	change_url(scratch, change, &site.url);
	settings.url = buf_str(&site.url);
	settings.busy_timeout_ms = 300;
	site.pool = scratch_open(&settings);
	return site;
}

static void close_site(struct site *site)
{
	db_close(&site->pool);
	buf_release(&site->url);
}

static uint64_t round_trips(const struct site *site)
{
	struct db_stats stats;

	db_stats(site->pool, &stats);
	return stats.round_trips;
}

static struct db *lease(const struct site *site)
{
	struct db *db = NULL;

	assert_int_equal(db_lease(site->pool, 5000, &db, NULL), OK);
	return db;
}

static int64_t get(struct db *db, int64_t id)
{
	struct db_q *q;
	int64_t got = -1;

	assert_int_equal(db_query(db, &sql_get, &q, NULL), OK);
	db_bind_i64(q, 1, id);
	if (db_step(q, NULL) == OK)
		got = db_i64(q, 0);
	db_done(&q);
	return got;
}

static void a_select_is_one_round_trip(void **state)
{
	struct db_q *q[2];
	uint64_t before;
	struct site site;
	struct db *db;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	db = lease(&site);
	before = round_trips(&site);
	assert_int_equal(get(db, 1), -1); /* with its preparation */
	assert_int_equal(round_trips(&site) - before, 1);
	assert_int_equal(get(db, 1), -1);
	assert_int_equal(round_trips(&site) - before, 2);
	/* two that are sent ahead are one */
	assert_int_equal(db_query(db, &sql_get, &q[0], NULL), OK);
	db_bind_i64(q[0], 1, 1);
	db_send(q[0]);
	assert_int_equal(db_query(db, &sql_count, &q[1], NULL), OK);
	db_send(q[1]);
	assert_int_equal(db_step(q[1], NULL), OK);
	assert_int_equal(db_step(q[0], NULL), ERR_END);
	assert_int_equal(round_trips(&site) - before, 3);
	db_done(&q[0]);
	db_done(&q[1]);
	/* a snapshot costs none of its own, and its end not either */
	assert_int_equal(db_snapshot_begin(db, NULL), OK);
	assert_int_equal(get(db, 1), -1);
	assert_int_equal(get(db, 2), -1);
	db_snapshot_end(db);
	assert_int_equal(round_trips(&site) - before, 5);
	db_return(&db);
	close_site(&site);
}

/* Rows to be posted: up to the first 0; those behind a negative one in a savepoint. */
struct posts {
	int64_t ids[8];
	enum errc part; /* what the savepoint returned */
	int runs;
	bool looks; /* asks for something behind them */
	enum errc look;
};

static enum errc post_ids(struct db *db, const int64_t *ids, struct err *err)
{
	enum errc rc = OK;

	for (; *ids > 0 && rc == OK; ids++) {
		struct db_q *q;

		rc = db_query(db, &sql_put, &q, err);
		if (rc != OK)
			return rc;
		db_bind_i64(q, 1, *ids);
		db_bind_str(q, 2, STR("posted"));
		rc = db_post(&q, err);
	}
	return rc;
}

static enum errc post_part(struct db *db, void *arg, struct err *err)
{
	return post_ids(db, arg, err);
}

static enum errc posts_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct posts *posts = arg;
	int64_t *id = posts->ids;
	struct db_q *q;
	enum errc rc = post_ids(db, posts->ids, err);

	(void)arena;
	posts->runs++;
	while (*id > 0)
		id++;
	if (rc == OK && *id < 0)
		posts->part = db_savepoint(db, post_part, id + 1, NULL);
	if (rc != OK || !posts->looks)
		return rc;
	rc = db_query(db, &sql_count, &q, err);
	if (rc == OK)
		posts->look = db_run(&q, NULL, err);
	return OK; /* whatever it was */
}

static enum errc post(const struct site *site, struct posts *posts)
{
	return db_transact(site->pool, deadline_in_ms(5000), posts_body, posts, NULL);
}

static void posts_and_their_commit_are_one_round_trip(void **state)
{
	struct posts first = { .ids = { 1, 2, 3 } }, second = { .ids = { 4, 5 } };
	uint64_t before;
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(post(&site, &first), OK);
	before = round_trips(&site);
	assert_int_equal(post(&site, &second), OK);
	assert_int_equal(round_trips(&site) - before, 1);
	assert_int_equal(scratch_count(site.pool), 5);
	close_site(&site);
}

static void a_post_that_fails_fails_all(void **state)
{
	struct posts taken = { .ids = { 1 } }, again = { .ids = { 2, 1, 3 } };
	struct posts looking = { .ids = { 2, 1, 3 }, .looks = true };
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(post(&site, &taken), OK);
	assert_int_equal(post(&site, &again), ERR_EXISTS);
	assert_int_equal(post(&site, &looking), ERR_EXISTS);
	assert_int_equal(looking.look, ERR_EXISTS); /* the first that waited was told */
	assert_int_equal(scratch_count(site.pool), 1);
	/* and the connections are as good as new */
	again.ids[1] = 4;
	assert_int_equal(post(&site, &again), OK);
	assert_int_equal(scratch_count(site.pool), 4);
	close_site(&site);
}

static void a_post_that_fails_in_a_part_fails_the_part(void **state)
{
	struct posts taken = { .ids = { 1 } }, part = { .ids = { 2, -1, 3, 1, 4 } };
	struct posts before = { .ids = { 5, 1, -1, 6 } };
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(post(&site, &taken), OK);
	assert_int_equal(post(&site, &part), OK);
	assert_int_equal(part.part, ERR_EXISTS);
	assert_int_equal(scratch_count(site.pool), 2);
	assert_true(scratch_has(site.pool, 2));
	/* what failed in front of the part is not the part's to undo */
	assert_int_equal(post(&site, &before), ERR_EXISTS);
	assert_int_equal(scratch_count(site.pool), 2);
	close_site(&site);
}

static const struct db_sql sql_fails = { .name = "test.fails",
	.text = "SELECT 1 / ?::integer" };

/* Whoever sent something ahead and went without looking, for an error of his own, leaves no failure to the next. */
static void what_nobody_looked_at_is_nobodys_failure(void **state)
{
	struct posts posts = { .ids = { 1 } };
	struct site site;
	struct db_q *q;
	struct db *db;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	for (int round = 0; round < 2; round++) {
		db = lease(&site);
		assert_int_equal(get(db, 7), -1);
		assert_int_equal(db_query(db, &sql_fails, &q, NULL), OK);
		db_bind_i64(q, 1, 0);
		db_send(q);
		db_done(&q);
		db_return(&db);
		if (round == 0) {
			assert_int_equal(scratch_count(site.pool), 0);
		} else {
			assert_int_equal(post(&site, &posts), OK);
			assert_int_equal(posts.runs, 1);
		}
	}
	close_site(&site);
}

/* A transaction on the connection that is held does not begin in the middle of what was sent ahead there. */
static void what_nobody_looked_at_is_no_part_of_a_transaction(void **state)
{
	struct posts posts = { .ids = { 1 } };
	struct site site;
	struct db_q *q;
	struct db *db;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	db = lease(&site);
	for (int divisor = 1; divisor >= 0; divisor--) {
		assert_int_equal(db_query(db, &sql_fails, &q, NULL), OK);
		db_bind_i64(q, 1, divisor);
		db_send(q);
		db_done(&q);
		posts.ids[0] = divisor + 1;
		assert_int_equal(
		    db_transact_on(db, deadline_in_ms(5000), posts_body, &posts, NULL), OK);
	}
	db_return(&db);
	assert_int_equal(scratch_count(site.pool), 2);
	close_site(&site);
}

static void note_outcome(void *arg, enum errc rc)
{
	struct posts *posts = arg;

	posts->part = rc;
}

/* They share a commit, and not their fate. */
static void a_post_that_fails_harms_no_other_member(void **state)
{
	struct posts taken = { .ids = { 1 } }, again = { .ids = { 2, 1 } },
		     good = { .ids = { 3 } };
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(post(&site, &taken), OK);
	db_transact_later(site.pool, 60000, posts_body, note_outcome, &again);
	db_transact_later(site.pool, 60000, posts_body, note_outcome, &good);
	close_site(&site);
	assert_int_equal(again.part, ERR_EXISTS);
	assert_int_equal(good.part, OK);
	site = open_site(*state, nothing);
	assert_int_equal(scratch_count(site.pool), 2);
	assert_true(scratch_has(site.pool, 3));
	close_site(&site);
}

static enum errc nul_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct put row = { .id = 1, .text = STR_INIT("a\0b") };

	(void)arg;
	return put_body(db, arena, &row, err);
}

static void text_with_nul_is_an_argument_that_cannot_be(void **state)
{
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(
	    db_transact(site.pool, deadline_in_ms(5000), nul_body, NULL, NULL), ERR_ARG);
	assert_int_equal(scratch_count(site.pool), 0);
	close_site(&site);
}

static void a_pooler_that_knows_no_sessions_will_do(void **state)
{
	struct posts posts = { .ids = { 1, -1, 2 }, .looks = true },
		     again = { .ids = { 3, 1 } };
	struct put row = { .id = 1 };
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, through_a_pooler);
	assert_int_equal(post(&site, &posts), OK);
	assert_int_equal(posts.part, OK);
	assert_int_equal(post(&site, &again), ERR_EXISTS);
	assert_int_equal(
	    db_transact(site.pool, deadline_in_ms(5000), put_body, &row, NULL), ERR_EXISTS);
	assert_int_equal(scratch_count(site.pool), 2);
	close_site(&site);
}

/* ---- others at work ---- */

#define END_SESSIONS                                                                           \
	"DO $$ BEGIN PERFORM pg_terminate_backend(pid, 5000) FROM pg_stat_activity"            \
	" WHERE datname = '%s'; END $$"

static void a_session_that_was_ended_is_not_leased(void **state)
{
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(scratch_count(site.pool), 0);
	administer(*state, END_SESSIONS);
	assert_int_equal(scratch_count(site.pool), 0);
	close_site(&site);
}

struct ended {
	const struct scratch *scratch;
	struct put row;
};

static enum errc ended_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct ended *ended = arg;
	struct put next = { .id = ended->row.id + 1 };
	enum errc rc = put_body(db, arena, &ended->row, err);

	if (rc == OK && ended->row.runs == 1)
		administer(ended->scratch, END_SESSIONS);
	return rc == OK ? put_body(db, arena, &next, err) : rc;
}

static void a_session_that_is_ended_in_a_transaction_runs_it_again(void **state)
{
	struct ended ended = { .scratch = *state, .row = { .id = 1 } };
	struct site site;

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	assert_int_equal(
	    db_transact(site.pool, deadline_in_ms(20000), ended_body, &ended, NULL), OK);
	assert_int_equal(ended.row.runs, 2);
	assert_int_equal(scratch_count(site.pool), 2);
	close_site(&site);
}

static const struct db_sql sql_sleep = { .name = "test.sleep", .text = "SELECT pg_sleep(30)" };

static void a_statement_that_takes_too_long_is_ended(void **state)
{
	struct site site;
	struct db_q *q;
	struct err err;
	struct db *db;

	PGSQL_ONLY();
	site = open_site(*state, quickly);
	db = lease(&site);
	assert_int_equal(db_query(db, &sql_sleep, &q, NULL), OK);
	assert_int_equal(db_run(&q, NULL, &err), ERR_UNAVAIL);
	assert_says(&err, "took too long");
	assert_int_equal(get(db, 1), -1); /* the session goes on */
	db_return(&db);
	close_site(&site);
}

static enum errc locking_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct put *row = arg;
	struct put inner = { .id = row->id };
	enum errc rc = put_body(db, arena, row, err);

	if (rc == OK)
		row->result = db_transact(*(struct db_pool **)(uintptr_t)row->text.p,
		    deadline_in_ms(1000), put_body, &inner, err);
	if (rc == OK && row->result == ERR_UNAVAIL)
		assert_says(err, "lock timeout");
	row->runs = inner.runs;
	return rc;
}

/* Another pool: a body must not wait for its own. */
static void a_lock_that_lasts_is_waited_for_until_the_deadline(void **state)
{
	struct site site, other;
	struct put row = { .id = 1 };

	PGSQL_ONLY();
	site = open_site(*state, nothing);
	other = open_site(*state, nothing);
	row.text = (struct str){ (const char *)&other.pool, 0 };
	assert_int_equal(
	    db_transact(site.pool, deadline_in_ms(20000), locking_body, &row, NULL), OK);
	assert_int_equal(row.result, ERR_UNAVAIL);
	assert_true(row.runs > 1);
	assert_int_equal(scratch_count(site.pool), 1);
	close_site(&other);
	close_site(&site);
}

/* ---- news ---- */

struct news {
	struct change changes[2048];
	size_t count;
};

static void note(void *arg, const struct change *changes, size_t count)
{
	struct news *news = arg;

	for (size_t i = 0; i < count && news->count < COUNT(news->changes); i++)
		news->changes[news->count++] = changes[i];
}

static struct db_conn *connect_for_news(struct db_driver *driver)
{
	struct db_conn *conn = NULL;

	assert_int_equal(driver->ops->connect(driver, DB_NEWS, &conn, NULL), OK);
	return conn;
}

static void news_are_heard_by_others_alone(void **state)
{
	static struct news news;
	static struct change changes[1500];
	struct db_ear ear = { .wake_fd = eventfd(0, EFD_CLOEXEC), .heard = note, .arg = &news };
	struct db_conn *one, *two;
	struct db_driver *driver;
	struct db_settings settings;
	const struct db_ops *ops;
	enum errc heard;

	PGSQL_ONLY();
	settings = scratch_settings(*state);
	assert_int_equal(db_driver_new(&settings, &driver, NULL), OK);
	ops = driver->ops;
	one = connect_for_news(driver);
	two = connect_for_news(driver);
	assert_int_equal(ops->listen(one, NULL), OK);
	assert_int_equal(ops->listen(two, NULL), OK);
	news.count = 0;
	for (size_t i = 0; i < COUNT(changes); i++)
		changes[i] = (struct change){ (int64_t)i + 1, 2, 3, CHANGE_MAIL };
	assert_int_equal(ops->tell(one, 111, changes, COUNT(changes), NULL), OK);
	while (news.count < COUNT(changes))
		assert_int_equal(ops->hear(two, 222, &ear, 10000, NULL), OK);
	for (size_t i = 0; i < COUNT(changes); i++)
		assert_int_equal(news.changes[i].owner, changes[i].owner);
	/* our own words come back, and are not told */
	news.count = 0;
	assert_int_equal(ops->hear(one, 111, &ear, 0, NULL), OK);
	assert_int_equal(news.count, 0);
	/* what is not ours may mean anything */
	administer_at(*state, ((struct scratch *)*state)->url, "NOTIFY tabella_changes, 'x'");
	assert_int_equal(ops->hear(two, 222, &ear, 10000, NULL), OK);
	assert_int_equal(news.count, 1);
	assert_int_equal(news.changes[0].kind, CHANGE_ALL);
	assert_int_equal(eventfd_write(ear.wake_fd, 1), 0);
	assert_int_equal(ops->hear(two, 222, &ear, -1, NULL), OK);
	administer(*state, END_SESSIONS);
	assert_int_equal(eventfd_read(ear.wake_fd, &(eventfd_t){ 0 }), 0);
	do /* the server's farewell, and its end */
		heard = ops->hear(two, 222, &ear, 10000, NULL);
	while (heard == OK);
	assert_int_equal(heard, ERR_CLOSED);
	ops->disconnect(&one);
	ops->disconnect(&two);
	ops->free(driver);
	(void)close(ear.wake_fd);
}

static void no_news_come_through_a_pooler(void **state)
{
	struct buf url = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_driver *driver;
	struct db_settings settings;
	struct db_conn *conn;

	PGSQL_ONLY();
	settings = scratch_settings(*state);
	change_url(*state, through_a_pooler, &url);
	settings.url = buf_str(&url);
	assert_int_equal(db_driver_new(&settings, &driver, NULL), OK);
	conn = connect_for_news(driver);
	assert_int_equal(driver->ops->listen(conn, NULL), ERR_UNSUPPORTED);
	driver->ops->disconnect(&conn);
	driver->ops->free(driver);
	buf_release(&url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(a_select_is_one_round_trip),
		SERVER_TEST(posts_and_their_commit_are_one_round_trip),
		SERVER_TEST(a_post_that_fails_fails_all),
		SERVER_TEST(a_post_that_fails_in_a_part_fails_the_part),
		SERVER_TEST(what_nobody_looked_at_is_nobodys_failure),
		SERVER_TEST(what_nobody_looked_at_is_no_part_of_a_transaction),
		SERVER_TEST(a_post_that_fails_harms_no_other_member),
		SERVER_TEST(text_with_nul_is_an_argument_that_cannot_be),
		SERVER_TEST(a_pooler_that_knows_no_sessions_will_do),
		SERVER_TEST(a_session_that_was_ended_is_not_leased),
		SERVER_TEST(a_session_that_is_ended_in_a_transaction_runs_it_again),
		SERVER_TEST(a_statement_that_takes_too_long_is_ended),
		SERVER_TEST(a_lock_that_lasts_is_waited_for_until_the_deadline),
		SERVER_TEST(news_are_heard_by_others_alone),
		SERVER_TEST(no_news_come_through_a_pooler),
	};

	return scratch_run(tests, NULL);
}
