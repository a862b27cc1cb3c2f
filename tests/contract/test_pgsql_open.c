/*
 * How PostgreSQL is opened, what it says when it cannot be, and rows and views as other programs know them. Without a
 * server (see scratch.h) every test is skipped.
 */
#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "tests/contract/scratch_int.h"
#include "tests/contract/server_site.h"

#include <string.h>

static void other_database(struct db_url *url)
{
	url->name = STR("tabella \"is\" not there");
}

static void what_is_wrong_is_said_with_what_to_do(void **state)
{
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(*state, true, wrong_password, &err), ERR_UNAVAIL);
	assert_says(&err, "check user and password");
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

static void two_hosts(struct db_url *url)
{
	url->hosts[1] = url->hosts[0];
	url->host_count = 2;
}

/* A server that was replaced comes back as a standby: what is left of it must not be taken for the one that writes. */
static void of_several_hosts_one_that_writes_is_taken(void **state)
{
	struct err err;

	PGSQL_ONLY();
	assert_int_equal(open_changed(*state, true, two_hosts, &err), OK);
	administer(*state, "ALTER DATABASE \"%s\" SET default_transaction_read_only = on");
	assert_int_equal(open_changed(*state, true, two_hosts, &err), ERR_UNAVAIL);
	assert_says(&err, "read-only");
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVER_TEST(what_is_wrong_is_said_with_what_to_do),
		SERVER_TEST(a_missing_database_is_made),
		SERVER_TEST(the_next_host_is_tried),
		SERVER_TEST(of_several_hosts_one_that_writes_is_taken),
		SERVER_TEST(other_encodings_are_refused),
		SERVER_TEST(tables_of_others_are_left_alone),
		SERVER_TEST(rows_made_by_hand_fit),
		SERVER_TEST(views_have_dbmails_names),
		SERVER_TEST(tables_may_have_another_prefix),
	};

	return scratch_run(tests, NULL);
}
