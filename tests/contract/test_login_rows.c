/* What stands beside an account's password: keys, the site's secret, services, the journal of logins. */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/auth_keys.h"
#include "store/authlog.h"
#include "store/node.h"
#include "tests/contract/admin.h"

#include <unistd.h>

static int open_admin(void **state)
{
	struct admin *admin = test_calloc(1, sizeof(*admin));

	admin_open(admin);
	*state = admin;
	return 0;
}

static int close_admin(void **state)
{
	admin_close(*state);
	test_free(*state);
	return 0;
}

static void change(struct admin *admin, int64_t id, const struct account_change *change)
{
	struct err err;

	if (account_change(admin->store, id, change, &err) != OK)
		fail_msg("account_change: %s", err.text);
}

static size_t keys_of(
    struct admin *admin, int64_t id, struct str passwd, struct auth_key keys[AUTH_KEYS_MAX])
{
	struct db *db = NULL;
	size_t count = 0;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(auth_keys_read(db, id, passwd, admin->arena, keys, &count, NULL), OK);
	db_return(&db);
	return count;
}

/* Later work is done when the store has closed and opened again. */
static void reopen(struct admin *admin)
{
	struct store_settings settings = { .index_cache_bytes = 1 << 20,
		.zstd_level = 1,
		.write_deadline_ms = 30000,
		.blob_keep_s = 86400 };
	struct db_settings db = scratch_settings(&admin->scratch);

	store_close(&admin->store);
	db_close(&admin->pool);
	admin->pool = scratch_open(&db);
	settings.pool = admin->pool;
	settings.lock_directory = admin->scratch.folder;
	assert_int_equal(store_open(&settings, &admin->store, NULL), OK);
}

static const struct auth_key two_keys[] = {
	{ STR_INIT("SCRAM-SHA-1"), STR_INIT("one") },
	{ STR_INIT("SCRAM-SHA-256"), STR_INIT("two") },
};

static void keys_belong_to_the_hash_they_were_made_from(void **state)
{
	static const struct db_sql by_hand = {
		.name = "test",
		.text = "UPDATE dbmail_users SET passwd = 'other' WHERE userid = 'ann'",
	};
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct account_change with = { .set_passwd = true,
		.passwd = STR("hash"),
		.encryption = STR("argon2id"),
		.keys = two_keys,
		.key_count = 2 };
	struct auth_key keys[AUTH_KEYS_MAX];

	assert_int_equal(keys_of(admin, ann, STR("x"), keys), 0);
	change(admin, ann, &with);
	assert_int_equal(keys_of(admin, ann, STR("hash"), keys), 2);
	assert_true(str_equal(keys[0].mechanism, STR("SCRAM-SHA-1")));
	assert_true(str_equal(keys[1].data, STR("two")));
	/* changed by hand: nobody told the keys */
	admin_sql(admin, &by_hand);
	assert_int_equal(keys_of(admin, ann, STR("other"), keys), 0);
	/* and again: the same rows */
	change(admin, ann, &with);
	assert_int_equal(keys_of(admin, ann, STR("hash"), keys), 2);
}

static void keys_go_with_the_account(void **state)
{
	static const struct db_sql count = { .name = "test",
		.text = "SELECT count(*) FROM auth_keys" };
	struct admin *admin = *state;
	struct account_new account = { .name = STR("bob"),
		.passwd = STR("hash"),
		.encryption = STR("argon2id"),
		.keys = two_keys,
		.key_count = 2 };
	int64_t id;

	assert_int_equal(account_create(admin->store, &account, &id, NULL), OK);
	assert_int_equal(admin_number(admin, &count, NULL, 0), 2);
	assert_int_equal(account_delete(admin->store, id, NULL), OK);
	assert_int_equal(admin_number(admin, &count, NULL, 0), 0);
}

static void later_keys_look_at_the_password_again(void **state)
{
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann")), bob = admin_user(admin, STR("bob"));
	struct auth_key keys[AUTH_KEYS_MAX];
	struct account_change other = { .set_passwd = true, .passwd = STR("new") };

	auth_keys_put_later(admin->store, ann, STR("x"), two_keys, 2);
	auth_keys_put_later(admin->store, bob, STR("x"), two_keys, 2);
	auth_keys_put_later(admin->store, 987654, STR("x"), two_keys, 2);
	change(admin, bob, &other);
	reopen(admin);
	assert_int_equal(keys_of(admin, ann, STR("x"), keys), 2);
	assert_int_equal(keys_of(admin, bob, STR("x"), keys), 0);
	assert_int_equal(keys_of(admin, bob, STR("new"), keys), 0);
}

static void large_data_are_no_keys(void **state)
{
	static char large[AUTH_KEY_DATA_MAX + 1];
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct auth_key key = { STR("SCRAM-SHA-1"), { large, sizeof(large) - 1 } };
	struct account_change with = {
		.set_passwd = true, .passwd = STR("hash"), .keys = &key, .key_count = 1
	};
	struct auth_key keys[AUTH_KEYS_MAX];

	memset(large, 'x', sizeof(large));
	change(admin, ann, &with);
	assert_int_equal(keys_of(admin, ann, STR("hash"), keys), 1);
	key.data.n++;
	change(admin, ann, &with);
	assert_int_equal(keys_of(admin, ann, STR("hash"), keys), 0);
}

static int64_t missing(struct admin *admin, struct str mechanism, int64_t hint)
{
	struct db *db = NULL;
	int64_t account = -1;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(auth_keys_missing(db, mechanism, hint, &account, NULL), OK);
	db_return(&db);
	return account;
}

static void whose_keys_are_missing(void **state)
{
	struct admin *admin = *state;
	struct account_change plain = { .set_passwd = true, .passwd = STR("secret") };
	struct account_change keyed = { .set_passwd = true,
		.passwd = STR("hash"),
		.encryption = STR("argon2id"),
		.keys = two_keys,
		.key_count = 1 };
	struct account_change off = { .set_active = true };
	int64_t ann, bob;

	assert_int_equal(missing(admin, STR("SCRAM-SHA-1"), 0), 0);
	ann = admin_user(admin, STR("ann"));
	bob = admin_user(admin, STR("bob"));
	assert_int_equal(missing(admin, STR("SCRAM-SHA-1"), bob), bob);
	change(admin, bob, &plain);
	assert_int_equal(missing(admin, STR("SCRAM-SHA-1"), bob), ann);
	change(admin, ann, &keyed);
	assert_int_equal(missing(admin, STR("SCRAM-SHA-1"), ann), 0);
	assert_int_equal(missing(admin, STR("SCRAM-SHA-256"), 0), ann);
	change(admin, ann, &off);
	assert_int_equal(missing(admin, STR("SCRAM-SHA-256"), 0), 0);
}

static void a_secret_is_made_once(void **state)
{
	static const struct db_sql spoil = { .name = "test",
		.text = "UPDATE site_secrets SET value = '00' WHERE name = 'a'" };
	struct admin *admin = *state;
	uint8_t a[SITE_SECRET_SIZE], b[SITE_SECRET_SIZE], again[SITE_SECRET_SIZE];

	assert_int_equal(site_secret(admin->store, STR("a"), a, NULL), OK);
	assert_int_equal(site_secret(admin->store, STR("b"), b, NULL), OK);
	assert_memory_not_equal(a, b, sizeof(a));
	reopen(admin);
	assert_int_equal(site_secret(admin->store, STR("a"), again, NULL), OK);
	assert_memory_equal(a, again, sizeof(a));
	admin_sql(admin, &spoil);
	assert_int_equal(site_secret(admin->store, STR("a"), again, NULL), ERR_CORRUPT);
}

static struct account_access access_of(struct admin *admin, int64_t id)
{
	struct account_access access;
	struct db *db = NULL;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(account_access_read(db, id, &access, NULL), OK);
	db_return(&db);
	return access;
}

static void access_is_rows_only_where_it_is_not_the_default(void **state)
{
	static const struct db_sql count = { .name = "test",
		.text = "SELECT count(*) FROM account_settings" };
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct account_access access = access_of(admin, ann);
	struct account_change some = { .set_services = true,
		.set_needs_tls = true,
		.access = { .services = ACCOUNT_IMAP | ACCOUNT_SMTP, .needs_tls = true } };
	struct account_change off = { .set_login = true };
	struct account_change all = { .set_services = true,
		.set_needs_tls = true,
		.set_login = true,
		.access = ACCOUNT_ACCESS_DEFAULT };

	assert_int_equal(access.services, ACCOUNT_SERVICES_ALL);
	assert_true(access.login && !access.needs_tls);
	change(admin, ann, &some);
	access = access_of(admin, ann);
	assert_int_equal(access.services, ACCOUNT_IMAP | ACCOUNT_SMTP);
	assert_true(access.login && access.needs_tls);
	change(admin, ann, &off);
	access = access_of(admin, ann);
	assert_true(!access.login && access.needs_tls);
	assert_int_equal(admin_number(admin, &count, NULL, 0), 3);
	change(admin, ann, &all);
	assert_int_equal(admin_number(admin, &count, NULL, 0), 0);
}

static void access_by_hand_is_taken_strictly(void **state)
{
	static const struct db_sql rows[] = {
		{ .name = "t1",
		    .text =
			"INSERT INTO account_settings VALUES (?, 'services', 'IMAP, smtp;')" },
		{ .name = "t2",
		    .text = "INSERT INTO account_settings VALUES (?, 'tls', 'whatever')" },
		{ .name = "t3",
		    .text = "INSERT INTO account_settings VALUES (?, 'login', 'of')" },
	};
	struct admin *admin = *state;
	int64_t ann = admin_user(admin, STR("ann"));
	struct account_access access;

	for (size_t i = 0; i < COUNT(rows); i++)
		admin_sql_ids(admin, &rows[i], &ann, 1);
	access = access_of(admin, ann);
	assert_int_equal(access.services, ACCOUNT_IMAP);
	assert_true(access.needs_tls);
	assert_false(access.login);
}

static void services_as_words(void **state)
{
	static const struct {
		struct str text;
		enum errc want;
		unsigned services;
		struct str back;
	} cases[] = {
		{ STR_INIT("imap"), OK, ACCOUNT_IMAP, STR_INIT("imap") },
		{ STR_INIT(" smtp , IMAP"), OK, ACCOUNT_IMAP | ACCOUNT_SMTP,
		    STR_INIT("imap smtp") },
		{ STR_INIT("all"), OK, ACCOUNT_SERVICES_ALL,
		    STR_INIT("imap pop3 smtp sieve http") },
		{ STR_INIT("none"), OK, 0, STR_INIT("none") },
		{ STR_INIT(""), OK, 0, STR_INIT("none") },
		{ STR_INIT("imaps"), ERR_ARG, 0, STR_INIT("none") },
	};
	struct admin *admin = *state;

	for (size_t i = 0; i < COUNT(cases); i++) {
		unsigned services = 0;

		assert_int_equal(
		    account_services_parse(cases[i].text, &services, NULL), cases[i].want);
		assert_int_equal(services, cases[i].services);
		assert_true(
		    str_equal(account_services_text(admin->arena, services), cases[i].back));
	}
}

static const struct authlog_login ann_logs_in = {
	.user = STR_INIT("ann"),
	.service = STR_INIT("imap"),
	.source = STR_INIT("192.0.2.7"),
	.target = STR_INIT("192.0.2.1"),
	.source_port = 4242,
	.target_port = 143,
};

/* Statements are known by their address. */
#define ROWS(admin, query)                                                                     \
	({                                                                                     \
		static const struct db_sql rows = { .name = "test", .text = (query) };         \
		admin_number((admin), &rows, NULL, 0);                                         \
	})

static void a_login_is_a_row_that_is_closed(void **state)
{
	static const struct db_sql recent = { .name = "test.recent",
		.pgsql = "SELECT count(*) FROM dbmail_authlog WHERE abs(extract(epoch FROM "
			 "now() AT TIME ZONE 'UTC' - login_time)) < 900",
		.mariadb = "SELECT count(*) FROM dbmail_authlog WHERE "
			   "abs(timestampdiff(SECOND, utc_timestamp(), login_time)) < 900",
		.sqlite = "SELECT count(*) FROM dbmail_authlog WHERE "
			  "abs(julianday('now') - julianday(login_time)) < 0.01" };
	struct admin *admin = *state;
	struct authlog_entry *open = authlog_open(admin->store, &ann_logs_in);
	struct authlog_entry *ended = authlog_open(admin->store, &ann_logs_in);

	authlog_failed(admin->store, &ann_logs_in);
	authlog_close(&ended, 11, 22);
	assert_null(ended);
	authlog_close(&ended, 1, 2);
	admin_flush(admin);
	assert_int_equal(ROWS(admin, "SELECT count(*) FROM dbmail_authlog"), 3);
	assert_int_equal(
	    ROWS(admin,
		"SELECT count(*) FROM dbmail_authlog WHERE userid = 'ann' "
		"AND service = 'imap' AND src_ip = '192.0.2.7' AND src_port = 4242 "
		"AND dst_ip = '192.0.2.1' AND dst_port = 143"),
	    3);
	assert_int_equal(admin_number(admin, &recent, NULL, 0), 3);
	assert_int_equal(
	    ROWS(admin, "SELECT count(*) FROM dbmail_authlog WHERE status = 'active'"), 1);
	assert_int_equal(ROWS(admin,
			     "SELECT count(*) FROM dbmail_authlog WHERE status = 'failed' "
			     "AND bytes_rx = 0 AND bytes_tx = 0"),
	    1);
	assert_int_equal(ROWS(admin,
			     "SELECT count(*) FROM dbmail_authlog WHERE status = 'closed' "
			     "AND bytes_rx = 11 AND bytes_tx = 22"),
	    1);
	authlog_close(&open, 0, 0);
	admin_flush(admin);
	assert_int_equal(
	    ROWS(admin, "SELECT count(*) FROM dbmail_authlog WHERE status = 'active'"), 0);
	assert_int_equal(ROWS(admin, "SELECT count(*) FROM dbmail_authlog"), 3);
}

static void a_long_name_is_cut_at_a_character(void **state)
{
	static char name[AUTHLOG_NAME_MAX + 1];
	struct admin *admin = *state;
	struct authlog_login login = ann_logs_in;

	memset(name, 'n', sizeof(name));
	login.user = (struct str){ name, AUTHLOG_NAME_MAX };
	authlog_failed(admin->store, &login);
	login.user.n++;
	authlog_failed(admin->store, &login);
	memcpy(name + AUTHLOG_NAME_MAX - 1, "\xc3\xa9", 2);
	authlog_failed(admin->store, &login);
	admin_flush(admin);
	assert_int_equal(ROWS(admin, "SELECT sum(length(userid)) FROM dbmail_authlog"),
	    3 * AUTHLOG_NAME_MAX - 1);
}

static void old_rows_go_and_young_ones_stay(void **state)
{
	static const struct db_sql old = {
		.name = "test",
		.text = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE "
			"i < 1001) "
			"INSERT INTO dbmail_authlog (userid, login_time) "
			"SELECT 'old', datetime('now', '-3 hours') FROM n",
		.pgsql = "INSERT INTO dbmail_authlog (userid, login_time) SELECT 'old', "
			 "now() AT TIME ZONE 'UTC' - interval '3 hours' "
			 "FROM generate_series(1, 1001)",
		.mariadb = "INSERT INTO dbmail_authlog (userid, login_time) SELECT 'old', "
			   "utc_timestamp() - INTERVAL 3 HOUR FROM seq_1_to_1001",
	};
	struct admin *admin = *state;
	struct store_settings settings = { .pool = admin->pool,
		.lock_directory = admin->scratch.folder,
		.index_cache_bytes = 1 << 20,
		.zstd_level = 1,
		.write_deadline_ms = 30000,
		.blob_keep_s = 86400,
		.authlog_keep_s = 3600,
		.serves = true };

	admin_sql(admin, &old);
	authlog_failed(admin->store, &ann_logs_in);
	admin_flush(admin);
	store_housekeeping(admin->store); /* keeps them for ever */
	assert_int_equal(ROWS(admin, "SELECT count(*) FROM dbmail_authlog"), 1002);
	store_close(&admin->store);
	settings.pool = admin->pool;
	assert_int_equal(store_open(&settings, &admin->store, NULL), OK);
	/* of several nodes one sweeps: this one knows after a beat that it is alone */
	for (int i = 0; i < 100 && !node_sweeps(admin->store); i++)
		(void)usleep(100000);
	store_housekeeping(admin->store);
	store_housekeeping(admin->store);
	assert_int_equal(ROWS(admin, "SELECT count(*) FROM dbmail_authlog"), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_admin, close_admin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keys_belong_to_the_hash_they_were_made_from),
		TEST(keys_go_with_the_account),
		TEST(later_keys_look_at_the_password_again),
		TEST(large_data_are_no_keys),
		TEST(whose_keys_are_missing),
		TEST(a_secret_is_made_once),
		TEST(access_is_rows_only_where_it_is_not_the_default),
		TEST(access_by_hand_is_taken_strictly),
		TEST(services_as_words),
		TEST(a_login_is_a_row_that_is_closed),
		TEST(a_long_name_is_cut_at_a_character),
		TEST(old_rows_go_and_young_ones_stay),
	};

	return scratch_run(tests, NULL);
}
