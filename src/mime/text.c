#include "mime/text.h"

#include "mime/address.h"
#include "mime/casemap.h"
#include "mime/charset_pool.h"
#include "mime/encoding.h"
#include "mime/header.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/param.h"
#include "mime/word.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

/* Bytes of a body that are decoded at a time. */
#define BLOCK_SIZE ((size_t)16384)

/* Compares a text that comes in pieces: the last bytes of one, where the key may begin, stay for the next. */
struct matcher {
	const struct text_key *key;
	struct buf hay;
	bool found;
	struct buf bytes, utf8; /* what a block becomes on its way */
	struct charset_pool pool;
	struct arena *arena;
};

struct text_key text_key_of(struct str utf8, struct arena *arena)
{
	struct buf form = BUF_INIT(SIZE_MAX);
	struct text_key key;

	casemap_add(&form, utf8);
	key.form = str_dup(arena, buf_str(&form));
	buf_release(&form);
	return key;
}

static struct matcher matcher_of(const struct text_key *key)
{
	return (struct matcher){ .key = key,
		.hay = BUF_INIT(SIZE_MAX),
		.found = key->form.n == 0,
		.bytes = BUF_INIT(SIZE_MAX),
		.utf8 = BUF_INIT(SIZE_MAX) };
}

static void matcher_release(struct matcher *m)
{
	buf_release(&m->hay);
	buf_release(&m->bytes);
	buf_release(&m->utf8);
	charset_pool_release(&m->pool);
	arena_free(&m->arena);
}

static struct arena *scratch(struct matcher *m)
{
	if (!m->arena)
		m->arena = arena_new("text search");
	return m->arena;
}

static void match_utf8(struct matcher *m, struct str utf8)
{
	size_t keep = m->key->form.n - 1;

	casemap_add(&m->hay, utf8);
	if (m->hay.n <= keep)
		return;
	m->found = memmem(m->hay.p, m->hay.n, m->key->form.p, m->key->form.n) != NULL;
	buf_consume(&m->hay, m->hay.n - keep);
}

/* The text that follows is another one. */
static void match_end(struct matcher *m)
{
	buf_clear(&m->hay);
}

static void match_value(struct matcher *m, struct str value)
{
	buf_clear(&m->utf8);
	mime_word_decode_with(&m->pool, value, &m->utf8);
	match_utf8(m, buf_str(&m->utf8));
}

static void match_field(struct matcher *m, const struct mime_field *field)
{
	if (field->name.n > 0) {
		match_utf8(m, field->name);
		if (!m->found)
			match_utf8(m, STR(": "));
	}
	if (!m->found)
		match_value(m, field->value);
	match_end(m);
}

static void match_header(struct matcher *m, struct str header)
{
	struct mime_fields_iter iter = mime_fields(header);
	struct mime_field field;

	while (!m->found && mime_field_next(&iter, &field))
		match_field(m, &field);
}

static void match_text_part(struct matcher *m, const struct mime_part *part, struct str body)
{
	struct mime_decoder decoder;
	struct charset plain, *charset;
	struct str name;

	if (!mime_param_find(part->head->params, STR("charset"), scratch(m), &name))
		name = STR_EMPTY;
	charset = charset_pool_get(&m->pool, name);
	if (!charset) {
		charset_open_lenient(&plain, STR_EMPTY);
		charset = &plain;
	}
	mime_decoder_init(&decoder, part->encoding);
	for (size_t at = 0; at < body.n && !m->found; at += BLOCK_SIZE) {
		struct str block = str_first(str_from_at(body, at), BLOCK_SIZE);

		buf_clear(&m->bytes);
		buf_clear(&m->utf8);
		mime_decoder_feed(&decoder, block, &m->bytes);
		if (body.n - at <= BLOCK_SIZE)
			mime_decoder_finish(&decoder, &m->bytes);
		charset_feed(charset, buf_str(&m->bytes), &m->utf8);
		match_utf8(m, buf_str(&m->utf8));
	}
	match_end(m);
	arena_clear(m->arena);
}

/* Text, and what is text under another name: reports of delivery, headers of messages, calendars do say text. */
static bool is_text(const struct mime_part *part)
{
	return part->kind == MIME_TEXT ||
	    (part->kind == MIME_LEAF && str_equal_nocase(part->head->type, STR("message")));
}

/* The body of a part, with everything in it. */
static void match_body(struct matcher *m, const struct mime_part *part, struct str bytes)
{
	if (!m->found && is_text(part))
		match_text_part(m, part, mime_body_of(bytes, part));
	for (const struct mime_part *child = part->child; child && !m->found;
	     child = child->next) {
		match_header(m, mime_header_of(bytes, child));
		match_body(m, child, bytes);
	}
}

bool text_in_message(const struct mime_part *root, struct str bytes, const struct text_key *key)
{
	struct matcher m = matcher_of(key);
	bool found;

	match_header(&m, mime_header_of(bytes, root));
	match_body(&m, root, bytes);
	found = m.found;
	matcher_release(&m);
	return found;
}

bool text_in_body(const struct mime_part *root, struct str bytes, const struct text_key *key)
{
	struct matcher m = matcher_of(key);
	bool found;

	match_body(&m, root, bytes);
	found = m.found;
	matcher_release(&m);
	return found;
}

static void match_addresses(struct matcher *m, struct str value)
{
	struct mime_address_list list = { .first = NULL };
	struct str line = mime_unfold(scratch(m), value);

	mime_addresses(line, MIME_ADDRESSES_MAX, m->arena, &list);
	buf_clear(&m->bytes);
	mime_addresses_write(&list, &m->bytes);
	match_value(m, buf_str(&m->bytes));
	match_end(m);
	arena_clear(m->arena);
}

static bool has_addresses(struct str name)
{
	enum mime_field_id id = mime_field_id(name);

	return id >= MIME_FROM && id <= MIME_BCC;
}

bool text_in_field(struct str header, struct str name, const struct text_key *key)
{
	struct mime_fields_iter iter = mime_fields(header);
	struct matcher m = matcher_of(key);
	bool found = false, is_list = has_addresses(name);
	struct mime_field field;

	while (!found && mime_field_next(&iter, &field)) {
		if (!str_equal_nocase(field.name, name))
			continue;
		if (!m.found)
			match_value(&m, field.value);
		match_end(&m);
		if (!m.found && is_list)
			match_addresses(&m, field.value);
		found = m.found;
	}
	matcher_release(&m);
	return found;
}

bool text_in_value(struct str value, const struct text_key *key)
{
	struct matcher m = matcher_of(key);
	bool found;

	if (!m.found)
		match_value(&m, value);
	found = m.found;
	matcher_release(&m);
	return found;
}

bool text_in_utf8(struct str utf8, const struct text_key *key)
{
	struct matcher m = matcher_of(key);
	bool found;

	if (!m.found)
		match_utf8(&m, utf8);
	found = m.found;
	matcher_release(&m);
	return found;
}
