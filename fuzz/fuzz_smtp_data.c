#include "base/heap.h"
#include "base/str.h"
#include "net/spool.h"
#include "smtp/framer.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Feeds `in` in pieces of `cut` bytes; gives what was kept and how much was taken. */
static size_t feed(struct str in, size_t cut, struct spool *spool, struct smtp_data *state)
{
	size_t used = 0;

	smtp_data_init(state);
	spool_clear(spool);
	while (used < in.n && state->state != SMTP_DATA_END) {
		size_t n = in.n - used < cut ? in.n - used : cut;

		used += smtp_data_take(state, (struct str){ in.p + used, n }, spool);
	}
	return used;
}

/* Where the input is cut changes nothing; nothing grows; data ends only behind CRLF.CRLF (or ".CRLF" at the start). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spool *whole = spool_new("/tmp", 65536, 1 << 20);
	struct spool *pieces = spool_new("/tmp", 65536, 1 << 20);
	struct smtp_data a, b;
	struct str in, x, y;
	size_t cut, used;

	if (size > 1 && size < 65536) {
		cut = (size_t)data[0] % 17 + 1;
		in = (struct str){ (const char *)data + 1, size - 1 };
		used = feed(in, in.n, whole, &a);
		if (used != feed(in, cut, pieces, &b) || a.state != b.state)
			__builtin_trap();
		if (spool_view(whole, &x, NULL) != OK || spool_view(pieces, &y, NULL) != OK)
			__builtin_trap();
		if (!str_equal(x, y) || x.n > used)
			__builtin_trap();
		if (a.state == SMTP_DATA_END && used > 3 &&
		    !str_ends_nocase(str_first(in, used), STR("\r\n.\r\n")))
			__builtin_trap();
	}
	spool_free(&whole);
	spool_free(&pieces);
	return 0;
}
