#include "tests/cm.h"

#include "base/arena.h"
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
		struct arena *arena = arena_new("test");
		struct mariadb_split split;
		enum errc got = mariadb_split_text(str_from(cases[i].in), arena, &split, NULL);

		if (got != cases[i].want)
			fail_msg("%s: %s", cases[i].in, errc_name(got));
		if (got == OK) {
			assert_int_equal(split.count, cases[i].second ? 2 : 1);
			assert_true(str_equal(split.texts[0], str_from(cases[i].first)));
			assert_true(str_equal(split.texts[1], str_from(cases[i].second)));
			assert_int_equal(split.params[0], cases[i].params[0]);
			assert_int_equal(split.params[1], cases[i].params[1]);
		}
		arena_free(&arena);
	}
}

static const struct {
	const char *in, *text;
	unsigned param_count;
	unsigned numbers[2][4]; /* up to the first 0 */
} number_cases[] = {
	{ "SELECT ?, ?", "SELECT ?, ?", 2, { { 1, 2 }, { 0 } } },
	{ "UPDATE ?, ?, ?; SELECT ?, ?", "UPDATE ?, ?, ?", 3, { { 1, 2, 3 }, { 2, 3 } } },
	{ "SELECT a > ?1 OR (a = ?1 AND b > ?2)", "SELECT a > ? OR (a = ? AND b > ?)", 2,
	    { { 1, 1, 2 }, { 0 } } },
	{ "SELECT ?2, ?1, '?3'", "SELECT ?, ?, '?3'", 2, { { 2, 1 }, { 0 } } },
	{ "UPDATE ?, ?; SELECT ?1", "UPDATE ?, ?", 2, { { 1, 2 }, { 1 } } },
	{ "UPDATE ?1; SELECT ?2", "UPDATE ?", 2, { { 1 }, { 2 } } },
	{ "SELECT ?12", "SELECT ?", 12, { { 12 }, { 0 } } },
};

static void parameters_may_be_numbered(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(number_cases); i++) {
		struct arena *arena = arena_new("test");
		struct mariadb_split split;

		assert_int_equal(
		    mariadb_split_text(str_from(number_cases[i].in), arena, &split, NULL), OK);
		assert_true(str_equal(split.texts[0], str_from(number_cases[i].text)));
		assert_int_equal(split.param_count, number_cases[i].param_count);
		for (unsigned part = 0; part < split.count; part++) {
			for (unsigned n = 0; n < split.params[part]; n++)
				assert_int_equal(mariadb_param_number(&split, part, n),
				    number_cases[i].numbers[part][n]);
		}
		arena_free(&arena);
	}
}

static void numbers_are_for_all_or_none_and_limited(void **state)
{
	static const char *const bad[] = { "SELECT ?1, ?", "SELECT ?, ?1", "SELECT ?0",
		"SELECT ?65536", "SELECT ?99999999999999999999" };
	struct arena *arena = arena_new("test");
	struct mariadb_split split;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		assert_int_equal(
		    mariadb_split_text(str_from(bad[i]), arena, &split, NULL), ERR_INTERNAL);
	assert_int_equal(mariadb_split_text(STR("SELECT ?65535"), arena, &split, NULL), OK);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_between_statements_and_counts_parameters),
		cmocka_unit_test(parameters_may_be_numbered),
		cmocka_unit_test(numbers_are_for_all_or_none_and_limited),
	};

	return cmocka_run_group_tests_name("db/mariadb_split", tests, NULL, NULL);
}
