#include "http/request.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "http/limits.h"

#include <string.h>

static enum errc bad(int status, enum errc rc, int *status_out)
{
	*status_out = status;
	return rc;
}

/* The end of a line that begins at `at`: behind its CRLF. */
static enum errc find_line(struct str in, size_t at, size_t *end_out)
{
	struct str rest = str_from_at(in, at);
	size_t lf = str_find_char(str_first(rest, HTTP_LINE_MAX + 2), '\n');

	if (lf < rest.n && lf < HTTP_LINE_MAX + 2) {
		if (lf == 0 || rest.p[lf - 1] != '\r')
			return ERR_SYNTAX;
		*end_out = at + lf + 1;
		return OK;
	}
	return rest.n >= HTTP_LINE_MAX + 2 ? ERR_LIMIT : ERR_MORE;
}

enum errc http_head_find(struct str in, size_t *size_out, int *status_out)
{
	size_t at = 0, end = 0;
	bool any = false;

	for (;;) {
		enum errc rc = find_line(in, at, &end);

		if (rc == ERR_SYNTAX)
			return bad(400, rc, status_out);
		if (rc == ERR_LIMIT)
			return bad(any ? 431 : 414, rc, status_out);
		/* the longest line may not be complete yet when the head is too long already */
		if ((rc == OK ? end : in.n) > HTTP_HEAD_MAX)
			return bad(431, ERR_LIMIT, status_out);
		if (rc != OK)
			return rc;
		if (end - at == 2 && any) {
			*size_out = end;
			return OK;
		}
		any = any || end - at > 2;
		at = end;
	}
}

/* RFC 9110 5.6.2 */
static bool is_tchar(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) ||
	    (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* field-content: VCHAR, obs-text, and blanks between (RFC 9110 5.5) */
static bool is_value_char(char c)
{
	return c == '\t' || (unsigned char)c >= 0x80 || (c >= 0x20 && c < 0x7f);
}

static bool is_target_char(char c)
{
	return c > 0x20 && c < 0x7f;
}

static enum http_method method_of(struct str name)
{
	/* methods are case-sensitive (RFC 9110 9.1) */
	if (str_equal(name, STR("GET")))
		return HTTP_GET;
	return str_equal(name, STR("HEAD")) ? HTTP_HEAD : HTTP_OTHER;
}

/* origin-form; absolute-form must be taken too (RFC 9112 3.2.2); "*" is of OPTIONS, which has no path here. */
static bool take_target(struct str target, struct http_request *request)
{
	size_t question;

	if (str_starts_nocase(target, STR("http://")))
		target = str_from_at(target, 7);
	else if (str_starts_nocase(target, STR("https://")))
		target = str_from_at(target, 8);
	else if (target.n == 0 || (target.p[0] != '/' && !str_equal(target, STR("*"))))
		return request->method == HTTP_OTHER && target.n > 0;
	if (target.n > 0 && target.p[0] != '/' && target.p[0] != '*')
		target = str_from_at(target, str_find_char(target, '/'));
	question = str_find_char(target, '?');
	request->path = target.n > 0 && question > 0 ? str_first(target, question) : STR("/");
	if (question < target.n)
		request->query = str_from_at(target, question + 1);
	return true;
}

/* request-line = method SP request-target SP HTTP-version */
static enum errc parse_request_line(
    struct str line, struct http_request *request, int *status_out, struct err *err)
{
	struct cursor c = cursor_of(line);
	struct str method = cursor_take_while(&c, is_tchar), target;

	if (method.n == 0 || !cursor_take(&c, ' ')) {
		(void)err_set(err, ERR_SYNTAX, "http: no method");
		return bad(400, ERR_SYNTAX, status_out);
	}
	request->method = method_of(method);
	target = cursor_take_while(&c, is_target_char);
	if (!cursor_take_str(&c, STR(" HTTP/")) || !take_target(target, request)) {
		(void)err_set(err, ERR_SYNTAX, "http: no target");
		return bad(400, ERR_SYNTAX, status_out);
	}
	line = cursor_rest(&c);
	if (line.n != 3 || !ascii_is_digit(line.p[0]) || line.p[1] != '.' ||
	    !ascii_is_digit(line.p[2])) {
		(void)err_set(err, ERR_SYNTAX, "http: no version");
		return bad(400, ERR_SYNTAX, status_out);
	}
	if (line.p[0] != '1') {
		(void)err_set(err, ERR_UNSUPPORTED, "http: another version");
		return bad(505, ERR_UNSUPPORTED, status_out);
	}
	request->is_1_1 = line.p[2] != '0';
	request->keep = request->is_1_1;
	return OK;
}

/* field-line = field-name ":" OWS field-value OWS; no obs-fold (RFC 9112 5.2), no blank before ":" (5.1) */
static bool parse_field(struct str line, struct http_field *field)
{
	struct cursor c = cursor_of(line);

	field->name = cursor_take_while(&c, is_tchar);
	if (field->name.n == 0 || !cursor_take(&c, ':'))
		return false;
	field->value = str_trim(cursor_take_while(&c, is_value_char));
	return cursor_at_end(&c);
}

/* Is `word` in a list between commas? */
static bool list_has(struct str list, struct str word)
{
	struct str item;

	while (str_split(&list, ',', &item))
		if (str_equal_nocase(str_trim(item), word))
			return true;
	return false;
}

struct seen {
	unsigned hosts, lengths, codings;
};

static bool note_field(
    struct http_request *request, const struct http_field *field, struct seen *seen)
{
	uint64_t size;

	if (str_equal_nocase(field->name, STR("Host"))) {
		seen->hosts++;
	} else if (str_equal_nocase(field->name, STR("Transfer-Encoding"))) {
		seen->codings++;
	} else if (str_equal_nocase(field->name, STR("Connection"))) {
		request->keep = request->keep && !list_has(field->value, STR("close"));
	} else if (str_equal_nocase(field->name, STR("Content-Length"))) {
		/* RFC 9112 6.3: a list of lengths, or two that differ, is what smuggling is made of */
		if (seen->lengths++ > 0 || str_to_u64(field->value, INT64_MAX, &size) != OK)
			return false;
		request->body_size = size;
	}
	return true;
}

/* What follows from all fields together. */
static enum errc judge(
    const struct http_request *request, struct seen seen, int *status_out, struct err *err)
{
	/* RFC 9112 3.2: a request of 1.1 has one Host */
	if (seen.hosts > 1 || (seen.hosts == 0 && request->is_1_1)) {
		(void)err_set(err, ERR_SYNTAX, "http: %u Host fields", seen.hosts);
		return bad(400, ERR_SYNTAX, status_out);
	}
	if (seen.codings > 0 && (seen.lengths > 0 || !request->is_1_1)) {
		(void)err_set(err, ERR_SYNTAX, "http: two ways to say the length");
		return bad(400, ERR_SYNTAX, status_out);
	}
	if (seen.codings > 0) {
		(void)err_set(err, ERR_UNSUPPORTED, "http: a transfer coding");
		return bad(501, ERR_UNSUPPORTED, status_out);
	}
	return OK;
}

static struct str next_line(struct str *rest)
{
	struct str line = str_first(*rest, str_find(*rest, STR("\r\n")));

	*rest = str_from_at(*rest, line.n + 2);
	return line;
}

static enum errc parse_fields(struct str rest, struct arena *arena,
    struct http_request *request, int *status_out, struct err *err)
{
	struct http_field *fields = ARENA_NEW(arena, struct http_field, HTTP_FIELDS_MAX);
	struct seen seen = { 0 };

	for (;;) {
		struct str line = next_line(&rest);
		struct http_field *field;

		if (line.n == 0)
			break;
		if (request->field_count == HTTP_FIELDS_MAX) {
			(void)err_set(err, ERR_LIMIT, "http: too many fields");
			return bad(431, ERR_LIMIT, status_out);
		}
		field = &fields[request->field_count++];
		if (!parse_field(line, field) || !note_field(request, field, &seen)) {
			(void)err_set(err, ERR_SYNTAX, "http: a field that is none");
			return bad(400, ERR_SYNTAX, status_out);
		}
	}
	request->fields = fields;
	return judge(request, seen, status_out, err);
}

enum errc http_request_parse(struct str head, struct arena *arena,
    struct http_request *request_out, int *status_out, struct err *err)
{
	struct http_request request = { .method = HTTP_OTHER };
	struct str line;
	enum errc rc;

	do
		line = next_line(&head);
	while (line.n == 0);
	rc = parse_request_line(line, &request, status_out, err);
	if (rc == OK)
		rc = parse_fields(head, arena, &request, status_out, err);
	if (rc == OK)
		*request_out = request;
	return rc;
}
