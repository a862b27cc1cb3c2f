#include "mime/address_lex.h"

#include "mime/lex.h"

#include "base/arena.h"
#include "base/str.h"

#include <string.h>

static bool is_special(char c)
{
	return c == ',' || c == ';' || c == ':' || c == '<' || c == '>' || c == '@';
}

struct address_lexer address_lexer_of(const char *p, const char *end)
{
	return (struct address_lexer){ .p = p, .end = end };
}

static bool skip_comment(struct address_lexer *lx)
{
	const char *after;

	if (lx->comments_are_text)
		return false;
	after = lex_after_comment(lx->p, lx->end);
	if (!after) {
		lx->comments_are_text = true;
		return false;
	}
	lx->comment = (struct str){ lx->p + 1, (size_t)(after - lx->p) - 2 };
	lx->p = after;
	return true;
}

static void skip_blanks(struct address_lexer *lx)
{
	const char *start = lx->p;

	while (lx->p < lx->end) {
		if (ascii_is_space(*lx->p))
			lx->p++;
		else if (*lx->p != '(' || !skip_comment(lx))
			break;
	}
	lx->after_blank = lx->p > start;
}

static bool take_quoted(struct address_lexer *lx)
{
	const char *after;

	if (lx->quotes_are_text)
		return false;
	after = lex_after_quoted(lx->p, lx->end);
	if (!after) {
		lx->quotes_are_text = true;
		return false;
	}
	lx->kind = TOKEN_QUOTED;
	lx->text = (struct str){ lx->p + 1, (size_t)(after - lx->p) - 2 };
	lx->p = after;
	return true;
}

/* RFC 5322 3.4.1: domain-literal. A bracket that is not closed before the next special begins a word. */
static bool take_literal(struct address_lexer *lx)
{
	const char *p = lx->p + 1;

	/* an IPv6 address has colons */
	while (p < lx->end && *p != ']' && *p != '[' && (*p == ':' || !is_special(*p)))
		p++;
	if (p == lx->end || *p != ']')
		return false;
	lx->kind = TOKEN_LITERAL;
	lx->text = (struct str){ lx->p, (size_t)(p - lx->p) + 1 };
	lx->p = p + 1;
	return true;
}

static void take_word(struct address_lexer *lx)
{
	const char *p = lx->p;

	do {
		struct lex_word word;

		/* a comma in an encoded word separates nothing */
		if (*p == '=' && lx->end - p > 1 && p[1] == '?' &&
		    lex_encoded_word(p, lx->end, false, &word))
			p = word.after;
		else
			p++;
	} while (p < lx->end && !ascii_is_space(*p) && !is_special(*p) &&
	    (*p != '"' || lx->quotes_are_text) && (*p != '(' || lx->comments_are_text));
	lx->kind = TOKEN_WORD;
	lx->text = (struct str){ lx->p, (size_t)(p - lx->p) };
	lx->p = p;
}

enum token_kind address_next(struct address_lexer *lx)
{
	bool after_at = lx->is_at;

	skip_blanks(lx);
	lx->start = lx->p;
	lx->is_at = false;
	if (lx->p == lx->end)
		return lx->kind = TOKEN_END;
	if (is_special(*lx->p)) {
		lx->kind = TOKEN_SPECIAL;
		lx->text = (struct str){ lx->p, 1 };
		lx->is_at = *lx->p == '@';
		lx->p++;
		return TOKEN_SPECIAL;
	}
	if (*lx->p == '"' && take_quoted(lx))
		return TOKEN_QUOTED;
	if (*lx->p == '[' && after_at && take_literal(lx))
		return TOKEN_LITERAL;
	take_word(lx);
	return TOKEN_WORD;
}

bool address_token_is(const struct address_lexer *lx, char special)
{
	return lx->kind == TOKEN_SPECIAL && lx->text.p[0] == special;
}

static bool wants_blank(
    const char *text, size_t n, const struct address_lexer *lx, enum join how)
{
	char before, after;

	if (n == 0 || !lx->after_blank)
		return false;
	if (how == JOIN_PHRASE)
		return true;
	before = text[n - 1];
	after = lx->text.n > 0 ? lx->text.p[0] : 'x';
	return before != '.' && before != '@' && after != '.' && after != '@';
}

static bool needs_copy(struct str s)
{
	return s.n > 0 && (memchr(s.p, '\\', s.n) || memchr(s.p, '\n', s.n));
}

/* Blanks and line ends inside a quoted string: line ends go, the rest stays. */
static size_t copy_unescaped(char *out, struct str s)
{
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			continue;
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		out[n++] = s.p[i];
	}
	return n;
}

struct str address_render(const char *p, const char *end, enum join how, struct arena *arena)
{
	struct address_lexer lx;
	char *text;
	size_t n = 0;

	while (end > p && ascii_is_space(end[-1]))
		end--;
	lx = address_lexer_of(p, end);
	if (address_next(&lx) == TOKEN_END)
		return STR_EMPTY;
	if (lx.p == end && (lx.kind == TOKEN_WORD || !needs_copy(lx.text)))
		return lx.text;
	text = arena_alloc_raw(arena, (size_t)(end - p) + 1);
	do {
		if (how == JOIN_ADDRESS &&
		    (address_token_is(&lx, '<') || address_token_is(&lx, '>')))
			continue; /* a bracket without its partner */
		if (wants_blank(text, n, &lx, how))
			text[n++] = ' ';
		if (lx.kind == TOKEN_QUOTED) {
			n += copy_unescaped(text + n, lx.text);
		} else {
			memcpy(text + n, lx.text.p, lx.text.n);
			n += lx.text.n;
		}
	} while (address_next(&lx) != TOKEN_END);
	return (struct str){ text, n };
}

struct str address_render_comment(struct str comment, struct arena *arena)
{
	struct str s = str_trim(comment);
	char *text;
	size_t n = 0;

	if (s.n == 0)
		return STR_EMPTY;
	text = arena_alloc_raw(arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		if (ascii_is_space(s.p[i])) {
			if (n > 0 && text[n - 1] != ' ')
				text[n++] = ' ';
			continue;
		}
		if (s.p[i] == '\\' && i + 1 < s.n)
			i++;
		text[n++] = s.p[i];
	}
	return (struct str){ text, n };
}
