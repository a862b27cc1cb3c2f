/*
 * A name in ASCII that is taken is the only form of what it means; UTF-8 comes back as it was.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "imap/utf7.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_decoding(struct str in, struct arena *arena)
{
	struct buf again = BUF_INIT(SIZE_MAX);
	struct str utf8;

	if (utf7_decode(in, arena, &utf8, NULL) != OK)
		return;
	if (!utf8_is_valid(utf8) || utf8.n > in.n * 2)
		__builtin_trap();
	utf7_encode(&again, utf8);
	for (size_t i = 0; i < in.n; i++)
		if (!ascii_is_print(in.p[i]))
			goto out;
	if (!str_equal(buf_str(&again), in))
		__builtin_trap();
out:
	buf_release(&again);
}

static void check_encoding(struct str utf8, struct arena *arena)
{
	struct buf sent = BUF_INIT(SIZE_MAX);
	struct str again;

	if (!utf8_is_valid(utf8) || (utf8.n > 0 && memchr(utf8.p, '\0', utf8.n) != NULL))
		return;
	utf7_encode(&sent, utf8);
	if (utf7_decode(buf_str(&sent), arena, &again, NULL) != OK || !str_equal(again, utf8))
		__builtin_trap();
	buf_release(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");

	check_decoding(in, arena);
	check_encoding(in, arena);
	arena_free(&arena);
	return 0;
}
