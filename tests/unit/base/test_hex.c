#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/str.h"

static void codes_both_ways(void **state)
{
	struct arena *arena = arena_new("test");
	struct buf out = BUF_INIT(100);
	struct str bytes;

	(void)state;
	hex_encode(&out,
	    STR("\x00\x9f\xff"
		"A"));
	assert_true(str_equal(buf_str(&out), STR("009fff41")));
	assert_int_equal(hex_decode(arena, STR("009FfF41"), &bytes, NULL), OK);
	assert_true(str_equal(bytes,
	    STR("\x00\x9f\xff"
		"A")));
	assert_int_equal(hex_decode(arena, STR_EMPTY, &bytes, NULL), OK);
	assert_int_equal(bytes.n, 0);
	buf_release(&out);
	arena_free(&arena);
}

static void refuses_odd_counts_and_foreign_bytes(void **state)
{
	static const struct str cases[] = { STR_INIT("0"), STR_INIT("0g"), STR_INIT("g0"),
		STR_INIT("0x10"), STR_INIT("00 1"), STR_INIT("@@"), STR_INIT("//"),
		STR_INIT("::") };
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str bytes;

		if (hex_decode(arena, cases[i], &bytes, NULL) != ERR_SYNTAX)
			fail_msg("case %zu", i);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_both_ways),
		cmocka_unit_test(refuses_odd_counts_and_foreign_bytes),
	};

	return cmocka_run_group_tests_name("base/hex", tests, NULL, NULL);
}
