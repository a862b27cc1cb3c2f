#include "tests/cm.h"

#include "base/str.h"

static void splits_into_every_piece_even_empty_ones(void **state)
{
	struct str rest = STR("a,,b,"), piece;
	const struct str want[] = { STR_INIT("a"), STR_INIT(""), STR_INIT("b"), STR_INIT("") };
	size_t n = 0;

	(void)state;
	while (str_split(&rest, ',', &piece)) {
		assert_true(n < COUNT(want));
		assert_true(str_equal(piece, want[n]));
		n++;
	}
	assert_int_equal(n, COUNT(want));
}

static void reads_numbers_up_to_a_maximum(void **state)
{
	static const struct {
		struct str in;
		uint64_t max;
		enum errc want;
		uint64_t value;
	} cases[] = {
		{ STR_INIT("0"), 0, OK, 0 },
		{ STR_INIT("1"), 0, ERR_LIMIT, 0 },
		{ STR_INIT("4294967295"), UINT32_MAX, OK, UINT32_MAX },
		{ STR_INIT("4294967296"), UINT32_MAX, ERR_LIMIT, 0 },
		{ STR_INIT("18446744073709551615"), UINT64_MAX, OK, UINT64_MAX },
		{ STR_INIT("18446744073709551616"), UINT64_MAX, ERR_LIMIT, 0 },
		{ STR_INIT("99999999999999999999999"), UINT64_MAX, ERR_LIMIT, 0 },
		{ STR_INIT(""), 9, ERR_SYNTAX, 0 },
		{ STR_INIT("-1"), 9, ERR_SYNTAX, 0 },
		{ STR_INIT("1 "), 9, ERR_SYNTAX, 0 },
		{ STR_INIT("99999999999999999999999x"), 9, ERR_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint64_t value = 0;

		assert_int_equal(str_to_u64(cases[i].in, cases[i].max, &value), cases[i].want);
		assert_int_equal(value, cases[i].value);
	}
}

static void ignores_case_in_ascii_only(void **state)
{
	(void)state;
	assert_true(str_equal_nocase(STR("InBox"), STR("INBOX")));
	assert_false(str_equal_nocase(STR("\xc3\x89"), STR("\xc3\xa9")));
	assert_true(str_ends_nocase(STR("a@B.Example"), STR(".example")));
	assert_false(str_ends_nocase(STR("le"), STR(".example")));
}

static void finds_bytes_and_text(void **state)
{
	(void)state;
	assert_int_equal(str_find(STR("abcabc"), STR("ca")), 2);
	assert_int_equal(str_find(STR("abc"), STR("abcd")), 3);
	assert_int_equal(str_find_char(STR_EMPTY, 'x'), 0);
	assert_int_equal(str_rfind_char(STR("a@b@c"), '@'), 3);
	assert_int_equal(str_rfind_char(STR("abc"), '@'), 3);
	assert_true(str_equal(str_trim(STR(" \t x y\r\n")), STR("x y")));
	assert_true(str_compare(STR("a"), STR("ab")) < 0);
	assert_true(str_compare(STR("b"), STR("ab")) > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_into_every_piece_even_empty_ones),
		cmocka_unit_test(reads_numbers_up_to_a_maximum),
		cmocka_unit_test(ignores_case_in_ascii_only),
		cmocka_unit_test(finds_bytes_and_text),
	};

	return cmocka_run_group_tests_name("base/str", tests, NULL, NULL);
}
