#include "imap/search_key.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"
#include "imap/modseq.h"
#include "store/message.h"

/* A search while it is read: what its limits count. */
struct search_reading {
	struct arena *arena;
	size_t keys;
	unsigned depth;
};

static enum errc new_key(
    struct search_reading *r, enum search_op op, struct search_key **out, struct err *err)
{
	if (++r->keys > IMAP_SEARCH_KEYS_MAX)
		return err_set(err, ERR_LIMIT, "too many search keys");
	*out = ARENA_NEW(r->arena, struct search_key, 1);
	(*out)->op = op;
	return OK;
}

static enum errc read_search_key(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err);

/* Puts `key` under a NOT, if asked to. */
static enum errc negated(struct search_reading *r, bool negate, struct search_key *key,
    struct search_key **key_out, struct err *err)
{
	enum errc rc;

	*key_out = key;
	if (!negate)
		return OK;
	rc = new_key(r, SEARCH_NOT, key_out, err);
	if (rc == OK)
		(*key_out)->child = key;
	return rc;
}

enum argument {
	ARG_NONE,
	ARG_NUMBER,
	ARG_DATE,
	ARG_TEXT,
	ARG_HEADER, /* field name and text */
	ARG_FIELD,  /* text, the field's name is in the row */
	ARG_KEYWORD,
	ARG_MODSEQ,
	ARG_UID,
	ARG_NOT,
	ARG_OR,
	ARG_NEW,
};

static const struct search_word {
	struct str word;
	enum search_op op;
	enum argument argument;
	bool negate;
	uint64_t flags;
	struct str field;
} words[] = {
	{ STR_INIT("ALL"), SEARCH_ALL, ARG_NONE, false, 0, { NULL, 0 } },
	{ STR_INIT("ANSWERED"), SEARCH_FLAGS, ARG_NONE, false, FLAG_ANSWERED, { NULL, 0 } },
	{ STR_INIT("BCC"), SEARCH_ENVELOPE, ARG_FIELD, false, 0, STR_INIT("Bcc") },
	{ STR_INIT("BEFORE"), SEARCH_BEFORE, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("BODY"), SEARCH_BODY, ARG_TEXT, false, 0, { NULL, 0 } },
	{ STR_INIT("CC"), SEARCH_ENVELOPE, ARG_FIELD, false, 0, STR_INIT("Cc") },
	{ STR_INIT("DELETED"), SEARCH_FLAGS, ARG_NONE, false, FLAG_DELETED, { NULL, 0 } },
	{ STR_INIT("DRAFT"), SEARCH_FLAGS, ARG_NONE, false, FLAG_DRAFT, { NULL, 0 } },
	{ STR_INIT("FLAGGED"), SEARCH_FLAGS, ARG_NONE, false, FLAG_FLAGGED, { NULL, 0 } },
	{ STR_INIT("FROM"), SEARCH_ENVELOPE, ARG_FIELD, false, 0, STR_INIT("From") },
	{ STR_INIT("HEADER"), SEARCH_HEADER, ARG_HEADER, false, 0, { NULL, 0 } },
	{ STR_INIT("KEYWORD"), SEARCH_KEYWORD, ARG_KEYWORD, false, 0, { NULL, 0 } },
	{ STR_INIT("LARGER"), SEARCH_LARGER, ARG_NUMBER, false, 0, { NULL, 0 } },
	{ STR_INIT("MODSEQ"), SEARCH_MODSEQ, ARG_MODSEQ, false, 0, { NULL, 0 } },
	{ STR_INIT("NEW"), SEARCH_AND, ARG_NEW, false, 0, { NULL, 0 } },
	{ STR_INIT("NOT"), SEARCH_NOT, ARG_NOT, false, 0, { NULL, 0 } },
	{ STR_INIT("OLD"), SEARCH_RECENT, ARG_NONE, true, 0, { NULL, 0 } },
	{ STR_INIT("ON"), SEARCH_ON, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("OR"), SEARCH_OR, ARG_OR, false, 0, { NULL, 0 } },
	{ STR_INIT("RECENT"), SEARCH_RECENT, ARG_NONE, false, 0, { NULL, 0 } },
	{ STR_INIT("SEEN"), SEARCH_FLAGS, ARG_NONE, false, FLAG_SEEN, { NULL, 0 } },
	{ STR_INIT("SENTBEFORE"), SEARCH_SENT_BEFORE, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("SENTON"), SEARCH_SENT_ON, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("SENTSINCE"), SEARCH_SENT_SINCE, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("SINCE"), SEARCH_SINCE, ARG_DATE, false, 0, { NULL, 0 } },
	{ STR_INIT("SMALLER"), SEARCH_SMALLER, ARG_NUMBER, false, 0, { NULL, 0 } },
	{ STR_INIT("SUBJECT"), SEARCH_ENVELOPE, ARG_FIELD, false, 0, STR_INIT("Subject") },
	{ STR_INIT("TEXT"), SEARCH_TEXT, ARG_TEXT, false, 0, { NULL, 0 } },
	{ STR_INIT("TO"), SEARCH_ENVELOPE, ARG_FIELD, false, 0, STR_INIT("To") },
	{ STR_INIT("UID"), SEARCH_UID, ARG_UID, false, 0, { NULL, 0 } },
	{ STR_INIT("UNANSWERED"), SEARCH_FLAGS, ARG_NONE, true, FLAG_ANSWERED, { NULL, 0 } },
	{ STR_INIT("UNDELETED"), SEARCH_FLAGS, ARG_NONE, true, FLAG_DELETED, { NULL, 0 } },
	{ STR_INIT("UNDRAFT"), SEARCH_FLAGS, ARG_NONE, true, FLAG_DRAFT, { NULL, 0 } },
	{ STR_INIT("UNFLAGGED"), SEARCH_FLAGS, ARG_NONE, true, FLAG_FLAGGED, { NULL, 0 } },
	{ STR_INIT("UNKEYWORD"), SEARCH_KEYWORD, ARG_KEYWORD, true, 0, { NULL, 0 } },
	{ STR_INIT("UNSEEN"), SEARCH_FLAGS, ARG_NONE, true, FLAG_SEEN, { NULL, 0 } },
};

static enum errc read_set(
    struct cursor *c, struct arena *arena, struct seqset *set_out, struct err *err)
{
	struct str text = cursor_take_while(c, seqset_is_char);

	return seqset_parse(text, IMAP_SET_RANGES_MAX, arena, set_out, err);
}

/* NEW is (RECENT UNSEEN). */
static enum errc make_new(struct search_reading *r, struct search_key *key, struct err *err)
{
	struct search_key *recent, *seen, *unseen;
	enum errc rc = new_key(r, SEARCH_RECENT, &recent, err);

	if (rc == OK)
		rc = new_key(r, SEARCH_FLAGS, &seen, err);
	if (rc != OK)
		return rc;
	seen->flags = FLAG_SEEN;
	rc = negated(r, true, seen, &unseen, err);
	if (rc != OK)
		return rc;
	recent->next = unseen;
	key->child = recent;
	return OK;
}

/* HEADER SP header-fld-name SP astring */
static enum errc read_header_arguments(
    struct cursor *c, struct search_reading *r, struct search_key *key, struct err *err)
{
	enum errc rc = imap_astring(c, r->arena, &key->field, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_astring(c, r->arena, &key->text, err);
	return rc;
}

/* OR SP search-key SP search-key */
static enum errc read_or_arguments(
    struct cursor *c, struct search_reading *r, struct search_key *key, struct err *err)
{
	struct search_key *a, *b;
	enum errc rc = read_search_key(c, r, &a, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = read_search_key(c, r, &b, err);
	if (rc != OK)
		return rc;
	a->next = b;
	key->child = a;
	return OK;
}

static enum errc read_argument(struct cursor *c, struct search_reading *r, enum argument what,
    struct search_key *key, struct err *err)
{
	switch (what) {
	case ARG_NUMBER:
		return imap_number64(c, &key->size, err);
	case ARG_DATE:
		return imap_date(c, &key->day, err);
	case ARG_TEXT:
	case ARG_FIELD:
		return imap_astring(c, r->arena, &key->text, err);
	case ARG_KEYWORD:
		return imap_atom(c, r->arena, &key->text, err);
	case ARG_HEADER:
		return read_header_arguments(c, r, key, err);
	case ARG_MODSEQ:
		return imap_search_modseq(c, r->arena, &key->modseq, err);
	case ARG_UID:
		return read_set(c, r->arena, &key->set, err);
	case ARG_NOT:
		return read_search_key(c, r, &key->child, err);
	case ARG_OR:
		return read_or_arguments(c, r, key, err);
	case ARG_NEW:
		return make_new(r, key, err);
	case ARG_NONE:
		break;
	}
	return OK;
}

static enum errc read_word_key(struct cursor *c, struct search_reading *r,
    const struct search_word *word, struct search_key **key_out, struct err *err)
{
	struct search_key *key;
	enum errc rc = new_key(r, word->op, &key, err);

	if (rc != OK)
		return rc;
	if (word->argument == ARG_FIELD)
		key->field = word->field;
	if (word->flags != 0)
		key->flags = word->flags;
	if (word->argument != ARG_NONE && word->argument != ARG_NEW)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = read_argument(c, r, word->argument, key, err);
	if (rc != OK)
		return rc;
	return negated(r, word->negate, key, key_out, err);
}

/* search-key *(SP search-key) under one AND; alone it stands for itself. */
static enum errc read_conjunction(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err)
{
	struct search_key *all, *last;
	enum errc rc = new_key(r, SEARCH_AND, &all, err);

	if (rc == OK)
		rc = read_search_key(c, r, &all->child, err);
	if (rc != OK)
		return rc;
	for (last = all->child; cursor_take(c, ' '); last = last->next) {
		rc = read_search_key(c, r, &last->next, err);
		if (rc != OK)
			return rc;
	}
	*key_out = all->child->next == NULL ? all->child : all;
	return OK;
}

static enum errc read_parenthesised(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err)
{
	struct search_key *inner, *group;
	enum errc rc;

	c->p++;
	rc = read_conjunction(c, r, &inner, err);
	if (rc != OK)
		return rc;
	if (!cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "search keys without their ')'");
	/* a group of its own: `inner` may have siblings only inside it */
	rc = new_key(r, SEARCH_AND, &group, err);
	if (rc != OK)
		return rc;
	group->child = inner;
	*key_out = group;
	return OK;
}

static enum errc read_set_key(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err)
{
	enum errc rc = new_key(r, SEARCH_SET, key_out, err);

	return rc == OK ? read_set(c, r->arena, &(*key_out)->set, err) : rc;
}

static enum errc read_one_key(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err)
{
	int next = cursor_peek(c);
	struct str name;

	if (next == '(')
		return read_parenthesised(c, r, key_out, err);
	if (next == '*' || next == '$' || ascii_is_digit((char)next))
		return read_set_key(c, r, key_out, err);
	name = cursor_take_while(c, ascii_is_alpha);
	for (size_t i = 0; i < COUNT(words); i++)
		if (str_equal_nocase(name, words[i].word))
			return read_word_key(c, r, &words[i], key_out, err);
	return err_set(
	    err, ERR_SYNTAX, name.n > 0 ? "unknown search key" : "search key expected");
}

/* Counts how deep keys stand in one another: the recursion's only limit. */
static enum errc read_search_key(
    struct cursor *c, struct search_reading *r, struct search_key **key_out, struct err *err)
{
	enum errc rc;

	if (r->depth == IMAP_SEARCH_DEPTH_MAX)
		return err_set(err, ERR_LIMIT, "search keys too deep");
	r->depth++;
	rc = read_one_key(c, r, key_out, err);
	r->depth--;
	return rc;
}

/* The parser has bounded how deep this goes. */
bool imap_search_has(const struct search_key *key, enum search_op op)
{
	if (key->op == op)
		return true;
	if (key->op < SEARCH_AND)
		return false;
	for (const struct search_key *k = key->child; k != NULL; k = k->next)
		if (imap_search_has(k, op))
			return true;
	return false;
}

enum errc imap_search_keys(
    struct cursor *c, struct arena *arena, struct search_key **key_out, struct err *err)
{
	struct search_reading r = { .arena = arena };
	struct cursor at = *c;
	enum errc rc = read_conjunction(&at, &r, key_out, err);

	if (rc == OK)
		*c = at;
	return rc;
}
