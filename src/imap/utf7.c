#include "imap/utf7.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

/* RFC 3501 5.1.3: base 64 with "," instead of "/", without padding. */
static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static int sextet_of(int c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == ',' ? 63 : -1;
}

/* Characters that stand for themselves outside of base 64 ("&" is written "&-"). */
static bool is_direct(uint32_t code)
{
	return code >= 0x20 && code <= 0x7e;
}

/* The text being made: never longer than 3 bytes for 8/3 bytes of base 64. */
struct decoding {
	char *p;
	size_t n;
	uint32_t high; /* a high surrogate that waits for its other half, or 0 */
};

static enum errc take_unit(struct decoding *d, uint32_t unit, struct err *err)
{
	uint32_t code = unit;

	if (unit >= 0xd800 && unit <= 0xdbff && d->high == 0) {
		d->high = unit;
		return OK;
	}
	if (d->high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return err_set(
			    err, ERR_SYNTAX, "half a surrogate pair in a mailbox name");
		code = 0x10000 + ((d->high - 0xd800) << 10) + (unit - 0xdc00);
		d->high = 0;
	} else if (unit >= 0xdc00 && unit <= 0xdfff) {
		return err_set(err, ERR_SYNTAX, "half a surrogate pair in a mailbox name");
	}
	/* "modified BASE64 MUST NOT be used to represent any printing US-ASCII character" */
	if (is_direct(code) || code == 0)
		return err_set(err, ERR_SYNTAX, "needless base 64 in a mailbox name");
	d->n += utf8_encode(code, d->p + d->n);
	return OK;
}

/* Behind "&": base 64 up to "-"; at least one character. */
static enum errc take_shifted(struct cursor *c, struct decoding *d, struct err *err)
{
	uint32_t bits = 0;
	unsigned have = 0;
	bool any = false;
	int sextet;

	while ((sextet = sextet_of(cursor_peek(c))) >= 0) {
		enum errc rc;

		c->p++;
		bits = (bits << 6 | (uint32_t)sextet) & 0x3fffff;
		have += 6;
		if (have < 16)
			continue;
		have -= 16;
		rc = take_unit(d, bits >> have & 0xffff, err);
		if (rc != OK)
			return rc;
		any = true;
	}
	if (!cursor_take(c, '-'))
		return err_set(err, ERR_SYNTAX, "'-' expected behind '&' in a mailbox name");
	if (!any || have >= 6 || (bits & ((1U << have) - 1)) != 0 || d->high != 0)
		return err_set(err, ERR_SYNTAX, "broken base 64 in a mailbox name");
	/* "&Jjo-&Jjo-" and "&U,BTFw-&ZeVnLIqe-" are two forms of one name: superfluous shifts */
	if (cursor_peek(c) == '&' && c->end - c->p >= 2 && c->p[1] != '-')
		return err_set(err, ERR_SYNTAX, "superfluous shift in a mailbox name");
	return OK;
}

static enum errc take_char(struct cursor *c, struct decoding *d, struct err *err)
{
	uint32_t code;

	if (cursor_take(c, '&')) {
		if (!cursor_take(c, '-'))
			return take_shifted(c, d, err);
		d->p[d->n++] = '&';
		return OK;
	}
	if (!utf8_next(c, &code))
		return err_set(err, ERR_SYNTAX, "mailbox name is not UTF-8");
	if (code == 0)
		return err_set(err, ERR_SYNTAX, "NUL in a mailbox name");
	d->n += utf8_encode(code, d->p + d->n);
	return OK;
}

enum errc utf7_decode(struct str in, struct arena *arena, struct str *utf8_out, struct err *err)
{
	struct cursor c = cursor_of(in);
	struct decoding d = { .p = arena_alloc_raw(arena, in.n * 2 + UTF8_CHAR_MAX) };

	while (!cursor_at_end(&c)) {
		enum errc rc = take_char(&c, &d, err);

		if (rc != OK)
			return rc;
	}
	*utf8_out = (struct str){ d.p, d.n };
	return OK;
}

/* Base 64 that is being written: bits that no sextet holds yet. */
struct encoding {
	struct buf *out;
	uint32_t bits;
	unsigned have;
	bool shifted;
};

static void put_unit(struct encoding *e, uint32_t unit)
{
	e->bits = (e->bits << 16 | unit) & 0x3fffff;
	for (e->have += 16; e->have >= 6; e->have -= 6)
		buf_add_char(e->out, alphabet[e->bits >> (e->have - 6) & 63]);
}

static void unshift(struct encoding *e)
{
	if (!e->shifted)
		return;
	if (e->have > 0)
		buf_add_char(e->out, alphabet[e->bits << (6 - e->have) & 63]);
	buf_add_char(e->out, '-');
	e->bits = e->have = 0;
	e->shifted = false;
}

static void put_shifted(struct encoding *e, uint32_t code)
{
	if (!e->shifted)
		buf_add_char(e->out, '&');
	e->shifted = true;
	if (code < 0x10000) {
		put_unit(e, code);
		return;
	}
	put_unit(e, 0xd800 + ((code - 0x10000) >> 10));
	put_unit(e, 0xdc00 + ((code - 0x10000) & 0x3ff));
}

void utf7_encode(struct buf *out, struct str utf8)
{
	struct encoding e = { .out = out };
	struct cursor c = cursor_of(utf8);
	uint32_t code;

	while (utf8_next(&c, &code)) {
		if (!is_direct(code)) {
			put_shifted(&e, code);
			continue;
		}
		unshift(&e);
		buf_add_char(out, (char)code);
		if (code == '&')
			buf_add_char(out, '-');
	}
	unshift(&e);
}
