#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/structure.h"

static const struct {
	struct str in;
	const char *want;
	unsigned flags;
} cases[] = {
	{ STR_INIT(""), "\"\"", 0 },
	{ STR_INIT("a b"), "\"a b\"", 0 },
	{ STR_INIT("a\"b\\c"), "\"a\\\"b\\\\c\"", 0 },
	{ STR_INIT("\t\x7f\x01"), "\"\t\x7f\x01\"", 0 },
	{ STR_INIT("a\nb"), "{3}\r\na\nb", 0 },
	{ STR_INIT("a\rb"), "{3}\r\na\rb", 0 },
	{ STR_INIT("\"\xc3\xbc"), "{3}\r\n\"\xc3\xbc", MIME_TEXT_8BIT },
	{ STR_INIT("\xc3"), "{1}\r\n\xc3", MIME_TEXT_8BIT | MIME_TEXT_INVALID },
	{ STR_INIT("\0"), "{1}\r\n\x80", MIME_TEXT_8BIT | MIME_TEXT_INVALID },
};

static void quotes_where_it_can(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT(100);

		assert_int_equal(imap_add_string(&out, cases[i].in), cases[i].flags);
		if (!str_equal(buf_str(&out), str_from(cases[i].want)))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static void has_nil_for_what_is_not_there(void **state)
{
	struct buf out = BUF_INIT(100);

	(void)state;
	assert_int_equal(imap_add_nstring(&out, STR_EMPTY), 0);
	assert_int_equal(imap_add_nstring(&out, STR("")), 0);
	assert_true(str_equal(buf_str(&out), STR("NIL\"\"")));
	buf_release(&out);
}

static void stays_within_the_buffer(void **state)
{
	(void)state;
	for (size_t max = 0; max < 8; max++) {
		struct buf out = BUF_INIT(max);

		(void)imap_add_string(&out, STR("a\nb\0"));
		(void)imap_add_string(&out, STR("abcdef"));
		assert_true(out.overflow);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotes_where_it_can),
		cmocka_unit_test(has_nil_for_what_is_not_there),
		cmocka_unit_test(stays_within_the_buffer),
	};

	return cmocka_run_group_tests_name("mime/imapstring", tests, NULL, NULL);
}
