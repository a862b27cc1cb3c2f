#include "imap/search.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "base/utf8.h"
#include "imap/imap_int.h"
#include "imap/limits.h"
#include "imap/search_envelope.h"
#include "mime/charset.h"
#include "mime/date.h"
#include "mime/header.h"
#include "mime/message.h"
#include "mime/text.h"
#include "store/ahead.h"
#include "store/content.h"
#include "store/message.h"

#define DAY_S 86400
#define NO_KEYWORD SIZE_MAX
#define AHEAD_BYTES ((uint64_t)256 * 1024) /* of messages */

/* What has to be read to answer. */
enum cost { COST_INDEX, COST_ENVELOPE, COST_HEADER, COST_MESSAGE };

/* A key with what does not change from message to message. */
struct node {
	enum search_op op;
	enum cost cost; /* of the dearest key below */
	const struct search_key *key;
	struct seqset sorted;
	size_t keyword; /* number, or NO_KEYWORD */
	struct text_key text;
	struct node *child, *next;
};

/* The message that is looked at, as far as it was read. */
struct message {
	uint32_t seq;
	struct view_message now;
	bool object_read, header_read, bytes_read, gone;
	struct object_info object;
	struct content *content;
	struct buf header;
	struct str bytes;
	struct mime_part *root;
};

struct search {
	struct imap_session *s;
	struct node *node;
	unsigned reads;
	struct arena *arena; /* of one message */
	struct message message;
	struct ahead *ahead; /* rows of this message and the next; NULL: none was read yet */
	size_t ahead_size, ahead_used; /* messages that were read ahead, and looked at since */
};

/* What building needs besides the key. */
struct building {
	struct imap_session *s;
	struct str charset;
	struct arena *arena;
};

static enum cost cost_of(enum search_op op)
{
	switch (op) {
	case SEARCH_ENVELOPE:
		return COST_ENVELOPE;
	case SEARCH_HEADER:
	case SEARCH_SENT_BEFORE:
	case SEARCH_SENT_ON:
	case SEARCH_SENT_SINCE:
		return COST_HEADER;
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return COST_MESSAGE;
	default:
		return COST_INDEX;
	}
}

/* Keywords are compared without regard to case, as the store does. */
static size_t keyword_number(const struct imap_view *view, struct str name)
{
	size_t count;
	const struct str *names = index_keywords(view->newest, &count);

	for (size_t i = 0; i < count; i++)
		if (names[i].n > 0 && str_equal_nocase(names[i], name))
			return i;
	return NO_KEYWORD;
}

static enum errc make_text(const struct building *b, struct node *node, struct err *err)
{
	struct buf utf8 = BUF_INIT(IMAP_COMMAND_MAX * 8);
	enum errc rc = charset_to_utf8(b->charset, node->key->text, &utf8, err);

	if (rc == OK)
		node->text = text_key_of(buf_str(&utf8), b->arena);
	buf_release(&utf8);
	return rc;
}

static enum errc make_leaf(const struct building *b, struct node *node, struct err *err)
{
	const struct imap_view *view = b->s->view;
	uint32_t last = view->exists > 0 ? index_at(view->known, view->exists)->uid : 0;

	if ((node->op == SEARCH_SET || node->op == SEARCH_UID) && node->key->set.saved) {
		/* RFC 5182: what is saved are messages, not their numbers */
		node->op = SEARCH_UID;
		node->sorted = view->saved;
		return OK;
	}
	switch (node->op) {
	case SEARCH_SET:
		node->sorted = seqset_sorted(&node->key->set, view->exists, b->arena);
		return OK;
	case SEARCH_UID:
		node->sorted = seqset_sorted(&node->key->set, last, b->arena);
		return OK;
	case SEARCH_KEYWORD:
		node->keyword = keyword_number(view, node->key->text);
		return OK;
	case SEARCH_ENVELOPE:
	case SEARCH_HEADER:
	case SEARCH_BODY:
	case SEARCH_TEXT:
		return make_text(b, node, err);
	default:
		return OK;
	}
}

/* Among its siblings by what it costs; equal ones stay in the client's order. */
static void insert_child(struct node *parent, struct node *child)
{
	struct node **at = &parent->child;

	while (*at != NULL && (*at)->cost <= child->cost)
		at = &(*at)->next;
	child->next = *at;
	*at = child;
	if (child->cost > parent->cost)
		parent->cost = child->cost;
}

/* The parser has bounded how deep this goes. */
static enum errc make_node(const struct building *b, const struct search_key *key,
    struct node **node_out, struct err *err)
{
	struct node *node = ARENA_NEW(b->arena, struct node, 1);

	node->op = key->op;
	node->key = key;
	node->cost = cost_of(key->op);
	*node_out = node;
	if (key->op < SEARCH_AND)
		return make_leaf(b, node, err);
	for (const struct search_key *k = key->child; k != NULL; k = k->next) {
		struct node *child;
		enum errc rc = make_node(b, k, &child, err);

		if (rc != OK)
			return rc;
		insert_child(node, child);
	}
	return OK;
}

/* Rows of the database that a tree may need; a mask of enum ahead_what. */
static unsigned reads_of(const struct node *node)
{
	unsigned reads = 0;

	if (node->cost == COST_INDEX)
		return 0;
	if (node->op < SEARCH_AND && node->cost == COST_ENVELOPE)
		return AHEAD_ENVELOPE;
	if (node->op < SEARCH_AND)
		return node->cost == COST_HEADER ? AHEAD_HEADER : AHEAD_CONTENT;
	for (const struct node *child = node->child; child != NULL; child = child->next)
		reads |= reads_of(child);
	return reads;
}

enum errc search_new(struct imap_session *s, const struct search_key *key, struct str charset,
    struct arena *arena, struct search **search_out, struct err *err)
{
	const struct building b = { .s = s, .charset = charset, .arena = arena };
	struct search *search = ARENA_NEW(arena, struct search, 1);
	enum errc rc;

	if (charset.n > 0 && !charset_is_known(charset))
		return err_set(err, ERR_UNSUPPORTED, "charset not known");
	rc = make_node(&b, key, &search->node, err);
	if (rc != OK)
		return rc;
	search->s = s;
	search->reads = reads_of(search->node);
	search->ahead_size = 1;
	search->arena = arena_new("imap search");
	buf_init(&search->message.header, SIZE_MAX);
	*search_out = search;
	return OK;
}

bool search_reads(const struct search *search)
{
	return search->reads != 0;
}

static void close_message(struct search *search)
{
	struct message *m = &search->message;

	content_close(&m->content);
	buf_clear(&m->header);
	arena_clear(search->arena);
	m->object_read = m->header_read = m->bytes_read = m->gone = false;
	m->bytes = STR_EMPTY;
	m->root = NULL;
}

void search_release(struct search *search)
{
	close_message(search);
	buf_release(&search->message.header);
	ahead_free(&search->ahead);
	arena_free(&search->arena);
}

/* Up to ahead_size messages from *seq on; *seq is the one behind them. */
static void want_from(const struct search *search, uint32_t *seq, struct ahead_want *want)
{
	const struct imap_view *view = search->s->view;
	uint64_t bytes = 0;

	*want = (struct ahead_want){ .owner = view->owner, .what = search->reads };
	for (; *seq <= view->exists && want->count < search->ahead_size && bytes < AHEAD_BYTES;
	     ++*seq) {
		const struct index_entry *entry = view_message(view, *seq).entry;

		want->objects[want->count++] = entry->object;
		bytes += entry->size;
	}
}

/* Keys that the index answers may leave few messages to be looked at: then there is less to be read ahead. */
static void set_ahead_size(struct search *search)
{
	size_t size = search->ahead_size;

	if (2 * search->ahead_used >= size)
		size = size < AHEAD_MESSAGES / 4 ? 4 * size : AHEAD_MESSAGES;
	else
		size = size > 4 ? size / 4 : 1;
	search->ahead_size = size;
	search->ahead_used = 0;
}

/* Where each question costs a round trip: what the search needs of this message and those behind it. */
static enum errc read_ahead(struct search *search, struct db *db, struct err *err)
{
	struct ahead_want want, following = { .count = 0 };
	uint32_t seq = search->message.seq;
	enum errc rc = OK;

	if (!db_is_far(db))
		return OK;
	if (!search->ahead)
		search->ahead = ahead_new();
	if (!ahead_covers(search->ahead, search->message.now.entry->object)) {
		set_ahead_size(search);
		want_from(search, &seq, &want);
		if (search->ahead_size == AHEAD_MESSAGES)
			want_from(search, &seq, &following);
		rc = ahead_read(search->ahead, db, &want, &following, err);
	}
	search->ahead_used++;
	return rc;
}

void search_settle(struct search *search)
{
	ahead_settle(search->ahead);
}

static enum errc open_content(struct search *search, struct db *db, struct err *err)
{
	struct message *m = &search->message;
	enum errc rc;

	if (m->content != NULL || m->gone)
		return OK;
	rc = read_ahead(search, db, err);
	if (rc != OK)
		return rc;
	rc = content_open(
	    db, search->ahead, search->s->view->owner, m->now.entry->object, &m->content, err);
	m->gone = rc == ERR_NOTFOUND;
	return m->gone ? OK : rc;
}

static enum errc read_header(struct search *search, struct db *db, struct err *err)
{
	struct message *m = &search->message;
	enum errc rc;

	if (m->header_read)
		return OK;
	m->header_read = true;
	rc = open_content(search, db, err);
	if (rc != OK || m->gone)
		return rc;
	return content_read(
	    m->content, db, 0, (size_t)content_header_size(m->content), &m->header, err);
}

static enum errc read_object(struct search *search, struct db *db, struct err *err)
{
	struct message *m = &search->message;
	enum errc rc;

	if (m->object_read || m->gone)
		return OK;
	m->object_read = true;
	rc = read_ahead(search, db, err);
	if (rc != OK)
		return rc;
	rc = object_get(db, search->ahead, search->s->view->owner, m->now.entry->object,
	    search->arena, &m->object, err);
	m->gone = rc == ERR_NOTFOUND;
	return m->gone ? OK : rc;
}

static enum errc read_message(struct search *search, struct db *db, struct err *err)
{
	struct message *m = &search->message;
	enum errc rc;

	if (m->bytes_read)
		return OK;
	m->bytes_read = true;
	rc = open_content(search, db, err);
	if (rc == OK && !m->gone)
		rc = content_view(m->content, db, SIZE_MAX, &m->bytes, err);
	if (rc == OK)
		mime_parse(m->bytes, search->arena, &m->root);
	return rc;
}

static int64_t floor_day(int64_t unix_s)
{
	return unix_s >= 0 ? unix_s / DAY_S : -((-unix_s + DAY_S - 1) / DAY_S);
}

static bool compare_days(enum search_op op, int64_t day, int64_t with)
{
	switch (op) {
	case SEARCH_BEFORE:
	case SEARCH_SENT_BEFORE:
		return day < with;
	case SEARCH_SINCE:
	case SEARCH_SENT_SINCE:
		return day >= with;
	default:
		return day == with;
	}
}

/* RFC 3501 6.4.4: the day as the Date field names it, disregarding time and timezone. */
static bool matches_sent(const struct message *m, const struct node *node)
{
	struct mime_field field;
	int64_t unix_s;
	int zone_min;

	if (!mime_field_find(buf_str(&m->header), STR("Date"), &field) ||
	    mime_date_parse(field.value, &unix_s, &zone_min, NULL) != OK)
		return false;
	return compare_days(
	    node->op, floor_day(unix_s + (int64_t)zone_min * 60), node->key->day);
}

static bool has_keyword(const struct message *m, size_t keyword)
{
	const struct index_entry *entry = m->now.entry;
	const uint16_t *extra;
	size_t count;

	if (keyword == NO_KEYWORD)
		return false;
	if (keyword < FLAG_KEYWORDS_IN_MASK)
		return (entry->flags >> (FLAG_KEYWORD_SHIFT + keyword) & 1) != 0;
	if (entry->extra == 0)
		return false;
	extra = index_extra_keywords(m->now.version, entry->uid, &count);
	for (size_t i = 0; i < count; i++)
		if (extra[i] == keyword)
			return true;
	return false;
}

static bool matches_index(const struct search *search, const struct node *node)
{
	const struct message *m = &search->message;
	const struct index_entry *entry = m->now.entry;

	switch (node->op) {
	case SEARCH_ALL:
		return true;
	case SEARCH_SET:
		return seqset_sorted_has(&node->sorted, m->seq);
	case SEARCH_UID:
		return seqset_sorted_has(&node->sorted, entry->uid);
	case SEARCH_FLAGS:
		return (entry->flags & node->key->flags) == node->key->flags;
	case SEARCH_RECENT:
		return view_is_recent(search->s->view, entry->uid);
	case SEARCH_KEYWORD:
		return has_keyword(m, node->keyword);
	case SEARCH_MODSEQ:
		return entry->modseq >= node->key->modseq;
	case SEARCH_LARGER:
		return entry->size > node->key->size;
	case SEARCH_SMALLER:
		return entry->size < node->key->size;
	default:
		/* RFC 3501 6.4.4: disregarding time and timezone, so the day that INTERNALDATE shows */
		return compare_days(node->op,
		    floor_day(entry->internal_date + (int64_t)entry->internal_zone_min * 60),
		    node->key->day);
	}
}

static bool matches_header(const struct message *m, const struct node *node)
{
	if (m->gone)
		return false;
	if (node->op == SEARCH_HEADER || node->op == SEARCH_ENVELOPE)
		return text_in_field(buf_str(&m->header), node->key->field, &node->text);
	return matches_sent(m, node);
}

/* The envelope answers; the header does where the envelope is no use. */
static enum errc ask_envelope(struct search *search, struct db *db, const struct node *node,
    bool *matches, struct err *err)
{
	struct message *m = &search->message;
	enum envelope_field field;
	enum errc rc = read_object(search, db, err);

	*matches = false;
	if (rc != OK || m->gone)
		return rc;
	if (envelope_field_find(node->key->field, &field) &&
	    envelope_has_text(m->object.envelope, field, &node->text, search->arena, matches) ==
		OK)
		return OK;
	rc = read_header(search, db, err);
	*matches = rc == OK && matches_header(m, node);
	return rc;
}

static bool matches_message(const struct message *m, const struct node *node)
{
	if (m->gone)
		return false;
	return node->op == SEARCH_TEXT ? text_in_message(m->root, m->bytes, &node->text)
				       : text_in_body(m->root, m->bytes, &node->text);
}

static enum errc ask_leaf(struct search *search, struct db *db, const struct node *node,
    bool *matches, struct err *err)
{
	enum errc rc = OK;

	switch (node->cost) {
	case COST_INDEX:
		*matches = matches_index(search, node);
		break;
	case COST_ENVELOPE:
		rc = ask_envelope(search, db, node, matches, err);
		break;
	case COST_HEADER:
		rc = read_header(search, db, err);
		*matches = rc == OK && matches_header(&search->message, node);
		break;
	case COST_MESSAGE:
		rc = read_message(search, db, err);
		*matches = rc == OK && matches_message(&search->message, node);
		break;
	}
	return rc;
}

static enum errc ask(struct search *search, struct db *db, const struct node *node,
    bool *matches, struct err *err)
{
	bool want = node->op != SEARCH_AND; /* the answer of a child that settles it */
	enum errc rc = OK;

	if (node->op < SEARCH_AND)
		return ask_leaf(search, db, node, matches, err);
	*matches = !want;
	for (const struct node *c = node->child; c != NULL && rc == OK && *matches != want;
	     c = c->next)
		rc = ask(search, db, c, matches, err);
	if (node->op == SEARCH_NOT)
		*matches = !*matches;
	return rc;
}

enum errc search_matches(
    struct search *search, struct db *db, uint32_t seq, bool *matches_out, struct err *err)
{
	struct message *m = &search->message;
	enum errc rc;

	m->seq = seq;
	m->now = view_message(search->s->view, seq);
	*matches_out = false;
	/* it went before anything was known of it */
	if (m->now.entry->object == 0)
		return OK;
	rc = ask(search, db, search->node, matches_out, err);
	if (search->node->cost != COST_INDEX)
		close_message(search);
	return rc;
}
