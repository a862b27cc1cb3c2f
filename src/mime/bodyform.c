#include "mime/limits.h"
#include "mime/structure.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

/* Reads the stored text of a BODYSTRUCTURE; copies to `out` unless that is NULL. */
struct reader {
	struct cursor c;
	struct buf *out;
	struct err *err;
};

static enum errc corrupt(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_CORRUPT, "structure: %s expected, %zu bytes before its end",
	    what, (size_t)(r->c.end - r->c.p));
}

/* Everything from `start` to the position goes out. */
static void copy(struct reader *r, const char *start)
{
	if (r->out)
		buf_add(r->out, start, (size_t)(r->c.p - start));
}

static enum errc take(struct reader *r, char byte)
{
	const char *start = r->c.p;

	if (!cursor_take(&r->c, byte))
		return corrupt(r, byte == ' ' ? "blank" : byte == '(' ? "'('" : "')'");
	copy(r, start);
	return OK;
}

static bool take_quoted(struct cursor *c)
{
	const char *p = c->p;

	if (p == c->end || *p != '"')
		return false;
	for (p++; p < c->end; p++) {
		if (*p == '\\' && c->end - p > 1) {
			p++;
		} else if (*p == '"') {
			c->p = p + 1;
			return true;
		}
	}
	return false;
}

static bool take_literal(struct cursor *c)
{
	struct cursor at = *c;
	struct str bytes;
	uint64_t size;

	if (!cursor_take(&at, '{') || cursor_take_u64(&at, SIZE_MAX, &size) != OK ||
	    !cursor_take_str(&at, STR("}\r\n")) || !cursor_take_n(&at, (size_t)size, &bytes))
		return false;
	*c = at;
	return true;
}

static enum errc string(struct reader *r)
{
	const char *start = r->c.p;

	if (!take_quoted(&r->c) && !take_literal(&r->c))
		return corrupt(r, "string");
	copy(r, start);
	return OK;
}

static enum errc nstring(struct reader *r)
{
	const char *start = r->c.p;

	if (!cursor_take_str(&r->c, STR("NIL")))
		return string(r);
	copy(r, start);
	return OK;
}

static enum errc number(struct reader *r)
{
	const char *start = r->c.p;
	uint64_t value;

	if (cursor_take_u64(&r->c, UINT64_MAX, &value) != OK)
		return corrupt(r, "number");
	copy(r, start);
	return OK;
}

/* Strings, numbers, NIL and lists of them, to any depth that the writer reaches. */
static enum errc list_or_nil(struct reader *r)
{
	size_t depth = 0;

	do {
		int next = cursor_peek(&r->c);
		enum errc rc = OK;

		if (next == '(' && depth < MIME_STRUCTURE_DEPTH_MAX) {
			rc = take(r, '(');
			depth++;
		} else if (next == ')' && depth > 0) {
			rc = take(r, ')');
			depth--;
		} else if (next == ' ' && depth > 0) {
			rc = take(r, ' ');
		} else if (next >= '0' && next <= '9' && depth > 0) {
			rc = number(r);
		} else {
			rc = nstring(r);
		}
		if (rc != OK)
			return rc;
	} while (depth > 0);
	return OK;
}

/* The steps of a part that are one after the other, each after a blank but the first. */
typedef enum errc step_fn(struct reader *r);

static enum errc steps(struct reader *r, step_fn *const *fns, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum errc rc = i > 0 ? take(r, ' ') : OK;

		if (rc == OK)
			rc = fns[i](r);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/* Extension data, up to the part's ')': read, and not copied. */
static enum errc skip_extension(struct reader *r)
{
	struct buf *out = r->out;
	enum errc rc = OK;

	r->out = NULL;
	while (rc == OK && cursor_peek(&r->c) == ' ') {
		rc = take(r, ' ');
		if (rc == OK)
			rc = list_or_nil(r);
	}
	r->out = out;
	return rc;
}

static enum errc body(struct reader *r, size_t depth);

static enum errc multipart(struct reader *r, size_t depth)
{
	enum errc rc = OK;

	while (rc == OK && cursor_peek(&r->c) == '(')
		rc = body(r, depth + 1);
	if (rc == OK)
		rc = take(r, ' ');
	return rc == OK ? string(r) : rc;
}

static enum errc message(struct reader *r, size_t depth)
{
	enum errc rc = take(r, ' ');

	if (rc == OK)
		rc = list_or_nil(r);
	if (rc == OK)
		rc = take(r, ' ');
	if (rc == OK)
		rc = body(r, depth + 1);
	if (rc == OK)
		rc = take(r, ' ');
	return rc == OK ? number(r) : rc;
}

static bool is_message(struct str type)
{
	return str_equal_nocase(type, STR("\"message\" \"rfc822\"")) ||
	    str_equal_nocase(type, STR("\"message\" \"global\""));
}

static enum errc single_part(struct reader *r, size_t depth)
{
	static step_fn *const media[] = { string, string };
	static step_fn *const fields[] = { list_or_nil, nstring, nstring, string, number };
	const char *start = r->c.p;
	struct str type;
	enum errc rc = steps(r, media, COUNT(media));

	if (rc != OK)
		return rc;
	type = (struct str){ start, (size_t)(r->c.p - start) };
	rc = take(r, ' ');
	if (rc == OK)
		rc = steps(r, fields, COUNT(fields));
	if (rc != OK)
		return rc;
	if (is_message(type))
		return message(r, depth);
	if (!str_starts_nocase(type, STR("\"text\" ")))
		return OK;
	rc = take(r, ' ');
	return rc == OK ? number(r) : rc;
}

static enum errc body(struct reader *r, size_t depth)
{
	enum errc rc = take(r, '(');

	if (rc != OK)
		return rc;
	if (depth > MIME_DEPTH_MAX)
		return corrupt(r, "less depth");
	rc = cursor_peek(&r->c) == '(' ? multipart(r, depth) : single_part(r, depth);
	if (rc == OK)
		rc = skip_extension(r);
	return rc == OK ? take(r, ')') : rc;
}

enum errc imap_body_from_structure(struct str structure, struct buf *out, struct err *err)
{
	struct reader r = { .c = cursor_of(structure), .out = out, .err = err };
	enum errc rc = body(&r, 0);

	if (rc == OK && !cursor_at_end(&r.c))
		rc = corrupt(&r, "end");
	return rc;
}
