#include "imap/search_envelope.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "mime/address.h"
#include "mime/limits.h"

/* One of its strings may have been cut, or its end left out, only above this. */
#define WHOLE_MAX MIME_STRING_MAX

static const struct {
	struct str name;
	enum envelope_field field;
} fields[] = {
	{ STR_INIT("Subject"), ENVELOPE_SUBJECT },
	{ STR_INIT("From"), ENVELOPE_FROM },
	{ STR_INIT("To"), ENVELOPE_TO },
	{ STR_INIT("Cc"), ENVELOPE_CC },
	{ STR_INIT("Bcc"), ENVELOPE_BCC },
};

bool envelope_field_find(struct str name, enum envelope_field *field_out)
{
	for (size_t i = 0; i < COUNT(fields); i++) {
		if (!str_equal_nocase(name, fields[i].name))
			continue;
		*field_out = fields[i].field;
		return true;
	}
	return false;
}

/* The bytes between the quotes; `escaped` if some of them are behind a backslash. */
static bool take_quoted(struct cursor *c, struct str *out, bool *escaped)
{
	const char *start = c->p;

	*escaped = false;
	for (; c->p < c->end && *c->p != '"'; c->p++) {
		if (*c->p != '\\')
			continue;
		*escaped = true;
		if (++c->p == c->end)
			return false;
	}
	*out = (struct str){ start, (size_t)(c->p - start) };
	return cursor_take(c, '"');
}

static struct str unescape(struct str quoted, struct arena *arena)
{
	char *p = arena_alloc(arena, quoted.n);
	size_t n = 0;

	for (size_t i = 0; i < quoted.n; i++) {
		if (quoted.p[i] == '\\')
			i++;
		p[n++] = quoted.p[i];
	}
	return (struct str){ p, n };
}

static bool take_literal(struct cursor *c, struct str *out)
{
	uint64_t size;

	return cursor_take_u64(c, MIME_PRINTED_MAX, &size) == OK &&
	    cursor_take_str(c, STR("}\r\n")) && cursor_take_n(c, (size_t)size, out);
}

/* nstring; p == NULL is NIL. `arena` NULL: it is passed over, and what stands there is not wanted. */
static bool take_nstring(struct cursor *c, struct arena *arena, struct str *out)
{
	bool escaped;

	*out = STR_EMPTY;
	if (cursor_take_str(c, STR("NIL")))
		return true;
	if (cursor_take(c, '{'))
		return take_literal(c, out);
	if (!cursor_take(c, '"') || !take_quoted(c, out, &escaped))
		return false;
	if (escaped && arena)
		*out = unescape(*out, arena);
	return true;
}

static bool take_address(struct cursor *c, struct arena *arena, struct mime_address *out)
{
	return cursor_take(c, '(') && take_nstring(c, arena, &out->name) &&
	    cursor_take(c, ' ') && take_nstring(c, arena, &out->adl) && cursor_take(c, ' ') &&
	    take_nstring(c, arena, &out->mailbox) && cursor_take(c, ' ') &&
	    take_nstring(c, arena, &out->host) && cursor_take(c, ')');
}

/* NIL or 1*address in parentheses, into `list`; NULL: passed over. */
static bool take_addresses(
    struct cursor *c, struct arena *arena, struct mime_address_list *list)
{
	struct mime_address **tail = list ? &list->first : NULL;

	if (cursor_take_str(c, STR("NIL")))
		return true;
	if (!cursor_take(c, '('))
		return false;
	while (!cursor_take(c, ')')) {
		struct mime_address passed, *address = &passed;

		if (list)
			address = ARENA_NEW(arena, struct mime_address, 1);
		if (!take_address(c, list ? arena : NULL, address))
			return false;
		if (!list)
			continue;
		address->next = NULL;
		*tail = address;
		tail = &address->next;
		list->count++;
	}
	return true;
}

/* Up to the field that is wanted. */
static bool skip_to(struct cursor *c, enum envelope_field field)
{
	struct str passed;

	if (!cursor_take(c, '('))
		return false;
	for (int at = 0; at < (int)field; at++) {
		bool is_text = at <= ENVELOPE_SUBJECT;

		if (!(is_text ? take_nstring(c, NULL, &passed)
			      : take_addresses(c, NULL, NULL)) ||
		    !cursor_take(c, ' '))
			return false;
	}
	return true;
}

static bool addresses_have(const struct mime_address_list *list, const struct text_key *key)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	bool has;

	mime_addresses_write(list, &text);
	has = text_in_value(buf_str(&text), key);
	buf_release(&text);
	return has;
}

enum errc envelope_has_text(struct str envelope, enum envelope_field field,
    const struct text_key *key, struct arena *arena, bool *has_out)
{
	struct mime_address_list list = { .first = NULL };
	struct cursor c = cursor_of(envelope);
	struct str text;

	if (envelope.n > WHOLE_MAX)
		return ERR_LIMIT;
	if (!skip_to(&c, field))
		return ERR_CORRUPT;
	if (field == ENVELOPE_SUBJECT) {
		if (!take_nstring(&c, arena, &text))
			return ERR_CORRUPT;
		*has_out = text.p != NULL && text_in_value(text, key);
		return OK;
	}
	if (!take_addresses(&c, arena, &list))
		return ERR_CORRUPT;
	*has_out = list.first != NULL && addresses_have(&list, key);
	return OK;
}
