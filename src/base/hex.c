#include "base/hex.h"

#include "base/arena.h"
#include "base/buf.h"

void hex_encode(struct buf *out, struct str in)
{
	static const char digits[16] = "0123456789abcdef";
	char *to = in.n > SIZE_MAX / 2 ? NULL : buf_reserve(out, in.n * 2);

	if (!to)
		return;
	for (size_t i = 0; i < in.n; i++) {
		*to++ = digits[(unsigned char)in.p[i] >> 4];
		*to++ = digits[(unsigned char)in.p[i] & 0x0f];
	}
	buf_grown(out, in.n * 2);
}

int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

enum errc hex_decode(struct arena *arena, struct str in, struct str *out, struct err *err)
{
	char *bytes;

	if (in.n % 2 != 0)
		return err_set(err, ERR_SYNTAX, "hex: odd number of digits");
	bytes = arena_alloc_raw(arena, in.n / 2);
	for (size_t i = 0; i < in.n; i += 2) {
		int high = hex_digit(in.p[i]), low = hex_digit(in.p[i + 1]);

		if (high < 0 || low < 0)
			return err_set(err, ERR_SYNTAX, "hex: byte %zu is no digit", i);
		bytes[i / 2] = (char)(unsigned char)(high << 4 | low);
	}
	*out = (struct str){ bytes, in.n / 2 };
	return OK;
}
