/*
 * imap/view.c - numbers of messages, and flags as they are now.
 */
#include "imap/view.h"

#include "base/heap.h"
#include "imap/imap_int.h"
#include "net/session.h"
#include "store/bus.h"
#include "store/mailbox.h"
#include "store/message.h"

#include <string.h>

static void release_versions(struct imap_view *view)
{
	if (view->newest == view->known)
		view->newest = NULL;
	index_release(&view->newest);
	index_release(&view->known);
}

void view_close(struct imap_session *s)
{
	view_unwatch(s);
	release_versions(s->view);
	view_save(s->view, NULL, 0);
}

void view_save(struct imap_view *view, const struct seq_range *uids, size_t count)
{
	struct seq_range *copy = NULL;

	if (count > 0) {
		copy = xcalloc(count, sizeof(*copy));
		memcpy(copy, uids, count * sizeof(*copy));
	}
	xfree((struct seq_range *)view->saved.range);
	view->saved = (struct seqset){ .range = copy, .count = count };
}

static uint64_t watcher_of(struct imap_session *s)
{
	struct session_ref ref = s->base.driver->ref(&s->base);

	return (uint64_t)ref.slot << 32 | ref.generation;
}

void view_watch(struct imap_session *s)
{
	bus_watch(s->env->store, watcher_of(s), s->view->owner, s->view->mailbox);
	s->view->watched = true;
}

void view_unwatch(struct imap_session *s)
{
	if (!s->view->watched)
		return;
	bus_unwatch(s->env->store, watcher_of(s), s->view->owner, s->view->mailbox);
	s->view->watched = false;
}

enum errc view_load(struct imap_session *s, struct db *db, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version;
	enum errc rc;

	if (view->known != NULL)
		return OK;
	rc = index_newest(s->env->store, db, view->owner, view->mailbox, &version, err);
	if (rc != OK)
		return rc;
	if (index_lower_bound(version, view->uidnext) - 1 != view->exists) {
		index_release(&version);
		return err_set(
		    err, ERR_CLOSED, "messages went before their numbers were known");
	}
	view->known = view->newest = version;
	return OK;
}

enum errc view_refresh(struct imap_session *s, struct db *db, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version;
	enum errc rc = view_load(s, db, err);

	if (rc == OK)
		rc = index_newest(s->env->store, db, view->owner, view->mailbox, &version, err);
	if (rc != OK)
		return rc;
	if (version == view->known) {
		index_release(&version);
		version = view->known;
	}
	if (view->newest != view->known)
		index_release(&view->newest);
	view->newest = version;
	return OK;
}

struct view_message view_message(const struct imap_view *view, uint32_t seq)
{
	const struct index_entry *entry = index_at(view->known, seq);
	uint32_t now;

	if (view->newest == view->known)
		return (struct view_message){ entry, view->known };
	now = index_seq_of(view->newest, entry->uid);
	if (now == 0)
		return (struct view_message){ entry, view->known };
	return (struct view_message){ index_at(view->newest, now), view->newest };
}

void view_add_recent(struct imap_view *view, uint32_t first, uint32_t last)
{
	struct recent_range *ranges = view->recents;

	if (first > last)
		return;
	if (view->recent_count > 0 && ranges[view->recent_count - 1].last + 1 >= first) {
		if (ranges[view->recent_count - 1].last < last)
			ranges[view->recent_count - 1].last = last;
		return;
	}
	if (view->recent_count == VIEW_RECENT_RANGES_MAX) {
		/* RFC 3501 2.3.2: in doubt a message is recent; the two oldest ranges become one */
		ranges[1].first = ranges[0].first;
		memmove(ranges, ranges + 1, (VIEW_RECENT_RANGES_MAX - 1) * sizeof(*ranges));
		view->recent_count--;
	}
	ranges[view->recent_count++] = (struct recent_range){ first, last };
}

bool view_is_recent(const struct imap_view *view, uint32_t uid)
{
	for (size_t i = view->recent_count; i > 0; i--)
		if (uid >= view->recents[i - 1].first)
			return uid <= view->recents[i - 1].last;
	return false;
}

/* Messages of `version` with uids up to `uid`. */
static uint32_t count_up_to(const struct index_version *version, uint32_t uid)
{
	return uid == UINT32_MAX ? index_count(version)
				 : index_lower_bound(version, uid + 1) - 1;
}

uint32_t view_count_recent(const struct imap_view *view, const struct index_version *version)
{
	uint32_t count = 0;

	for (size_t i = 0; i < view->recent_count; i++)
		count += count_up_to(version, view->recents[i].last) -
		    count_up_to(version, view->recents[i].first - 1);
	return count;
}

/* Sequence numbers of the messages with uids in `sorted`; the ranges keep their order. */
static struct seqset seqs_of_uids(
    const struct imap_view *view, const struct seqset *sorted, struct arena *arena)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, sorted->count);
	size_t n = 0;

	for (size_t i = 0; i < sorted->count; i++) {
		uint32_t first = index_lower_bound(view->known, sorted->range[i].first);
		uint32_t last = count_up_to(view->known, sorted->range[i].last);

		if (last > view->exists)
			last = view->exists;
		if (first <= last)
			range[n++] = (struct seq_range){ first, last };
	}
	return (struct seqset){ .range = range, .count = n };
}

enum errc view_resolve(const struct imap_view *view, const struct seqset *set, bool uid,
    struct arena *arena, struct seqset *seqs_out, struct err *err)
{
	uint32_t largest = view->exists;
	struct seqset sorted;

	if (set->saved) {
		*seqs_out = seqs_of_uids(view, &view->saved, arena);
		return OK;
	}
	if (!uid) {
		if (seqset_is_beyond(set, largest))
			return err_set(err, ERR_SYNTAX, "there is no message of that number");
		*seqs_out = seqset_sorted(set, largest, arena);
		return OK;
	}
	if (largest > 0)
		largest = index_at(view->known, largest)->uid;
	sorted = seqset_sorted(set, largest, arena);
	*seqs_out = seqs_of_uids(view, &sorted, arena);
	return OK;
}

static const struct {
	uint64_t bit;
	const char *name;
} system_flags[] = {
	{ FLAG_ANSWERED, "\\Answered" },
	{ FLAG_FLAGGED, "\\Flagged" },
	{ FLAG_DELETED, "\\Deleted" },
	{ FLAG_SEEN, "\\Seen" },
	{ FLAG_DRAFT, "\\Draft" },
};

/* Flags with spaces between them, behind "(". */
static void add_flag(struct buf *out, struct str name)
{
	if (out->p[out->n - 1] != '(')
		buf_add_char(out, ' ');
	buf_add_str(out, name);
}

static void add_keywords(struct buf *out, const struct view_message *message)
{
	size_t count, extra_count;
	const struct str *names = index_keywords(message->version, &count);
	uint64_t bits = message->entry->flags >> FLAG_KEYWORD_SHIFT;
	const uint16_t *extra;

	for (size_t i = 0; bits != 0 && i < count && i < FLAG_KEYWORDS_IN_MASK; i++, bits >>= 1)
		if ((bits & 1) != 0 && names[i].n > 0)
			add_flag(out, names[i]);
	if (message->entry->extra == 0)
		return;
	extra = index_extra_keywords(message->version, message->entry->uid, &extra_count);
	for (size_t i = 0; i < extra_count; i++)
		if (extra[i] < count && names[extra[i]].n > 0)
			add_flag(out, names[extra[i]]);
}

void view_add_flags(
    struct buf *out, const struct imap_view *view, const struct view_message *message)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < COUNT(system_flags); i++)
		if ((message->entry->flags & system_flags[i].bit) != 0)
			add_flag(out, str_from(system_flags[i].name));
	add_keywords(out, message);
	if (view_is_recent(view, message->entry->uid))
		add_flag(out, STR("\\Recent"));
	buf_add_char(out, ')');
}

/* Rights that a system flag takes (RFC 4314 section 4). */
static unsigned right_for(uint64_t flag)
{
	if (flag == FLAG_SEEN)
		return RIGHT_SEEN;
	return flag == FLAG_DELETED ? RIGHT_DELETED : RIGHT_WRITE;
}

/* Names of system flags and keywords; those that can be changed, or all. */
static void add_flag_names(struct buf *out, const struct imap_view *view, bool changeable)
{
	size_t count = 0;
	const struct str *names =
	    view->newest != NULL ? index_keywords(view->newest, &count) : NULL;

	buf_add_char(out, '(');
	for (size_t i = 0; i < COUNT(system_flags); i++)
		if (!changeable || (view->rights & right_for(system_flags[i].bit)) != 0)
			add_flag(out, str_from(system_flags[i].name));
	if (changeable && (view->rights & RIGHT_WRITE) == 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (names[i].n > 0)
			add_flag(out, names[i]);
	if (changeable && (view->rights & RIGHT_WRITE) != 0)
		add_flag(out, STR("\\*"));
	buf_add_char(out, ')');
}

static size_t count_keywords(const struct imap_view *view)
{
	size_t count = 0, named = 0;
	const struct str *names =
	    view->newest != NULL ? index_keywords(view->newest, &count) : NULL;

	for (size_t i = 0; i < count; i++)
		named += names[i].n > 0;
	return named;
}

void view_tell_flags(struct imap_session *s)
{
	struct imap_view *view = s->view;
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* FLAGS ");
	add_flag_names(out, view, false);
	BUF_ADD(out, "\r\n* OK [PERMANENTFLAGS ");
	if (view->read_only)
		BUF_ADD(out, "()");
	else
		add_flag_names(out, view, true);
	BUF_ADD(out, "] flags that are kept\r\n");
	view->keywords = count_keywords(view);
}

void view_tell_keywords(struct imap_session *s)
{
	if (count_keywords(s->view) != s->view->keywords)
		view_tell_flags(s);
}
