/*
 * What is PostgreSQL's alone: how it is opened and what it says when it cannot be, the pipeline and its failures, sessions
 * that are ended by others, news, poolers. Without a server (see scratch.h) every test is skipped.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/driver.h"
#include "db/url.h"
#include "tests/contract/scratch.h"
#include "tests/contract/scratch_int.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define PGSQL_ONLY()                                                                           \
	do {                                                                                   \
		if (scratch_engine() != DB_PGSQL)                                              \
			skip();                                                                \
	} while (0)

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

/* A statement at a database of the server's; %s in it is the scratch database. */
static void administer_at(const struct scratch *scratch, const char *url, const char *format)
{
	struct arena *arena = arena_new("test");
	struct str rest = str_from(format), piece, sql = STR_EMPTY;

	for (int i = 0; str_split(&rest, '%', &piece); i++)
		sql = i == 0 ? piece
			     : str_printf(arena, "%.*s%s%.*s", STR_ARG(sql), scratch->name,
				   STR_ARG(str_from_at(piece, 1)));
	scratch_pgsql_run(url, str_cstr(arena, sql));
	arena_free(&arena);
}

static void administer(const struct scratch *scratch, const char *format)
{
	administer_at(scratch, getenv("TABELLA_TEST_PGSQL"), format);
}

/* `out` gets the scratch database's url, changed. */
static void change_url(
    const struct scratch *scratch, void (*change)(struct db_url *url), struct buf *out)
{
	struct arena *arena = arena_new("test");
	struct db_url url;

	assert_int_equal(db_url_parse(str_from(scratch->url), arena, &url, NULL), OK);
	change(&url);
	db_url_print(&url, out);
	db_url_release(&url);
	arena_free(&arena);
}

static enum errc open_changed(const struct scratch *scratch, bool create,
    void (*change)(struct db_url *url), struct err *err)
{
	struct db_settings settings = scratch_settings(scratch);
	struct buf text = BUF_INIT(DB_URL_TEXT_MAX);
	struct db_pool *pool = NULL;
	enum errc rc;

	change_url(scratch, change, &text);
	settings.url = buf_str(&text);
	settings.create = create;
	rc = db_open(&settings, &pool, err);
	db_close(&pool);
	buf_release(&text);
	return rc;
}

static void nothing(struct db_url *url)
{
	(void)url;
}

static void wrong_password(struct db_url *url)
{
	secret_release(&url->password);
	secret_init(&url->password, STR("not-the-password"));
}

static void no_server(struct db_url *url)
{
	url->hosts[0] = (struct db_url_host){ .name = STR_INIT("127.0.0.1"), .port = 1 };
	url->host_count = 1;
}

static void first_host_is_down(struct db_url *url)
{
	url->hosts[1] = url->hosts[0];
	url->hosts[0] = (struct db_url_host){ .name = STR_INIT("127.0.0.1"), .port = 1 };
	url->host_count = 2;
	url->options[url->option_count++] =
	    (struct db_url_option){ STR_INIT("target_session_attrs"), STR_INIT("read-write") };
}

static void other_database(struct db_url *url)
{
	url->name = STR("tabella \"is\" not there");
}

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

static void assert_says(const struct err *err, const char *what)
{
	if (!strstr(err->text, what))
		fail_msg("\"%s\" does not say \"%s\"", err->text, what);
	assert_null(strchr(err->text, '\n'));
}

static void what_is_wrong_is_said_with_what_to_do(void **state)
{
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(*state, true, wrong_password, &err), ERR_UNAVAIL);
	assert_says(&err, "check user and password");
	assert_null(strstr(err.text, "not-the-password"));
	assert_int_equal(open_changed(*state, true, no_server, &err), ERR_UNAVAIL);
	assert_says(&err, "port 1 failed");
	assert_int_equal(open_changed(*state, false, other_database, &err), ERR_NOTFOUND);
	assert_says(&err, "tabella db upgrade");
}

static void a_missing_database_is_made(void **state)
{
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(*state, true, other_database, &err), OK);
	administer(*state, "DROP DATABASE \"tabella \"\"is\"\" not there\"");
}

static void the_next_host_is_tried(void **state)
{
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(*state, true, first_host_is_down, &err), OK);
}

static void other_encodings_are_refused(void **state)
{
	struct err err;

	PGSQL_ONLY();
	administer(*state, "DROP DATABASE \"%s\"");
	administer(
	    *state, "CREATE DATABASE \"%s\" ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
	assert_int_equal(open_changed(*state, true, nothing, &err), ERR_UNSUPPORTED);
	assert_says(&err, "LATIN1");
}

static void tables_of_others_are_left_alone(void **state)
{
	struct scratch *scratch = *state;
	struct err err;

	PGSQL_ONLY();
	administer(scratch, "DROP DATABASE \"%s\"");
	administer(scratch, "CREATE DATABASE \"%s\"");
	administer_at(scratch, scratch->url, "CREATE TABLE dbmail_users (user_idnr BIGINT)");
	assert_int_equal(open_changed(scratch, true, nothing, &err), ERR_UNSUPPORTED);
	assert_says(&err, "another program's tables");
}

/* As administrators' recipes have them: no list of columns, and every value in quotes. */
static void rows_made_by_hand_fit(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO dbmail_users (userid) VALUES ('ann')",
		"INSERT INTO dbmail_mailboxes VALUES ('7', '4', 'INBOX', '0', '0', '0', '0', "
		"'0',"
		" '0', '0', '0', '2', '0')",
		"INSERT INTO dbmail_mailboxes VALUES (nextval('dbmail_mailbox_idnr_seq'), '4', "
		"'x',"
		" '0', '0', '0', '0', '0', '0', '0', '0', '2', '0')",
		"INSERT INTO dbmail_acl VALUES ('2', '7', '1', '1', '1', '0', '0', '0', '0', "
		"'0',"
		" '0', '0', '0')",
		"UPDATE dbmail_users SET user_idnr = 5 WHERE userid = 'ann'",
		"DO $$ BEGIN ASSERT (SELECT count(*) = 2 FROM dbmail_mailboxes WHERE "
		"owner_idnr ="
		" 5); END $$",
		"DELETE FROM dbmail_users WHERE user_idnr = 5",
		"DO $$ BEGIN ASSERT (SELECT count(*) = 0 FROM dbmail_acl); END $$",
	};
	struct scratch *scratch = *state;
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(scratch, true, nothing, &err), OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		administer_at(scratch, scratch->url, rows[i]);
}

static void views_have_dbmails_names(void **state)
{
	static const char *const rows[] = {
		"INSERT INTO dbmail_users (user_idnr, userid) VALUES (4, 'ann')",
		"INSERT INTO dbmail_mailboxes (mailbox_idnr, owner_idnr, name) VALUES (7, 4, "
		"'x')",
		"INSERT INTO mail_mailboxes (owner, mailbox, uidvalidity, first_recent)"
		" VALUES (4, 7, 1, 2)",
		"INSERT INTO mail_entries VALUES (4, 7, 1, 255, 9, 257, 5, 0, 0, 0, 10)",
		"INSERT INTO mail_keywords VALUES (4, 7, 0, 'work')",
		"INSERT INTO mail_objects VALUES (9, 4, 10, 5, 0, '\\x00', 1, 1, NULL, 60,"
		" 'h\303\251', '\\xff', '', NULL, NULL, '', '()', '()')",
		"DO $$ BEGIN ASSERT (SELECT (message_idnr, seen_flag, answered_flag, "
		"recent_flag,"
		" unique_id) = (255, 1, 0, 0, '000000000000000000000000000000ff')"
		" FROM dbmail_messages); END $$",
		"DO $$ BEGIN ASSERT (SELECT (rfcsize, internal_date) = (10, '1970-01-01 "
		"00:00:00')"
		" FROM dbmail_physmessage); END $$",
		"DO $$ BEGIN ASSERT (SELECT subjectfield = 'h' || chr(233) FROM"
		" dbmail_subjectfield); END $$",
		"DO $$ BEGIN ASSERT (SELECT fromfield = '\\377' FROM dbmail_fromfield); END $$",
		"DO $$ BEGIN ASSERT (SELECT tofield = '' FROM dbmail_tofield); END $$",
		"DO $$ BEGIN ASSERT (SELECT ccfield IS NULL FROM dbmail_ccfield); END $$",
		"DO $$ BEGIN ASSERT (SELECT datefield = '1970-01-01 00:01:00' FROM"
		" dbmail_datefield); END $$",
		"DO $$ BEGIN ASSERT (SELECT envelope = '()' FROM dbmail_envelope); END $$",
		"DO $$ BEGIN ASSERT (SELECT keyword = 'work' FROM dbmail_keywords); END $$",
		"DO $$ BEGIN ASSERT (SELECT count(*) = 12 FROM dbmail_headername); END $$",
	};
	struct scratch *scratch = *state;
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(scratch, true, nothing, &err), OK);
	for (size_t i = 0; i < COUNT(rows); i++)
		scratch_pgsql_run(scratch->url, rows[i]);
}

static void tables_may_have_another_prefix(void **state)
{
	struct scratch *scratch = *state;
	struct db_settings settings;
	struct db_pool *pool;

	PGSQL_ONLY();
	administer(scratch, "DROP DATABASE \"%s\"");
	administer(scratch, "CREATE DATABASE \"%s\"");
	settings = scratch_settings(scratch);
	settings.table_prefix = STR("site_");
	pool = scratch_open(&settings);
	db_close(&pool);
	scratch_pgsql_run(scratch->url, "INSERT INTO site_users (userid) VALUES ('ann')");
	scratch_pgsql_run(scratch->url, "SELECT user_idnr INTO site_seen FROM site_users");
	pool = scratch_open(&settings);
	db_close(&pool);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_wrong_is_said_with_what_to_do),
		TEST(a_missing_database_is_made),
		TEST(the_next_host_is_tried),
		TEST(other_encodings_are_refused),
		TEST(tables_of_others_are_left_alone),
		TEST(rows_made_by_hand_fit),
		TEST(views_have_dbmails_names),
		TEST(tables_may_have_another_prefix),
		TEST(a_select_is_one_round_trip),
		TEST(posts_and_their_commit_are_one_round_trip),
		TEST(a_post_that_fails_fails_all),
		TEST(a_post_that_fails_in_a_part_fails_the_part),
		TEST(what_nobody_looked_at_is_nobodys_failure),
		TEST(a_post_that_fails_harms_no_other_member),
		TEST(text_with_nul_is_an_argument_that_cannot_be),
		TEST(a_pooler_that_knows_no_sessions_will_do),
		TEST(a_session_that_was_ended_is_not_leased),
		TEST(a_session_that_is_ended_in_a_transaction_runs_it_again),
		TEST(a_statement_that_takes_too_long_is_ended),
		TEST(a_lock_that_lasts_is_waited_for_until_the_deadline),
		TEST(news_are_heard_by_others_alone),
		TEST(no_news_come_through_a_pooler),
	};

	return scratch_run(tests, NULL);
}
