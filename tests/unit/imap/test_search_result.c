#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/search_result.h"

/* RFC 5182 section 2.4 has the table. */
static const struct {
	unsigned returns;
	bool all;
} needs[] = {
	{ 0, true },
	{ SEARCH_RETURN_ALL, true },
	{ SEARCH_RETURN_COUNT, true },
	{ SEARCH_RETURN_SAVE, true },
	{ SEARCH_RETURN_MIN, false },
	{ SEARCH_RETURN_MAX, false },
	{ SEARCH_RETURN_MIN | SEARCH_RETURN_MAX, false },
	{ SEARCH_RETURN_SAVE | SEARCH_RETURN_MIN, false },
	{ SEARCH_RETURN_SAVE | SEARCH_RETURN_MAX | SEARCH_RETURN_MIN, false },
	{ SEARCH_RETURN_SAVE | SEARCH_RETURN_MIN | SEARCH_RETURN_COUNT, true },
	{ SEARCH_RETURN_SAVE | SEARCH_RETURN_MAX | SEARCH_RETURN_ALL, true },
};

static void looks_at_no_more_than_is_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(needs); i++)
		if (search_return_needs_all(needs[i].returns) != needs[i].all)
			fail_msg("case %zu", i);
}

static const struct {
	uint32_t size;
	uint32_t found[8];
	const char *runs;
} cases[] = {
	{ 0, { 0 }, "" },
	{ 1, { 1 }, "1:1" },
	{ 1, { 0 }, "" },
	{ 63, { 63 }, "63:63" },
	{ 64, { 62, 63, 64 }, "62:64" },
	{ 65, { 63, 64, 65 }, "63:65" },
	{ 127, { 127, 126, 1 }, "1:1 126:127" },
	{ 128, { 128, 127, 1 }, "1:1 127:128" },
	{ 1000, { 999, 1, 3, 2, 500 }, "1:3 500:500 999:999" },
	{ 1000, { 1000 }, "1000:1000" },
};

static void gives_the_runs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct buf text = BUF_INIT(256);
		struct seq_range run = { .last = 0 };
		struct search_result r;

		search_result_init(&r, cases[i].size, SEARCH_RETURN_SAVE, arena);
		for (size_t k = 0; cases[i].found[k] != 0; k++)
			search_result_add(&r, cases[i].found[k], 0);
		while (search_result_run(&r, run.last + 1, &run))
			buf_printf(
			    &text, "%s%u:%u", text.n > 0 ? " " : "", run.first, run.last);
		if (!str_equal(buf_str(&text), str_from(cases[i].runs)))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&text)));
		buf_release(&text);
		arena_free(&arena);
	}
}

static void counts_and_keeps_the_ends(void **state)
{
	struct arena *arena = arena_new("test");
	struct seq_range run;
	struct search_result r;

	(void)state;
	search_result_init(&r, 10, SEARCH_RETURN_COUNT, arena);
	assert_int_equal(r.count, 0);
	search_result_add(&r, 7, 50);
	search_result_add(&r, 3, 70);
	search_result_add(&r, 5, 60);
	assert_int_equal(r.count, 3);
	assert_int_equal(r.min, 3);
	assert_int_equal(r.max, 7);
	assert_int_equal(r.modseq, 70);
	/* which they are was not asked for */
	assert_null(r.found);
	assert_false(search_result_run(&r, 1, &run));
	arena_free(&arena);
}

static void takes_no_more_runs_than_the_limit(void **state)
{
	static const struct {
		uint32_t found; /* so many single numbers */
		enum errc want;
	} trio[] = { { 2, OK }, { 3, OK }, { 4, ERR_LIMIT } };

	(void)state;
	for (size_t i = 0; i < COUNT(trio); i++) {
		struct arena *arena = arena_new("test");
		struct buf runs = BUF_INIT(1024);
		struct search_result r;

		search_result_init(&r, 10, SEARCH_RETURN_SAVE, arena);
		for (uint32_t k = 0; k < trio[i].found; k++)
			search_result_add(&r, 2 * k + 1, 0);
		assert_int_equal(search_result_runs(&r, 3, &runs, NULL), trio[i].want);
		if (trio[i].want == OK)
			assert_int_equal(runs.n, trio[i].found * sizeof(struct seq_range));
		buf_release(&runs);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_at_no_more_than_is_asked_for),
		cmocka_unit_test(gives_the_runs),
		cmocka_unit_test(counts_and_keeps_the_ends),
		cmocka_unit_test(takes_no_more_runs_than_the_limit),
	};

	return cmocka_run_group_tests_name("imap/search_result", tests, NULL, NULL);
}
