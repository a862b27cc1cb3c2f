#include "tests/cm.h"

#include "base/str.h"
#include "db/pgsql_int.h"

#include <string.h>

static const struct {
	const char *state;
	enum errc reads, writes, connects;
} cases[] = {
	{ "23505", ERR_EXISTS, ERR_EXISTS, ERR_EXISTS },
	{ "23503", ERR_NOTFOUND, ERR_NOTFOUND, ERR_NOTFOUND },
	{ "23502", ERR_ARG, ERR_ARG, ERR_ARG },
	{ "23514", ERR_ARG, ERR_ARG, ERR_ARG },
	{ "22021", ERR_ARG, ERR_ARG, ERR_ARG }, /* no UTF-8, or a NUL */
	{ "22003", ERR_ARG, ERR_ARG, ERR_ARG },
	{ "40001", ERR_CONFLICT, ERR_CONFLICT, ERR_CONFLICT },
	{ "40P01", ERR_CONFLICT, ERR_CONFLICT, ERR_CONFLICT },
	{ "55P03", ERR_CONFLICT, ERR_CONFLICT, ERR_CONFLICT },
	{ "57014", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "53100", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "53300", ERR_LIMIT, ERR_LIMIT, ERR_LIMIT },
	{ "58030", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "42501", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "28P01", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "3D000", ERR_NOTFOUND, ERR_NOTFOUND, ERR_NOTFOUND },
	{ "26000", ERR_UNAVAIL, ERR_UNAVAIL, ERR_UNAVAIL },
	{ "08006", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	{ "57P01", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	{ "57P03", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	{ "25P03", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	{ "25P04", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	{ "0A000", ERR_CLOSED, ERR_CLOSED, ERR_UNAVAIL },
	/* a mistake of ours, or a server that has become a standby */
	{ "25006", ERR_STATE, ERR_CLOSED, ERR_CLOSED },
	{ "54000", ERR_LIMIT, ERR_LIMIT, ERR_LIMIT },
	{ "XX001", ERR_CORRUPT, ERR_CORRUPT, ERR_CORRUPT },
	{ "42601", ERR_INTERNAL, ERR_INTERNAL, ERR_INTERNAL },
	{ "25P02", ERR_INTERNAL, ERR_INTERNAL, ERR_INTERNAL },
	{ "", ERR_INTERNAL, ERR_INTERNAL, ERR_INTERNAL },
};

static void puts_every_state_in_its_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const char *s = cases[i].state;

		if (pgsql_classify(s, PGSQL_READS) != cases[i].reads ||
		    pgsql_classify(s, PGSQL_WRITES) != cases[i].writes ||
		    pgsql_classify(s, PGSQL_CONNECTS) != cases[i].connects)
			fail_msg("%s", s);
	}
}

static void says_what_to_do(void **state)
{
	(void)state;
	assert_non_null(strstr(pgsql_advice("28P01"), "pg_hba.conf"));
	assert_non_null(strstr(pgsql_advice("53100"), "space"));
	assert_non_null(strstr(pgsql_advice("26000"), "prepare=off"));
	assert_non_null(strstr(pgsql_advice("42501"), "GRANT"));
	assert_non_null(strstr(pgsql_advice("55P03"), "holds a lock"));
	assert_non_null(strstr(pgsql_advice("25006"), "primary"));
	assert_string_equal(pgsql_advice("42601"), "");
}

static const struct {
	const char *in, *password, *want;
} words[] = {
	{ "one\ntwo\t three \n", "", "one two three" },
	{ "the secret is secret", "secret", "the *** is ***" },
	{ "a b", "a b", "***" },
	{ "", "x", "" },
};

static void makes_one_line_without_the_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(words); i++) {
		struct buf out = BUF_INIT(256);

		pgsql_add_words(&out, str_from(words[i].in), str_from(words[i].password));
		assert_true(str_equal(buf_str(&out), str_from(words[i].want)));
		buf_release(&out);
	}
}

static const struct {
	const char *words, *want;
} states[] = {
	{ "connection to server failed: FATAL:  28P01: password authentication failed",
	    "28P01" },
	{ "connection to server failed: \xd0\x92\xd0\x90\xd0\x96\xd0\x9d\xd0\x9e:  3D000: x",
	    "3D000" },
	{ "connection refused", NULL },
	{ ":  28P0", NULL },
	{ ":  28p01: x", NULL },
	{ "", NULL },
};

static void finds_the_state_in_words_of_any_language(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(states); i++) {
		const char *got = pgsql_state_in(states[i].words);

		assert_int_equal(got != NULL, states[i].want != NULL);
		if (got)
			assert_memory_equal(got, states[i].want, PGSQL_STATE_SIZE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_every_state_in_its_class),
		cmocka_unit_test(says_what_to_do),
		cmocka_unit_test(makes_one_line_without_the_password),
		cmocka_unit_test(finds_the_state_in_words_of_any_language),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
