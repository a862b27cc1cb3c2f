#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/seqset.h"

static const struct {
	struct str in;
	enum errc want;
	size_t ranges;
} parse_cases[] = {
	{ STR_INIT("1"), OK, 1 },
	{ STR_INIT("2,4:7,9,12:*"), OK, 4 },
	{ STR_INIT("*:4,5:7"), OK, 2 },
	{ STR_INIT("4294967295"), OK, 1 },
	{ STR_INIT("4294967296"), ERR_SYNTAX, 0 },
	{ STR_INIT("0"), ERR_SYNTAX, 0 },
	{ STR_INIT("01"), ERR_SYNTAX, 0 },
	{ STR_INIT(""), ERR_SYNTAX, 0 },
	{ STR_INIT("$"), OK, 0 }, /* RFC 5182: alone */
	{ STR_INIT("$,1"), ERR_SYNTAX, 0 },
	{ STR_INIT("1:$"), ERR_SYNTAX, 0 },
	{ STR_INIT("$$"), ERR_SYNTAX, 0 },
	{ STR_INIT("1,"), ERR_SYNTAX, 0 },
	{ STR_INIT("1:"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 "), ERR_SYNTAX, 0 },
	{ STR_INIT("1\0"), ERR_SYNTAX, 0 }, /* NUL is a byte like any other */
	{ STR_INIT("1,2,3,4,5,6"), ERR_LIMIT, 0 },
};

static void parses_the_grammar_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parse_cases); i++) {
		struct arena *arena = arena_new("test");
		struct seqset set = { .count = 0 };
		enum errc got = seqset_parse(parse_cases[i].in, 5, arena, &set, NULL);

		if (got != parse_cases[i].want || set.count != parse_cases[i].ranges)
			fail_msg("case %zu: got %d, %zu ranges", i, (int)got, set.count);
		arena_free(&arena);
	}
}

static void takes_the_ends_of_a_range_in_either_order(void **state)
{
	struct arena *arena = arena_new("test");
	struct seqset set;

	(void)state;
	assert_int_equal(seqset_parse(STR("9:3,*"), 5, arena, &set, NULL), OK);
	assert_true(seqset_has(&set, 3, 20));
	assert_true(seqset_has(&set, 9, 20));
	assert_true(seqset_has(&set, 20, 20));
	assert_false(seqset_has(&set, 10, 20));
	arena_free(&arena);
}

static const struct {
	struct str in;
	uint32_t largest;
	struct str want;
	bool beyond;
} sorted_cases[] = {
	{ STR_INIT("1"), 9, STR_INIT("1"), false },
	{ STR_INIT("9,1,5"), 9, STR_INIT("1,5,9"), false },
	{ STR_INIT("3:1,2:5"), 9, STR_INIT("1:5"), false },
	{ STR_INIT("1:2,3:4"), 9, STR_INIT("1:4"), false },
	{ STR_INIT("*"), 9, STR_INIT("9"), false },
	{ STR_INIT("12:*"), 9, STR_INIT("9:12"), true },
	{ STR_INIT("*:4,5:7"), 10, STR_INIT("4:10"), false },
	{ STR_INIT("1:*"), 0, STR_INIT(""), true },
	{ STR_INIT("*"), 0, STR_INIT(""), true },
	{ STR_INIT("4294967295,1:4294967295"), 1, STR_INIT("1:4294967295"), true },
	{ STR_INIT("10"), 10, STR_INIT("10"), false },
	{ STR_INIT("11"), 10, STR_INIT("11"), true },
};

static void sorts_and_joins(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sorted_cases); i++) {
		struct arena *arena = arena_new("test");
		struct buf got = BUF_INIT(1000);
		struct seqset set, sorted;

		assert_int_equal(seqset_parse(sorted_cases[i].in, 9, arena, &set, NULL), OK);
		assert_int_equal(
		    seqset_is_beyond(&set, sorted_cases[i].largest), sorted_cases[i].beyond);
		sorted = seqset_sorted(&set, sorted_cases[i].largest, arena);
		for (size_t k = 0; k < sorted.count; k++) {
			const struct seq_range *r = &sorted.range[k];

			buf_printf(&got, k > 0 ? ",%u" : "%u", r->first);
			if (r->last != r->first)
				buf_printf(&got, ":%u", r->last);
			assert_true(seqset_sorted_has(&sorted, r->first));
			assert_true(seqset_sorted_has(&sorted, r->last));
			assert_int_equal(seqset_sorted_has(&sorted, r->first - 1), false);
		}
		if (!str_equal(buf_str(&got), sorted_cases[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&got)));
		buf_release(&got);
		arena_free(&arena);
	}
}

static void prints_runs(void **state)
{
	const uint32_t numbers[] = { 1, 2, 3, 5, 7, 8 };
	struct buf out = BUF_INIT(100);

	(void)state;
	seqset_print(&out, numbers, COUNT(numbers));
	assert_true(str_equal(buf_str(&out), STR("1:3,5,7:8")));
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_the_grammar_and_nothing_else),
		cmocka_unit_test(takes_the_ends_of_a_range_in_either_order),
		cmocka_unit_test(sorts_and_joins),
		cmocka_unit_test(prints_runs),
	};

	return cmocka_run_group_tests_name("imap/seqset", tests, NULL, NULL);
}
