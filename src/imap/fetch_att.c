#include "imap/fetch_att.h"

#include "base/arena.h"
#include "base/buf.h"
#include "imap/lex.h"
#include "imap/limits.h"

#include <string.h>

/* Items while they are read. */
struct item_list {
	struct arena *arena;
	struct fetch_item *items;
	size_t count, room;
};

static enum errc add_item(
    struct item_list *list, const struct fetch_item *item, struct err *err)
{
	if (list->count == IMAP_FETCH_ITEMS_MAX)
		return err_set(err, ERR_LIMIT, "too many items to fetch");
	if (list->count == list->room) {
		struct fetch_item *larger;

		list->room = list->room == 0 ? 8 : list->room * 2;
		larger = ARENA_NEW(list->arena, struct fetch_item, list->room);
		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
	}
	list->items[list->count++] = *item;
	return OK;
}

/* section-part: nz-number *("." nz-number). Leaves the cursor before a "." that no number follows. */
static enum errc read_section_part(
    struct cursor *c, struct arena *arena, struct imap_section *section, struct err *err)
{
	uint32_t part[IMAP_SECTION_DEPTH_MAX];
	uint32_t *copy;
	size_t n = 0;

	while (ascii_is_digit((char)cursor_peek(c))) {
		enum errc rc;

		if (n == IMAP_SECTION_DEPTH_MAX)
			return err_set(err, ERR_LIMIT, "section too deep");
		rc = imap_nz_number(c, &part[n++], err);
		if (rc != OK)
			return rc;
		if (c->end - c->p < 2 || c->p[0] != '.' || !ascii_is_digit(c->p[1]))
			break;
		c->p++;
	}
	copy = ARENA_NEW(arena, uint32_t, n);
	memcpy(copy, part, n * sizeof(*copy));
	section->part = copy;
	section->depth = n;
	return OK;
}

/* header-list: "(" header-fld-name *(SP header-fld-name) ")", names being astrings. */
static enum errc read_header_list(
    struct cursor *c, struct arena *arena, struct imap_section *section, struct err *err)
{
	struct str *names = NULL;
	size_t count = 0, room = 0;

	if (!cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list of header fields expected");
	do {
		enum errc rc;

		if (count == IMAP_HEADER_FIELDS_MAX)
			return err_set(err, ERR_LIMIT, "too many header fields");
		if (count == room) {
			struct str *larger;

			room = room == 0 ? 8 : room * 2;
			larger = ARENA_NEW(arena, struct str, room);
			if (count > 0)
				memcpy(larger, names, count * sizeof(*larger));
			names = larger;
		}
		rc = imap_astring(c, arena, &names[count++], err);
		if (rc != OK)
			return rc;
	} while (cursor_take(c, ' '));
	if (!cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of header fields without its end");
	section->fields = names;
	section->field_count = count;
	return OK;
}

static const struct {
	struct str word;
	enum section_text text;
} section_texts[] = {
	{ STR_INIT("HEADER.FIELDS.NOT "), SECTION_FIELDS_NOT },
	{ STR_INIT("HEADER.FIELDS "), SECTION_FIELDS },
	{ STR_INIT("HEADER"), SECTION_HEADER },
	{ STR_INIT("TEXT"), SECTION_TEXT },
	{ STR_INIT("MIME"), SECTION_MIME },
};

/* section-text: section-msgtext / "MIME", the latter behind a section-part only. */
static enum errc read_section_text(
    struct cursor *c, struct arena *arena, struct imap_section *section, struct err *err)
{
	for (size_t i = 0; i < COUNT(section_texts); i++) {
		if (!cursor_take_nocase(c, section_texts[i].word))
			continue;
		section->text = section_texts[i].text;
		if (section->text == SECTION_MIME && section->depth == 0)
			return err_set(err, ERR_SYNTAX, "MIME without a part number");
		if (section->text == SECTION_FIELDS || section->text == SECTION_FIELDS_NOT)
			return read_header_list(c, arena, section, err);
		return OK;
	}
	return err_set(err, ERR_SYNTAX, "unknown section");
}

/* section: "[" [section-spec] "]", behind the "[". */
static enum errc read_section(
    struct cursor *c, struct arena *arena, struct imap_section *section, struct err *err)
{
	enum errc rc = OK;

	if (cursor_take(c, ']'))
		return OK;
	if (ascii_is_digit((char)cursor_peek(c))) {
		rc = read_section_part(c, arena, section, err);
		if (rc == OK && cursor_take(c, ']'))
			return OK;
		if (rc == OK && !cursor_take(c, '.'))
			return err_set(err, ERR_SYNTAX, "broken section");
	}
	if (rc == OK)
		rc = read_section_text(c, arena, section, err);
	if (rc == OK && !cursor_take(c, ']'))
		return err_set(err, ERR_SYNTAX, "section without its end");
	return rc;
}

/* "<" number64 "." nz-number64 ">" */
static enum errc read_partial(struct cursor *c, struct fetch_item *item, struct err *err)
{
	enum errc rc;

	if (!cursor_take(c, '<'))
		return OK;
	rc = imap_number64(c, &item->offset, err);
	if (rc != OK)
		return rc;
	if (!cursor_take(c, '.'))
		return err_set(err, ERR_SYNTAX, "broken partial");
	if (cursor_peek(c) == '0')
		return err_set(err, ERR_SYNTAX, "number without leading zero expected");
	rc = imap_number64(c, &item->length, err);
	if (rc != OK)
		return rc;
	if (!cursor_take(c, '>'))
		return err_set(err, ERR_SYNTAX, "broken partial");
	item->partial = true;
	return OK;
}

static const char *section_word(enum section_text text)
{
	switch (text) {
	case SECTION_HEADER:
		return "HEADER";
	case SECTION_FIELDS:
		return "HEADER.FIELDS";
	case SECTION_FIELDS_NOT:
		return "HEADER.FIELDS.NOT";
	case SECTION_TEXT:
		return "TEXT";
	case SECTION_MIME:
		return "MIME";
	case SECTION_ALL:
		break;
	}
	return "";
}

/* header-fld-name: an astring again. What needs a literal (8 bits, line ends) is in no header: shown as "?". */
static void add_field_name(struct buf *out, struct str name)
{
	bool plain = name.n > 0;

	for (size_t i = 0; i < name.n; i++)
		plain = plain && imap_is_astring_char(name.p[i]);
	if (plain) {
		buf_add_str(out, name);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < name.n; i++) {
		if (name.p[i] == '"' || name.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, ascii_is_print(name.p[i]) ? name.p[i] : '?');
	}
	buf_add_char(out, '"');
}

static void add_section(struct buf *out, const struct imap_section *section)
{
	for (size_t i = 0; i < section->depth; i++) {
		if (i > 0)
			buf_add_char(out, '.');
		buf_add_u64(out, section->part[i]);
	}
	if (section->depth > 0 && section->text != SECTION_ALL)
		buf_add_char(out, '.');
	buf_add_str(out, str_from(section_word(section->text)));
	if (section->text != SECTION_FIELDS && section->text != SECTION_FIELDS_NOT)
		return;
	BUF_ADD(out, " (");
	for (size_t i = 0; i < section->field_count; i++) {
		if (i > 0)
			buf_add_char(out, ' ');
		add_field_name(out, section->fields[i]);
	}
	buf_add_char(out, ')');
}

/* msg-att-static: "BODY" section ["<" number ">"] */
static struct str section_label(
    struct arena *arena, const char *word, const struct fetch_item *item)
{
	struct buf text = BUF_INIT(IMAP_COMMAND_MAX * 4);
	struct str label;

	buf_printf(&text, "%s[", word);
	add_section(&text, &item->section);
	buf_add_char(&text, ']');
	if (item->partial)
		buf_printf(&text, "<%llu>", (unsigned long long)item->offset);
	label = str_dup(arena, buf_str(&text));
	buf_release(&text);
	return label;
}

/* Behind "BODY" or "BODY.PEEK", at the "[". */
static enum errc read_body_section(
    struct cursor *c, struct item_list *list, bool peek, struct err *err)
{
	struct fetch_item item = { .kind = FETCH_SECTION, .peek = peek };
	enum errc rc;

	c->p++;
	rc = read_section(c, list->arena, &item.section, err);
	if (rc == OK)
		rc = read_partial(c, &item, err);
	if (rc != OK)
		return rc;
	item.label = section_label(list->arena, "BODY", &item);
	return add_item(list, &item, err);
}

/* section-binary: "[" [section-part] "]", at the "[" (RFC 3516 section 7); a size has no partial. */
static enum errc read_binary(
    struct cursor *c, struct item_list *list, const struct fetch_item *kind, struct err *err)
{
	bool is_size = kind->kind == FETCH_BINARY_SIZE;
	struct fetch_item item = *kind;
	enum errc rc = OK;

	c->p++;
	if (ascii_is_digit((char)cursor_peek(c)))
		rc = read_section_part(c, list->arena, &item.section, err);
	if (rc == OK && !cursor_take(c, ']'))
		return err_set(err, ERR_SYNTAX, "part numbers and ] expected");
	if (rc == OK && !is_size)
		rc = read_partial(c, &item, err);
	if (rc != OK)
		return rc;
	item.label = section_label(list->arena, is_size ? "BINARY.SIZE" : "BINARY", &item);
	return add_item(list, &item, err);
}

/* Those that are a whole word. RFC822.HEADER is as BODY.PEEK[HEADER], the others as BODY[...]. */
static const struct {
	struct str word;
	struct fetch_item item;
} simple_atts[] = {
	{ STR_INIT("FLAGS"), { .kind = FETCH_FLAGS } },
	{ STR_INIT("UID"), { .kind = FETCH_UID } },
	{ STR_INIT("MODSEQ"), { .kind = FETCH_MODSEQ } },
	{ STR_INIT("INTERNALDATE"), { .kind = FETCH_INTERNALDATE } },
	{ STR_INIT("RFC822.SIZE"), { .kind = FETCH_SIZE } },
	{ STR_INIT("ENVELOPE"), { .kind = FETCH_ENVELOPE } },
	{ STR_INIT("BODYSTRUCTURE"), { .kind = FETCH_BODYSTRUCTURE } },
	{ STR_INIT("BODY"), { .kind = FETCH_BODY } },
	{ STR_INIT("RFC822"), { .kind = FETCH_SECTION, .label = STR_INIT("RFC822") } },
	{ STR_INIT("RFC822.HEADER"),
	    { .kind = FETCH_SECTION,
		.peek = true,
		.section = { .text = SECTION_HEADER },
		.label = STR_INIT("RFC822.HEADER") } },
	{ STR_INIT("RFC822.TEXT"),
	    { .kind = FETCH_SECTION,
		.section = { .text = SECTION_TEXT },
		.label = STR_INIT("RFC822.TEXT") } },
};

static bool is_att_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '.';
}

static const struct {
	struct str word;
	struct fetch_item item;
} binary_atts[] = {
	{ STR_INIT("BINARY"), { .kind = FETCH_BINARY } },
	{ STR_INIT("BINARY.PEEK"), { .kind = FETCH_BINARY, .peek = true } },
	{ STR_INIT("BINARY.SIZE"), { .kind = FETCH_BINARY_SIZE } },
};

static enum errc read_fetch_att(struct cursor *c, struct item_list *list, struct err *err)
{
	struct str word = cursor_take_while(c, is_att_char);

	if (cursor_peek(c) == '[') {
		if (str_equal_nocase(word, STR("BODY")))
			return read_body_section(c, list, false, err);
		if (str_equal_nocase(word, STR("BODY.PEEK")))
			return read_body_section(c, list, true, err);
		for (size_t i = 0; i < COUNT(binary_atts); i++)
			if (str_equal_nocase(word, binary_atts[i].word))
				return read_binary(c, list, &binary_atts[i].item, err);
	}
	for (size_t i = 0; i < COUNT(simple_atts); i++)
		if (str_equal_nocase(word, simple_atts[i].word))
			return add_item(list, &simple_atts[i].item, err);
	return err_set(err, ERR_SYNTAX, "unknown item to fetch");
}

static const struct {
	struct str word;
	size_t count;
} macros[] = { { STR_INIT("FAST"), 3 }, { STR_INIT("ALL"), 4 }, { STR_INIT("FULL"), 5 } };

/* FAST is FLAGS INTERNALDATE RFC822.SIZE; ALL has ENVELOPE too; FULL has BODY too (RFC 3501 6.4.5). */
static bool take_macro(struct cursor *c, struct item_list *list)
{
	static const enum fetch_kind kinds[] = { FETCH_FLAGS, FETCH_INTERNALDATE, FETCH_SIZE,
		FETCH_ENVELOPE, FETCH_BODY };
	struct cursor at = *c;
	struct str word = cursor_take_while(&at, is_att_char);

	for (size_t i = 0; i < COUNT(macros); i++) {
		if (!str_equal_nocase(word, macros[i].word))
			continue;
		list->items = ARENA_NEW(list->arena, struct fetch_item, macros[i].count);
		for (list->count = 0; list->count < macros[i].count; list->count++)
			list->items[list->count].kind = kinds[list->count];
		*c = at;
		return true;
	}
	return false;
}

static enum errc read_att_list(struct cursor *c, struct item_list *list, struct err *err)
{
	enum errc rc;

	if (!cursor_take(c, '('))
		return read_fetch_att(c, list, err);
	do {
		rc = read_fetch_att(c, list, err);
	} while (rc == OK && cursor_take(c, ' '));
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of items without its end");
	return rc;
}

enum errc imap_fetch_items(struct cursor *c, struct arena *arena,
    const struct fetch_item **items_out, size_t *count_out, struct err *err)
{
	struct item_list list = { .arena = arena };
	struct cursor at = *c;

	if (!take_macro(&at, &list)) {
		enum errc rc = read_att_list(&at, &list, err);

		if (rc != OK)
			return rc;
	}
	*items_out = list.items;
	*count_out = list.count;
	*c = at;
	return OK;
}
