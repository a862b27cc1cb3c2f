#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "mime/lex.h"

/* How many bytes are skipped, or -1. */
static long skipped(const char *(*fn)(const char *, const char *), const char *text)
{
	struct str s = str_from(text);
	const char *after = fn(s.p, s.p + s.n);

	return after ? (long)(after - s.p) : -1;
}

static void skips_comments_and_quotes(void **state)
{
	(void)state;
	assert_int_equal(skipped(lex_after_comment, "(a(b)\\)c)d"), 9);
	assert_int_equal(skipped(lex_after_comment, "(a(b)"), -1);
	assert_int_equal(skipped(lex_after_comment, "(\\"), -1);
	assert_int_equal(skipped(lex_after_quoted, "\"a\\\"b\"c"), 6);
	assert_int_equal(skipped(lex_after_quoted, "\"a\\"), -1);
	assert_int_equal(skipped(lex_skip_cfws, " \r\n\t(a) (b)c"), 11);
	assert_int_equal(skipped(lex_skip_cfws, " (a"), 1);
	assert_int_equal(skipped(lex_skip_cfws, ""), 0);
}

static void takes_escapes_out(void **state)
{
	struct arena *arena = arena_new("test");
	struct str plain = STR("plain");

	(void)state;
	assert_ptr_equal(lex_unescape(arena, plain).p, plain.p);
	assert_true(
	    str_equal(lex_unescape(arena, STR("a\\\"b\\\\c\r\n d\\")), STR("a\"b\\c d\\")));
	arena_free(&arena);
}

static const struct {
	const char *in;
	bool blanks, found;
	size_t after; /* where a search goes on */
} word_cases[] = {
	{ "=?utf-8?q?a?=b", false, true, 13 },
	{ "=?utf-8?B?YQ==?=", false, true, 16 },
	{ "=?utf-8*de?q?a?=", false, true, 16 },
	{ "=?utf-8?q?a b?=", true, true, 15 },
	{ "=?utf-8?q?a b?=", false, false, 11 },
	{ "=?utf-8?q?a\n?=", true, false, 11 },
	{ "=?utf-8?q?a", true, false, 11 },
	{ "=?utf-8?x?a?=", true, false, 2 },
	{ "=?utf 8?q?a?=", true, false, 2 },
	{ "=?", true, false, 2 },
};

static void knows_encoded_words(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(word_cases); i++) {
		struct str in = str_from(word_cases[i].in);
		struct lex_word word;
		bool found = lex_encoded_word(in.p, in.p + in.n, word_cases[i].blanks, &word);

		if (found != word_cases[i].found ||
		    (size_t)(word.after - in.p) != word_cases[i].after)
			fail_msg(
			    "%s: %d %zu", word_cases[i].in, found, (size_t)(word.after - in.p));
		if (found)
			assert_true(str_equal(word.charset, STR("utf-8")));
	}
}

static void knows_hexadecimal_digits(void **state)
{
	(void)state;
	assert_int_equal(lex_hex_value('0'), 0);
	assert_int_equal(lex_hex_value('9'), 9);
	assert_int_equal(lex_hex_value('a'), 10);
	assert_int_equal(lex_hex_value('F'), 15);
	assert_int_equal(lex_hex_value('g'), -1);
	assert_int_equal(lex_hex_value('\0'), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(skips_comments_and_quotes),
		cmocka_unit_test(takes_escapes_out),
		cmocka_unit_test(knows_encoded_words),
		cmocka_unit_test(knows_hexadecimal_digits),
	};

	return cmocka_run_group_tests_name("mime/lex", tests, NULL, NULL);
}
