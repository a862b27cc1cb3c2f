#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/charset.h"
#include "mime/limits.h"

#define BAD "\xef\xbf\xbd"

static const struct {
	const char *name;
	struct str in;
	const char *want;
} cases[] = {
	{ "", STR_INIT("abc\xc3\xbc"), "abc\xc3\xbc" },
	{ "US-ASCII", STR_INIT("abc\xc3\xbc"), "abc\xc3\xbc" },
	{ "utf-8", STR_INIT("a\xff\xc3\xbc\xc3"), "a" BAD "\xc3\xbc" BAD },
	{ "utf-8", STR_INIT("\xe2\x82"), BAD },
	{ "utf-8", STR_INIT("\xe2\x82x"), BAD BAD "x" },
	{ "utf-8", STR_INIT("\xed\xa0\x80"), BAD BAD BAD },
	{ "utf-8", STR_INIT("\xf0\x9f\x98\x80"), "\xf0\x9f\x98\x80" },
	{ "iso-8859-1", STR_INIT("aaaaaaaaaa\xfc\x80"), "aaaaaaaaaa\xc3\xbc\xc2\x80" },
	{ "LATIN1", STR_INIT("\xe9"), "\xc3\xa9" },
	{ "iso-8859-15", STR_INIT("\xa4"), "\xe2\x82\xac" },
	{ "Windows-1252", STR_INIT("\x80\x81"), "\xe2\x82\xac" BAD },
	{ "cp1251", STR_INIT("\xcf"), "\xd0\x9f" },
	{ "gb2312", STR_INIT("\xb4\xf2\xff"), "\xe6\x89\x93" BAD },
	{ "shift_jis", STR_INIT("\x93\xfa\x87"), "\xe6\x97\xa5" BAD },
	{ "euc-kr", STR_INIT("\xb0\xa1"), "\xea\xb0\x80" },
	{ "big5", STR_INIT("\xa4\x40"), "\xe4\xb8\x80" },
	{ "iso-2022-jp", STR_INIT("a\x1b$BF|\x1b(Bb"),
	    "a\xe6\x97\xa5"
	    "b" },
	{ "utf-16", STR_INIT("\xfe\xff\0a"), "a" },
	{ "utf-16le", STR_INIT("a\0\x00\xd8"), "a" BAD },
	{ "utf-7", STR_INIT("+AOk-"), "\xc3\xa9" },
	{ " utf-8 ", STR_INIT("x"), "x" },
};

/* The same in one piece and byte by byte. */
static void converts_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t step = 1; step <= 16; step += 5) {
			struct buf out = BUF_INIT(1000);
			struct charset charset;

			assert_int_equal(
			    charset_open(&charset, str_from(cases[i].name), NULL), OK);
			for (size_t at = 0; at < cases[i].in.n; at += step)
				charset_feed(&charset,
				    str_first(str_from_at(cases[i].in, at), step), &out);
			charset_finish(&charset, &out);
			charset_close(&charset);
			if (!str_equal(buf_str(&out), str_from(cases[i].want)))
				fail_msg(
				    "case %zu by %zu: %.*s", i, step, STR_ARG(buf_str(&out)));
			buf_release(&out);
		}
	}
}

static void knows_the_list_alone(void **state)
{
	static const char *const unknown[] = { "x", "utf-9", "iso-2022-cn-ext", "ebcdic-us",
		"../../etc/passwd", "utf-8//translit",
		"a-name-that-is-longer-than-any-name-in-it" };
	struct charset charset;
	struct buf out = BUF_INIT(100);
	struct err err;

	(void)state;
	for (size_t i = 0; i < COUNT(unknown); i++) {
		assert_int_equal(
		    charset_open(&charset, str_from(unknown[i]), &err), ERR_UNSUPPORTED);
		assert_null(charset_canonical(str_from(unknown[i])));
	}
	assert_int_equal(
	    charset_to_utf8(STR("x-none"), STR("abc"), &out, NULL), ERR_UNSUPPORTED);
	assert_int_equal(out.n, 0);
	charset_to_utf8_lenient(STR("x-none"), STR("abc\xff"), &out);
	assert_true(str_equal(buf_str(&out), STR("abc" BAD)));
	assert_string_equal(charset_canonical(STR("uTf-8")), "UTF-8");
	assert_string_equal(charset_canonical(STR("gbk")), charset_canonical(STR("gb2312")));
	buf_release(&out);
}

static void is_used_again_after_the_end(void **state)
{
	struct buf out = BUF_INIT(100);
	struct charset charset;

	(void)state;
	charset_open_lenient(&charset, STR("utf-8"));
	charset_feed(&charset, STR("\xc3"), &out);
	charset_finish(&charset, &out);
	charset_feed(&charset, STR("\xbc"), &out);
	charset_finish(&charset, &out);
	charset_close(&charset);
	assert_true(str_equal(buf_str(&out), STR(BAD BAD)));
	buf_release(&out);
}

static void counts_ascii(void **state)
{
	(void)state;
	assert_int_equal(charset_ascii_run(STR("")), 0);
	assert_int_equal(charset_ascii_run(STR("12345678\xff")), 8);
	assert_int_equal(charset_ascii_run(STR("123456789")), 9);
	assert_int_equal(charset_ascii_run(STR("1\xff"
					       "2345678")),
	    1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(converts_in_any_pieces),
		cmocka_unit_test(knows_the_list_alone),
		cmocka_unit_test(is_used_again_after_the_end),
		cmocka_unit_test(counts_ascii),
	};

	return cmocka_run_group_tests_name("mime/charset", tests, NULL, NULL);
}
