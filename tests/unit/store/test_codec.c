#include "tests/cm.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "store/codec.h"
#include "store/prepare.h"

#include <string.h>

static const size_t sizes[] = { 0, 1, 511, 512, 513, 65535, 65536, CODEC_INPUT_MAX };

static char *pattern(struct arena *arena, size_t n, bool random)
{
	char *p = arena_alloc(arena, n + 1);
	uint32_t x = 7;

	for (size_t i = 0; i < n; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = random ? (char)(unsigned char)(x >> 24) : (char)('a' + i % 7);
	}
	return p;
}

static void gives_back_what_it_was_given(void **state)
{
	struct codec *codec = codec_new(1);
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(sizes); i++) {
		struct str raw = { pattern(arena, sizes[i / 2], i % 2), sizes[i / 2] };
		struct buf coded = BUF_INIT(SIZE_MAX), back = BUF_INIT(SIZE_MAX);

		codec_encode(codec, raw, &coded);
		assert_true(coded.n <= raw.n + 1);
		assert_int_equal(codec_decode(buf_str(&coded), raw.n, &back, NULL), OK);
		assert_true(str_equal(buf_str(&back), raw));
		if (raw.n > 1) {
			buf_clear(&back);
			assert_int_equal(
			    codec_decode(buf_str(&coded), raw.n - 1, &back, NULL), ERR_CORRUPT);
		}
		buf_release(&coded);
		buf_release(&back);
	}
	arena_free(&arena);
	codec_free(&codec);
}

static void saves_where_it_can(void **state)
{
	struct codec *codec = codec_new(1);
	struct arena *arena = arena_new("test");
	struct buf coded = BUF_INIT(SIZE_MAX);

	(void)state;
	codec_encode(codec, (struct str){ pattern(arena, 4000, false), 4000 }, &coded);
	assert_true(coded.n < 200);
	buf_clear(&coded);
	codec_encode(codec, (struct str){ pattern(arena, 4000, true), 4000 }, &coded);
	assert_int_equal(coded.n, 4001);
	buf_release(&coded);
	arena_free(&arena);
	codec_free(&codec);
}

static void refuses_what_is_damaged(void **state)
{
	static const struct str bad[] = { STR_INIT(""), STR_INIT("\x02zzz"), STR_INIT("\x01"),
		STR_INIT("\x01not a frame"), STR_INIT("\x01\x28\xb5\x2f\xfd\x20\x05") };
	struct buf out = BUF_INIT(SIZE_MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (codec_decode(bad[i], 1000, &out, NULL) != ERR_CORRUPT)
			fail_msg("case %zu", i);
	}
	buf_release(&out);
}

static void writes_numbers_that_it_can_read(void **state)
{
	static const uint64_t numbers[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX,
		UINT64_MAX / 2, UINT64_MAX };
	struct buf out = BUF_INIT(SIZE_MAX);

	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		struct cursor c;
		uint64_t back;

		buf_clear(&out);
		codec_add_number(&out, numbers[i]);
		c = cursor_of(buf_str(&out));
		assert_true(codec_take_number(&c, &back) && cursor_at_end(&c));
		assert_true(back == numbers[i]);
		c = cursor_of(str_first(buf_str(&out), out.n - 1));
		assert_false(codec_take_number(&c, &back));
	}
	/* 65 bits */
	struct cursor c = cursor_of(STR("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"));
	uint64_t back;
	assert_false(codec_take_number(&c, &back));
	buf_release(&out);
}

/* count 1, distance, size, hash */
#define HASH "0123456789abcdef0123456789abcdef"

static const struct {
	struct str row;
	uint64_t size;
	enum errc want;
} extent_cases[] = {
	{ STR_INIT("\x01\x05\x0a" HASH), 15, OK },
	{ STR_INIT("\x01\x05\x0a" HASH), 14, ERR_CORRUPT },
	{ STR_INIT("\x01\x00\x0f" HASH), 15, OK },
	{ STR_INIT("\x01\x10\x01" HASH), 15, ERR_CORRUPT },
	{ STR_INIT("\x01\x05\x00" HASH), 15, ERR_CORRUPT },
	{ STR_INIT("\x02\x05\x05" HASH "\x00\x05" HASH), 15, OK },
	{ STR_INIT("\x02\x05\x05" HASH "\x01\x05" HASH), 15, ERR_CORRUPT },
	{ STR_INIT("\x02\x05\x05" HASH), 15, ERR_CORRUPT },
	{ STR_INIT("\x01\x05\x0a" HASH "x"), 15, ERR_CORRUPT },
	{ STR_INIT("\x01\x05\x0a"), 15, ERR_CORRUPT },
	{ STR_INIT("\x00"), 15, ERR_CORRUPT },
	{ STR_INIT(""), 15, ERR_CORRUPT },
	{ STR_INIT("\xff\xff\xff\xff\x0f"), 15, ERR_CORRUPT },
};

static void takes_extents_that_lie_in_the_message(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(extent_cases); i++) {
		struct arena *arena = arena_new("test");
		struct extent *extents;
		size_t count;
		enum errc rc = extents_read(
		    extent_cases[i].row, extent_cases[i].size, arena, &extents, &count, NULL);

		if (rc != extent_cases[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_back_what_it_was_given),
		cmocka_unit_test(saves_where_it_can),
		cmocka_unit_test(refuses_what_is_damaged),
		cmocka_unit_test(writes_numbers_that_it_can_read),
		cmocka_unit_test(takes_extents_that_lie_in_the_message),
	};

	return cmocka_run_group_tests_name("store/codec", tests, NULL, NULL);
}
