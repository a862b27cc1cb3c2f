#include "tests/cm.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

/* RFC 3629 sections 3, 4 and 10: what is a sequence and what only looks like one. */
static const struct {
	struct str in;
	bool valid;
} valid_cases[] = {
	{ STR_INIT(""), true },
	{ STR_INIT("plain"), true },
	{ STR_INIT("\x00"), true },
	{ STR_INIT("\x7f"), true },
	{ STR_INIT("\x80"), false },
	{ STR_INIT("\xc0\x80"), false },
	{ STR_INIT("\xc1\xbf"), false },
	{ STR_INIT("\xc2\x80"), true },
	{ STR_INIT("\xdf\xbf"), true },
	{ STR_INIT("\xc3"), false },
	{ STR_INIT("\xc3\x28"), false },
	{ STR_INIT("\xe0\x9f\xbf"), false },
	{ STR_INIT("\xe0\xa0\x80"), true },
	{ STR_INIT("\xed\x9f\xbf"), true },
	{ STR_INIT("\xed\xa0\x80"), false },
	{ STR_INIT("\xee\x80\x80"), true },
	{ STR_INIT("\xef\xbf\xbf"), true },
	{ STR_INIT("\xe2\x82"), false },
	{ STR_INIT("\xf0\x8f\xbf\xbf"), false },
	{ STR_INIT("\xf0\x90\x80\x80"), true },
	{ STR_INIT("\xf4\x8f\xbf\xbf"), true },
	{ STR_INIT("\xf4\x90\x80\x80"), false },
	{ STR_INIT("\xf5\x80\x80\x80"), false },
	{ STR_INIT("\xf0\x9f\x98"), false },
	{ STR_INIT("\xff"), false },
	{ STR_INIT("ok \xf0\x9f\x98\x80 ok\xfe"), false },
};

static void knows_what_is_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(valid_cases); i++) {
		struct str in = valid_cases[i].in;
		struct cursor c = cursor_of(in);
		uint32_t code;

		if (utf8_is_valid(in) != valid_cases[i].valid)
			fail_msg("case %zu", i);
		while (utf8_next(&c, &code))
			;
		if (cursor_at_end(&c) != valid_cases[i].valid)
			fail_msg("case %zu, character by character", i);
	}
}

static void finds_a_high_byte_at_any_place(void **state)
{
	char text[40];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (size_t n = 0; n <= sizeof(text); n++)
		assert_true(utf8_is_ascii((struct str){ text, n }));
	for (size_t i = 0; i < sizeof(text); i++) {
		text[i] = '\x80';
		assert_false(utf8_is_ascii((struct str){ text, sizeof(text) }));
		text[i] = '\x7f';
	}
}

static void reads_back_each_character_that_it_writes(void **state)
{
	static const uint32_t codes[] = { 0, 0x41, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000,
		0xffff, 0x10000, 0x10ffff };

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		char bytes[UTF8_CHAR_MAX];
		size_t n = utf8_encode(codes[i], bytes);
		struct cursor c = cursor_of((struct str){ bytes, n });
		uint32_t code;

		assert_true(utf8_next(&c, &code));
		assert_int_equal(code, codes[i]);
		assert_true(cursor_at_end(&c));
	}
}

static void normalises_to_form_c(void **state)
{
	struct arena *arena = arena_new("test");
	struct str out;

	(void)state;
	assert_int_equal(utf8_nfc(arena, STR("Cafe\xcc\x81"), &out, NULL), OK);
	assert_true(str_equal(out, STR("Caf\xc3\xa9")));
	/* U+212B ANGSTROM SIGN is canonically U+00C5 */
	assert_int_equal(utf8_nfc(arena, STR("\xe2\x84\xab"), &out, NULL), OK);
	assert_true(str_equal(out, STR("\xc3\x85")));
	/* form C, not KC: the ligature stays */
	assert_int_equal(utf8_nfc(arena, STR("\xef\xac\x81"), &out, NULL), OK);
	assert_true(str_equal(out, STR("\xef\xac\x81")));
	assert_int_equal(utf8_nfc(arena, STR("a\0b"), &out, NULL), OK);
	assert_int_equal(out.n, 3);
	assert_int_equal(utf8_nfc(arena, STR("\xc3"), &out, NULL), ERR_SYNTAX);
	arena_free(&arena);
}

static void folds_case_and_nothing_else(void **state)
{
	static const struct {
		struct str a, b;
		bool same;
	} cases[] = {
		{ STR_INIT("Ann@EXAMPLE.org"), STR_INIT("ann@example.ORG"), true },
		{ STR_INIT("\xc3\x89va"), STR_INIT("\xc3\xa9va"), true },
		{ STR_INIT("E\xcc\x81va"), STR_INIT("\xc3\xa9va"), true },
		{ STR_INIT("\xc3\xa9va"), STR_INIT("eva"), false },
		{ STR_INIT("\xce\xa3"), STR_INIT("\xcf\x82"),
		    true }, /* sigma and final sigma */
		{ STR_INIT("\xd0\x96"), STR_INIT("\xd0\xb6"), true },
		{ STR_INIT("\xce\xb1\xcd\x85\xcc\x81"), STR_INIT("\xce\xb1\xcc\x81\xcd\x85"),
		    true },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str a, b;

		assert_int_equal(utf8_fold(arena, cases[i].a, &a, NULL), OK);
		assert_int_equal(utf8_fold(arena, cases[i].b, &b, NULL), OK);
		if (str_equal(a, b) != cases[i].same)
			fail_msg("case %zu", i);
	}
	arena_free(&arena);
}

static void folds_ascii_without_touching_other_bytes(void **state)
{
	struct arena *arena = arena_new("test");
	struct str lower = STR("abc-9");

	(void)state;
	assert_true(str_equal(ascii_fold(arena, STR("AbZ\xc3\x89[@")), STR("abz\xc3\x89[@")));
	assert_ptr_equal(ascii_fold(arena, lower).p, lower.p);
	assert_int_equal(ascii_fold(arena, STR_EMPTY).n, 0);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_what_is_well_formed),
		cmocka_unit_test(finds_a_high_byte_at_any_place),
		cmocka_unit_test(reads_back_each_character_that_it_writes),
		cmocka_unit_test(normalises_to_form_c),
		cmocka_unit_test(folds_case_and_nothing_else),
		cmocka_unit_test(folds_ascii_without_touching_other_bytes),
	};

	return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
