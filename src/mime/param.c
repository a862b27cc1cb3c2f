#include "mime/param.h"

#include "mime/charset.h"
#include "mime/lex.h"
#include "mime/word.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* RFC 2045 5.1: token. Bytes above ASCII are not allowed in it, and are found. */
static bool is_token_char(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte > ' ' && byte != 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static bool take_token(const char **pp, const char *end, struct str *token_out)
{
	const char *p = lex_skip_cfws(*pp, end), *start = p;

	while (p < end && is_token_char(*p))
		p++;
	if (p == start)
		return false;
	*token_out = (struct str){ start, (size_t)(p - start) };
	*pp = p;
	return true;
}

bool mime_token(struct str value, struct str *token_out, struct str *rest_out)
{
	struct cursor c = cursor_of(value);

	if (!take_token(&c.p, c.end, token_out))
		return false;
	*rest_out = cursor_rest(&c);
	return true;
}

bool mime_content_type(
    struct str value, struct str *type_out, struct str *subtype_out, struct str *rest_out)
{
	struct cursor c = cursor_of(value);
	struct str type, subtype;

	if (!take_token(&c.p, c.end, &type))
		return false;
	c.p = lex_skip_cfws(c.p, c.end);
	if (!cursor_take(&c, '/') || !take_token(&c.p, c.end, &subtype))
		return false;
	*type_out = type;
	*subtype_out = subtype;
	*rest_out = cursor_rest(&c);
	return true;
}

static bool is_name_char(char c)
{
	return c != '=' && c != ';' && c != '"' && c != '(' && !ascii_is_space(c);
}

static const char *skip_name(const char *p, const char *end)
{
	while (p < end && is_name_char(*p))
		p++;
	return p;
}

/* "charset=utf-8 format=flowed": the semicolon was forgotten. */
static bool begins_param(const char *p, const char *end)
{
	const char *name = p;

	p = skip_name(p, end);
	if (p == name)
		return false;
	p = lex_skip_cfws(p, end);
	return p < end && *p == '=';
}

static const char *to_semicolon(const char *p, const char *end)
{
	const char *at = memchr(p, ';', (size_t)(end - p));

	return at ? at : end;
}

/* A value without quotes goes on over blanks and brackets if a semicolon or the end does not follow them. */
static const char *take_bare_value(const char *p, const char *end, struct str *value_out)
{
	const char *start = p, *next;

	while (p < end && *p != ';' && *p != '(' && !ascii_is_space(*p))
		p++;
	next = lex_skip_cfws(p, end);
	if (next < end && *next != ';' && !(next > p && begins_param(next, end)))
		p = next = to_semicolon(next, end);
	*value_out = str_trim((struct str){ start, (size_t)(p - start) });
	return next;
}

static const char *take_value(
    const char *p, const char *end, struct arena *arena, struct str *value_out)
{
	const char *after = *p == '"' ? lex_after_quoted(p, end) : NULL;

	if (after) {
		struct str inner = { p + 1, (size_t)(after - p) - 2 };

		*value_out = lex_unescape(arena, inner);
		return after;
	}
	if (*p == '"') {
		after = to_semicolon(p, end);
		*value_out = lex_unescape(
		    arena, str_trim((struct str){ p + 1, (size_t)(after - p) - 1 }));
		return after;
	}
	after = take_bare_value(p, end, value_out);
	if (value_out->n > 0 && memchr(value_out->p, '\n', value_out->n))
		*value_out = lex_unescape(arena, *value_out);
	return after;
}

static bool next_param(
    const char **pp, const char *end, struct arena *arena, struct mime_param *param_out)
{
	const char *p = *pp;

	for (;;) {
		const char *name;

		p = lex_skip_cfws(p, end);
		if (p == end || *p == '(') /* a comment without an end takes the rest */
			return false;
		name = p;
		p = skip_name(p, end);
		param_out->name = (struct str){ name, (size_t)(p - name) };
		p = lex_skip_cfws(p, end);
		if (p == end)
			return false;
		if (*p != '=') {
			p += p == name || *p == ';';
			continue;
		}
		p = lex_skip_cfws(p + 1, end);
		param_out->value = (struct str){ p, 0 };
		if (p < end && *p != ';')
			p = take_value(p, end, arena, &param_out->value);
		if (param_out->name.n == 0)
			continue;
		*pp = p;
		return true;
	}
}

/* A parameter whose name RFC 2231 takes apart: base "*" number "*". */
struct piece {
	struct str base;
	size_t number; /* SIZE_MAX: it is whole */
	bool is_extended;
	bool is_used;
};

static struct piece piece_of(struct str name)
{
	struct piece piece = { .base = name, .number = SIZE_MAX };
	size_t star;
	uint64_t number;

	if (name.n > 1 && name.p[name.n - 1] == '*') {
		piece.is_extended = true;
		name.n--;
		piece.base = name;
	}
	star = str_rfind_char(name, '*');
	if (star < name.n && star > 0 &&
	    str_to_u64(str_from_at(name, star + 1), MIME_PARAMS_MAX, &number) == OK) {
		piece.base = str_first(name, star);
		piece.number = (size_t)number;
	}
	return piece;
}

/* The piece `number` of the parameter that `first` begins, or `count`. */
static size_t find_piece(
    const struct piece *pieces, size_t count, const struct piece *first, size_t number)
{
	size_t i = 0;

	while (i < count &&
	    (pieces[i].is_used || pieces[i].number != number ||
		!str_equal_nocase(pieces[i].base, first->base)))
		i++;
	return i;
}

/* RFC 2231 4.1: in an extended value, a piece that is not extended is literal. */
static void add_escaped(struct buf *out, struct str value)
{
	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= ' ' || c >= 0x7f || c == '*' || c == '\'' || c == '%')
			buf_printf(out, "%%%02X", c);
		else
			buf_add_char(out, (char)c);
	}
}

struct join {
	struct mime_param *params;
	struct piece *pieces;
	size_t count;
	struct arena *arena;
};

/* Puts the pieces of the parameter together whose piece 0 is at `first`. */
static void join_pieces(struct join *join, size_t first)
{
	struct piece *head = &join->pieces[first];
	struct mime_param *param = &join->params[first];
	struct buf value = BUF_INIT(SIZE_MAX);
	size_t order[MIME_PARAMS_MAX], used = 0;
	bool is_extended = false;

	for (size_t at = first; at < join->count;
	     at = find_piece(join->pieces, join->count, head, used)) {
		join->pieces[at].is_used = true;
		is_extended = is_extended || join->pieces[at].is_extended;
		order[used++] = at;
	}
	if (is_extended && !head->is_extended)
		BUF_ADD(&value, "''");
	for (size_t i = 0; i < used; i++) {
		if (is_extended && !join->pieces[order[i]].is_extended)
			add_escaped(&value, join->params[order[i]].value);
		else
			buf_add_str(&value, join->params[order[i]].value);
	}
	param->name =
	    is_extended ? str_printf(join->arena, "%.*s*", STR_ARG(head->base)) : head->base;
	param->value = str_dup(join->arena, buf_str(&value));
	buf_release(&value);
}

/* Puts what RFC 2231 took apart together, each at the place of its first piece. */
static size_t join_params(struct mime_param *params, size_t count, struct arena *arena)
{
	struct piece pieces[MIME_PARAMS_MAX];
	struct join join = { params, pieces, count, arena };
	bool keep[MIME_PARAMS_MAX];
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		pieces[i] = piece_of(params[i].name);
	for (size_t i = 0; i < count; i++) {
		keep[i] = false;
		if (pieces[i].is_used || pieces[i].number != 0)
			continue;
		join_pieces(&join, i);
		keep[i] = true;
	}
	for (size_t i = 0; i < count; i++)
		if (keep[i] || !pieces[i].is_used)
			params[kept++] = params[i];
	return kept;
}

size_t mime_params(struct str text, struct arena *arena, struct mime_param *params, size_t max)
{
	struct cursor c = cursor_of(text);
	size_t count = 0;
	bool has_star = false;

	if (max > MIME_PARAMS_MAX)
		max = MIME_PARAMS_MAX;
	while (count < max && next_param(&c.p, c.end, arena, &params[count])) {
		has_star = has_star || memchr(params[count].name.p, '*', params[count].name.n);
		count++;
	}
	return has_star ? join_params(params, count, arena) : count;
}

/* "%41" to "A"; what is no such triple stays. */
static struct str percent_decode(struct arena *arena, struct str s)
{
	char *p = arena_alloc_raw(arena, s.n);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%' && s.n - i > 2 && lex_hex_value(s.p[i + 1]) >= 0 &&
		    lex_hex_value(s.p[i + 2]) >= 0) {
			p[n++] = (char)(unsigned char)(lex_hex_value(s.p[i + 1]) << 4 |
			    lex_hex_value(s.p[i + 2]));
			i += 2;
		} else {
			p[n++] = s.p[i];
		}
	}
	return (struct str){ p, n };
}

/* charset'language'text (RFC 2231 section 4); without the quotes all of it is text. */
static void split_extended(struct str value, struct str *charset_out, struct str *text_out)
{
	size_t first = str_find_char(value, '\'');
	struct str rest = str_from_at(value, first + 1);
	size_t second = str_find_char(rest, '\'');

	*charset_out = STR_EMPTY;
	*text_out = value;
	if (first == value.n || second == rest.n)
		return;
	*charset_out = str_first(value, first);
	*text_out = str_from_at(rest, second + 1);
}

static const struct mime_param *pick(
    const struct mime_param *params, size_t count, struct str name)
{
	const struct mime_param *plain = NULL;

	for (size_t i = 0; i < count; i++) {
		struct str n = params[i].name;

		if (n.n == name.n + 1 && n.p[name.n] == '*' && str_starts_nocase(n, name))
			return &params[i];
		if (!plain && str_equal_nocase(n, name))
			plain = &params[i];
	}
	return plain;
}

bool mime_param_find(
    struct str text, struct str name, struct arena *arena, struct str *value_out)
{
	struct mime_param params[MIME_PARAMS_MAX];
	size_t count = mime_params(text, arena, params, COUNT(params));
	const struct mime_param *param = pick(params, count, name);
	struct str charset, value;

	if (!param)
		return false;
	*value_out = param->value;
	if (param->name.n > name.n) {
		split_extended(param->value, &charset, &value);
		*value_out = percent_decode(arena, value);
	}
	return true;
}

bool mime_param_text(
    struct str text, struct str name, struct arena *arena, struct str *utf8_out)
{
	struct mime_param params[MIME_PARAMS_MAX];
	size_t count = mime_params(text, arena, params, COUNT(params));
	const struct mime_param *param = pick(params, count, name);
	struct buf utf8 = BUF_INIT(SIZE_MAX);
	struct str charset, value;

	if (!param)
		return false;
	if (param->name.n > name.n) {
		split_extended(param->value, &charset, &value);
		charset_to_utf8_lenient(charset, percent_decode(arena, value), &utf8);
	} else {
		mime_word_decode(param->value, &utf8);
	}
	*utf8_out = str_dup(arena, buf_str(&utf8));
	buf_release(&utf8);
	return true;
}
