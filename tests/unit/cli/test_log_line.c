#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "cli/log_line.h"

#define HEAD "2026-11-20T20:11:36.123Z info lmtp deliver"
#define JSON_HEAD                                                                              \
	"{\"time\":\"2026-11-20T20:11:36.123Z\",\"level\":\"info\",\"service\":\"lmtp\","      \
	"\"event\":\"deliver\""

static const struct {
	struct str in;
	enum errc want;
	const char *name, *value;
} cases[] = {
	{ STR_INIT(HEAD), OK, "none", NULL },
	{ STR_INIT(HEAD " sid=7f3a peer=[2001:db8::1]:4711 ms=4"), OK, "peer",
	    "[2001:db8::1]:4711" },
	{ STR_INIT(HEAD " user=\"ann@example.org\" ms=4"), OK, "user", "ann@example.org" },
	{ STR_INIT(HEAD " user=\"a \\\"b\\\" \\\\c\" ms=-4"), OK, "user", "a \"b\" \\c" },
	{ STR_INIT(HEAD " user=\"a\\x0a\""), OK, "user", "a\\x0a" },
	{ STR_INIT(HEAD " user=\"\""), OK, "user", "" },
	{ STR_INIT(HEAD " os-version=\"5\""), OK, "os-version", "5" },
	{ STR_INIT(HEAD " user=\"a"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(HEAD " user=\"a\\"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(HEAD " user"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(HEAD " user=\"a\"b=c"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(HEAD "  a=b"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT("2026-11-20T20:11:36.123Z info lmtp"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT("Nov 20 20:11:36 mail postfix/smtpd[1]: connect"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT("==1==ERROR: AddressSanitizer"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(""), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(JSON_HEAD "}"), OK, "none", NULL },
	{ STR_INIT(JSON_HEAD ",\"user\":\"a \\\"b\\\" \\\\x0a\",\"ms\":4}"), OK, "user",
	    "a \"b\" \\x0a" },
	{ STR_INIT(JSON_HEAD ",\"ms\":4}"), OK, "ms", "4" },
	{ STR_INIT(JSON_HEAD), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT("{\"a\":1}"), ERR_SYNTAX, NULL, NULL },
	{ STR_INIT(JSON_HEAD "} x"), ERR_SYNTAX, NULL, NULL },
};

static void reads_both_forms(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct log_line line;
		enum errc got = log_line_parse(cases[i].in, arena, &line, NULL);
		struct str value;

		if (got != cases[i].want)
			fail_msg("case %zu: got %d", i, (int)got);
		if (got == OK) {
			value = log_line_field(&line, cases[i].name);
			if (!str_equal(line.event, STR("deliver")) ||
			    (value.p != NULL) != (cases[i].value != NULL) ||
			    !str_equal(value, str_from(cases[i].value)))
				fail_msg("case %zu: %.*s", i, STR_ARG(value));
		}
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_forms),
	};

	return cmocka_run_group_tests_name("cli/log_line", tests, NULL, NULL);
}
