#include "cli/json_read.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/utf8.h"

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void json_skip_space(struct cursor *c)
{
	(void)cursor_take_while(c, is_space);
}

/* What an escape of one letter stands for; '\0': none. */
static char escaped(char letter)
{
	switch (letter) {
	case '"':
	case '\\':
	case '/':
		return letter;
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	default:
		return '\0';
	}
}

static bool take_hex4(struct cursor *c, uint32_t *code_out)
{
	uint32_t code = 0;

	if (c->end - c->p < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char digit = ascii_lower(*c->p++);

		if (ascii_is_digit(digit))
			code = code << 4 | (uint32_t)(digit - '0');
		else if (digit >= 'a' && digit <= 'f')
			code = code << 4 | (uint32_t)(digit - 'a' + 10);
		else
			return false;
	}
	*code_out = code;
	return true;
}

/* Behind "\u": one character, of two escapes if it is a pair of surrogates. A lonely one is refused. */
static bool take_unicode(struct cursor *c, uint32_t *code_out)
{
	uint32_t high, low;

	if (!take_hex4(c, &high))
		return false;
	*code_out = high;
	if (high < 0xd800 || high > 0xdfff)
		return true;
	if (high > 0xdbff || !cursor_take_str(c, STR("\\u")) || !take_hex4(c, &low) ||
	    low < 0xdc00 || low > 0xdfff)
		return false;
	*code_out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

static bool is_plain(char c)
{
	return c != '"' && c != '\\' && (unsigned char)c >= 0x20;
}

/* Behind the first escape: a copy, which is never longer than what it is made from. */
static bool take_rest(struct cursor *c, char *to, size_t *n)
{
	while (!cursor_take(c, '"')) {
		struct str run = cursor_take_while(c, is_plain);
		uint32_t code;

		for (size_t i = 0; i < run.n; i++)
			to[(*n)++] = run.p[i];
		if (run.n > 0)
			continue;
		if (!cursor_take(c, '\\') || c->p == c->end)
			return false;
		if (*c->p == 'u') {
			c->p++;
			if (!take_unicode(c, &code))
				return false;
			*n += utf8_encode(code, to + *n);
		} else {
			to[*n] = escaped(*c->p++);
			if (to[(*n)++] == '\0')
				return false;
		}
	}
	return true;
}

/* string = quotation-mark *char quotation-mark */
static bool take_string(struct cursor *c, struct arena *arena, struct str *text_out)
{
	struct cursor at = *c;
	struct str run;
	size_t room = 0, n;
	char *to;

	if (!cursor_take(&at, '"'))
		return false;
	run = cursor_take_while(&at, is_plain);
	*text_out = run;
	if (cursor_take(&at, '"')) {
		*c = at;
		return true;
	}
	/* as far as the next quotation mark that is not escaped */
	while (at.p + room < at.end && at.p[room] != '"')
		room += at.p[room] == '\\' && at.p + room + 1 < at.end ? 2 : 1;
	to = arena_alloc_raw(arena, run.n + room + 1);
	for (n = 0; n < run.n; n++)
		to[n] = run.p[n];
	if (!take_rest(&at, to, &n))
		return false;
	*text_out = (struct str){ to, n };
	*c = at;
	return true;
}

static size_t take_digits(struct cursor *c)
{
	return cursor_take_while(c, ascii_is_digit).n;
}

/* number = [ minus ] int [ frac ] [ exp ] */
static bool take_number(struct cursor *c, struct str *text_out)
{
	struct cursor at = *c;

	(void)cursor_take(&at, '-');
	if (!cursor_take(&at, '0') && take_digits(&at) == 0)
		return false;
	if (cursor_take(&at, '.') && take_digits(&at) == 0)
		return false;
	if (cursor_take(&at, 'e') || cursor_take(&at, 'E')) {
		if (!cursor_take(&at, '+'))
			(void)cursor_take(&at, '-');
		if (take_digits(&at) == 0)
			return false;
	}
	*text_out = (struct str){ c->p, (size_t)(at.p - c->p) };
	*c = at;
	return true;
}

static bool take_word(struct cursor *c, struct str *text_out)
{
	static const struct str words[] = { STR_INIT("true"), STR_INIT("false"),
		STR_INIT("null") };

	for (size_t i = 0; i < COUNT(words); i++) {
		if (cursor_take_str(c, words[i])) {
			*text_out = words[i];
			return true;
		}
	}
	return false;
}

static enum errc take_value(
    struct cursor *c, struct arena *arena, struct json_field *field, struct err *err)
{
	if (c->p < c->end && (*c->p == '{' || *c->p == '['))
		return err_set(err, ERR_UNSUPPORTED, "json: a value inside a value");
	field->kind = JSON_KIND_STRING;
	if (take_string(c, arena, &field->text))
		return OK;
	field->kind = JSON_KIND_NUMBER;
	if (take_number(c, &field->text))
		return OK;
	field->kind = JSON_KIND_WORD;
	if (take_word(c, &field->text))
		return OK;
	return err_set(err, ERR_SYNTAX, "json: a value expected");
}

/* member = string name-separator value */
static enum errc take_member(
    struct cursor *c, struct arena *arena, struct json_flat *flat, struct err *err)
{
	struct json_field *field = &flat->field[flat->count];
	enum errc rc;

	if (flat->count == JSON_FIELDS_MAX)
		return err_set(err, ERR_LIMIT, "json: more than %d members", JSON_FIELDS_MAX);
	json_skip_space(c);
	if (!take_string(c, arena, &field->name))
		return err_set(err, ERR_SYNTAX, "json: a name expected");
	json_skip_space(c);
	if (!cursor_take(c, ':'))
		return err_set(err, ERR_SYNTAX, "json: ':' expected");
	json_skip_space(c);
	rc = take_value(c, arena, field, err);
	json_skip_space(c);
	if (rc == OK)
		flat->count++;
	return rc;
}

enum errc json_read_flat(
    struct cursor *c, struct arena *arena, struct json_flat *flat_out, struct err *err)
{
	struct cursor at = *c;
	enum errc rc = OK;

	flat_out->count = 0;
	json_skip_space(&at);
	if (!cursor_take(&at, '{'))
		return err_set(err, ERR_SYNTAX, "json: an object expected");
	json_skip_space(&at);
	if (!cursor_take(&at, '}')) {
		do
			rc = take_member(&at, arena, flat_out, err);
		while (rc == OK && cursor_take(&at, ','));
		if (rc == OK && !cursor_take(&at, '}'))
			rc = err_set(err, ERR_SYNTAX, "json: ',' or '}' expected");
	}
	if (rc != OK)
		return rc;
	json_skip_space(&at);
	*c = at;
	return OK;
}

struct str json_flat_text(const struct json_flat *flat, const char *name)
{
	for (size_t i = 0; i < flat->count; i++)
		if (str_equal(flat->field[i].name, str_from(name)))
			return flat->field[i].text;
	return STR_EMPTY;
}

int64_t json_flat_int(const struct json_flat *flat, const char *name)
{
	uint64_t value;

	return str_to_u64(json_flat_text(flat, name), INT64_MAX, &value) == OK ? (int64_t)value
									       : 0;
}
