#include "mime/structure.h"

#include "mime/address.h"
#include "mime/header.h"
#include "mime/lex.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/param.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

struct printer {
	struct buf *out;
	struct arena *arena;
	struct str bytes;
	size_t end; /* in `out`: from there on as little as possible is printed */
	unsigned flags;
};

static struct printer printer_of(struct buf *out, struct arena *arena, struct str bytes)
{
	return (struct printer){
		.out = out, .arena = arena, .bytes = bytes, .end = out->n + MIME_PRINTED_MAX
	};
}

static bool is_full(const struct printer *pr)
{
	return pr->out->n >= pr->end;
}

/* What may be printed of `s`, not ending inside of a character. */
static struct str fit(const struct printer *pr, struct str s)
{
	size_t n = is_full(pr) ? 0 : MIME_STRING_MAX;

	if (s.n <= n)
		return s;
	while (n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80)
		n--;
	return str_first(s, n);
}

static void space(struct printer *pr)
{
	buf_add_char(pr->out, ' ');
}

static void nil(struct printer *pr)
{
	BUF_ADD(pr->out, "NIL");
}

static void string(struct printer *pr, struct str s)
{
	pr->flags |= imap_add_string(pr->out, fit(pr, s));
}

static void nstring(struct printer *pr, struct str s)
{
	pr->flags |= imap_add_nstring(pr->out, fit(pr, s));
}

/* The text of a field on one line, or NIL if there is no such field. */
static void field(struct printer *pr, const struct mime_part *part, enum mime_field_id id)
{
	struct str value = mime_value(part, id);

	if (value.p)
		string(pr, mime_unfold(pr->arena, value));
	else
		nil(pr);
}

/* RFC 5322 4.5.3: several fields of one name are one list. */
static void collect_addresses(struct printer *pr, const struct mime_part *message,
    enum mime_field_id id, struct mime_address_list *list)
{
	struct mime_fields_iter iter;
	struct mime_field f;

	if (!(message->head->repeated & UINT32_C(1) << id)) {
		mime_addresses(mime_value(message, id), MIME_ADDRESSES_MAX, pr->arena, list);
		return;
	}
	iter = mime_fields(mime_header_of(pr->bytes, message));
	while (mime_field_next(&iter, &f))
		if (mime_field_id(f.name) == id)
			mime_addresses(f.value, MIME_ADDRESSES_MAX, pr->arena, list);
}

/* RFC 9051 7.5.2: a list in parentheses, the addresses without blanks between them; no list is NIL. */
static bool addresses(
    struct printer *pr, const struct mime_part *message, enum mime_field_id id)
{
	struct mime_address_list list = { .first = NULL };

	collect_addresses(pr, message, id, &list);
	if (!list.first || is_full(pr))
		return false;
	buf_add_char(pr->out, '(');
	for (const struct mime_address *a = list.first; a && !is_full(pr); a = a->next) {
		buf_add_char(pr->out, '(');
		nstring(pr, a->name);
		space(pr);
		nstring(pr, a->adl);
		space(pr);
		nstring(pr, a->mailbox);
		space(pr);
		nstring(pr, a->host);
		buf_add_char(pr->out, ')');
	}
	buf_add_char(pr->out, ')');
	return true;
}

static void addresses_or_nil(
    struct printer *pr, const struct mime_part *message, enum mime_field_id id)
{
	if (!addresses(pr, message, id))
		nil(pr);
}

/* Once more what was printed before, from `start` on; NIL where there is no room for it. */
static void again(struct printer *pr, size_t start, size_t n)
{
	char *copy = pr->out->n + n <= pr->end ? buf_reserve(pr->out, n) : NULL;

	if (!copy) {
		nil(pr);
		return;
	}
	memcpy(copy, pr->out->p + start, n);
	buf_grown(pr->out, n);
}

static void envelope(struct printer *pr, const struct mime_part *message)
{
	size_t from, from_size;

	buf_add_char(pr->out, '(');
	field(pr, message, MIME_DATE);
	space(pr);
	field(pr, message, MIME_SUBJECT);
	space(pr);
	from = pr->out->n;
	addresses_or_nil(pr, message, MIME_FROM);
	from_size = pr->out->n - from;
	for (enum mime_field_id id = MIME_SENDER; id <= MIME_REPLY_TO; id++) {
		space(pr);
		if (!addresses(pr, message, id))
			again(pr, from, from_size);
	}
	for (enum mime_field_id id = MIME_TO; id <= MIME_BCC; id++) {
		space(pr);
		addresses_or_nil(pr, message, id);
	}
	space(pr);
	field(pr, message, MIME_IN_REPLY_TO);
	space(pr);
	field(pr, message, MIME_MESSAGE_ID);
	buf_add_char(pr->out, ')');
}

/*
 * Parameters in parentheses. A text without a charset has us-ascii (RFC 2045 section 5.2), as other servers say it
 * too.
 */
static void params(struct printer *pr, struct str text, bool is_text)
{
	struct mime_param list[MIME_PARAMS_MAX];
	size_t count = mime_params(text, pr->arena, list, COUNT(list));
	const char *before = "(";
	bool has_charset = false;

	for (size_t i = 0; i < count; i++) {
		struct str name = list[i].name;

		buf_add_str(pr->out, str_from(before));
		string(pr, name);
		space(pr);
		string(pr, list[i].value);
		before = " ";
		has_charset = has_charset || str_equal_nocase(name, STR("charset")) ||
		    str_equal_nocase(name, STR("charset*"));
	}
	if (is_text && !has_charset) {
		buf_add_str(pr->out, str_from(before));
		BUF_ADD(pr->out, "\"charset\" \"us-ascii\"");
		before = " ";
	}
	if (before[0] == '(')
		nil(pr);
	else
		buf_add_char(pr->out, ')');
}

/* ("attachment" ("filename" "x")), RFC 2183. */
static void disposition(struct printer *pr, const struct mime_part *part)
{
	struct str token, rest;

	if (!mime_token(mime_value(part, MIME_CONTENT_DISPOSITION), &token, &rest)) {
		nil(pr);
		return;
	}
	buf_add_char(pr->out, '(');
	string(pr, token);
	space(pr);
	params(pr, rest, false);
	buf_add_char(pr->out, ')');
}

/* RFC 3282: tags between commas. */
static void languages(struct printer *pr, const struct mime_part *part)
{
	struct str rest = mime_value(part, MIME_CONTENT_LANGUAGE), token;
	size_t count = 0;

	while (count < MIME_LANGUAGES_MAX && mime_token(rest, &token, &rest)) {
		buf_add_char(pr->out, count++ == 0 ? '(' : ' ');
		string(pr, token);
		rest = str_trim(rest);
		if (rest.n == 0 || rest.p[0] != ',')
			break;
		rest = str_from_at(rest, 1);
	}
	if (count > 0)
		buf_add_char(pr->out, ')');
	else
		nil(pr);
}

static void disposition_and_on(struct printer *pr, const struct mime_part *part)
{
	space(pr);
	disposition(pr, part);
	space(pr);
	languages(pr, part);
	space(pr);
	field(pr, part, MIME_CONTENT_LOCATION);
}

static void encoding(struct printer *pr, const struct mime_part *part)
{
	struct str token, rest;

	if (mime_token(mime_value(part, MIME_CONTENT_ENCODING), &token, &rest))
		string(pr, token);
	else
		BUF_ADD(pr->out, "\"7bit\"");
}

static void part_structure(struct printer *pr, const struct mime_part *part);

static void multipart(struct printer *pr, const struct mime_part *part)
{
	const struct mime_part *child = part->child;

	do
		part_structure(pr, child);
	while ((child = child->next) != NULL && !is_full(pr));
	space(pr);
	string(pr, part->head->subtype);
	space(pr);
	params(pr, part->head->params, false);
}

static void media_type(struct printer *pr, const struct mime_part *part)
{
	if (part->kind == MIME_OPAQUE) {
		/* its own type would promise a structure that is not there */
		BUF_ADD(pr->out, "\"application\" \"octet-stream\" NIL");
		return;
	}
	string(pr, part->head->type);
	space(pr);
	string(pr, part->head->subtype);
	space(pr);
	params(pr, part->head->params, part->kind == MIME_TEXT);
}

static void single_part(struct printer *pr, const struct mime_part *part)
{
	media_type(pr, part);
	space(pr);
	field(pr, part, MIME_CONTENT_ID);
	space(pr);
	field(pr, part, MIME_CONTENT_DESCRIPTION);
	space(pr);
	encoding(pr, part);
	space(pr);
	buf_add_u64(pr->out, part->body_size);
	if (part->kind == MIME_MESSAGE) {
		space(pr);
		envelope(pr, part->child);
		space(pr);
		part_structure(pr, part->child);
	}
	if (part->kind == MIME_MESSAGE || part->kind == MIME_TEXT) {
		space(pr);
		buf_add_u64(pr->out, part->body_lines);
	}
	space(pr);
	field(pr, part, MIME_CONTENT_MD5);
}

static void part_structure(struct printer *pr, const struct mime_part *part)
{
	buf_add_char(pr->out, '(');
	if (part->kind == MIME_MULTIPART)
		multipart(pr, part);
	else
		single_part(pr, part);
	disposition_and_on(pr, part);
	buf_add_char(pr->out, ')');
}

unsigned mime_envelope(
    const struct mime_part *message, struct arena *arena, struct str bytes, struct buf *out)
{
	struct printer pr = printer_of(out, arena, bytes);

	envelope(&pr, message);
	return pr.flags;
}

unsigned mime_bodystructure(
    const struct mime_part *part, struct arena *arena, struct str bytes, struct buf *out)
{
	struct printer pr = printer_of(out, arena, bytes);

	part_structure(&pr, part);
	return pr.flags;
}
