#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/url.h"

#include <string.h>

/* ---- reading and writing ---- */

static const struct {
	const char *in, *want; /* as it is written again */
} good_cases[] = {
	{ "mysql://h/db", "mysql://h/db" },
	{ "MariaDB://h/db", "mysql://h/db" },
	{ "postgres://h/db", "postgresql://h/db" },
	{ "pgsql://h/db", "postgresql://h/db" },
	{ "mysql://u:p@h:3307/db", "mysql://u:p@h:3307/db" },
	{ "mysql://u@h/db", "mysql://u@h/db" },
	{ "mysql://u:@h/db", "mysql://u@h/db" },
	{ "mysql://:p@h/db", "mysql://:p@h/db" },
	{ "mysql:///db", "mysql:///db" },
	{ "mysql://h", "mysql://h/" },
	{ "mysql://h:/db", "mysql://h/db" },
	{ "mysql://", "mysql:///" },
	{ "mysql://a,b:3307,,d/db", "mysql://a,b:3307,,d/db" },
	{ "mysql://h:1,h:65535/db", "mysql://h:1,h:65535/db" },
	{ "mysql://[::1]/db", "mysql://[::1]/db" },
	{ "mysql://[::1]:3306,[fe80::1%25eth0]/db", "mysql://[::1]:3306,[fe80::1%25eth0]/db" },
	{ "mysql://%2Frun%2Fs.sock/db", "mysql://%2Frun%2Fs.sock/db" },
	{ "mysql://u@h/db?socket=/run/s.sock&ssl=on", "mysql://u@%2Frun%2Fs.sock/db?ssl=on" },
	{ "mysql:///db?ssl=on&socket=/run/s.sock", "mysql://%2Frun%2Fs.sock/db?ssl=on" },
	{ "postgresql:///db?socket=/run", "postgresql:///db?socket=/run" },
	{ "postgresql:///db?host=/run&port=5433", "postgresql:///db?host=/run&port=5433" },
	{ "mysql://u%40d:p%3a%2F%25@h/d%62?a=%26&b=",
	    "mysql://u%40d:p%3A%2F%25@h/db?a=%26&b=" },
	{ "mysql://u:p:q@h/db", "mysql://u:p%3Aq@h/db" },
	{ "mysql://h/db/x", "mysql://h/db%2Fx" },
	{ "mysql://h/db?a==", "mysql://h/db?a=%3D" },
	{ "mysql://h/db?", "mysql://h/db" },
	{ "mysql://h?a=/@", "mysql://h/?a=/%40" },
	{ "mysql://h/db+\xc3\xa9", "mysql://h/db%2B%C3%A9" },
	{ "mysql://h:3306/db?user=root&password=s%26w", "mysql://root:s%26w@h:3306/db" },
	{ "postgresql://u@h/db?a=b&password=p", "postgresql://u:p@h/db?a=b" },
	{ "postgresql://h/db?users=u", "postgresql://h/db?users=u" },
};

static void assert_printed(const struct db_url *url, const char *want)
{
	struct buf out = BUF_INIT(DB_URL_TEXT_MAX);

	db_url_print(url, &out);
	if (!str_equal(buf_str(&out), str_from(want)))
		fail_msg("got %.*s, not %s", STR_ARG(buf_str(&out)), want);
	buf_release(&out);
}

static void what_is_read_is_written_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good_cases); i++) {
		struct arena *arena = arena_new("test");
		struct db_url url;
		struct err err;

		if (db_url_parse(str_from(good_cases[i].in), arena, &url, &err) != OK)
			fail_msg("%s: %s", good_cases[i].in, err.text);
		assert_printed(&url, good_cases[i].want);
		db_url_release(&url);
		assert_int_equal(
		    db_url_parse(str_from(good_cases[i].want), arena, &url, NULL), OK);
		assert_printed(&url, good_cases[i].want);
		db_url_release(&url);
		arena_free(&arena);
	}
}

static void parts_are_where_they_belong(void **state)
{
	struct arena *arena = arena_new("test");
	struct str text =
	    STR("mariadb://us%65r:p%40ss:word@[::1]:3307,%2Frun%2Fs/d%3F?ssl=on&ca=/x%26y");
	struct db_url url;

	(void)state;
	assert_int_equal(db_url_parse(text, arena, &url, NULL), OK);
	assert_int_equal(url.engine, DB_MARIADB);
	assert_true(str_equal(url.user, STR("user")));
	assert_true(str_equal(secret_view(&url.password), STR("p@ss:word")));
	assert_int_equal(url.host_count, 2);
	assert_true(str_equal(url.hosts[0].name, STR("::1")));
	assert_int_equal(url.hosts[0].port, 3307);
	assert_true(str_equal(url.hosts[1].name, STR("/run/s")));
	assert_int_equal(url.hosts[1].port, 0);
	assert_true(str_equal(url.name, STR("d?")));
	assert_true(str_equal(*db_url_option(&url, "ssl"), STR("on")));
	assert_true(str_equal(*db_url_option(&url, "ca"), STR("/x&y")));
	assert_null(db_url_option(&url, "s"));
	db_url_release(&url);
	assert_int_equal(url.password.n, 0);
	arena_free(&arena);
}

static const struct {
	const char *in;
	enum errc want;
} bad_cases[] = {
	{ "", ERR_UNSUPPORTED },
	{ "/var/mail.db", ERR_UNSUPPORTED },
	{ "sqlite:/var/mail.db", ERR_UNSUPPORTED },
	{ "mysqlx://h/db", ERR_UNSUPPORTED },
	{ "mysql", ERR_UNSUPPORTED },
	{ "mysql:", ERR_SYNTAX },
	{ "mysql:/h/db", ERR_SYNTAX },
	{ "mysql://h:0/db", ERR_SYNTAX },
	{ "mysql://h:65536/db", ERR_SYNTAX },
	{ "mysql://h:x/db", ERR_SYNTAX },
	{ "mysql://h:1:2/db", ERR_SYNTAX },
	{ "mysql://::1/db", ERR_SYNTAX },
	{ "mysql://[]/db", ERR_SYNTAX },
	{ "mysql://[::1/db", ERR_SYNTAX },
	{ "mysql://[::1]x/db", ERR_SYNTAX },
	{ "mysql://a%2Cb/db", ERR_SYNTAX },
	{ "mysql://u:p@q@h/db", ERR_SYNTAX },
	{ "mysql://h%/db", ERR_SYNTAX },
	{ "mysql://h%4/db", ERR_SYNTAX },
	{ "mysql://h/%zz", ERR_SYNTAX },
	{ "mysql://u%00@h/db", ERR_SYNTAX },
	{ "mysql://u:%00@h/db", ERR_SYNTAX },
	{ "mysql://h/db?a", ERR_SYNTAX },
	{ "mysql://h/db?=a", ERR_SYNTAX },
	{ "mysql://h/db?a=1&", ERR_SYNTAX },
	{ "mysql://h/db?a=1&a=1", ERR_SYNTAX },
	{ "mysql://h/db?%61=1&a=1", ERR_SYNTAX },
	{ "mysql://h/db?socket=run", ERR_SYNTAX },
	{ "mysql://h/db?socket=", ERR_SYNTAX },
	{ "mysql://u@h/db?user=u", ERR_SYNTAX },
	{ "mysql://:p@h/db?password=p", ERR_SYNTAX },
	{ "mysql://h/db?password=%00", ERR_SYNTAX },
};

static void refuses_what_is_no_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad_cases); i++) {
		struct arena *arena = arena_new("test");
		struct db_url url;
		enum errc got = db_url_parse(str_from(bad_cases[i].in), arena, &url, NULL);

		if (got != bad_cases[i].want)
			fail_msg("%s: %s", bad_cases[i].in, errc_name(got));
		arena_free(&arena);
	}
}

static void an_error_does_not_tell_the_password(void **state)
{
	static const char *const urls[] = { "mysql://u:hunter2%@h/db",
		"mysql://u:hun@ter2@h/db", "mysql:/u:hunter2@h/db", "mysql://u:hunter2@h:x/db",
		"mysql://u:hunter2@h/db?x", "mysql://u:hunter2%00@h/db",
		"mysqlx://u:hunter2@h/db", "mysql://u:hunter2/@h/db" };

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct arena *arena = arena_new("test");
		struct db_url url;
		struct err err;

		assert_true(db_url_parse(str_from(urls[i]), arena, &url, &err) != OK);
		assert_null(strstr(err.text, "ter2"));
		arena_free(&arena);
	}
}

/* `count` pieces joined by `between`, behind `start`. */
static enum errc parse_many(
    const char *start, const char *piece, const char *between, int count, bool numbered)
{
	struct arena *arena = arena_new("test");
	struct buf text = BUF_INIT(1 << 20);
	struct db_url url;
	enum errc rc;

	buf_add_str(&text, str_from(start));
	for (int i = 0; i < count; i++) {
		buf_add_str(&text, i > 0 ? str_from(between) : STR_EMPTY);
		buf_add_str(&text, str_from(piece));
		if (numbered)
			buf_printf(&text, "%d=", i);
	}
	rc = db_url_parse(buf_str(&text), arena, &url, NULL);
	if (rc == OK)
		db_url_release(&url);
	buf_release(&text);
	arena_free(&arena);
	return rc;
}

static void limits_are_kept(void **state)
{
	(void)state;
	assert_int_equal(parse_many("mysql://", "h", ",", DB_URL_HOSTS_MAX, false), OK);
	assert_int_equal(
	    parse_many("mysql://", "h", ",", DB_URL_HOSTS_MAX + 1, false), ERR_LIMIT);
	assert_int_equal(parse_many("mysql:///?", "o", "&", DB_URL_OPTIONS_MAX, true), OK);
	assert_int_equal(
	    parse_many("mysql:///?", "o", "&", DB_URL_OPTIONS_MAX + 1, true), ERR_LIMIT);
	assert_int_equal(parse_many("mysql:///", "x", "", DB_URL_MAX - 9, false), OK);
	assert_int_equal(parse_many("mysql:///", "x", "", DB_URL_MAX - 8, false), ERR_LIMIT);
	/* a password as long as it can be */
	assert_int_equal(parse_many("mysql://:", "x", "", DB_URL_MAX - 9, false), ERR_SYNTAX);
}

/* ---- what people may see ---- */

static const struct {
	const char *in, *want;
} shown_cases[] = {
	{ "mysql://u:pw@h/db", "mysql://u:***@h/db" },
	{ "mysql://u@h/db", "mysql://u@h/db" },
	{ "postgresql://h/db?password=x&sslpassword=y&sslmode=require",
	    "postgresql://:***@h/db?sslpassword=***&sslmode=require" },
	{ "mysql://u:p@w@h/db", "mysql:..." },
	{ "postgres:u:pw", "postgresql:..." },
	{ "/var/mail.db", "/var/mail.db" },
	{ "sqlite:/var/mail.db", "sqlite:/var/mail.db" },
};

static void what_is_shown_hides_the_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shown_cases); i++) {
		struct arena *arena = arena_new("test");
		struct str got = db_url_shown(str_from(shown_cases[i].in), arena);

		if (!str_equal(got, str_from(shown_cases[i].want)))
			fail_msg("%s: %.*s", shown_cases[i].in, STR_ARG(got));
		arena_free(&arena);
	}
}

/* ---- DBMail's keys ---- */

static const struct {
	struct db_url_keys keys;
	enum errc want;
	const char *text;
} key_cases[] = {
	{ { .driver = STR_INIT("mysql"),
	      .host = STR_INIT("localhost"),
	      .user = STR_INIT("u"),
	      .password = STR_INIT("p@:/%"),
	      .name = STR_INIT("dbmail") },
	    OK, "mysql://u:p%40%3A%2F%25@localhost/dbmail" },
	{ { .driver = STR_INIT("PostgreSQL"),
	      .host = STR_INIT("db1, db2"),
	      .port = STR_INIT("5433"),
	      .name = STR_INIT("mail") },
	    OK, "postgresql://db1:5433,db2:5433/mail" },
	{ { .driver = STR_INIT("mysql"),
	      .host = STR_INIT("::1"),
	      .port = STR_INIT("3307"),
	      .name = STR_INIT("m") },
	    OK, "mysql://[::1]:3307/m" },
	{ { .driver = STR_INIT("mysql"),
	      .host = STR_INIT("[::1]"),
	      .port = STR_INIT("0"),
	      .name = STR_INIT("m") },
	    OK, "mysql://[::1]/m" },
	{ { .driver = STR_INIT("mysql"),
	      .host = STR_INIT("h:3308"),
	      .port = STR_INIT("3307"),
	      .name = STR_INIT("m") },
	    OK, "mysql://h:3308/m" },
	{ { .driver = STR_INIT("mysql"),
	      .host = STR_INIT("h"),
	      .socket = STR_INIT("/run/mysqld/mysqld.sock"),
	      .name = STR_INIT("m") },
	    OK, "mysql://%2Frun%2Fmysqld%2Fmysqld.sock/m" },
	{ { .driver = STR_INIT("pgsql"),
	      .host = STR_INIT("/run/postgresql"),
	      .user = STR_INIT("u"),
	      .name = STR_INIT("m") },
	    OK, "postgresql://u@%2Frun%2Fpostgresql/m" },
	{ { .driver = STR_INIT("mysql"), .name = STR_INIT("m") }, OK, "mysql:///m" },
	{ { .driver = STR_INIT("sqlite"),
	      .host = STR_INIT("h"),
	      .name = STR_INIT("/var/m.db") },
	    OK, "sqlite:/var/m.db" },
	{ { .driver = STR_INIT("mysql"), .name = STR_INIT("m"), .port = STR_INIT("65536") },
	    ERR_SYNTAX, NULL },
	{ { .driver = STR_INIT("mysql"), .name = STR_INIT("m"), .port = STR_INIT("x") },
	    ERR_SYNTAX, NULL },
	{ { .driver = STR_INIT("mysql") }, ERR_SYNTAX, NULL },
	{ { .driver = STR_INIT("oracle"), .name = STR_INIT("m") }, ERR_UNSUPPORTED, NULL },
	{ { .name = STR_INIT("m") }, ERR_UNSUPPORTED, NULL },
};

static void separate_keys_become_one_url(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(key_cases); i++) {
		struct arena *arena = arena_new("test");
		struct str text = STR_EMPTY;
		enum errc got = db_url_build(&key_cases[i].keys, arena, &text, NULL);

		if (got != key_cases[i].want || !str_equal(text, str_from(key_cases[i].text)))
			fail_msg("case %zu: %s %.*s", i, errc_name(got), STR_ARG(text));
		arena_free(&arena);
	}
}

static void a_url_of_keys_has_its_limit_too(void **state)
{
	struct arena *arena = arena_new("test");
	char password[DB_URL_MAX];
	struct db_url_keys keys = { .driver = STR_INIT("mysql"), .name = STR_INIT("m") };
	struct str text;

	(void)state;
	memset(password, '@', sizeof(password));
	keys.password = (struct str){ password, sizeof(password) };
	assert_int_equal(db_url_build(&keys, arena, &text, NULL), ERR_LIMIT);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_written_again),
		cmocka_unit_test(parts_are_where_they_belong),
		cmocka_unit_test(refuses_what_is_no_url),
		cmocka_unit_test(an_error_does_not_tell_the_password),
		cmocka_unit_test(limits_are_kept),
		cmocka_unit_test(what_is_shown_hides_the_password),
		cmocka_unit_test(separate_keys_become_one_url),
		cmocka_unit_test(a_url_of_keys_has_its_limit_too),
	};

	return cmocka_run_group_tests_name("db/url", tests, NULL, NULL);
}
