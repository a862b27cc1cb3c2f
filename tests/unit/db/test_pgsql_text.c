#include "tests/cm.h"

#include "base/str.h"
#include "db/pgsql_int.h"

static const struct {
	const char *in, *want;
	int params;
	bool may_skip;
} cases[] = {
	{ "SELECT 1", "SELECT 1", 0, false },
	{ "SELECT a FROM t WHERE b = ? AND c = ?", "SELECT a FROM t WHERE b = $1 AND c = $2", 2,
	    false },
	{ "SELECT ?::bigint", "SELECT $1::bigint", 1, false },
	{ "SELECT '?', ?", "SELECT '?', $1", 1, false },
	{ "SELECT 'it''s ?', ?", "SELECT 'it''s ?', $1", 1, false },
	{ "SELECT \"a?\"\"?\", ?", "SELECT \"a?\"\"?\", $1", 1, false },
	{ "SELECT 1 -- ?\n, ?", "SELECT 1 -- ?\n, $1", 1, false },
	{ "SELECT 1 /* ? */, ?", "SELECT 1 /* ? */, $1", 1, false },
	{ "SELECT '?", "SELECT '?", 0, false },
	{ "SELECT /* ?", "SELECT /* ?", 0, false },
	{ "SELECT 1 -- ?", "SELECT 1 -- ?", 0, false },
	{ "", "", 0, false },
	{ "INSERT INTO t (a) VALUES (?)", "INSERT INTO t (a) VALUES ($1)", 1, true },
	{ "insert into t values (?, lower(?))", "insert into t values ($1, lower($2))", 2,
	    true },
	{ "INSERT INTO t VALUES ('), (', ?)", "INSERT INTO t VALUES ('), (', $1)", 1, true },
	{ "INSERT INTO t (a) VALUES (1), (2)", "INSERT INTO t (a) VALUES (1), (2)", 0, false },
	{ "INSERT INTO t (a) VALUES (?) RETURNING a",
	    "INSERT INTO t (a) VALUES ($1) RETURNING a", 1, false },
	{ "INSERT INTO t (a) VALUES (?) ON CONFLICT DO NOTHING",
	    "INSERT INTO t (a) VALUES ($1) ON CONFLICT DO NOTHING", 1, false },
	{ "INSERT INTO t (a) SELECT ?", "INSERT INTO t (a) SELECT $1", 1, false },
	{ "INSERT INTO t (returning_to) VALUES ('RETURNING')",
	    "INSERT INTO t (returning_to) VALUES ('RETURNING')", 0, true },
	{ "UPDATE t SET a = ?", "UPDATE t SET a = $1", 1, false },
};

static void writes_placeholders_outside_of_literals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct pgsql_text text;

		assert_int_equal(pgsql_text_init(&text, str_from(cases[i].in), NULL), OK);
		assert_string_equal(text.text, cases[i].want);
		assert_int_equal(text.params, cases[i].params);
		if (text.may_skip != cases[i].may_skip)
			fail_msg("%s: may_skip", cases[i].in);
		pgsql_text_release(&text);
	}
}

static void counts_as_many_parameters_as_the_protocol(void **state)
{
	struct buf in = BUF_INIT(SIZE_MAX);
	struct pgsql_text text;

	(void)state;
	for (int i = 0; i < PGSQL_PARAMS_MAX; i++)
		buf_add_char(&in, '?');
	assert_int_equal(pgsql_text_init(&text, buf_str(&in), NULL), OK);
	assert_int_equal(text.params, PGSQL_PARAMS_MAX);
	pgsql_text_release(&text);
	buf_add_char(&in, '?');
	assert_int_equal(pgsql_text_init(&text, buf_str(&in), NULL), ERR_LIMIT);
	buf_release(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_placeholders_outside_of_literals),
		cmocka_unit_test(counts_as_many_parameters_as_the_protocol),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
