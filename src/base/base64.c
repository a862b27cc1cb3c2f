#include "base/base64.h"

#include "base/arena.h"
#include "base/buf.h"

static const char letters[64] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_size(size_t n)
{
	return (n + 2) / 3 * 4;
}

void base64_encode(struct buf *out, struct str in)
{
	const unsigned char *p = (const unsigned char *)in.p;
	size_t left = in.n;
	char *to = buf_reserve(out, base64_size(in.n));

	if (!to)
		return;
	for (; left >= 3; left -= 3, p += 3) {
		*to++ = letters[p[0] >> 2];
		*to++ = letters[(p[0] & 0x03) << 4 | p[1] >> 4];
		*to++ = letters[(p[1] & 0x0f) << 2 | p[2] >> 6];
		*to++ = letters[p[2] & 0x3f];
	}
	if (left > 0) {
		int second = left == 2 ? p[1] : 0;

		*to++ = letters[p[0] >> 2];
		*to++ = letters[(p[0] & 0x03) << 4 | second >> 4];
		*to++ = left == 2 ? letters[(second & 0x0f) << 2] : '=';
		*to++ = '=';
	}
	buf_grown(out, base64_size(in.n));
}

/* 0 to 63, or 64 for a byte that is no letter of the alphabet. */
static uint32_t value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (uint32_t)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (uint32_t)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (uint32_t)(c - '0') + 52;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* Four letters, the last `padding` of which are left out, into 3 - padding bytes. */
static bool decode_group(const char *p, size_t padding, char *to)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		uint32_t value = i < 4 - padding ? value_of(p[i]) : 0;

		if (value > 63)
			return false;
		bits = bits << 6 | value;
	}
	if (bits & ((UINT32_C(1) << padding * 8) - 1))
		return false;
	for (size_t i = 0; i < 3 - padding; i++)
		to[i] = (char)(unsigned char)(bits >> (16 - 8 * i));
	return true;
}

enum errc base64_decode(struct arena *arena, struct str in, struct str *out, struct err *err)
{
	size_t padding = 0, at = 0;
	char *bytes;

	if (in.n % 4 != 0)
		return err_set(err, ERR_SYNTAX, "base64: length is not a multiple of 4");
	while (padding < 2 && padding < in.n && in.p[in.n - 1 - padding] == '=')
		padding++;
	bytes = arena_alloc_raw(arena, in.n / 4 * 3);
	for (size_t i = 0; i < in.n; i += 4) {
		if (!decode_group(in.p + i, i + 4 == in.n ? padding : 0, bytes + at))
			return err_set(
			    err, ERR_SYNTAX, "base64: byte %zu and on are malformed", i);
		at += 3;
	}
	*out = (struct str){ bytes, at - padding };
	return OK;
}
