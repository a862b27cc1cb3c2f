#include "imap/fetch_message.h"

#include "base/civil.h"
#include "mime/header.h"
#include "mime/index.h"
#include "mime/section.h"
#include "mime/structure.h"

#include <string.h>

/* So much of a literal at once. */
#define PIECE_MAX ((size_t)65536)
/* "4294967295." so many times */
#define NUMBERS_MAX ((size_t)4096)

/* Rows that an item is made of, beside the index; a mask of enum ahead_what. The header's size stands beside the bytes. */
static unsigned reads_of(const struct fetch_item *item)
{
	const struct imap_section *section = &item->section;
	bool has_part = section->depth > 0;

	switch (item->kind) {
	case FETCH_ENVELOPE:
		return AHEAD_ENVELOPE;
	case FETCH_BODY:
	case FETCH_BODYSTRUCTURE:
		return AHEAD_STRUCTURE;
	case FETCH_BINARY:
	case FETCH_BINARY_SIZE:
		return AHEAD_CONTENT | (has_part ? AHEAD_OBJECT : 0u);
	case FETCH_SECTION:
		if (has_part)
			return AHEAD_CONTENT | AHEAD_OBJECT;
		return section->text == SECTION_ALL || section->text == SECTION_TEXT
		    ? AHEAD_CONTENT
		    : AHEAD_HEADER;
	default:
		return 0;
	}
}

void fetch_message_init(struct fetch_message *m, struct imap_session *s, struct arena *arena,
    const struct fetch_item *items, size_t count)
{
	*m = (struct fetch_message){ .s = s, .arena = arena, .items = items, .count = count };
	buf_init(&m->text, SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		m->reads |= reads_of(&items[i]);
}

static void close_message(struct fetch_message *m)
{
	content_close(&m->content);
	buf_release(&m->text);
	arena_clear(m->arena);
	m->root = NULL;
	m->left = 0;
	m->counting = false;
	m->open = false;
}

void fetch_message_release(struct fetch_message *m)
{
	close_message(m);
	ahead_free(&m->ahead);
}

/* What cannot be read is a message without parts. */
static void read_tree(struct fetch_message *m)
{
	if (mime_index_read(m->info.parts, m->info.trace_size, m->arena, &m->root, NULL) != OK)
		m->root = NULL;
}

static enum errc read_needed(struct fetch_message *m, struct db *db, struct err *err)
{
	struct store *store = m->s->env->store;
	int64_t owner = m->s->view->owner;
	int64_t object = m->message.entry->object;
	enum errc rc = OK;

	if (m->reads & (AHEAD_ENVELOPE | AHEAD_STRUCTURE | AHEAD_OBJECT))
		rc = object_get(db, m->ahead, owner, object, m->arena, &m->info, err);
	if (rc == OK && m->reads & AHEAD_OBJECT)
		read_tree(m);
	if (rc == OK && m->reads & (AHEAD_HEADER | AHEAD_CONTENT)) {
		rc = content_open(db, m->ahead, owner, object, &m->content, err);
		store_count(store, STORE_READ, 1);
	}
	return rc;
}

/* Between items. What was written before may have left the buffer already. */
static void add_space(struct fetch_message *m)
{
	if (m->any)
		buf_add_char(&m->s->base.out, ' ');
	m->any = true;
}

static void write_flags(struct fetch_message *m)
{
	struct buf *out = &m->s->base.out;

	BUF_ADD(out, "FLAGS ");
	view_add_flags(out, m->s, &m->message);
}

static void write_uid(struct fetch_message *m)
{
	BUF_ADD(&m->s->base.out, "UID ");
	buf_add_u64(&m->s->base.out, m->message.entry->uid);
}

static bool has_item(const struct fetch_message *m, enum fetch_kind kind)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].kind == kind)
			return true;
	return false;
}

/* RFC 7162 3.1: wherever flags are told; 3.1.4.1: with CHANGEDSINCE in any case. */
static bool adds_modseq(const struct fetch_message *m, bool tell_flags)
{
	if ((m->s->enabled & ENABLED_CONDSTORE) == 0 || has_item(m, FETCH_MODSEQ))
		return false;
	return tell_flags || has_item(m, FETCH_FLAGS) ||
	    m->s->command.fetch.modifiers.changed_since != 0;
}

/* RFC 3501 6.4.8; RFC 7162 3.2.4: in what was not asked for too. */
static bool adds_uid(const struct fetch_message *m, bool tell_flags)
{
	if (has_item(m, FETCH_UID))
		return false;
	return m->s->command.uid || (tell_flags && (m->s->enabled & ENABLED_CONDSTORE) != 0);
}

enum errc fetch_message_begin(
    struct fetch_message *m, struct db *db, uint32_t seq, bool tell_flags, struct err *err)
{
	struct buf *out = &m->s->base.out;
	enum errc rc;

	close_message(m);
	m->seq = seq;
	m->message = view_message(m->s->view, seq);
	if (m->message.entry->object == 0)
		return err_set(err, ERR_NOTFOUND, "it went before anything was known of it");
	rc = read_needed(m, db, err);
	if (rc != OK) {
		close_message(m);
		return rc;
	}
	m->open = true;
	m->any = false;
	m->next = 0;
	BUF_ADD(out, "* ");
	buf_add_u64(out, seq);
	BUF_ADD(out, " FETCH (");
	if (adds_uid(m, tell_flags)) {
		add_space(m);
		write_uid(m);
	}
	if (tell_flags && !has_item(m, FETCH_FLAGS)) {
		add_space(m);
		write_flags(m);
	}
	if (adds_modseq(m, tell_flags)) {
		add_space(m);
		view_add_modseq(out, m->message.entry);
	}
	return OK;
}

static enum errc write_body(struct fetch_message *m, struct err *err)
{
	BUF_ADD(&m->s->base.out, "BODY ");
	return imap_body_from_structure(m->info.structure, &m->s->base.out, err);
}

static void write_date(struct fetch_message *m)
{
	struct buf *out = &m->s->base.out;
	struct civil civil = civil_from_unix(
	    m->message.entry->internal_date, m->message.entry->internal_zone_min);

	BUF_ADD(out, "INTERNALDATE \"");
	civil_add_imap(out, &civil);
	buf_add_char(out, '"');
}

static struct str numbers_of(const struct imap_section *section, struct arena *arena)
{
	struct buf text = BUF_INIT(NUMBERS_MAX);
	struct str numbers;

	for (size_t i = 0; i < section->depth; i++) {
		if (i > 0)
			buf_add_char(&text, '.');
		buf_add_u64(&text, section->part[i]);
	}
	numbers = str_dup(arena, buf_str(&text));
	buf_release(&text);
	return numbers;
}

/* Sections of the message itself need no tree. */
static bool find_in_message(
    const struct fetch_message *m, enum section_text text, struct mime_range *range)
{
	uint64_t size = content_size(m->content), header = content_header_size(m->content);

	switch (text) {
	case SECTION_ALL:
		*range = (struct mime_range){ 0, size };
		return true;
	case SECTION_TEXT:
		*range = (struct mime_range){ header, size - header };
		return true;
	case SECTION_HEADER:
	case SECTION_FIELDS:
	case SECTION_FIELDS_NOT:
		*range = (struct mime_range){ 0, header };
		return true;
	case SECTION_MIME:
		break;
	}
	return false;
}

static enum mime_section_what what_of(enum section_text text)
{
	switch (text) {
	case SECTION_HEADER:
	case SECTION_FIELDS:
	case SECTION_FIELDS_NOT:
		return MIME_SECTION_HEADER;
	case SECTION_TEXT:
		return MIME_SECTION_TEXT;
	case SECTION_MIME:
		return MIME_SECTION_MIME;
	case SECTION_ALL:
		break;
	}
	return MIME_SECTION_ALL;
}

/* False: there is no such section. */
static bool find_section(
    struct fetch_message *m, const struct imap_section *section, struct mime_range *range)
{
	uint64_t size = content_size(m->content);

	if (section->depth == 0)
		return find_in_message(m, section->text, range);
	if (m->root == NULL ||
	    !mime_section(
		m->root, numbers_of(section, m->arena), what_of(section->text), range))
		return false;
	/* an index that does not fit its message */
	return range->offset <= size && range->size <= size - range->offset;
}

/* The named fields of a header, or the others, go to `text`. */
static enum errc select_fields(struct fetch_message *m, struct db *db,
    const struct imap_section *section, struct mime_range *range, struct err *err)
{
	struct buf header = BUF_INIT(SIZE_MAX);
	enum errc rc =
	    content_read(m->content, db, range->offset, (size_t)range->size, &header, err);

	buf_clear(&m->text);
	if (rc == OK) {
		mime_header_select(buf_str(&header), section->fields, section->field_count,
		    section->text == SECTION_FIELDS_NOT, &m->text);
		*range = (struct mime_range){ 0, m->text.n };
	}
	buf_release(&header);
	return rc;
}

/* RFC 3501 6.4.5: from the offset, so many bytes at the most; beyond the end nothing. */
static void cut_partial(const struct fetch_item *item, struct mime_range *range)
{
	uint64_t skip = item->offset < range->size ? item->offset : range->size;

	if (!item->partial)
		return;
	range->offset += skip;
	range->size -= skip;
	if (range->size > item->length)
		range->size = item->length;
}

static enum errc begin_section(
    struct fetch_message *m, struct db *db, const struct fetch_item *item, struct err *err)
{
	struct buf *out = &m->s->base.out;
	struct mime_range range;
	enum errc rc = OK;

	buf_add_str(out, item->label);
	if (!find_section(m, &item->section, &range)) {
		BUF_ADD(out, " NIL");
		return OK;
	}
	m->source =
	    item->section.text == SECTION_FIELDS || item->section.text == SECTION_FIELDS_NOT
	    ? FROM_TEXT
	    : FROM_CONTENT;
	if (m->source == FROM_TEXT)
		rc = select_fields(m, db, &item->section, &range, err);
	if (rc != OK)
		return rc;
	cut_partial(item, &range);
	m->offset = range.offset;
	m->left = range.size;
	if (m->left == 0)
		BUF_ADD(out, " \"\"");
	else
		buf_printf(out, " {%llu}\r\n", (unsigned long long)m->left);
	return OK;
}

/* RFC 3501 section 9, CHAR8: no NUL in a literal. The size stays what was announced. */
static void replace_nul(char *p, size_t n)
{
	char *end = p + n;

	while (p < end && (p = memchr(p, '\0', (size_t)(end - p))) != NULL)
		*p++ = (char)0x80;
}

/* False: it is left out, since nobody can decode it. */
static bool find_binary(struct fetch_message *m, const struct fetch_item *item, bool *there_out)
{
	*there_out = fetch_binary_find(
	    m->root, numbers_of(&item->section, m->arena), content_size(m->content), &m->part);
	if (!*there_out || m->part.encoding != MIME_ENCODING_OTHER)
		return true;
	m->unknown_encoding = true;
	return false;
}

static enum errc begin_binary(struct fetch_message *m, const struct fetch_item *item)
{
	bool there;

	if (!find_binary(m, item, &there))
		return OK;
	add_space(m);
	buf_add_str(&m->s->base.out, item->label);
	if (!there) {
		buf_add_str(
		    &m->s->base.out, item->kind == FETCH_BINARY_SIZE ? STR(" 0") : STR(" NIL"));
		return OK;
	}
	if (item->kind == FETCH_BINARY_SIZE && fetch_binary_is_identity(&m->part)) {
		buf_printf(&m->s->base.out, " %llu", (unsigned long long)m->part.size);
		return OK;
	}
	fetch_binary_begin(&m->binary, &m->part, item);
	m->item = item;
	m->counting = true;
	return OK;
}

/* A literal8 where NUL asks for it: a plain one everybody understands (RFC 3516 section 7, msg-att-static). */
static void end_counting(struct fetch_message *m)
{
	struct buf *out = &m->s->base.out;
	unsigned long long size = m->binary.count;

	m->counting = false;
	if (m->item->kind == FETCH_BINARY_SIZE) {
		buf_printf(out, " %llu", size);
		return;
	}
	if (size == 0) {
		BUF_ADD(out, " \"\"");
		return;
	}
	buf_printf(out, " %s{%llu}\r\n", m->binary.has_nul ? "~" : "", size);
	m->source = FROM_BINARY;
	m->left = size;
	fetch_binary_begin(&m->binary, &m->part, m->item);
}

static enum errc count_some(struct fetch_message *m, struct db *db, struct err *err)
{
	enum errc rc = fetch_binary_step(&m->binary, m->content, db, NULL, err);

	if (rc != ERR_END)
		return rc;
	end_counting(m);
	return OK;
}

static enum errc write_decoded(struct fetch_message *m, struct db *db, struct err *err)
{
	uint64_t before = m->binary.count;
	enum errc rc = fetch_binary_step(&m->binary, m->content, db, &m->s->base.out, err);

	if (rc == ERR_END)
		return err_set(err, ERR_CORRUPT, "decoded differently the second time");
	if (rc == OK)
		m->left -= m->binary.count - before;
	return rc;
}

static enum errc write_literal(struct fetch_message *m, struct db *db, struct err *err)
{
	struct buf *out = &m->s->base.out;
	size_t n = m->left < PIECE_MAX ? (size_t)m->left : PIECE_MAX;
	size_t before = out->n;
	enum errc rc = OK;

	if (m->source == FROM_BINARY)
		return write_decoded(m, db, err);
	if (m->source == FROM_TEXT)
		buf_add(out, m->text.p + m->offset, n);
	else
		rc = content_read(m->content, db, m->offset, n, out, err);
	if (rc != OK)
		return rc;
	if (out->n - before != n)
		return err_set(err, ERR_CORRUPT, "message shorter than its size");
	replace_nul(out->p + before, n);
	m->offset += n;
	m->left -= n;
	return OK;
}

static enum errc write_item(struct fetch_message *m, struct db *db, struct err *err)
{
	const struct fetch_item *item = &m->items[m->next++];
	struct buf *out = &m->s->base.out;

	if (item->kind == FETCH_BINARY || item->kind == FETCH_BINARY_SIZE)
		return begin_binary(m, item);
	add_space(m);
	switch (item->kind) {
	case FETCH_FLAGS:
		write_flags(m);
		break;
	case FETCH_UID:
		write_uid(m);
		break;
	case FETCH_INTERNALDATE:
		write_date(m);
		break;
	case FETCH_SIZE:
		BUF_ADD(out, "RFC822.SIZE ");
		buf_add_u64(out, m->message.entry->size);
		break;
	case FETCH_ENVELOPE:
		BUF_ADD(out, "ENVELOPE ");
		buf_add_str(out, m->info.envelope);
		break;
	case FETCH_MODSEQ:
		view_add_modseq(out, m->message.entry);
		break;
	case FETCH_BODYSTRUCTURE:
		BUF_ADD(out, "BODYSTRUCTURE ");
		buf_add_str(out, m->info.structure);
		break;
	case FETCH_BODY:
		return write_body(m, err);
	case FETCH_SECTION:
		return begin_section(m, db, item, err);
	case FETCH_BINARY:
	case FETCH_BINARY_SIZE:
		break;
	}
	return OK;
}

static enum errc write_piece(struct fetch_message *m, struct db *db, struct err *err)
{
	if (m->counting)
		return count_some(m, db, err);
	if (m->left > 0)
		return write_literal(m, db, err);
	if (m->next < m->count)
		return write_item(m, db, err);
	/* everything was left out: the grammar wants an item */
	if (!m->any)
		write_uid(m);
	BUF_ADD(&m->s->base.out, ")\r\n");
	close_message(m);
	return ERR_END;
}

enum errc fetch_message_go_on(struct fetch_message *m, struct db *db, struct err *err)
{
	struct buf *out = &m->s->base.out;
	size_t written = out->n, next = m->next;
	bool any = m->any;
	enum errc rc = write_piece(m, db, err);

	if (rc == OK || rc == ERR_END)
		return rc;
	buf_truncate(out, written);
	m->next = next;
	m->any = any;
	return rc;
}
