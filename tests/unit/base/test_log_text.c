#include "tests/cm.h"

#include "base/buf.h"
#include "base/log_text.h"
#include "base/str.h"

#include <string.h>

static const struct {
	struct str in, quoted, json;
} cases[] = {
	{ STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("ann@example.org"), STR_INIT("ann@example.org"),
	    STR_INIT("ann@example.org") },
	{ STR_INIT("a\"b"), STR_INIT("a\\\"b"), STR_INIT("a\\\"b") },
	{ STR_INIT("a\\b"), STR_INIT("a\\\\b"), STR_INIT("a\\\\\\\\b") },
	{ STR_INIT("a\r\nb"), STR_INIT("a\\x0d\\x0ab"), STR_INIT("a\\\\x0d\\\\x0ab") },
	{ STR_INIT("\0\t\x1b[2J\x7f"), STR_INIT("\\x00\\x09\\x1b[2J\\x7f"),
	    STR_INIT("\\\\x00\\\\x09\\\\x1b[2J\\\\x7f") },
	{ STR_INIT("\xc3\xa9"), STR_INIT("\xc3\xa9"), STR_INIT("\xc3\xa9") },
	{ STR_INIT("\xc3\xa9\xc3"), STR_INIT("\xc3\xa9\\xc3"), STR_INIT("\xc3\xa9\\\\xc3") },
	{ STR_INIT("\xff"), STR_INIT("\\xff"), STR_INIT("\\\\xff") },
	{ STR_INIT("\xc2\x85"), STR_INIT("\\xc2\\x85"), STR_INIT("\\\\xc2\\\\x85") }, /* NEL */
	{ STR_INIT("\xe2\x80\xa8"), STR_INIT("\\xe2\\x80\\xa8"),
	    STR_INIT("\\\\xe2\\\\x80\\\\xa8") },
	/* NOLINTNEXTLINE(misc-misleading-bidirectional): that is what must not come through */
	{ STR_INIT("\xe2\x80\xae"), STR_INIT("\\xe2\\x80\\xae"),
	    STR_INIT("\\\\xe2\\\\x80\\\\xae") },
	{ STR_INIT("\\x0a"), STR_INIT("\\\\x0a"), STR_INIT("\\\\\\\\x0a") },
};

static void escapes_what_could_deceive(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT(1000);

		log_text_quoted(&out, cases[i].in, 256);
		if (!str_equal(buf_str(&out), cases[i].quoted))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_clear(&out);
		log_text_json(&out, cases[i].in, 256);
		if (!str_equal(buf_str(&out), cases[i].json))
			fail_msg("case %zu as JSON: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static void marks_what_it_cuts(void **state)
{
	static const struct {
		struct str in, want;
	} cuts[] = {
		{ STR_INIT("abc"), STR_INIT("abc") },
		{ STR_INIT("abcd"), STR_INIT("abcd") },
		{ STR_INIT("abcde"), STR_INIT("abcd\xe2\x80\xa6") },
		{ STR_INIT("abc\xc3\xa9"), STR_INIT("abc\xe2\x80\xa6") },
		{ STR_INIT("ab\xc3\xa9x"), STR_INIT("ab\xc3\xa9\xe2\x80\xa6") },
		{ STR_INIT("a\xf0\x9f\x98\x80"), STR_INIT("a\xe2\x80\xa6") },
		{ STR_INIT("\x80\x80\x80\x80\x80"), STR_INIT("\\x80\xe2\x80\xa6") },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cuts); i++) {
		struct buf out = BUF_INIT(100);

		log_text_quoted(&out, cuts[i].in, 4);
		if (!str_equal(buf_str(&out), cuts[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static void knows_a_plain_word(void **state)
{
	(void)state;
	assert_true(log_text_is_word(STR("SCRAM-SHA-256"), 20));
	assert_true(log_text_is_word(STR("[2001:db8::1]:4711"), 20));
	assert_true(log_text_is_word(STR("abcd"), 4));
	assert_false(log_text_is_word(STR("abcde"), 4));
	assert_false(log_text_is_word(STR(""), 4));
	assert_false(log_text_is_word(STR("a b"), 4));
	assert_false(log_text_is_word(STR("a\0b"), 4));
	assert_false(log_text_is_word(STR("a=b"), 4));
	assert_false(log_text_is_word(STR("a\"b"), 4));
	assert_false(log_text_is_word(STR("\xc3\xa9"), 4));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes_what_could_deceive),
		cmocka_unit_test(marks_what_it_cuts),
		cmocka_unit_test(knows_a_plain_word),
	};

	return cmocka_run_group_tests_name("base/log_text", tests, NULL, NULL);
}
