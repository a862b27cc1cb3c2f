#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/list_pattern.h"
#include "imap/list_select.h"
#include "store/mailbox.h"
#include "store/special_use.h"

#include <string.h>

#define HERE(name_text)                                                                        \
	{                                                                                      \
		.id = 1, .name = STR_INIT(name_text)                                           \
	}
#define SUB(name_text)                                                                         \
	{                                                                                      \
		.id = 1, .name = STR_INIT(name_text), .subscribed = true                       \
	}

/* RFC 5258 section 5, example 9 and those around it. */
static const struct mailbox tree[] = {
	HERE("INBOX"),
	HERE("Sent"),
	HERE("baz2"),
	SUB("baz2/bar2"),
	SUB("baz2/bar22"),
	SUB("baz2/bar222"),
	SUB("eps2"),
	SUB("eps2/mamba"),
	HERE("foo2"),
	SUB("foo2/bar1"),
	SUB("foo2/bar2"),
	{ .name = STR_INIT("gone"), .no_select = true, .gone = true },
	{ .name = STR_INIT("gone/x"), .no_select = true, .gone = true, .subscribed = true },
	HERE("qux2"),
	SUB("qux2/bar2"),
};

#define RECURSIVE_SUBSCRIBED (LIST_SUBSCRIBED | LIST_RECURSIVEMATCH)

/* What is told; "+": a name below is selected, "-": it is itself not. */
static const struct {
	const char *pattern;
	unsigned select;
	const char *want;
} cases[] = {
	{ "%", 0, "INBOX Sent baz2 eps2 foo2 qux2" },
	{ "*", 0,
	    "INBOX Sent baz2 baz2/bar2 baz2/bar22 baz2/bar222 eps2 eps2/mamba foo2 foo2/bar1 "
	    "foo2/bar2 qux2 qux2/bar2" },
	{ "*", LIST_REMOTE,
	    "INBOX Sent baz2 baz2/bar2 baz2/bar22 baz2/bar222 eps2 eps2/mamba foo2 foo2/bar1 "
	    "foo2/bar2 qux2 qux2/bar2" },
	{ "%", LIST_SUBSCRIBED, "eps2" },
	{ "gone/%", LIST_SUBSCRIBED, "gone/x" },
	{ "*2", RECURSIVE_SUBSCRIBED,
	    "baz2/bar2 baz2/bar22 baz2/bar222 eps2+ foo2+- foo2/bar2 qux2/bar2" },
	{ "%", RECURSIVE_SUBSCRIBED, "baz2+- eps2+ foo2+- gone+- qux2+-" },
	{ "*", RECURSIVE_SUBSCRIBED,
	    "baz2/bar2 baz2/bar22 baz2/bar222 eps2+ eps2/mamba foo2/bar1 foo2/bar2 gone/x "
	    "qux2/bar2" },
	{ "eps2", RECURSIVE_SUBSCRIBED, "eps2+" },
	{ "INBOX", RECURSIVE_SUBSCRIBED, "" },
	{ "*", LIST_SPECIAL_USE, "" },
	{ "nothing", 0, "" },
};

static struct str told(struct arena *arena, const struct mailbox *list, size_t count,
    const char *pattern, unsigned select)
{
	const struct list_options options = { .select = select };
	struct list_pattern *p = list_pattern_new(arena, str_from(pattern));
	struct list_mark *marks = ARENA_NEW(arena, struct list_mark, count);
	struct buf text = BUF_INIT(4096);
	struct str copy;

	for (size_t i = 0; i < count; i++) {
		marks[i].matches = list_pattern_matches(p, list[i].name);
		marks[i].level = marks[i].matches && pattern[strlen(pattern) - 1] == '%';
	}
	list_select(list, count, &options, marks);
	for (size_t i = 0; i < count; i++)
		if (marks[i].told)
			buf_printf(&text, "%s%.*s%s%s", text.n > 0 ? " " : "",
			    STR_ARG(list[i].name), marks[i].childinfo ? "+" : "",
			    marks[i].selected ? "" : "-");
	copy = str_dup(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

static void tells_what_the_options_choose(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct str got =
		    told(arena, tree, COUNT(tree), cases[i].pattern, cases[i].select);

		if (!str_equal(got, str_from(cases[i].want)))
			fail_msg("case %zu: '%.*s', want '%s'", i, STR_ARG(got), cases[i].want);
		arena_free(&arena);
	}
}

/* Both options are to be fulfilled by the same name. */
static void options_narrow_each_other(void **state)
{
	static const struct mailbox list[] = {
		{ .id = 1, .name = STR_INIT("a"), .subscribed = true },
		{ .id = 2, .name = STR_INIT("a/b"), .special_use = USE_SENT },
		{ .id = 3, .name = STR_INIT("c") },
		{ .id = 4,
		    .name = STR_INIT("c/d"),
		    .special_use = USE_JUNK,
		    .subscribed = true },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	assert_true(
	    str_equal(told(arena, list, COUNT(list), "*", LIST_SUBSCRIBED | LIST_SPECIAL_USE),
		STR("c/d")));
	assert_true(str_equal(
	    told(arena, list, COUNT(list), "%", RECURSIVE_SUBSCRIBED | LIST_SPECIAL_USE),
	    STR("c+-")));
	arena_free(&arena);
}

/* RFC 9051 6.3.9.8, example 10 */
static void levels_without_a_mailbox_are_told_for_a_percent(void **state)
{
	static const struct mailbox list[] = {
		{ .name = STR_INIT("music"), .no_select = true },
		{ .id = 1, .name = STR_INIT("music/rock"), .subscribed = true },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	assert_true(str_equal(told(arena, list, 2, "*", 0), STR("music/rock")));
	assert_true(str_equal(told(arena, list, 2, "%", 0), STR("music")));
	assert_true(str_equal(told(arena, list, 2, "music", 0), STR("")));
	assert_true(
	    str_equal(told(arena, list, 2, "music", RECURSIVE_SUBSCRIBED), STR("music+-")));
	assert_true(str_equal(told(arena, list, 2, "%", LIST_SUBSCRIBED), STR("")));
	arena_free(&arena);
}

/* A name by hand may have any number of levels. */
static void follows_any_depth(void **state)
{
	enum { DEEP = 2000 };
	struct arena *arena = arena_new("test");
	struct mailbox *list = ARENA_NEW(arena, struct mailbox, DEEP);
	char *name = ARENA_NEW(arena, char, (size_t)DEEP * 2);

	(void)state;
	memset(name, 'a', (size_t)DEEP * 2);
	for (size_t i = 0; i < DEEP; i++) {
		name[i * 2 + 1] = '/';
		list[i] = (struct mailbox){ .id = 1, .name = { name, i * 2 + 1 } };
	}
	list[DEEP - 1].subscribed = true;
	assert_true(str_equal(told(arena, list, DEEP, "%", RECURSIVE_SUBSCRIBED), STR("a+-")));
	assert_true(str_equal(told(arena, list, 0, "%", RECURSIVE_SUBSCRIBED), STR("")));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_the_options_choose),
		cmocka_unit_test(options_narrow_each_other),
		cmocka_unit_test(levels_without_a_mailbox_are_told_for_a_percent),
		cmocka_unit_test(follows_any_depth),
	};

	return cmocka_run_group_tests_name("imap/list_select", tests, NULL, NULL);
}
