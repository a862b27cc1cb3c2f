#include "mime/structure.h"

#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

enum { PLAIN = 0, ESCAPED = 1, LITERAL = 2, HIGH = 4 };

static unsigned class_of(struct str s)
{
	unsigned seen = PLAIN;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x80)
			seen |= HIGH;
		else if (c == '"' || c == '\\')
			seen |= ESCAPED;
		else if (c == '\r' || c == '\n' || c == '\0')
			seen |= LITERAL;
	}
	return seen;
}

/* RFC 3501 4.3.1: no NUL in a literal. */
static void add_literal(struct buf *out, struct str s)
{
	size_t start;

	buf_add_char(out, '{');
	buf_add_u64(out, s.n);
	BUF_ADD(out, "}\r\n");
	start = out->n;
	buf_add_str(out, s);
	for (size_t i = start; i < out->n; i++)
		if (out->p[i] == '\0')
			out->p[i] = (char)(unsigned char)0x80;
}

static void add_escaped(struct buf *out, struct str s)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '"' || s.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, s.p[i]);
	}
	buf_add_char(out, '"');
}

unsigned imap_add_string(struct buf *out, struct str s)
{
	unsigned seen = class_of(s);
	bool has_nul;

	if (seen == PLAIN) {
		char *p = buf_reserve(out, s.n + 2);

		if (!p)
			return 0;
		p[0] = '"';
		if (s.n > 0)
			memcpy(p + 1, s.p, s.n);
		p[s.n + 1] = '"';
		buf_grown(out, s.n + 2);
		return 0;
	}
	if (seen == ESCAPED) {
		add_escaped(out, s);
		return 0;
	}
	add_literal(out, s);
	has_nul = memchr(s.p, '\0', s.n) != NULL;
	if (!(seen & HIGH) && !has_nul)
		return 0;
	return utf8_is_valid(s) && !has_nul ? MIME_TEXT_8BIT
					    : MIME_TEXT_8BIT | MIME_TEXT_INVALID;
}

unsigned imap_add_nstring(struct buf *out, struct str s)
{
	if (s.p)
		return imap_add_string(out, s);
	BUF_ADD(out, "NIL");
	return 0;
}
