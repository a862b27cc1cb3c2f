#include "tests/cm.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/str.h"

/* RFC 4648 section 10, and bytes that use the whole alphabet's end. */
static const struct {
	struct str plain, coded;
} pairs[] = {
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("f"), STR_INIT("Zg==") },
	{ STR_INIT("fo"), STR_INIT("Zm8=") },
	{ STR_INIT("foo"), STR_INIT("Zm9v") },
	{ STR_INIT("foob"), STR_INIT("Zm9vYg==") },
	{ STR_INIT("fooba"), STR_INIT("Zm9vYmE=") },
	{ STR_INIT("foobar"), STR_INIT("Zm9vYmFy") },
	{ STR_INIT("\xff\xff\xff\xfb"), STR_INIT("////+w==") },
	{ STR_INIT("\0ann\0pass"), STR_INIT("AGFubgBwYXNz") },
};

static void codes_both_ways(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct buf out = BUF_INIT(100);
		struct str plain;

		base64_encode(&out, pairs[i].plain);
		assert_true(str_equal(buf_str(&out), pairs[i].coded));
		assert_int_equal(base64_size(pairs[i].plain.n), pairs[i].coded.n);
		assert_int_equal(base64_decode(arena, pairs[i].coded, &plain, NULL), OK);
		assert_true(str_equal(plain, pairs[i].plain));
		buf_release(&out);
	}
	arena_free(&arena);
}

static void refuses_what_is_not_exact(void **state)
{
	static const struct str cases[] = { STR_INIT("Z"), STR_INIT("Zg"), STR_INIT("Zg="),
		STR_INIT("Zh=="), STR_INIT("Zm9="), STR_INIT("Zg==Zg=="), STR_INIT("===="),
		STR_INIT("Z==="), STR_INIT("=Zg="), STR_INIT("Zm 9"), STR_INIT("Zm9\n"),
		STR_INIT("Zm9v\r\n"), STR_INIT("Zm9-"), STR_INIT("Zm9_"), STR_INIT("Zm9\0"),
		STR_INIT("Zm\xc3\xa9") };
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str plain;

		if (base64_decode(arena, cases[i], &plain, NULL) != ERR_SYNTAX)
			fail_msg("case %zu", i);
	}
	arena_free(&arena);
}

static void marks_the_buffer_that_is_too_small(void **state)
{
	(void)state;
	for (size_t max = 7; max <= 9; max++) {
		struct buf out = BUF_INIT(max);

		base64_encode(&out, STR("fooba"));
		assert_int_equal(out.overflow, max < 8);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_both_ways),
		cmocka_unit_test(refuses_what_is_not_exact),
		cmocka_unit_test(marks_the_buffer_that_is_too_small),
	};

	return cmocka_run_group_tests_name("base/base64", tests, NULL, NULL);
}
