#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "net/deflate.h"

#include <string.h>

/* Everything that `to` makes of it, in rooms of `room` bytes; the last result. */
static enum io_result unpack(struct deflate *to, size_t room, struct buf *out)
{
	enum io_result result;

	do {
		char piece[70000];
		size_t got = 0;

		result = deflate_read(to, piece, room, &got);
		assert_true(got <= room);
		assert_true(result != IO_OK || got > 0);
		buf_add(out, piece, got);
	} while (result == IO_OK);
	return result;
}

/* From one end to the other in pieces of `step` packed bytes; both rest between them if asked to. */
/* NOLINTNEXTLINE(readability-function-size): two ends, what goes between them, and how */
static void carry(struct deflate *from, struct deflate *to, struct str plain, size_t step,
    size_t room, bool rests, struct buf *out)
{
	for (size_t at = 0; at < plain.n;) {
		at += deflate_pack(from, str_from_at(plain, at));
		while (deflate_packed(from).n > 0) {
			struct str piece = str_first(deflate_packed(from), step);

			deflate_give(to, piece);
			deflate_sent(from, piece.n);
			assert_int_equal(unpack(to, room, out), IO_WAIT);
			assert_false(deflate_has_pending(to));
			if (rests)
				deflate_rest(to);
			if (rests)
				deflate_rest(from);
		}
	}
}

/* Text that repeats itself over more than the window, and bytes that do not. */
static void fill(struct buf *text, size_t size)
{
	uint32_t x = 1;

	while (text->n < size) {
		x = x * 1664525 + 1013904223;
		if (x >> 31)
			buf_printf(text, "a%u FETCH 1:* (FLAGS UID)\r\n", x >> 24);
		else
			buf_add(text, &x, sizeof(x));
	}
}

static void brings_what_was_given(void **state)
{
	static const size_t steps[] = { 1, 7, 16384 }, rooms[] = { 1, 100, 65536 };
	struct buf text = BUF_INIT(SIZE_MAX);

	(void)state;
	fill(&text, 150000);
	for (size_t i = 0; i < 2 * COUNT(steps) * COUNT(rooms); i++) {
		struct deflate *from = deflate_new(STR_EMPTY), *to = deflate_new(STR_EMPTY);
		size_t room = rooms[i / 2 % COUNT(rooms)];
		struct str plain = str_first(buf_str(&text), room == 1 ? 3000 : text.n);
		struct buf out = BUF_INIT(SIZE_MAX);

		/* as answers come: small ones, and a large one */
		for (size_t n = 1; n < 200; n += 13)
			carry(from, to, str_first(plain, n), steps[i / 2 / COUNT(rooms)], room,
			    i % 2 == 0, &out);
		buf_clear(&out);
		carry(from, to, plain, steps[i / 2 / COUNT(rooms)], room, i % 2 == 0, &out);
		assert_true(str_equal(buf_str(&out), plain));
		buf_release(&out);
		deflate_free(&from);
		deflate_free(&to);
	}
	buf_release(&text);
}

static void takes_what_came_before(void **state)
{
	struct deflate *from = deflate_new(STR_EMPTY), *to;
	struct buf out = BUF_INIT(SIZE_MAX);

	(void)state;
	assert_int_equal(deflate_pack(from, STR("a NOOP\r\n")), 8);
	to = deflate_new(deflate_packed(from));
	assert_true(deflate_has_pending(to));
	assert_int_equal(unpack(to, 100, &out), IO_WAIT);
	assert_true(str_equal(buf_str(&out), STR("a NOOP\r\n")));
	buf_release(&out);
	deflate_free(&from);
	deflate_free(&to);
	deflate_free(&to);
}

static void holds_little_while_it_rests(void **state)
{
	struct deflate *from = deflate_new(STR_EMPTY), *to = deflate_new(STR_EMPTY);
	struct buf text = BUF_INIT(SIZE_MAX), out = BUF_INIT(SIZE_MAX);

	(void)state;
	assert_true(deflate_memory(to) < 2000);
	carry(from, to, STR("a1 IDLE\r\n"), 16384, 1000, false, &out);
	assert_true(deflate_memory(to) > 40000 && deflate_memory(from) > 64000);
	deflate_rest(to);
	deflate_rest(from);
	assert_true(deflate_memory(to) < 2000 && deflate_memory(from) < 2000);
	/* never more than the window that the peer may refer to */
	fill(&text, 100000);
	carry(from, to, buf_str(&text), 16384, 1000, true, &out);
	assert_true(deflate_memory(to) < 36000 && deflate_memory(from) < 2000);
	buf_release(&text);
	buf_release(&out);
	deflate_free(&from);
	deflate_free(&to);
}

/* "x", a million times: 1,006 bytes that would be a thousand times as much. */
static void unpacks_no_more_than_there_is_room_for(void **state)
{
	struct deflate *from = deflate_new(STR_EMPTY), *to = deflate_new(STR_EMPTY);
	static char block[65536];
	size_t got, all = 0;

	(void)state;
	memset(block, 'x', sizeof(block));
	for (int i = 0; i < 16; i++) {
		assert_int_equal(
		    deflate_pack(from, (struct str){ block, sizeof(block) }), sizeof(block));
		assert_true(deflate_packed(from).n < 1000);
		deflate_give(to, deflate_packed(from));
		deflate_sent(from, deflate_packed(from).n);
	}
	do {
		char piece[5000];
		enum io_result result = deflate_read(to, piece, sizeof(piece), &got);

		assert_true(result == IO_OK || result == IO_WAIT);
		assert_true(deflate_memory(to) < 100000);
		all += got;
	} while (got > 0);
	assert_int_equal(all, 16 * sizeof(block));
	deflate_free(&from);
	deflate_free(&to);
}

static const struct {
	struct str in;
	enum io_result want;
	struct str plain;
} streams[] = {
	/* a stored block of 3 bytes; one that is the last */
	{ STR_INIT("\x00\x03\x00\xfc\xff"
		   "abc"),
	    IO_WAIT, STR_INIT("abc") },
	{ STR_INIT("\x01\x03\x00\xfc\xff"
		   "abc"),
	    IO_EOF, STR_INIT("abc") },
	{ STR_INIT("\x01\x00\x00\xff\xff"
		   "more"),
	    IO_EOF, STR_INIT("") },
	/* nothing, as often as you like */
	{ STR_INIT("\x00\x00\x00\xff\xff\x00\x00\x00\xff\xff"), IO_WAIT, STR_INIT("") },
	/* lengths that do not match; a block of the fourth kind; text */
	{ STR_INIT("\x00\x03\x00\xfc\xfe"
		   "abc"),
	    IO_FAILED, STR_INIT("") },
	{ STR_INIT("\x07"), IO_FAILED, STR_INIT("") },
	{ STR_INIT("a1 NOOP\r\n"), IO_FAILED, STR_INIT("") },
	/* zlib's and gzip's headers are not raw */
	{ STR_INIT("\x78\x9c\x03\x00\x00\x00\x00\x01"), IO_FAILED, STR_INIT("") },
	{ STR_INIT("\x1f\x8b\x08\x00\x00\x00\x00\x00"), IO_FAILED, STR_INIT("") },
};

static void reads_raw_streams_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(streams); i++) {
		struct deflate *to = deflate_new(streams[i].in);
		struct buf out = BUF_INIT(SIZE_MAX);
		enum io_result got = unpack(to, 100, &out);

		if (got != streams[i].want || !str_equal(buf_str(&out), streams[i].plain))
			fail_msg("case %zu: %d, %zu bytes", i, (int)got, out.n);
		/* an end stays one */
		if (got == IO_EOF)
			assert_int_equal(unpack(to, 100, &out), IO_EOF);
		buf_release(&out);
		deflate_free(&to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(brings_what_was_given),
		cmocka_unit_test(takes_what_came_before),
		cmocka_unit_test(holds_little_while_it_rests),
		cmocka_unit_test(unpacks_no_more_than_there_is_room_for),
		cmocka_unit_test(reads_raw_streams_and_nothing_else),
	};

	return cmocka_run_group_tests_name("net/deflate", tests, NULL, NULL);
}
