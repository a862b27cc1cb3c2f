/* Accounts, addresses, domains, and who may log in, on a real database. */
#include "tests/cm.h"

#include "auth/auth.h"
#include "auth/scheme.h"
#include "base/arena.h"
#include "base/str.h"
#include "store/auth_keys.h"
#include "tests/contract/admin.h"

#include <pthread.h>

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

static enum errc by_name(struct admin *admin, struct str name, struct account *account_out)
{
	struct db *db = NULL;
	enum errc rc;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	rc = account_by_name(db, name, admin->arena, account_out, NULL);
	db_return(&db);
	return rc;
}

static size_t aliases_of(struct admin *admin, struct str address, struct alias **rows_out)
{
	struct db *db = NULL;
	size_t count = 0;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(alias_lookup(db, address, admin->arena, rows_out, &count, NULL), OK);
	db_return(&db);
	return count;
}

static void an_account_is_found_in_any_case(void **state)
{
	struct admin *admin = *state;
	int64_t id = admin_user(admin, STR("Ann@Example.test"));
	struct account account;

	assert_int_equal(by_name(admin, STR("ann@EXAMPLE.TEST"), &account), OK);
	assert_int_equal(account.id, id);
	assert_true(str_equal(account.name, STR("Ann@Example.test")));
	assert_true(account.active);
	assert_false(account_is_internal(&account));
	assert_int_equal(by_name(admin, STR("ann"), &account), ERR_NOTFOUND);
	/* nor is anybody called by bytes that are no text */
	assert_int_equal(by_name(admin, STR("ann@example.test\0"), &account), ERR_NOTFOUND);
	assert_int_equal(by_name(admin, STR("ann@example.test\xff"), &account), ERR_NOTFOUND);
	assert_int_equal(by_name(admin, STR("\xed\xa0\x80"), &account), ERR_NOTFOUND);
	assert_int_equal(by_name(admin, STR("__public__"), &account), OK);
	assert_true(account_is_internal(&account));
	assert_int_equal(account.id, ACCOUNT_ID_PUBLIC);
}

static void the_engine_knows_accents(void **state)
{
	struct admin *admin = *state;
	int64_t with = admin_user(admin, STR("ren\xc3\xa9"));
	int64_t without = admin_user(admin, STR("rene"));
	struct account account;

	assert_int_equal(by_name(admin, STR("ren\xc3\xa9"), &account), OK);
	assert_int_equal(account.id, with);
	assert_int_equal(by_name(admin, STR("RENE"), &account), OK);
	assert_int_equal(account.id, without);
}

static void names_that_differ_in_case_are_one(void **state)
{
	struct admin *admin = *state;
	struct account_new account = { .name = STR("ANN") };
	int64_t id = admin_user(admin, STR("ann")), other;
	struct account_change change = { .set_name = true, .name = STR("Ann") };

	assert_int_equal(account_create(admin->store, &account, &other, NULL), ERR_EXISTS);
	/* one's own name in other letters */
	assert_int_equal(account_change(admin->store, id, &change, NULL), OK);
	admin_user(admin, STR("bob"));
	change.name = STR("BOB");
	assert_int_equal(account_change(admin->store, id, &change, NULL), ERR_EXISTS);
}

static void two_rows_made_by_hand_are_told_apart_by_case(void **state)
{
	struct admin *admin = *state;
	static const struct db_sql rows = { .name = "test.rows",
		.text = "INSERT INTO dbmail_users (user_idnr, userid) "
			"VALUES (70, 'cy'), (71, 'Cy')" };
	struct account account;

	admin_sql(admin, &rows);
	assert_int_equal(by_name(admin, STR("Cy"), &account), OK);
	assert_int_equal(account.id, 71);
	assert_int_equal(by_name(admin, STR("cy"), &account), OK);
	assert_int_equal(account.id, 70);
}

static enum errc create_named(struct admin *admin, struct str name)
{
	struct account_new account = { .name = name };
	int64_t id;

	return account_create(admin->store, &account, &id, NULL);
}

static void refuses_names_that_cannot_be(void **state)
{
	static char large[ACCOUNT_NAME_MAX + 1];
	struct admin *admin = *state;

	memset(large, 'x', sizeof(large));
	assert_int_equal(create_named(admin, STR("")), ERR_ARG);
	assert_int_equal(create_named(admin, STR("a b")), ERR_ARG);
	assert_int_equal(create_named(admin, STR("a/b")), ERR_ARG);
	assert_int_equal(create_named(admin, STR("a\nb")), ERR_ARG);
	assert_int_equal(create_named(admin, STR("a\xff")), ERR_ARG);
	assert_int_equal(
	    create_named(admin, (struct str){ large, ACCOUNT_NAME_MAX + 1 }), ERR_ARG);
	assert_int_equal(create_named(admin, (struct str){ large, ACCOUNT_NAME_MAX }), OK);
	assert_int_equal(create_named(admin, (struct str){ large, ACCOUNT_NAME_MAX - 1 }), OK);
}

static void changes_what_is_asked_and_nothing_else(void **state)
{
	struct admin *admin = *state;
	int64_t id = admin_user(admin, STR("ann"));
	struct account_change change = { .set_quota = true, .quota_bytes = 1000 };
	struct account account;

	assert_int_equal(account_change(admin->store, id, &change, NULL), OK);
	assert_int_equal(by_name(admin, STR("ann"), &account), OK);
	assert_int_equal(account.quota_bytes, 1000);
	assert_true(str_equal(account.encryption, STR("md5sum")));
	change = (struct account_change){ .set_active = true,
		.active = false,
		.set_passwd = true,
		.passwd = STR("p"),
		.encryption = STR("") };
	assert_int_equal(account_change(admin->store, id, &change, NULL), OK);
	assert_int_equal(by_name(admin, STR("ann"), &account), OK);
	assert_false(account.active);
	assert_true(str_equal(account.passwd, STR("p")));
	assert_int_equal(account.quota_bytes, 1000);
	assert_int_equal(
	    account_change(admin->store, ACCOUNT_ID_ANYONE, &change, NULL), ERR_DENIED);
	assert_int_equal(account_change(admin->store, 999, &change, NULL), ERR_NOTFOUND);
}

static const struct db_sql FOLDERS = { .name = "test.folders",
	.text = "SELECT count(*) FROM dbmail_mailboxes WHERE owner_idnr = ?" };

static void deleting_takes_folders_and_addresses_along(void **state)
{
	struct admin *admin = *state;
	struct str addresses[] = { STR("ann@x.test"), STR("team@x.test") };
	struct account_new account = {
		.name = STR("ann"), .aliases = addresses, .alias_count = 2
	};
	int64_t bob = admin_user(admin, STR("bob")), ann;
	struct alias *rows;
	char target[24];

	(void)snprintf(target, sizeof(target), "%lld", (long long)bob);
	assert_int_equal(account_create(admin->store, &account, &ann, NULL), OK);
	assert_int_equal(
	    alias_add(admin->store, STR("Team@X.test"), str_from(target), 0, NULL), OK);
	assert_int_equal(aliases_of(admin, STR("team@x.test"), &rows), 2);
	assert_int_equal(account_delete(admin->store, ann, NULL), OK);
	assert_int_equal(aliases_of(admin, STR("ann@x.test"), &rows), 0);
	assert_int_equal(aliases_of(admin, STR("TEAM@x.test"), &rows), 1);
	assert_true(str_equal(rows[0].target, str_from(target)));
	assert_int_equal(admin_number(admin, &FOLDERS, &ann, 1), 0);
	assert_int_equal(account_delete(admin->store, ann, NULL), ERR_NOTFOUND);
	assert_int_equal(account_delete(admin->store, ACCOUNT_ID_PUBLIC, NULL), ERR_DENIED);
	/* a number is never given twice */
	assert_true(admin_user(admin, STR("ann")) > ann);
}

static void addresses_have_targets(void **state)
{
	static const struct {
		struct str address, target;
		enum errc want;
	} cases[] = {
		{ STR_INIT("info@x.test"), STR_INIT("ext@y.test"), OK },
		{ STR_INIT("INFO@x.test"), STR_INIT("ext@y.test"), ERR_EXISTS },
		{ STR_INIT("info@x.test"), STR_INIT("|/bin/command"), OK },
		{ STR_INIT("@x.test"), STR_INIT("ext@y.test"), OK },
		{ STR_INIT("info@x.test"), STR_INIT("999"), ERR_NOTFOUND },
		{ STR_INIT("info@x.test"), STR_INIT("Info@X.test"), ERR_ARG },
		{ STR_INIT("info@x.test"), STR_INIT(""), ERR_ARG },
		{ STR_INIT(""), STR_INIT("ext@y.test"), ERR_ARG },
		{ STR_INIT("@"), STR_INIT("ext@y.test"), ERR_ARG },
		{ STR_INIT("12"), STR_INIT("ext@y.test"), ERR_ARG },
		{ STR_INIT("a\r\nb@x.test"), STR_INIT("ext@y.test"), ERR_ARG },
	};
	struct admin *admin = *state;
	struct alias *rows;

	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc rc =
		    alias_add(admin->store, cases[i].address, cases[i].target, 0, NULL);

		if (rc != cases[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
	}
	assert_int_equal(aliases_of(admin, STR("info@X.TEST"), &rows), 2);
	assert_int_equal(
	    alias_remove(admin->store, STR("info@x.test"), STR("|/bin/command"), NULL), OK);
	assert_int_equal(
	    alias_remove(admin->store, STR("info@x.test"), STR("|/bin/command"), NULL),
	    ERR_NOTFOUND);
	assert_int_equal(alias_remove(admin->store, STR("Info@x.test"), STR_EMPTY, NULL), OK);
	assert_int_equal(aliases_of(admin, STR("info@x.test"), &rows), 0);
}

static bool is_local(struct admin *admin, struct str name)
{
	struct db *db = NULL;
	bool local = false;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(domain_is_local(db, name, &local, NULL), OK);
	db_return(&db);
	return local;
}

static void domains_are_ours_by_row_or_by_use(void **state)
{
	struct admin *admin = *state;
	struct domain domain = { .name = STR("Row.test"), .active = true };

	assert_int_equal(domain_add(admin->store, &domain, NULL), OK);
	assert_int_equal(domain_add(admin->store, &domain, NULL), ERR_EXISTS);
	admin_user(admin, STR("ann@Login.test"));
	admin_user(admin, STR("plain"));
	assert_int_equal(
	    alias_add(admin->store, STR("@alias.test"), STR("ext@y.test"), 0, NULL), OK);
	assert_true(is_local(admin, STR("ROW.test")));
	assert_true(is_local(admin, STR("login.test")));
	assert_true(is_local(admin, STR("Alias.test")));
	assert_false(is_local(admin, STR("plain")));
	assert_false(is_local(admin, STR("y.test")));
	/* a row that says otherwise wins over use */
	domain =
	    (struct domain){ .name = STR("login.test"), .kind = DOMAIN_RELAY, .active = true };
	assert_int_equal(domain_add(admin->store, &domain, NULL), OK);
	assert_false(is_local(admin, STR("login.test")));
	assert_int_equal(domain_set_active(admin->store, STR("row.TEST"), false, NULL), OK);
	assert_false(is_local(admin, STR("row.test")));
	assert_int_equal(domain_remove(admin->store, STR("row.test"), NULL), OK);
	assert_int_equal(domain_remove(admin->store, STR("row.test"), NULL), ERR_NOTFOUND);
	domain.name = STR("b\xc3\xbc"
			  "cher.test");
	assert_int_equal(domain_add(admin->store, &domain, NULL), ERR_ARG);
	domain.name = STR("-x.test");
	assert_int_equal(domain_add(admin->store, &domain, NULL), ERR_ARG);
}

static enum errc login(struct admin *admin, struct str authzid, struct str name,
    struct str password, struct auth_login *login_out)
{
	struct credentials credentials = {
		.authzid = authzid, .authcid = name, .password = password
	};
	struct db *db = NULL;
	enum errc rc;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	rc = auth_check(db, &credentials, admin->arena, login_out, NULL);
	db_return(&db);
	return rc;
}

static int64_t user_with_password(struct admin *admin, struct str name, struct str password)
{
	struct account_new account = { .name = name };
	int64_t id;

	assert_int_equal(scheme_make(STR("argon2id"), password, admin->arena, &account.passwd,
			     &account.encryption, NULL),
	    OK);
	assert_int_equal(account_create(admin->store, &account, &id, NULL), OK);
	return id;
}

static void people_log_in_with_their_password(void **state)
{
	struct admin *admin = *state;
	int64_t id = user_with_password(admin, STR("Ann"), STR("secret"));
	struct account_change off = { .set_active = true, .active = false };
	struct auth_login got;

	assert_int_equal(login(admin, STR(""), STR("ann"), STR("secret"), &got), OK);
	assert_int_equal(got.account, id);
	assert_true(str_equal(got.name, STR("Ann")));
	assert_int_equal(login(admin, STR("ANN"), STR("ann"), STR("secret"), &got), OK);
	assert_int_equal(login(admin, STR(""), STR("ann"), STR("Secret"), &got), ERR_DENIED);
	assert_int_equal(login(admin, STR(""), STR("nobody"), STR("secret"), &got), ERR_DENIED);
	assert_int_equal(login(admin, STR("bob"), STR("ann"), STR("secret"), &got), ERR_DENIED);
	assert_int_equal(login(admin, STR(""), STR("ann"), STR(""), &got), ERR_SYNTAX);
	assert_int_equal(account_change(admin->store, id, &off, NULL), OK);
	assert_int_equal(login(admin, STR(""), STR("ann"), STR("secret"), &got), ERR_DENIED);
}

static void the_programs_own_accounts_never_log_in(void **state)
{
	struct admin *admin = *state;
	static const struct db_sql open = { .name = "test.open",
		.text = "UPDATE dbmail_users SET passwd = 'x', encryption_type = '' "
			"WHERE user_idnr <= 3" };
	struct auth_login got;

	admin_sql(admin, &open);
	assert_int_equal(login(admin, STR(""), STR("anyone"), STR("x"), &got), ERR_DENIED);
	assert_int_equal(login(admin, STR(""), STR("__public__"), STR("x"), &got), ERR_DENIED);
}

/* Where a session would sleep. */
struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	uint64_t refs;
	int count;
};

static void ring(void *arg, uint64_t ref)
{
	struct bell *bell = arg;

	(void)pthread_mutex_lock(&bell->lock);
	bell->refs += ref;
	bell->count++;
	(void)pthread_cond_broadcast(&bell->rung);
	(void)pthread_mutex_unlock(&bell->lock);
}

static void wait_for(struct bell *bell, int count)
{
	(void)pthread_mutex_lock(&bell->lock);
	while (bell->count < count)
		(void)pthread_cond_wait(&bell->rung, &bell->lock);
	(void)pthread_mutex_unlock(&bell->lock);
}

static struct auth *open_auth(
    struct admin *admin, struct bell *bell, int workers, int queue_max)
{
	struct auth_settings settings = { .store = admin->store,
		.workers = workers,
		.queue_max = queue_max,
		.wake = ring,
		.wake_arg = bell };
	struct auth *auth = NULL;

	assert_int_equal(auth_open(&settings, &auth, NULL), OK);
	return auth;
}

static enum errc start(struct admin *admin, struct auth *auth, struct str name,
    struct str password, uint64_t ref, struct auth_request **request_out)
{
	struct credentials credentials = { .authcid = name, .password = password };
	struct auth_question question = { .credentials = &credentials,
		.service = ACCOUNT_IMAP };
	struct db *db = NULL;
	enum errc rc;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	rc = auth_start(auth, db, &question, ref, request_out, NULL);
	db_return(&db);
	return rc;
}

static void a_session_is_woken_with_the_answer(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	int64_t id = user_with_password(admin, STR("ann"), STR("secret"));
	struct auth *auth = open_auth(admin, &bell, 2, 8);
	struct auth_request *right = NULL, *wrong = NULL, *again = NULL;
	struct auth_login got = { .account = 0 };
	struct auth_stats stats;
	struct account_change other = { .set_passwd = true, .passwd = STR("new") };

	assert_int_equal(start(admin, auth, STR("ann"), STR("secret"), 100, &right), OK);
	assert_int_equal(start(admin, auth, STR("ann"), STR("wrong"), 1, &wrong), OK);
	wait_for(&bell, 2);
	assert_int_equal(bell.refs, 101);
	assert_int_equal(auth_take(&right, admin->arena, &got, NULL), OK);
	assert_null(right);
	assert_int_equal(got.account, id);
	assert_int_equal(auth_take(&wrong, admin->arena, &got, NULL), ERR_DENIED);

	/* remembered: answered at once */
	assert_int_equal(start(admin, auth, STR("ann"), STR("secret"), 0, &again), OK);
	assert_int_equal(auth_take(&again, admin->arena, &got, NULL), OK);
	auth_stats(auth, &stats);
	assert_int_equal(stats.cache_hits, 1);
	assert_int_equal(stats.logins, 2);
	assert_int_equal(stats.failures, 1);

	/* and never over a row that has changed */
	assert_int_equal(account_change(admin->store, id, &other, NULL), OK);
	assert_int_equal(start(admin, auth, STR("ann"), STR("secret"), 0, &again), OK);
	wait_for(&bell, 4);
	assert_int_equal(auth_take(&again, admin->arena, &got, NULL), ERR_DENIED);
	auth_close(&auth);
}

static void a_full_queue_says_try_later(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	/* nobody hashes: the queue stays as it is */
	struct auth *auth = open_auth(admin, &bell, 0, 2);
	struct auth_request *request[3] = { NULL };
	struct auth_login got;
	struct auth_stats stats;

	assert_int_equal(start(admin, auth, STR("nobody"), STR("x"), 1, &request[0]), OK);
	assert_int_equal(start(admin, auth, STR("nobody"), STR("x"), 1, &request[1]), OK);
	assert_int_equal(
	    start(admin, auth, STR("nobody"), STR("x"), 1, &request[2]), ERR_UNAVAIL);
	assert_null(request[2]);
	assert_int_equal(auth_take(&request[0], admin->arena, &got, NULL), ERR_MORE);
	auth_stats(auth, &stats);
	assert_int_equal(stats.waiting, 2);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(bell.count, 0);
	auth_cancel(&request[0]);
	auth_cancel(&request[1]);
	auth_close(&auth);
	assert_int_equal(bell.count, 0);
}

static void sessions_may_go_before_the_answer(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	struct auth *auth = open_auth(admin, &bell, 2, 8);
	struct auth_request *request = NULL;

	for (int i = 0; i < 4; i++) {
		assert_int_equal(start(admin, auth, STR("nobody"), STR("x"), 1, &request), OK);
		auth_cancel(&request);
		assert_null(request);
	}
	auth_close(&auth);
}

static void a_login_makes_a_missing_inbox(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	static const struct db_sql row = { .name = "test.row",
		.text = "INSERT INTO dbmail_users (user_idnr, userid, passwd) "
			"VALUES (70, 'hand', 'plain')" };
	struct auth *auth = open_auth(admin, &bell, 2, 8);
	struct auth_request *request = NULL;
	struct auth_login got;
	struct mailbox mailbox;

	admin_sql(admin, &row);
	assert_int_equal(start(admin, auth, STR("hand"), STR("plain"), 1, &request), OK);
	wait_for(&bell, 1);
	assert_int_equal(auth_take(&request, admin->arena, &got, NULL), OK);
	assert_int_equal(admin_find(admin, 70, STR("INBOX"), &mailbox), OK);
	auth_close(&auth);
}

/* What a SCRAM exchange would be given. */
static struct auth_login ask_keys(
    struct admin *admin, struct auth *auth, struct bell *bell, struct str name)
{
	struct credentials credentials = { .authcid = name };
	struct auth_question question = { .credentials = &credentials,
		.proof = AUTH_BY_KEYS,
		.service = ACCOUNT_IMAP,
		.hash = SCRAM_SHA256,
		.iterations = 4096 };
	struct auth_request *request = NULL;
	struct auth_login got = { .account = 0 };
	struct db *db = NULL;
	int count = bell->count;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(auth_start(auth, db, &question, 1, &request, NULL), OK);
	db_return(&db);
	wait_for(bell, count + 1);
	assert_int_equal(auth_take(&request, admin->arena, &got, NULL), OK);
	return got;
}

static bool same_salt(const struct auth_login *a, const struct auth_login *b)
{
	return a->keys.salt_size == b->keys.salt_size &&
	    a->keys.iterations == b->keys.iterations &&
	    memcmp(a->keys.salt, b->keys.salt, a->keys.salt_size) == 0;
}

static bool same_keys(const struct auth_login *a, const struct auth_login *b)
{
	return memcmp(a->keys.stored, b->keys.stored, sizeof(a->keys.stored)) == 0;
}

/* An account with keys, one in plain text, one with a hash alone, and none: the same to whoever asks. */
static void keys_do_not_tell_who_is_there(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	static const struct str names[] = { STR_INIT("keyed"), STR_INIT("plain"),
		STR_INIT("hashed"), STR_INIT("nobody") };
	struct account_new keyed = {
		.name = names[0], .passwd = STR("hash"), .encryption = STR("argon2id")
	};
	struct account_new plain = { .name = names[1], .passwd = STR("secret") };
	struct auth_login before[COUNT(names)], got[COUNT(names)], again[COUNT(names)];
	struct auth_key *keys = NULL;
	struct auth *auth;
	int64_t id;

	auth = open_auth(admin, &bell, 1, 8);
	for (size_t i = 0; i < COUNT(names); i++)
		before[i] = ask_keys(admin, auth, &bell, names[i]);
	assert_int_equal(auth_make_keys(admin->store, keyed.name, STR("secret"), 4096,
			     admin->arena, &keys, &keyed.key_count, NULL),
	    OK);
	keyed.keys = keys;
	assert_int_equal(keyed.key_count, 2);
	assert_int_equal(account_create(admin->store, &keyed, &id, NULL), OK);
	assert_int_equal(account_create(admin->store, &plain, &id, NULL), OK);
	(void)user_with_password(admin, names[2], STR("secret"));
	for (size_t i = 0; i < COUNT(names); i++) {
		got[i] = ask_keys(admin, auth, &bell, names[i]);
		again[i] = ask_keys(admin, auth, &bell, names[i]);
		/* with and without an account, now and later */
		assert_true(same_salt(&before[i], &got[i]));
		assert_true(same_salt(&got[i], &again[i]));
		assert_false(same_salt(&got[i], &got[(i + 1) % COUNT(names)]));
	}
	/* only who can prove something gets the same keys twice, and the log knows why the others do not */
	assert_true(!got[0].reason && same_keys(&got[0], &again[0]));
	assert_true(!got[1].reason && same_keys(&got[1], &again[1]));
	assert_true(got[2].reason && got[2].lacks_keys && !same_keys(&got[2], &again[2]));
	assert_true(got[3].reason && !got[3].lacks_keys && !same_keys(&got[3], &again[3]));
	auth_close(&auth);
}

static void a_password_leaves_keys_behind(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	static const struct db_sql count = { .name = "test.keys",
		.text = "SELECT count(*) FROM auth_keys" };
	struct auth *auth = open_auth(admin, &bell, 1, 8);
	struct credentials credentials = { .authcid = STR("ann"), .password = STR("secret") };
	struct auth_question question = { .credentials = &credentials,
		.service = ACCOUNT_IMAP,
		.iterations = 4096,
		.make_keys = 1U << SCRAM_SHA1 | 1U << SCRAM_SHA256 };
	struct auth_request *request = NULL;
	struct auth_login got;

	(void)user_with_password(admin, STR("ann"), STR("secret"));
	assert_true(ask_keys(admin, auth, &bell, STR("ann")).lacks_keys);
	for (int i = 0; i < 2; i++) {
		struct db *db = NULL;
		int rung = bell.count;

		assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
		assert_int_equal(auth_start(auth, db, &question, 1, &request, NULL), OK);
		db_return(&db);
		wait_for(&bell, rung + 1);
		assert_int_equal(auth_take(&request, admin->arena, &got, NULL), OK);
		admin_flush(admin);
		assert_int_equal(admin_number(admin, &count, NULL, 0), 2);
	}
	assert_null(ask_keys(admin, auth, &bell, STR("ann")).reason);
	auth_close(&auth);
}

static void auth_look_finds_who_cannot_use_scram(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	struct auth *auth = open_auth(admin, &bell, 1, 8);
	unsigned both = 1U << SCRAM_SHA1 | 1U << SCRAM_SHA256;
	int64_t id;

	assert_false(auth_scram_is_ready(auth));
	auth_look(auth, both);
	assert_true(auth_scram_is_ready(auth));
	id = user_with_password(admin, STR("ann"), STR("secret"));
	auth_look(auth, both);
	assert_false(auth_scram_is_ready(auth));
	auth_look(auth, 0);
	assert_true(auth_scram_is_ready(auth));
	auth_note_no_keys(auth);
	assert_false(auth_scram_is_ready(auth));
	assert_int_equal(account_delete(admin->store, id, NULL), OK);
	auth_look(auth, both);
	assert_true(auth_scram_is_ready(auth));
	auth_close(&auth);
}

static enum errc try_cram(struct admin *admin, struct str name, struct str digest)
{
	struct credentials credentials = { .authcid = name,
		.password = digest,
		.challenge = STR("<1896.697170952@postoffice.reston.mci.net>") };
	struct auth_login got;
	struct db *db = NULL;
	enum errc rc;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	rc = auth_check(db, &credentials, admin->arena, &got, NULL);
	db_return(&db);
	return rc;
}

/* RFC 2195 section 2 */
static void cram_md5_needs_the_plain_text(void **state)
{
	struct admin *admin = *state;
	struct account_new tim = { .name = STR("tim"), .passwd = STR("tanstaaftanstaaf") };
	struct str digest = STR("b913a602c7eda7a495b4e6e7334d3890");
	int64_t id;

	assert_int_equal(account_create(admin->store, &tim, &id, NULL), OK);
	(void)user_with_password(admin, STR("ann"), STR("tanstaaftanstaaf"));
	assert_int_equal(try_cram(admin, STR("tim"), digest), OK);
	assert_int_equal(
	    try_cram(admin, STR("tim"), STR("b913a602c7eda7a495b4e6e7334d3891")), ERR_DENIED);
	assert_int_equal(try_cram(admin, STR("ann"), digest), ERR_DENIED);
	assert_int_equal(try_cram(admin, STR("nobody"), digest), ERR_DENIED);
	/* the password of the account is no answer to a challenge */
	assert_int_equal(try_cram(admin, STR("tim"), STR("tanstaaftanstaaf")), ERR_DENIED);
}

static enum errc try_service(
    struct admin *admin, struct auth *auth, struct bell *bell, unsigned service, bool tls)
{
	struct credentials credentials = { .authcid = STR("ann"), .password = STR("secret") };
	struct auth_question question = {
		.credentials = &credentials, .service = service, .tls = tls
	};
	struct auth_request *request = NULL;
	struct auth_login got;
	struct db *db = NULL;
	int rung = bell->count;

	assert_int_equal(db_lease(admin->pool, 5000, &db, NULL), OK);
	assert_int_equal(auth_start(auth, db, &question, 1, &request, NULL), OK);
	db_return(&db);
	wait_for(bell, rung + 1);
	return auth_take(&request, admin->arena, &got, NULL);
}

static void an_account_logs_in_where_it_may(void **state)
{
	struct admin *admin = *state;
	struct bell bell = { .lock = PTHREAD_MUTEX_INITIALIZER,
		.rung = PTHREAD_COND_INITIALIZER };
	int64_t ann = user_with_password(admin, STR("ann"), STR("secret"));
	struct auth *auth = open_auth(admin, &bell, 1, 8);
	struct account_change some = { .set_services = true,
		.set_needs_tls = true,
		.access = { .services = ACCOUNT_IMAP, .needs_tls = true } };
	struct account_change off = { .set_login = true };

	assert_int_equal(try_service(admin, auth, &bell, ACCOUNT_SMTP, false), OK);
	assert_int_equal(account_change(admin->store, ann, &some, NULL), OK);
	/* although the password is remembered */
	assert_int_equal(try_service(admin, auth, &bell, ACCOUNT_SMTP, true), ERR_DENIED);
	assert_int_equal(try_service(admin, auth, &bell, ACCOUNT_IMAP, false), ERR_DENIED);
	assert_int_equal(try_service(admin, auth, &bell, ACCOUNT_IMAP, true), OK);
	assert_int_equal(account_change(admin->store, ann, &off, NULL), OK);
	assert_int_equal(try_service(admin, auth, &bell, ACCOUNT_IMAP, true), ERR_DENIED);
	auth_close(&auth);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_admin, close_admin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_account_is_found_in_any_case),
		TEST(the_engine_knows_accents),
		TEST(names_that_differ_in_case_are_one),
		TEST(two_rows_made_by_hand_are_told_apart_by_case),
		TEST(refuses_names_that_cannot_be),
		TEST(changes_what_is_asked_and_nothing_else),
		TEST(deleting_takes_folders_and_addresses_along),
		TEST(addresses_have_targets),
		TEST(domains_are_ours_by_row_or_by_use),
		TEST(people_log_in_with_their_password),
		TEST(the_programs_own_accounts_never_log_in),
		TEST(a_session_is_woken_with_the_answer),
		TEST(a_full_queue_says_try_later),
		TEST(sessions_may_go_before_the_answer),
		TEST(a_login_makes_a_missing_inbox),
		TEST(keys_do_not_tell_who_is_there),
		TEST(a_password_leaves_keys_behind),
		TEST(auth_look_finds_who_cannot_use_scram),
		TEST(cram_md5_needs_the_plain_text),
		TEST(an_account_logs_in_where_it_may),
	};

	return scratch_run(tests, NULL);
}
