#include "mime/casemap.h"

#include "mime/charset.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

#include <utf8proc.h>

/* Characters that one may decompose into (U+FDFA: 18). */
#define DECOMPOSED_MAX 32

static void add_ascii(struct buf *out, struct str s)
{
	char *to = buf_reserve(out, s.n);

	if (!to)
		return;
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		to[i] = (char)(c - (c >= 'a' && c <= 'z' ? 'a' - 'A' : 0));
	}
	buf_grown(out, s.n);
}

/* RFC 5051 section 2: titlecase first, then decompose. */
static void add_char(struct buf *out, uint32_t code)
{
	utf8proc_int32_t parts[DECOMPOSED_MAX];
	int bound = 0;
	utf8proc_ssize_t n = utf8proc_decompose_char(utf8proc_totitle((utf8proc_int32_t)code),
	    parts, DECOMPOSED_MAX, UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT, &bound);

	for (utf8proc_ssize_t i = 0; i < n && i < DECOMPOSED_MAX; i++) {
		char bytes[UTF8_CHAR_MAX];

		buf_add(out, bytes, utf8_encode((uint32_t)parts[i], bytes));
	}
}

void casemap_add(struct buf *out, struct str utf8)
{
	struct cursor c = cursor_of(utf8);

	while (c.p < c.end) {
		size_t run = charset_ascii_run(cursor_rest(&c));
		uint32_t code;

		if (run > 0)
			add_ascii(out, (struct str){ c.p, run });
		c.p += run;
		if (c.p == c.end)
			break;
		if (utf8_next(&c, &code))
			add_char(out, code);
		else
			buf_add_char(out, *c.p++);
	}
}
