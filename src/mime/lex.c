#include "mime/lex.h"

#include "mime/limits.h"

#include "base/arena.h"
#include "base/str.h"

#include <string.h>

const char *lex_after_comment(const char *p, const char *end)
{
	size_t depth = 0;

	for (; p < end; p++) {
		if (*p == '\\' && end - p > 1)
			p++;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p + 1;
	}
	return NULL;
}

const char *lex_after_quoted(const char *p, const char *end)
{
	for (p++; p < end; p++) {
		if (*p == '\\' && end - p > 1)
			p++;
		else if (*p == '"')
			return p + 1;
	}
	return NULL;
}

const char *lex_skip_cfws(const char *p, const char *end)
{
	while (p < end) {
		const char *after = p + 1;

		if (*p == '(')
			after = lex_after_comment(p, end);
		else if (!ascii_is_space(*p))
			break;
		if (!after)
			break;
		p = after;
	}
	return p;
}

static bool needs_unescape(struct str s)
{
	return s.n > 0 && (memchr(s.p, '\\', s.n) || memchr(s.p, '\n', s.n));
}

struct str lex_unescape(struct arena *arena, struct str s)
{
	char *p;
	size_t n = 0;

	if (!needs_unescape(s))
		return s;
	p = arena_alloc_raw(arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			continue;
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		p[n++] = s.p[i];
	}
	return (struct str){ p, n };
}

/* RFC 2047 section 2: token, without what could end an encoded word. */
static bool is_charset_char(char c)
{
	return c > ' ' && c < 0x7f && c != '?' && c != '"' && c != '(' && c != ')' &&
	    c != '<' && c != '>' && c != ',' && c != ';';
}

bool lex_encoded_word(const char *p, const char *end, bool blanks, struct lex_word *word_out)
{
	const char *charset = p + 2, *text;

	word_out->after = charset;
	for (p = charset; p < end && is_charset_char(*p); p++)
		if ((size_t)(p - charset) > 2 * (size_t)MIME_CHARSET_NAME_MAX)
			return false;
	if (p == charset || end - p < 3 || p[0] != '?' || p[2] != '?')
		return false;
	word_out->encoding = ascii_lower(p[1]);
	if (word_out->encoding != 'b' && word_out->encoding != 'q')
		return false;
	word_out->charset = (struct str){ charset, (size_t)(p - charset) };
	word_out->charset = str_first(word_out->charset, str_find_char(word_out->charset, '*'));
	text = p += 3;
	while (p < end && *p != '\n' && *p != '\r' && (blanks || (*p != ' ' && *p != '\t'))) {
		if (*p == '?' && end - p > 1 && p[1] == '=') {
			word_out->text = (struct str){ text, (size_t)(p - text) };
			word_out->after = p + 2;
			return true;
		}
		p++;
	}
	word_out->after = p;
	return false;
}

int lex_hex_value(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}
