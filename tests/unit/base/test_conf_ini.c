#include "tests/cm.h"

#include "base/arena.h"
#include "base/conf_ini.h"
#include "base/str.h"

#include <stdlib.h>
#include <string.h>

/* What the reader says of a whole text, in one line: "S3 name", "E4 key=value", "C4 key=value" where the value looks
 * commented, "B5" and "X6" for a bad section and a bad line. */
static struct str summary(struct arena *arena, struct str text)
{
	static const char letters[] = { 'S', 'E', 'B', 'X' };
	char *copy = arena_alloc(arena, text.n);
	struct str all = STR_EMPTY;
	struct ini_item item;
	struct ini ini;

	memcpy(copy, text.p, text.n);
	ini_init(&ini, copy, text.n);
	while (ini_next(&ini, &item)) {
		all = str_printf(arena, "%.*s%c%u ", STR_ARG(all),
		    item.comment_like ? 'C' : letters[item.kind], item.line);
		if (item.kind == INI_SECTION)
			all =
			    str_printf(arena, "%.*s%.*s ", STR_ARG(all), STR_ARG(item.section));
		if (item.kind == INI_ENTRY)
			all = str_printf(arena, "%.*s%.*s=%.*s ", STR_ARG(all),
			    STR_ARG(item.key), STR_ARG(item.value));
		assert_int_equal(item.mistake != NULL,
		    item.kind == INI_BAD_LINE || item.kind == INI_BAD_SECTION);
	}
	return str_trim(all);
}

static const struct {
	struct str in, want;
} cases[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\n\n# x\n; y\n  # z\n"), STR_INIT("") },
	{ STR_INIT("[imap]\nidle_timeout = 30m\n"), STR_INIT("S1 imap E2 idle_timeout=30m") },
	{ STR_INIT("\xef\xbb\xbf[imap]\r\na=b\r\nc = d e \r\n"),
	    STR_INIT("S1 imap E2 a=b E3 c=d e") },
	{ STR_INIT(" [ imap ]  # services\n\tx\t=\ty"), STR_INIT("S1 imap E2 x=y") },
	{ STR_INIT("a="), STR_INIT("E1 a=") },
	{ STR_INIT("a=b=c"), STR_INIT("E1 a=b=c") },
	{ STR_INIT("a = \" x \\\" \\\\ \"  # why"), STR_INIT("E1 a= x \" \\ ") },
	{ STR_INIT("a=\"\""), STR_INIT("E1 a=") },
	{ STR_INIT("a = b # c"), STR_INIT("C1 a=b # c") },
	{ STR_INIT("a = b;c#d"), STR_INIT("E1 a=b;c#d") },
	{ STR_INIT("a=b\nno equals\nc=d"), STR_INIT("E1 a=b X2 E3 c=d") },
	{ STR_INIT("=b"), STR_INIT("X1") },
	{ STR_INIT("a b = c"), STR_INIT("X1") },
	{ STR_INIT("a=\"b"), STR_INIT("X1") },
	{ STR_INIT("a=\"b\\"), STR_INIT("X1") },
	{ STR_INIT("a=\"b\\\""), STR_INIT("X1") },
	{ STR_INIT("a=\"b\\n\""), STR_INIT("X1") },
	{ STR_INIT("a=\"b\" c"), STR_INIT("X1") },
	{ STR_INIT("[imap\n[]\n[a b]\n[a]b\n[a]"), STR_INIT("B1 B2 B3 B4 S5 a") },
	{ STR_INIT("a=b\0c"), STR_INIT("X1") },
	{ STR_INIT("a=\x1b[2J"), STR_INIT("X1") },
	{ STR_INIT("a=\xff"), STR_INIT("X1") },
	{ STR_INIT("# \xff"), STR_INIT("X1") },
	{ STR_INIT("a=b\rc=d"), STR_INIT("X1") },
	{ STR_INIT("n=J\xc3\xb6rg"), STR_INIT("E1 n=J\xc3\xb6rg") },
};

static void reads_the_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct str got = summary(arena, cases[i].in);

		if (!str_equal(got, str_trim(cases[i].want)))
			fail_msg("case %zu: %.*s", i, STR_ARG(got));
		arena_free(&arena);
	}
}

static void refuses_a_line_over_the_limit_and_goes_on(void **state)
{
	(void)state;
	for (size_t n = INI_LINE_MAX - 1; n <= INI_LINE_MAX + 1; n++) {
		struct arena *arena = arena_new("test");
		char *line = arena_alloc(arena, n);
		struct str got;

		memset(line, 'v', n);
		memcpy(line, "a=", 2);
		got = summary(arena,
		    str_printf(arena, "%.*s\r\nb=c", STR_ARG(((struct str){ line, n }))));
		assert_int_equal(str_starts(got, STR("X1")), n > INI_LINE_MAX);
		assert_true(str_ends_nocase(got, STR("E2 b=c")));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_form),
		cmocka_unit_test(refuses_a_line_over_the_limit_and_goes_on),
	};

	return cmocka_run_group_tests_name("base/conf_ini", tests, NULL, NULL);
}
