#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "imap/list_pattern.h"

#include <string.h>

static const struct {
	struct str pattern, name;
	bool want;
} cases[] = {
	{ STR_INIT("*"), STR_INIT("INBOX"), true },
	{ STR_INIT("*"), STR_INIT("a/b/c"), true },
	{ STR_INIT("%"), STR_INIT("a"), true },
	{ STR_INIT("%"), STR_INIT("a/b"), false },
	{ STR_INIT("%/%"), STR_INIT("a/b"), true },
	{ STR_INIT("%/%"), STR_INIT("a/b/c"), false },
	{ STR_INIT("a/%"), STR_INIT("a"), false },
	{ STR_INIT("a*"), STR_INIT("a"), true },
	{ STR_INIT("a*"), STR_INIT("b"), false },
	{ STR_INIT("*c"), STR_INIT("a/b/c"), true },
	{ STR_INIT("%c"), STR_INIT("a/b/c"), false },
	{ STR_INIT("%*"), STR_INIT("a/b"), true },
	{ STR_INIT("*%"), STR_INIT("a/b"), true },
	{ STR_INIT("%%"), STR_INIT("ab"), true },
	{ STR_INIT("%%"), STR_INIT("a/b"), false },
	{ STR_INIT("*/b%d/*"), STR_INIT("a/bccd/e/f"), true },
	{ STR_INIT("*/b%d/*"), STR_INIT("a/bc/d/e"), false },
	{ STR_INIT("*%d"), STR_INIT("a/b/d"), true },
	{ STR_INIT("*b%d"), STR_INIT("ab/bcd"), true },
	{ STR_INIT("inbox"), STR_INIT("INBOX"), true },
	{ STR_INIT("InBox/%"), STR_INIT("INBOX/a"), true },
	{ STR_INIT("InBox/A"), STR_INIT("INBOX/a"), false },
	{ STR_INIT("i%"), STR_INIT("INBOX"), true },
	{ STR_INIT("inboxes"), STR_INIT("INBOXES"), false },
	{ STR_INIT("A"), STR_INIT("a"), false },
	{ STR_INIT(""), STR_INIT(""), true },
	{ STR_INIT(""), STR_INIT("a"), false },
	{ STR_INIT("*"), STR_INIT(""), true },
	{ STR_INIT("a%b*c%d"), STR_INIT("aXbX/XcXd"), true },
	{ STR_INIT("a%b*c%d"), STR_INIT("aXbX/Xc/d"), false },
};

static void matches_as_the_standard_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct list_pattern *pattern = list_pattern_new(arena, cases[i].pattern);

		if (list_pattern_matches(pattern, cases[i].name) != cases[i].want)
			fail_msg("case %zu: %.*s", i, STR_ARG(cases[i].pattern));
		arena_free(&arena);
	}
}

/* Elements on both sides of a machine word. */
static void matches_long_patterns(void **state)
{
	(void)state;
	for (size_t n = 60; n < 70; n++) {
		struct arena *arena = arena_new("test");
		char *text = arena_alloc(arena, n + 1);
		struct list_pattern *pattern;

		memset(text, 'x', n + 1);
		text[n] = '*';
		pattern = list_pattern_new(arena, (struct str){ text, n + 1 });
		assert_true(list_pattern_matches(pattern, (struct str){ text, n }));
		assert_false(list_pattern_matches(pattern, (struct str){ text, n - 1 }));
		text[n] = 'y';
		assert_true(list_pattern_matches(pattern, (struct str){ text, n + 1 }));
		text[n - 1] = 'y';
		assert_false(list_pattern_matches(pattern, (struct str){ text, n + 1 }));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_as_the_standard_says),
		cmocka_unit_test(matches_long_patterns),
	};

	return cmocka_run_group_tests_name("imap/list_pattern", tests, NULL, NULL);
}
