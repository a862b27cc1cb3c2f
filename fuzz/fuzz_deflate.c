/*
 * Any bytes as a packed stream give the same however they are cut and wherever the unpacker rests; any bytes that are
 * packed come out again.
 */
#include "base/buf.h"
#include "base/str.h"
#include "net/deflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A stream may say a thousand times as much. */
#define ENOUGH ((size_t)1 << 20)

static enum io_result drain(struct deflate *d, size_t room, struct buf *out)
{
	enum io_result result;

	do {
		char piece[4096];
		size_t got = 0;

		result = deflate_read(d, piece, room, &got);
		if (got > room || (result == IO_OK && got == 0))
			__builtin_trap();
		buf_add(out, piece, got);
	} while (result == IO_OK && out->n < ENOUGH);
	return result;
}

static enum io_result unpack(
    struct str in, size_t step, size_t room, bool rests, struct buf *out)
{
	struct deflate *d = deflate_new(STR_EMPTY);
	enum io_result result = IO_WAIT;

	while (in.n > 0 && result == IO_WAIT) {
		struct str piece = str_first(in, step);

		deflate_give(d, piece);
		in = str_from_at(in, piece.n);
		result = drain(d, room, out);
		if (rests)
			deflate_rest(d);
	}
	deflate_free(&d);
	return result;
}

static void compare(struct str in)
{
	struct buf whole = BUF_INIT(SIZE_MAX), bytes = BUF_INIT(SIZE_MAX);
	enum io_result a = unpack(in, DEFLATE_GIVE_MAX, 4096, false, &whole);
	enum io_result b = unpack(in, 1, 100, true, &bytes);
	size_t n = whole.n < bytes.n ? whole.n : bytes.n;

	if (n >= ENOUGH)
		n = ENOUGH;
	else if (a != b || whole.n != bytes.n)
		__builtin_trap();
	if (!str_equal(str_first(buf_str(&whole), n), str_first(buf_str(&bytes), n)))
		__builtin_trap();
	buf_release(&whole);
	buf_release(&bytes);
}

static void there_and_back(struct str plain)
{
	struct deflate *from = deflate_new(STR_EMPTY), *to = deflate_new(STR_EMPTY);
	struct buf out = BUF_INIT(SIZE_MAX);

	for (struct str rest = plain; rest.n > 0;) {
		struct str piece = str_first(rest, 1 + rest.n / 2);

		rest = str_from_at(rest, deflate_pack(from, piece));
		while (deflate_packed(from).n > 0) {
			struct str packed = str_first(deflate_packed(from), DEFLATE_GIVE_MAX);

			deflate_give(to, packed);
			deflate_sent(from, packed.n);
			if (drain(to, 4096, &out) != IO_WAIT)
				__builtin_trap();
		}
		deflate_rest(from);
		deflate_rest(to);
		/* the peer has every byte, and nothing is left of either but what it may refer to */
		if (out.n != plain.n - rest.n || deflate_memory(to) > 36000)
			__builtin_trap();
	}
	if (!str_equal(buf_str(&out), plain))
		__builtin_trap();
	buf_release(&out);
	deflate_free(&from);
	deflate_free(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };

	compare(in);
	there_and_back(in);
	return 0;
}
