#include "mime/encoding.h"

#include "mime/lex.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

#define NOT_BASE64 64
#define PADDING 65

/* Values of A-Z, a-z, 0-9, '+' and '/' by byte; 64 for what is skipped, 65 for '='. */
static const unsigned char base64_value[256] = {
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* 00 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* 10 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 62, 64, 64, 64, 63, /* 20 */
	52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64, 64, 64, 65, 64, 64, /* 30 */
	64, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,		/* 40 */
	15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 64, 64, 64, 64, 64, /* 50 */
	64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, /* 60 */
	41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 64, 64, 64, 64, 64, /* 70 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* 80 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* 90 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* a0 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* b0 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* c0 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* d0 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* e0 */
	64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64, /* f0 */
};

void mime_decoder_init(struct mime_decoder *decoder, enum mime_encoding encoding)
{
	*decoder = (struct mime_decoder){ .encoding = encoding };
}

/* Four characters of the alphabet in a row are the usual case, and taken at once. */
static const unsigned char *take_quads(
    const unsigned char *p, const unsigned char *end, char **dst)
{
	char *d = *dst;

	for (; end - p >= 4; p += 4) {
		unsigned a = base64_value[p[0]], b = base64_value[p[1]];
		unsigned c = base64_value[p[2]], e = base64_value[p[3]];
		unsigned bits;

		if ((a | b | c | e) >= NOT_BASE64)
			break;
		bits = a << 18 | b << 12 | c << 6 | e;
		*d++ = (char)(unsigned char)(bits >> 16);
		*d++ = (char)(unsigned char)(bits >> 8 & 0xff);
		*d++ = (char)(unsigned char)(bits & 0xff);
	}
	*dst = d;
	return p;
}

static void feed_base64(struct mime_decoder *decoder, struct str in, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)in.p, *end = p + in.n;
	char *start = buf_reserve(out, in.n), *dst = start;

	while (start && p < end && !decoder->is_done) {
		unsigned value;

		if (decoder->bit_count == 0)
			p = take_quads(p, end, &dst);
		if (p == end)
			break;
		value = base64_value[*p++];
		if (value == PADDING)
			/* one alone, at the start of four, is noise */
			decoder->is_done = decoder->bit_count > 0;
		if (value >= NOT_BASE64)
			continue;
		decoder->bits = (decoder->bits << 6 | value) & 0xffffff;
		decoder->bit_count += 6;
		if (decoder->bit_count >= 8) {
			decoder->bit_count -= 8;
			*dst++ =
			    (char)(unsigned char)(decoder->bits >> decoder->bit_count & 0xff);
		}
	}
	if (start)
		buf_grown(out, (size_t)(dst - start));
}

static void release_held(struct mime_decoder *decoder, struct buf *out)
{
	buf_add(out, decoder->held, decoder->held_count);
	decoder->held_count = 0;
}

static void hold(struct mime_decoder *decoder, char c)
{
	decoder->held[decoder->held_count++] = c;
}

/*
 * `held` begins with '='. Blanks may follow it before a line end (rule 3 again), or one or two hexadecimal digits.
 * Returns whether `c` was used.
 */
static bool after_equals(struct mime_decoder *decoder, char c, struct buf *out)
{
	char *held = decoder->held;
	size_t n = decoder->held_count;

	if (c == '\n') { /* soft line break */
		decoder->held_count = 0;
		return true;
	}
	if (n == 1 && lex_hex_value(c) >= 0) {
		hold(decoder, c);
		return true;
	}
	if (n == 2 && lex_hex_value(held[1]) >= 0 && lex_hex_value(c) >= 0) {
		decoder->held_count = 0;
		buf_add_char(
		    out, (char)(unsigned char)(lex_hex_value(held[1]) << 4 | lex_hex_value(c)));
		return true;
	}
	if ((n == 1 || lex_hex_value(held[1]) < 0) && n < MIME_BLANKS_MAX &&
	    (c == ' ' || c == '\t' || c == '\r')) {
		hold(decoder, c);
		return true;
	}
	release_held(decoder, out);
	return false;
}

/* `held` is blanks, perhaps with a CR behind them: they go if the line ends. */
static bool after_blanks(struct mime_decoder *decoder, char c, struct buf *out)
{
	bool has_cr = decoder->held[decoder->held_count - 1] == '\r';

	if (c == '\n') {
		decoder->held_count = 0;
		if (has_cr)
			buf_add_char(out, '\r');
		buf_add_char(out, '\n');
		return true;
	}
	if (!has_cr && decoder->held_count < MIME_BLANKS_MAX &&
	    (c == ' ' || c == '\t' || c == '\r')) {
		hold(decoder, c);
		return true;
	}
	release_held(decoder, out);
	return false;
}

static bool is_qp_plain(char c)
{
	return c != '=' && c != ' ' && c != '\t' && c != '\r';
}

static void feed_qp(struct mime_decoder *decoder, struct str in, struct buf *out)
{
	size_t i = 0;

	while (i < in.n) {
		size_t start = i;
		bool used;

		if (decoder->held_count > 0) {
			used = decoder->held[0] == '=' ? after_equals(decoder, in.p[i], out)
						       : after_blanks(decoder, in.p[i], out);
			i += used;
			continue;
		}
		while (i < in.n && is_qp_plain(in.p[i]))
			i++;
		buf_add(out, in.p + start, i - start);
		if (i < in.n)
			hold(decoder, in.p[i++]);
	}
}

void mime_decoder_feed(struct mime_decoder *decoder, struct str in, struct buf *out)
{
	if (in.n == 0)
		return;
	if (decoder->encoding == MIME_BASE64)
		feed_base64(decoder, in, out);
	else if (decoder->encoding == MIME_QUOTED_PRINTABLE)
		feed_qp(decoder, in, out);
	else
		buf_add_str(out, in);
}

void mime_decoder_finish(struct mime_decoder *decoder, struct buf *out)
{
	/* "=" and blanks at the end are a soft line break whose line end went to the delimiter */
	bool is_break = decoder->held_count > 0 &&
	    (decoder->held[0] != '=' || decoder->held_count == 1 ||
		lex_hex_value(decoder->held[1]) < 0);

	if (!is_break)
		release_held(decoder, out);
	decoder->held_count = 0;
}

void mime_decode(enum mime_encoding encoding, struct str in, struct buf *out)
{
	struct mime_decoder decoder;

	mime_decoder_init(&decoder, encoding);
	mime_decoder_feed(&decoder, in, out);
	mime_decoder_finish(&decoder, out);
}
