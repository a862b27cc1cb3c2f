#include "base/log_text.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

#define MARK "\xe2\x80\xa6" /* U+2026 */

/* Characters that are well-formed and still not shown as they are. */
static bool is_unsafe(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x200e ||
	    code == 0x200f || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069) || code == 0xfeff || (code & 0xfffe) == 0xfffe;
}

/* Bytes to be shown, so that no character is cut. */
static size_t cut_at(struct str s, size_t max)
{
	size_t n = max;

	if (s.n <= max)
		return s.n;
	while (n > 0 && max - n < UTF8_CHAR_MAX - 1 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return n;
}

static void add_bytes(struct buf *out, struct str bytes, struct str backslash)
{
	static const char digits[16] = "0123456789abcdef";

	for (size_t i = 0; i < bytes.n; i++) {
		unsigned char byte = (unsigned char)bytes.p[i];

		buf_add_str(out, backslash);
		buf_add_char(out, 'x');
		buf_add_char(out, digits[byte >> 4]);
		buf_add_char(out, digits[byte & 0x0f]);
	}
}

static bool is_plain(char c)
{
	return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
}

/* `backslash` is how the output writes one. */
static void add_escaped(struct buf *out, struct str s, struct str backslash)
{
	struct cursor c = cursor_of(s);

	while (!cursor_at_end(&c)) {
		const char *start = c.p;
		struct str run = cursor_take_while(&c, is_plain);
		uint32_t code;

		buf_add_str(out, run);
		if (run.n > 0)
			continue;
		if (cursor_take(&c, '"')) {
			BUF_ADD(out, "\\\"");
		} else if (cursor_take(&c, '\\')) {
			buf_add_str(out, backslash);
			buf_add_str(out, backslash);
		} else if (utf8_next(&c, &code)) {
			struct str bytes = { start, (size_t)(c.p - start) };

			if (is_unsafe(code))
				add_bytes(out, bytes, backslash);
			else
				buf_add_str(out, bytes);
		} else {
			add_bytes(out, (struct str){ c.p++, 1 }, backslash);
		}
	}
}

void log_text_quoted(struct buf *out, struct str s, size_t max)
{
	size_t n = cut_at(s, max);

	add_escaped(out, str_first(s, n), STR("\\"));
	if (n < s.n)
		BUF_ADD(out, MARK);
}

void log_text_json(struct buf *out, struct str s, size_t max)
{
	size_t n = cut_at(s, max);

	add_escaped(out, str_first(s, n), STR("\\\\"));
	if (n < s.n)
		BUF_ADD(out, MARK);
}

bool log_text_is_word(struct str s, size_t max)
{
	if (s.n == 0 || s.n > max)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!ascii_is_digit(s.p[i]) && !ascii_is_alpha(s.p[i]) &&
		    (s.p[i] == '\0' || !strchr("._-:/+@[],", s.p[i])))
			return false;
	return true;
}
