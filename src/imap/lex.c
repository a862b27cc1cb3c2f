#include "imap/lex.h"

#include "base/arena.h"
#include "base/civil.h"
#include "imap/limits.h"
#include "store/message.h"

#include <string.h>

/* atom-specials: ( ) { SP CTL list-wildcards quoted-specials resp-specials */
bool imap_is_atom_char(char c)
{
	return c > ' ' && c < 0x7f && memchr("(){%*\"\\]", c, 8) == NULL;
}

bool imap_is_astring_char(char c)
{
	return imap_is_atom_char(c) || c == ']';
}

static bool is_tag_char(char c)
{
	return imap_is_astring_char(c) && c != '+';
}

static bool is_list_char(char c)
{
	return imap_is_astring_char(c) || c == '%' || c == '*';
}

enum errc imap_sp(struct cursor *c, struct err *err)
{
	if (!cursor_take(c, ' '))
		return err_set(
		    err, ERR_SYNTAX, cursor_at_end(c) ? "argument missing" : "space expected");
	return OK;
}

enum errc imap_end(const struct cursor *c, struct err *err)
{
	if (!cursor_at_end(c))
		return err_set(err, ERR_SYNTAX, "text behind the last argument");
	return OK;
}

static enum errc take_word(struct cursor *c, bool (*is_member)(char), struct arena *arena,
    struct str *out, struct err *err)
{
	struct str word = cursor_take_while(c, is_member);

	if (word.n == 0)
		return err_set(err, ERR_SYNTAX,
		    cursor_at_end(c) ? "argument missing" : "character out of place");
	*out = str_dup(arena, word);
	return OK;
}

enum errc imap_tag(struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	return take_word(c, is_tag_char, arena, out, err);
}

enum errc imap_atom(struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	return take_word(c, imap_is_atom_char, arena, out, err);
}

/* quoted: the bytes between the quotes without the backslashes. */
static enum errc read_quoted(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	struct cursor at = *c;
	char *text;
	size_t n = 0;

	at.p++;
	while (!cursor_at_end(&at) && *at.p != '"') {
		if (*at.p == '\\') {
			at.p++;
			if (cursor_at_end(&at) || (*at.p != '"' && *at.p != '\\'))
				return err_set(
				    err, ERR_SYNTAX, "bad escape in a quoted string");
		} else if (*at.p == '\0' || *at.p == '\r' || *at.p == '\n') {
			return err_set(err, ERR_SYNTAX, "line end or NUL in a quoted string");
		}
		at.p++;
		n++;
	}
	if (cursor_at_end(&at))
		return err_set(err, ERR_SYNTAX, "quoted string without its end");
	text = arena_alloc_raw(arena, n);
	n = 0;
	for (const char *p = c->p + 1; p < at.p; p++) {
		if (*p == '\\')
			p++;
		text[n++] = *p;
	}
	*out = (struct str){ text, n };
	c->p = at.p + 1;
	return OK;
}

enum errc imap_literal_head(struct cursor *c, uint32_t *size_out, struct err *err)
{
	struct cursor at = *c;
	uint64_t size;

	if (!cursor_take(&at, '{') || cursor_take_u64(&at, UINT32_MAX, &size) != OK)
		return err_set(err, ERR_SYNTAX, "literal expected");
	(void)cursor_take(&at, '+');
	if (!cursor_take_str(&at, STR("}\r\n")))
		return err_set(err, ERR_SYNTAX, "broken literal");
	*size_out = (uint32_t)size;
	*c = at;
	return OK;
}

static enum errc read_literal(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	struct cursor at = *c;
	struct str bytes;
	uint32_t size;
	enum errc rc = imap_literal_head(&at, &size, err);

	if (rc != OK)
		return rc;
	if (!cursor_take_n(&at, size, &bytes))
		return err_set(err, ERR_SYNTAX, "literal without its bytes");
	if (size > 0 && memchr(bytes.p, '\0', bytes.n) != NULL)
		return err_set(err, ERR_SYNTAX, "NUL in a literal");
	*out = str_dup(arena, bytes);
	if (out->p == NULL)
		out->p = "";
	*c = at;
	return OK;
}

enum errc imap_string(struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	switch (cursor_peek(c)) {
	case '"':
		return read_quoted(c, arena, out, err);
	case '{':
		return read_literal(c, arena, out, err);
	default:
		return err_set(
		    err, ERR_SYNTAX, cursor_at_end(c) ? "argument missing" : "string expected");
	}
}

enum errc imap_nstring(struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	if (cursor_take_nocase(c, STR("NIL"))) {
		*out = STR_EMPTY;
		return OK;
	}
	return imap_string(c, arena, out, err);
}

static bool string_follows(const struct cursor *c)
{
	int next = cursor_peek(c);

	return next == '"' || next == '{';
}

enum errc imap_astring(struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	if (string_follows(c))
		return imap_string(c, arena, out, err);
	return take_word(c, imap_is_astring_char, arena, out, err);
}

enum errc imap_list_mailbox(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	if (string_follows(c))
		return imap_string(c, arena, out, err);
	return take_word(c, is_list_char, arena, out, err);
}

enum errc imap_number(struct cursor *c, uint32_t *out, struct err *err)
{
	uint64_t value;

	switch (cursor_take_u64(c, UINT32_MAX, &value)) {
	case OK:
		*out = (uint32_t)value;
		return OK;
	case ERR_LIMIT:
		return err_set(err, ERR_SYNTAX, "number over 32 bits");
	default:
		return err_set(err, ERR_SYNTAX, "number expected");
	}
}

enum errc imap_nz_number(struct cursor *c, uint32_t *out, struct err *err)
{
	/* digit-nz *DIGIT */
	if (cursor_peek(c) == '0')
		return err_set(err, ERR_SYNTAX, "number without leading zero expected");
	return imap_number(c, out, err);
}

enum errc imap_number64(struct cursor *c, uint64_t *out, struct err *err)
{
	switch (cursor_take_u64(c, INT64_MAX, out)) {
	case OK:
		return OK;
	case ERR_LIMIT:
		return err_set(err, ERR_SYNTAX, "number over 63 bits");
	default:
		return err_set(err, ERR_SYNTAX, "number expected");
	}
}

static const struct {
	struct str name;
	uint64_t bit; /* 0: passed over */
} system_flags[] = {
	{ STR_INIT("Answered"), FLAG_ANSWERED },
	{ STR_INIT("Flagged"), FLAG_FLAGGED },
	{ STR_INIT("Deleted"), FLAG_DELETED },
	{ STR_INIT("Seen"), FLAG_SEEN },
	{ STR_INIT("Draft"), FLAG_DRAFT },
};

static uint64_t system_flag(struct str name)
{
	for (size_t i = 0; i < COUNT(system_flags); i++)
		if (str_equal_nocase(name, system_flags[i].name))
			return system_flags[i].bit;
	return 0;
}

/* Flags while they are read: keywords in an array that doubles. */
struct flag_reading {
	struct arena *arena;
	uint64_t system;
	struct str *keywords;
	size_t count, room, seen;
};

static void add_keyword(struct flag_reading *r, struct str name)
{
	if (r->count == r->room) {
		struct str *larger;

		r->room = r->room == 0 ? 8 : r->room * 2;
		larger = ARENA_NEW(r->arena, struct str, r->room);
		if (r->count > 0)
			memcpy(larger, r->keywords, r->count * sizeof(*larger));
		r->keywords = larger;
	}
	r->keywords[r->count++] = name;
}

/* flag: "\" atom, or flag-keyword, which is an atom. */
static enum errc read_flag(struct cursor *c, struct flag_reading *r, struct err *err)
{
	bool is_system = cursor_take(c, '\\');
	struct str name;
	enum errc rc = imap_atom(c, r->arena, &name, err);

	if (rc != OK)
		return rc;
	if (++r->seen > IMAP_FLAGS_MAX)
		return err_set(err, ERR_LIMIT, "too many flags");
	if (is_system)
		r->system |= system_flag(name);
	else
		add_keyword(r, name);
	return OK;
}

static enum errc read_flags(struct cursor *c, struct flag_reading *r, struct err *err)
{
	enum errc rc = read_flag(c, r, err);

	while (rc == OK && cursor_take(c, ' '))
		rc = read_flag(c, r, err);
	return rc;
}

static struct flag_list flags_read(const struct flag_reading *r)
{
	return (struct flag_list){
		.system = r->system, .keywords = r->keywords, .keyword_count = r->count
	};
}

enum errc imap_flags(
    struct cursor *c, struct arena *arena, struct flag_list *out, struct err *err)
{
	struct flag_reading r = { .arena = arena };
	struct cursor at = *c;
	enum errc rc = read_flags(&at, &r, err);

	if (rc != OK)
		return rc;
	*out = flags_read(&r);
	*c = at;
	return OK;
}

enum errc imap_flag_list(
    struct cursor *c, struct arena *arena, struct flag_list *out, struct err *err)
{
	struct flag_reading r = { .arena = arena };
	struct cursor at = *c;

	if (!cursor_take(&at, '('))
		return err_set(err, ERR_SYNTAX, "list of flags expected");
	if (!cursor_take(&at, ')')) {
		enum errc rc = read_flags(&at, &r, err);

		if (rc != OK)
			return rc;
		if (!cursor_take(&at, ')'))
			return err_set(err, ERR_SYNTAX, "list of flags without its end");
	}
	*out = flags_read(&r);
	*c = at;
	return OK;
}

enum errc imap_date_time(struct cursor *c, struct civil *civil_out, struct err *err)
{
	struct cursor at = *c;
	struct civil civil;
	struct str text;
	enum errc rc;

	/* DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE: always 26 characters */
	if (!cursor_take(&at, '"') || !cursor_take_n(&at, 26, &text) || !cursor_take(&at, '"'))
		return err_set(err, ERR_SYNTAX, "date-time expected");
	rc = civil_parse_imap(text, &civil, err);
	if (rc != OK)
		return err_set(err, ERR_SYNTAX, "no such date-time");
	*civil_out = civil;
	*c = at;
	return OK;
}

static bool is_date_char(char c)
{
	return ascii_is_digit(c) || ascii_is_alpha(c) || c == '-';
}

enum errc imap_date(struct cursor *c, int64_t *days_out, struct err *err)
{
	struct cursor at = *c;
	bool quoted = cursor_take(&at, '"');
	struct str text = cursor_take_while(&at, is_date_char);
	struct civil civil;

	if (civil_parse_imap_date(text, &civil, NULL) != OK ||
	    (quoted && !cursor_take(&at, '"')))
		return err_set(err, ERR_SYNTAX, "date expected, such as 1-Feb-2026");
	*days_out = civil_days(civil.year, civil.month, civil.day);
	*c = at;
	return OK;
}
