#include "base/utf8.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/heap.h"
#include "base/str.h"

#include <string.h>
#include <utf8proc.h>

bool utf8_is_ascii(struct str s)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= s.n; i += sizeof(uint64_t)) {
		uint64_t word;

		memcpy(&word, s.p + i, sizeof(word));
		if (word & UINT64_C(0x8080808080808080))
			return false;
	}
	for (; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

static bool is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/*
 * Length of the character at `p`, of which `n` bytes are there; 0 if malformed. The second byte's narrower
 * range after E0, ED, F0, F4 excludes overlong forms, surrogates and what is above U+10FFFF (RFC 3629 section 4).
 */
static size_t char_len(const unsigned char *p, size_t n)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (len == 1)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4 || n < len)
		return 0;
	if (p[0] == 0xe0)
		low = 0xa0;
	else if (p[0] == 0xed)
		high = 0x9f;
	else if (p[0] == 0xf0)
		low = 0x90;
	else if (p[0] == 0xf4)
		high = 0x8f;
	if (p[1] < low || p[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if (!is_tail(p[i]))
			return 0;
	return len;
}

bool utf8_is_valid(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;
	size_t i = 0;

	while (i < s.n) {
		size_t len = p[i] < 0x80 ? 1 : char_len(p + i, s.n - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool utf8_next(struct cursor *c, uint32_t *code_out)
{
	static const unsigned char first_mask[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	const unsigned char *p = (const unsigned char *)c->p;
	uint32_t code;
	size_t len;

	if (c->p == c->end)
		return false;
	len = char_len(p, (size_t)(c->end - c->p));
	if (len == 0)
		return false;
	code = p[0] & first_mask[len];
	for (size_t i = 1; i < len; i++)
		code = code << 6 | (p[i] & 0x3f);
	c->p += len;
	*code_out = code;
	return true;
}

size_t utf8_encode(uint32_t code, char out[UTF8_CHAR_MAX])
{
	static const unsigned char first_bits[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };
	size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

	for (size_t i = len - 1; i > 0; i--) {
		out[i] = (char)(unsigned char)(0x80 | (code & 0x3f));
		code >>= 6;
	}
	out[0] = (char)(unsigned char)(first_bits[len] | code);
	return len;
}

static enum errc map(struct arena *arena, struct str in, utf8proc_option_t options,
    struct str *out, struct err *err)
{
	utf8proc_uint8_t *text = NULL;
	utf8proc_ssize_t n = utf8proc_map(
	    (const utf8proc_uint8_t *)in.p, (utf8proc_ssize_t)in.n, &text, options);

	if (n == UTF8PROC_ERROR_NOMEM)
		heap_exhausted(in.n);
	if (n < 0)
		return err_set(
		    err, ERR_SYNTAX, "text cannot be normalised: %s", utf8proc_errmsg(n));
	*out = str_dup(arena, (struct str){ (const char *)text, (size_t)n });
	xfree(text);
	return OK;
}

enum errc utf8_nfc(struct arena *arena, struct str in, struct str *out, struct err *err)
{
	if (utf8_is_ascii(in)) {
		*out = in;
		return OK;
	}
	if (!utf8_is_valid(in))
		return err_set(err, ERR_SYNTAX, "text is not UTF-8");
	return map(arena, in, UTF8PROC_STABLE | UTF8PROC_COMPOSE, out, err);
}

enum errc utf8_fold(struct arena *arena, struct str in, struct str *out, struct err *err)
{
	struct str plain = STR_EMPTY;
	enum errc rc;

	if (utf8_is_ascii(in)) {
		*out = ascii_fold(arena, in);
		return OK;
	}
	if (!utf8_is_valid(in))
		return err_set(err, ERR_SYNTAX, "text is not UTF-8");
	/* marks are put in order before they are folded: U+0345 folds to a letter (Unicode 3.13, D145) */
	rc = map(arena, in, UTF8PROC_STABLE | UTF8PROC_DECOMPOSE, &plain, err);
	if (rc != OK)
		return rc;
	return map(
	    arena, plain, UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD, out, err);
}

struct str ascii_fold(struct arena *arena, struct str s)
{
	size_t i = 0;
	char *p;

	while (i < s.n && ascii_lower(s.p[i]) == s.p[i])
		i++;
	if (i == s.n)
		return s;
	p = arena_alloc_raw(arena, s.n);
	memcpy(p, s.p, i);
	for (; i < s.n; i++)
		p[i] = ascii_lower(s.p[i]);
	return (struct str){ p, s.n };
}
