#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/conf_value.h"
#include "base/str.h"

#include <string.h>

static const struct conf_word words[] = { { "none", 0 }, { "may", 1 }, { "must", 7 },
	{ NULL, 0 } };

static const struct conf_option of_time = {
	.name = "t", .type = CONF_TIME, .min = "1s", .max = "24h"
};
static const struct conf_option of_any_time = { .name = "t", .type = CONF_TIME };
static const struct conf_option of_size = { .name = "s", .type = CONF_SIZE, .max = "1G" };
static const struct conf_option of_int = {
	.name = "i", .type = CONF_INT, .min = "-5", .max = "5"
};
static const struct conf_option of_any_int = { .name = "i", .type = CONF_INT };

static const struct {
	const struct conf_option *option;
	struct str in;
	enum errc want;
	int64_t value;
} number_cases[] = {
	{ &of_time, STR_INIT("30"), OK, 30000 },
	{ &of_time, STR_INIT("30s"), OK, 30000 },
	{ &of_time, STR_INIT("10 m"), OK, 600000 },
	{ &of_time, STR_INIT("1500ms"), OK, 1500 },
	{ &of_time, STR_INIT("2H"), OK, 7200000 },
	{ &of_time, STR_INIT("999ms"), ERR_LIMIT, 0 },
	{ &of_time, STR_INIT("1s"), OK, 1000 },
	{ &of_time, STR_INIT("1001ms"), OK, 1001 },
	{ &of_time, STR_INIT("86399s"), OK, 86399000 },
	{ &of_time, STR_INIT("1d"), OK, 86400000 },
	{ &of_time, STR_INIT("86401s"), ERR_LIMIT, 0 },
	{ &of_time, STR_INIT(""), ERR_SYNTAX, 0 },
	{ &of_time, STR_INIT("m"), ERR_SYNTAX, 0 },
	{ &of_time, STR_INIT("-1s"), ERR_SYNTAX, 0 },
	{ &of_time, STR_INIT("1.5h"), ERR_SYNTAX, 0 },
	{ &of_time, STR_INIT("1h30m"), ERR_SYNTAX, 0 },
	{ &of_time, STR_INIT("5 apples"), ERR_SYNTAX, 0 },
	{ &of_any_time, STR_INIT("4w"), OK, INT64_C(2419200000) },
	{ &of_any_time, STR_INIT("9223372036854775807ms"), OK, INT64_MAX },
	{ &of_any_time, STR_INIT("9223372036854775808ms"), ERR_LIMIT, 0 },
	{ &of_any_time, STR_INIT("9223372036854775s"), OK, INT64_C(9223372036854775000) },
	{ &of_any_time, STR_INIT("9223372036854776s"), ERR_LIMIT, 0 },
	{ &of_size, STR_INIT("0"), OK, 0 },
	{ &of_size, STR_INIT("64K"), OK, 65536 },
	{ &of_size, STR_INIT("64 kib"), OK, 65536 },
	{ &of_size, STR_INIT("50MB"), OK, 52428800 },
	{ &of_size, STR_INIT("1073741823"), OK, 1073741823 },
	{ &of_size, STR_INIT("1G"), OK, 1073741824 },
	{ &of_size, STR_INIT("1073741825"), ERR_LIMIT, 0 },
	{ &of_size, STR_INIT("1E"), ERR_SYNTAX, 0 },
	{ &of_int, STR_INIT("-6"), ERR_LIMIT, 0 },
	{ &of_int, STR_INIT("-5"), OK, -5 },
	{ &of_int, STR_INIT("-4"), OK, -4 },
	{ &of_int, STR_INIT("5"), OK, 5 },
	{ &of_int, STR_INIT("6"), ERR_LIMIT, 0 },
	{ &of_int, STR_INIT("+5"), ERR_SYNTAX, 0 },
	{ &of_int, STR_INIT("0x5"), ERR_SYNTAX, 0 },
	{ &of_int, STR_INIT("--5"), ERR_SYNTAX, 0 },
	{ &of_any_int, STR_INIT("9223372036854775807"), OK, INT64_MAX },
	{ &of_any_int, STR_INIT("9223372036854775808"), ERR_LIMIT, 0 },
};

static void reads_numbers_with_units_and_limits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_cases); i++) {
		struct arena *arena = arena_new("test");
		int64_t value = 0;
		enum errc got = conf_value_parse(
		    number_cases[i].option, number_cases[i].in, STR_EMPTY, arena, &value, NULL);

		if (got != number_cases[i].want || value != number_cases[i].value)
			fail_msg("case %zu: %s, %lld", i, errc_name(got), (long long)value);
		arena_free(&arena);
	}
}

static void reads_words(void **state)
{
	static const struct conf_option of_bool = { .name = "b", .type = CONF_BOOL };
	static const struct conf_option of_enum = {
		.name = "e", .type = CONF_ENUM, .words = words
	};
	static const char *const yes[] = { "yes", "TRUE", "On", "1" };
	static const char *const no[] = { "no", "False", "OFF", "0" };
	bool flag = false;
	int word = -1;

	(void)state;
	for (size_t i = 0; i < COUNT(yes); i++) {
		assert_int_equal(
		    conf_value_parse(&of_bool, str_from(yes[i]), STR_EMPTY, NULL, &flag, NULL),
		    OK);
		assert_true(flag);
		assert_int_equal(
		    conf_value_parse(&of_bool, str_from(no[i]), STR_EMPTY, NULL, &flag, NULL),
		    OK);
		assert_false(flag);
	}
	assert_int_equal(
	    conf_value_parse(&of_bool, STR("2"), STR_EMPTY, NULL, &flag, NULL), ERR_SYNTAX);
	assert_int_equal(
	    conf_value_parse(&of_enum, STR("MUST"), STR_EMPTY, NULL, &word, NULL), OK);
	assert_int_equal(word, 7);
	assert_int_equal(
	    conf_value_parse(&of_enum, STR("mustard"), STR_EMPTY, NULL, &word, NULL),
	    ERR_SYNTAX);
}

static void puts_relative_paths_beside_the_file(void **state)
{
	static const struct conf_option of_path = {
		.name = "p", .type = CONF_PATH, .max = "10"
	};
	static const struct {
		struct str folder, in;
		const char *want;
	} cases[] = {
		{ STR_INIT("/etc/tabella/"), STR_INIT("key.pem"), "/etc/tabella/key.pem" },
		{ STR_INIT("/etc"), STR_INIT("key.pem"), "/etc/key.pem" },
		{ STR_INIT("/etc/"), STR_INIT("/key.pem"), "/key.pem" },
		{ STR_INIT(""), STR_INIT("key.pem"), "key.pem" },
		{ STR_INIT("/etc/"), STR_INIT(""), "" },
		{ STR_INIT(""), STR_INIT("123456789"), "123456789" },
		{ STR_INIT(""), STR_INIT("1234567890"), "1234567890" },
		{ STR_INIT(""), STR_INIT("1234567890a"), NULL },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str path = STR("untouched");
		enum errc got = conf_value_parse(
		    &of_path, cases[i].in, cases[i].folder, arena, &path, NULL);

		assert_int_equal(got, cases[i].want ? OK : ERR_LIMIT);
		assert_string_equal(path.p, cases[i].want ? cases[i].want : "untouched");
	}
	arena_free(&arena);
}

static void cuts_lists_at_commas_and_spaces(void **state)
{
	static const struct conf_option of_list = {
		.name = "l", .type = CONF_LIST, .min = "1", .max = "3"
	};
	struct arena *arena = arena_new("test");
	struct conf_list list = { NULL, 0 };

	(void)state;
	assert_int_equal(
	    conf_value_parse(&of_list, STR(" a,b ,, c\t"), STR_EMPTY, arena, &list, NULL), OK);
	assert_int_equal(list.count, 3);
	assert_true(str_equal(list.item[0], STR("a")));
	assert_true(str_equal(list.item[1], STR("b")));
	assert_true(str_equal(list.item[2], STR("c")));
	assert_int_equal(
	    conf_value_parse(&of_list, STR("a b c d"), STR_EMPTY, arena, &list, NULL),
	    ERR_LIMIT);
	assert_int_equal(
	    conf_value_parse(&of_list, STR(" , "), STR_EMPTY, arena, &list, NULL), ERR_LIMIT);
	arena_free(&arena);
}

static void reads_addresses(void **state)
{
	static const struct conf_option of_addresses = { .name = "a", .type = CONF_ADDRESSES };
	static const struct {
		struct str in;
		enum errc want;
		const char *host;
		uint16_t port;
		const char *path;
	} cases[] = {
		{ STR_INIT("127.0.0.1:24"), OK, "127.0.0.1", 24, "" },
		{ STR_INIT("127.0.0.1"), OK, "127.0.0.1", 0, "" },
		{ STR_INIT("[::1]:24"), OK, "::1", 24, "" },
		{ STR_INIT("[fe80::1%eth0]"), OK, "fe80::1%eth0", 0, "" },
		{ STR_INIT("::1"), OK, "::1", 0, "" },
		{ STR_INIT("*:65535"), OK, "*", 65535, "" },
		{ STR_INIT("*"), OK, "*", 0, "" },
		{ STR_INIT("mail.example.org:587"), OK, "mail.example.org", 587, "" },
		{ STR_INIT("unix:/run/lmtp"), OK, "", 0, "/run/lmtp" },
		{ STR_INIT("unix:lmtp"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("unix:"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("127.0.0.1:0"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("127.0.0.1:65536"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("127.0.0.1:"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("127.0.0.1:24x"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT(":24"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("[::1:24"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("[]:24"), ERR_SYNTAX, "", 0, "" },
		{ STR_INIT("a/b"), ERR_SYNTAX, "", 0, "" },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_addresses got = { NULL, 0 };
		enum errc rc =
		    conf_value_parse(&of_addresses, cases[i].in, STR_EMPTY, arena, &got, NULL);

		if (rc != cases[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
		if (rc != OK)
			continue;
		assert_int_equal(got.count, 1);
		assert_true(str_equal(got.item[0].host, str_from(cases[i].host)));
		assert_int_equal(got.item[0].port, cases[i].port);
		assert_true(str_equal(got.item[0].path, str_from(cases[i].path)));
	}
	arena_free(&arena);
}

static void says_what_it_expected(void **state)
{
	static const struct conf_option of_enum = {
		.name = "e", .type = CONF_ENUM, .words = words
	};
	static const struct conf_option of_secret = {
		.name = "p", .type = CONF_SECRET, .min = "9"
	};
	struct str text;
	int64_t value;
	struct err err;

	(void)state;
	assert_int_equal(
	    conf_value_parse(&of_time, STR("soon"), STR_EMPTY, NULL, &value, &err), ERR_SYNTAX);
	assert_string_equal(
	    err.text, "a time such as 30s, 10m or 2h (1s to 24h) expected, not \"soon\"");
	assert_int_equal(
	    conf_value_parse(&of_enum, STR("x"), STR_EMPTY, NULL, &value, &err), ERR_SYNTAX);
	assert_string_equal(err.text, "one of none, may, must expected, not \"x\"");
	assert_int_equal(
	    conf_value_parse(&of_secret, STR("hunter2"), STR_EMPTY, NULL, &text, &err),
	    ERR_LIMIT);
	assert_string_equal(err.text, "a secret (at least 9 bytes) expected");
}

static void shows_values_and_hides_secrets(void **state)
{
	static const struct {
		enum conf_type type;
		struct str in, want;
	} cases[] = {
		{ CONF_STRING, STR_INIT("plain text"), STR_INIT("plain text") },
		{ CONF_STRING, STR_INIT(""), STR_INIT("\"\"") },
		{ CONF_STRING, STR_INIT(" x"), STR_INIT("\" x\"") },
		{ CONF_STRING, STR_INIT("\"x\\"), STR_INIT("\"\\\"x\\\\\"") },
		{ CONF_STRING, STR_INIT("a #b"), STR_INIT("\"a #b\"") },
		{ CONF_SECRET, STR_INIT("hunter2"), STR_INIT("***") },
		{ CONF_SECRET, STR_INIT(""), STR_INIT("\"\"") },
		{ CONF_URL, STR_INIT("sqlite:///var/t.db"), STR_INIT("sqlite:///var/t.db") },
		{ CONF_URL, STR_INIT("mysql://me:hunter2@db:3306/mail?x=y"),
		    STR_INIT("mysql://me:***@db:3306/mail?x=y") },
		{ CONF_URL, STR_INIT("mysql://me@db/mail"), STR_INIT("mysql://me@db/mail") },
		{ CONF_URL, STR_INIT("pg://me:a@b@db/mail"), STR_INIT("pg://me:***@db/mail") },
		{ CONF_URL, STR_INIT("pg://me:a/b@db/mail"), STR_INIT("pg://me:***@db/mail") },
		{ CONF_URL, STR_INIT("pg://db/m?password=hunter2&a=b"),
		    STR_INIT("pg://db/m?password=***&a=b") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_option option = { .name = "o", .type = cases[i].type };
		struct buf out = BUF_INIT(1000);

		conf_value_print(&option, cases[i].in, &out);
		if (!str_equal(buf_str(&out), cases[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static void compares_fields_by_their_meaning(void **state)
{
	static const enum conf_type types[] = { CONF_STRING, CONF_LIST, CONF_ADDRESSES };
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct conf_option option = { .name = "o", .type = types[i] };
		struct conf_addresses a, b, c, d; /* as large as the other two types */

		assert_int_equal(
		    conf_value_parse(&option, STR("h:1"), STR_EMPTY, arena, &a, NULL), OK);
		assert_int_equal(
		    conf_value_parse(&option, STR("h:1"), STR_EMPTY, arena, &b, NULL), OK);
		assert_int_equal(
		    conf_value_parse(&option, STR("h:2"), STR_EMPTY, arena, &c, NULL), OK);
		assert_int_equal(
		    conf_value_parse(&option, STR("h:1,h:2"), STR_EMPTY, arena, &d, NULL), OK);
		assert_true(conf_value_equal(&option, &a, &b));
		assert_false(conf_value_equal(&option, &a, &c));
		assert_false(conf_value_equal(&option, &a, &d));
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_with_units_and_limits),
		cmocka_unit_test(reads_words),
		cmocka_unit_test(puts_relative_paths_beside_the_file),
		cmocka_unit_test(cuts_lists_at_commas_and_spaces),
		cmocka_unit_test(reads_addresses),
		cmocka_unit_test(says_what_it_expected),
		cmocka_unit_test(shows_values_and_hides_secrets),
		cmocka_unit_test(compares_fields_by_their_meaning),
	};

	return cmocka_run_group_tests_name("base/conf_value", tests, NULL, NULL);
}
