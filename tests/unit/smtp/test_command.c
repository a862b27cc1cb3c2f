#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/limits.h"

#include <string.h>

/* What stands behind MAIL: RFC 5321 4.1.1.2, 4.1.2, Appendix C; RFC 6531 3.3. */
static const struct {
	struct str in;
	enum errc want;
	struct str address, domain;
	size_t parameters;
} mail_cases[] = {
	{ STR_INIT("FROM:<>"), OK, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<> SIZE=580"), OK, STR_INIT(""), STR_INIT(""), 1 },
	{ STR_INIT("FROM:<a@b.example>"), OK, STR_INIT("a@b.example"), STR_INIT("b.example"),
	    0 },
	{ STR_INIT("from: <a@b>"), OK, STR_INIT("a@b"), STR_INIT("b"), 0 },
	{ STR_INIT("FROM:<@r.example,@s.example:a@b.example>"), OK, STR_INIT("a@b.example"),
	    STR_INIT("b.example"), 0 },
	{ STR_INIT("FROM:<\"a b>\"@c>"), OK, STR_INIT("\"a b>\"@c"), STR_INIT("c"), 0 },
	{ STR_INIT("FROM:<\"a\\\"@\"@c>"), OK, STR_INIT("\"a\\\"@\"@c"), STR_INIT("c"), 0 },
	{ STR_INIT("FROM:<a@[192.0.2.1]>"), OK, STR_INIT("a@[192.0.2.1]"),
	    STR_INIT("[192.0.2.1]"), 0 },
	{ STR_INIT("FROM:<a@[IPv6:2001:db8::1]>"), OK, STR_INIT("a@[IPv6:2001:db8::1]"),
	    STR_INIT("[IPv6:2001:db8::1]"), 0 },
	{ STR_INIT("FROM:<postmaster>"), OK, STR_INIT("postmaster"), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a+b=c@d.example> BODY=8BITMIME  SMTPUTF8"), OK,
	    STR_INIT("a+b=c@d.example"), STR_INIT("d.example"), 2 },
	{ STR_INIT("FROM:<\xc3\xa9@\xc3\xa9.example>"), OK,
	    STR_INIT("\xc3\xa9@\xc3\xa9.example"), STR_INIT("\xc3\xa9.example"), 0 },
	{ STR_INIT("FROM:<\xe9@b>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:a@b"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM <a@b>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a@b"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a@b>SIZE=1"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a@b> =1"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a b@c>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a@b@c>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<@b>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a@>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("FROM:<a\r\n@b>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
	{ STR_INIT("TO:<a@b>"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), 0 },
};

static void reads_the_path_and_its_parameters(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(mail_cases); i++) {
		struct smtp_path_command c = { .parameter_count = 0 };
		enum errc rc =
		    smtp_path_command(mail_cases[i].in, STR("FROM"), arena, &c, NULL);

		if (rc != mail_cases[i].want || c.parameter_count != mail_cases[i].parameters ||
		    !str_equal(c.path.address, mail_cases[i].address) ||
		    !str_equal(c.path.domain, mail_cases[i].domain))
			fail_msg(
			    "case %zu: rc %d, <%.*s>", i, (int)rc, STR_ARG(c.path.address));
	}
	arena_free(&arena);
}

static void takes_the_null_path_from_senders_only(void **state)
{
	struct arena *arena = arena_new("test");
	struct smtp_path_command c;

	(void)state;
	assert_int_equal(
	    smtp_path_command(STR("TO:<>"), STR("TO"), arena, &c, NULL), ERR_SYNTAX);
	assert_int_equal(smtp_path_command(STR("TO:<a@b>"), STR("TO"), arena, &c, NULL), OK);
	arena_free(&arena);
}

static void bounds_paths_and_parameters(void **state)
{
	struct arena *arena = arena_new("test");
	static char text[SMTP_PATH_MAX + 64];
	struct smtp_path_command c;

	(void)state;
	for (size_t n = SMTP_PATH_MAX - 1; n <= SMTP_PATH_MAX + 1; n++) {
		int len = snprintf(text, sizeof(text), "TO:<%0*d@b>", (int)n - 2, 0);

		assert_int_equal(smtp_path_command((struct str){ text, (size_t)len }, STR("TO"),
				     arena, &c, NULL),
		    n <= SMTP_PATH_MAX ? OK : ERR_LIMIT);
	}
	for (size_t n = SMTP_PARAMETERS_MAX - 1; n <= SMTP_PARAMETERS_MAX + 1; n++) {
		struct str in;
		size_t len = 0;

		memcpy(text, "TO:<a@b>", 8);
		for (size_t i = 0; i < n; i++, len += 2)
			memcpy(text + 8 + len, " X", 2);
		in = (struct str){ text, 8 + len };
		assert_int_equal(smtp_path_command(in, STR("TO"), arena, &c, NULL),
		    n <= SMTP_PARAMETERS_MAX ? OK : ERR_LIMIT);
	}
	arena_free(&arena);
}

static void reads_chunk_sizes(void **state)
{
	static const struct {
		struct str in;
		enum errc want;
		uint64_t size;
		bool last;
	} cases[] = {
		{ STR_INIT("86 LAST"), OK, 86, true }, /* RFC 3030 4.1 */
		{ STR_INIT("0 last"), OK, 0, true },
		{ STR_INIT("1000"), OK, 1000, false },
		{ STR_INIT("99999999999999999999"), ERR_SYNTAX, 0, false },
		{ STR_INIT("-1"), ERR_SYNTAX, 0, false },
		{ STR_INIT(""), ERR_SYNTAX, 0, false },
		{ STR_INIT("5 FIRST"), ERR_SYNTAX, 0, false },
		{ STR_INIT("5 LAST x"), ERR_SYNTAX, 0, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t size = 0;
		bool last = false;

		assert_int_equal(
		    smtp_bdat_parse(cases[i].in, &size, &last, NULL), cases[i].want);
		assert_int_equal(size, cases[i].size);
		assert_int_equal(last, cases[i].last);
	}
}

static void splits_verb_and_rest(void **state)
{
	struct smtp_line split = smtp_line_split(STR("MAIL FROM:<a b> \t"));

	(void)state;
	assert_true(str_equal(split.verb, STR("MAIL")));
	assert_true(str_equal(split.rest, STR("FROM:<a b>")));
	split = smtp_line_split(STR("QUIT"));
	assert_true(str_equal(split.verb, STR("QUIT")));
	assert_int_equal(split.rest.n, 0);
	split = smtp_line_split(STR(""));
	assert_int_equal(split.verb.n, 0);
}

/* RFC 5321 4.1.2: quotes and backslashes are no part of the name. */
static void takes_quotes_off_that_are_not_needed(void **state)
{
	static const struct {
		struct str in, plain;
	} cases[] = {
		{ STR_INIT("ann@b.example"), STR_INIT("ann@b.example") },
		{ STR_INIT("\"ann\"@b.example"), STR_INIT("ann@b.example") },
		{ STR_INIT("\"a\\nn\"@b.example"), STR_INIT("ann@b.example") },
		{ STR_INIT("\"a.b\""), STR_INIT("a.b") },
		{ STR_INIT("\"a b\"@b.example"), STR_INIT("\"a b\"@b.example") },
		{ STR_INIT("\"a@c\"@b.example"), STR_INIT("\"a@c\"@b.example") },
		{ STR_INIT("\"\"@b.example"), STR_INIT("\"\"@b.example") },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct smtp_path path;

		assert_int_equal(smtp_path_parse(cases[i].in, false, &path, NULL), OK);
		if (!str_equal(smtp_path_plain(&path, arena), cases[i].plain))
			fail_msg("case %zu", i);
	}
	arena_free(&arena);
}

static void takes_any_sensible_host_name(void **state)
{
	struct str name;

	(void)state;
	assert_int_equal(smtp_helo_parse(STR(" mx.example "), &name, NULL), OK);
	assert_true(str_equal(name, STR("mx.example")));
	assert_int_equal(smtp_helo_parse(STR("[127.0.0.1]"), &name, NULL), OK);
	assert_int_equal(smtp_helo_parse(STR(""), &name, NULL), ERR_SYNTAX);
	assert_int_equal(smtp_helo_parse(STR("a b"), &name, NULL), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_path_and_its_parameters),
		cmocka_unit_test(takes_the_null_path_from_senders_only),
		cmocka_unit_test(bounds_paths_and_parameters),
		cmocka_unit_test(reads_chunk_sizes),
		cmocka_unit_test(splits_verb_and_rest),
		cmocka_unit_test(takes_quotes_off_that_are_not_needed),
		cmocka_unit_test(takes_any_sensible_host_name),
	};

	return cmocka_run_group_tests_name("smtp/command", tests, NULL, NULL);
}
