#include "tests/cm.h"

#include "base/str.h"
#include "db/mariadb_int.h"

static const struct {
	const char *in;
	enum errc want;
	const char *first, *second; /* NULL: one statement */
	unsigned params[2];
} cases[] = {
	{ "SELECT 1", OK, "SELECT 1", NULL, { 0, 0 } },
	{ " SELECT ? ; ", OK, "SELECT ?", NULL, { 1, 0 } },
	{ "UPDATE t SET a = ? WHERE b = ?; SELECT a FROM t WHERE b = ?", OK,
	    "UPDATE t SET a = ? WHERE b = ?", "SELECT a FROM t WHERE b = ?", { 2, 1 } },
	{ "UPDATE t SET a = ?;SELECT a", OK, "UPDATE t SET a = ?", "SELECT a", { 1, 0 } },
	/* what is not looked into */
	{ "SELECT '?;', \"?;\", `?;`, ?", OK, "SELECT '?;', \"?;\", `?;`, ?", NULL, { 1, 0 } },
	{ "SELECT 'it''s ?', ?", OK, "SELECT 'it''s ?', ?", NULL, { 1, 0 } },
	{ "SELECT '\\', ?", OK, "SELECT '\\', ?", NULL, { 1, 0 } },
	{ "SELECT /* ? ; */ ? -- ;?\n, ?", OK, "SELECT /* ? ; */ ? -- ;?\n, ?", NULL,
	    { 2, 0 } },
	{ "SELECT 1--?", OK, "SELECT 1--?", NULL, { 1, 0 } }, /* minus minus a parameter */
	/* and may not end */
	{ "SELECT '?", OK, "SELECT '?", NULL, { 0, 0 } },
	{ "SELECT /* ?", OK, "SELECT /* ?", NULL, { 0, 0 } },
	{ "SELECT '", OK, "SELECT '", NULL, { 0, 0 } },
	{ "", ERR_INTERNAL, NULL, NULL, { 0, 0 } },
	{ " \n", ERR_INTERNAL, NULL, NULL, { 0, 0 } },
	{ "; SELECT 1", ERR_INTERNAL, NULL, NULL, { 0, 0 } },
	{ "SELECT 1; SELECT 2; SELECT 3", ERR_INTERNAL, NULL, NULL, { 0, 0 } },
	/* the second takes the last of the first's */
	{ "UPDATE t SET a = ?; SELECT ?, ?", ERR_INTERNAL, NULL, NULL, { 0, 0 } },
};

static void cuts_between_statements_and_counts_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct mariadb_split split;
		enum errc got = mariadb_split_text(str_from(cases[i].in), &split, NULL);

		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].in, errc_name(got));
		if (got != OK)
			continue;
		assert_int_equal(split.count, cases[i].second ? 2 : 1);
		assert_true(str_equal(split.texts[0], str_from(cases[i].first)));
		assert_true(str_equal(split.texts[1], str_from(cases[i].second)));
		assert_int_equal(split.params[0], cases[i].params[0]);
		assert_int_equal(split.params[1], cases[i].params[1]);
	}
}

static void parameters_are_limited(void **state)
{
	char text[2 * MARIADB_PARAMS_MAX + 2];
	struct mariadb_split split;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 2 == 0 ? '?' : ',';
	assert_int_equal(
	    mariadb_split_text((struct str){ text, sizeof(text) - 2 }, &split, NULL), OK);
	assert_int_equal(split.params[0], MARIADB_PARAMS_MAX);
	assert_int_equal(
	    mariadb_split_text((struct str){ text, sizeof(text) }, &split, NULL), ERR_INTERNAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_between_statements_and_counts_parameters),
		cmocka_unit_test(parameters_are_limited),
	};

	return cmocka_run_group_tests_name("db/mariadb_split", tests, NULL, NULL);
}
