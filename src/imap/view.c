/*
 * imap/view.c - numbers of messages, and flags as they are now.
 */
#include "imap/view.h"

#include "base/heap.h"
#include "imap/imap_int.h"
#include "net/session.h"
#include "store/bus.h"
#include "store/changes.h"
#include "store/mailbox.h"

#include <assert.h>
#include <string.h>

static void release_versions(struct imap_view *view)
{
	if (view->newest == view->known)
		view->newest = NULL;
	index_release(&view->newest);
	index_release(&view->known);
	index_release(&view->partial);
}

void view_close(struct imap_session *s)
{
	view_unwatch(s);
	release_versions(s->view);
	view_unsave(s);
}

enum errc view_save(
    struct imap_session *s, const struct seq_range *uids, size_t count, struct err *err)
{
	struct imap_view *view = s->view;
	struct seq_range *copy = NULL;

	if (session_keep(&s->base, count * sizeof(*copy)) != OK)
		return err_set(err, ERR_LIMIT, "too much in memory to keep the result");
	if (count > 0) {
		copy = xcalloc(count, sizeof(*copy));
		memcpy(copy, uids, count * sizeof(*copy));
	}
	xfree((struct seq_range *)view->saved.range);
	view->saved = (struct seqset){ .range = copy, .count = count };
	return OK;
}

void view_unsave(struct imap_session *s)
{
	enum errc rc = view_save(s, NULL, 0, NULL);

	assert(rc == OK);
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

/* ERR_STATE: all uids that the client knows are void (RFC 3501 2.3.1.1), by somebody's hand. */
static enum errc check_uidvalidity(
    const struct imap_view *view, struct index_version **version_out, struct err *err)
{
	if (index_uidvalidity(*version_out) == view->uidvalidity)
		return OK;
	index_release(version_out);
	return err_set(err, ERR_STATE, "the mailbox has another UIDVALIDITY now");
}

static enum errc read_newest(
    struct imap_session *s, struct db *db, struct index_version **version_out, struct err *err)
{
	struct imap_view *view = s->view;
	enum errc rc =
	    index_newest(s->env->store, db, view->owner, view->mailbox, version_out, err);

	return rc == OK ? check_uidvalidity(view, version_out, err) : rc;
}

static enum errc newest_at(struct imap_session *s, struct db *db, const struct index_row *row,
    struct index_version **version_out, struct err *err)
{
	const struct imap_view *view = s->view;
	enum errc rc = index_newest_at(s->env->store, db,
	    (struct index_key){ view->owner, view->mailbox }, row, version_out, err);

	return rc == OK ? check_uidvalidity(view, version_out, err) : rc;
}

/* Messages of `version` that the client was told of. */
static uint32_t count_told(const struct imap_view *view, const struct index_version *version)
{
	return index_lower_bound(version, view->uidnext) - 1;
}

/* Messages that went since SELECT still have their numbers: the log knows their uids. */
static enum errc add_gone(struct imap_session *s, struct db *db,
    const struct index_version *newest, struct index_version **known_out, struct err *err)
{
	struct imap_view *view = s->view;
	struct expunged gone;
	enum errc rc = mailbox_expunged(
	    db, view->owner, view->mailbox, view->complete, s->arena, &gone, err);

	if (rc != OK)
		return rc;
	while (gone.count > 0 && gone.range[gone.count - 1].first >= view->uidnext)
		gone.count--;
	if (gone.count > 0 && gone.range[gone.count - 1].last >= view->uidnext)
		gone.range[gone.count - 1].last = view->uidnext - 1;
	*known_out = index_with_gone(newest, gone.range, gone.count);
	if (count_told(view, *known_out) == view->exists)
		return OK;
	index_release(known_out);
	return err_set(err, ERR_STATE, "messages went before their numbers were known");
}

/* The log may be newer than the index: what it says of messages that are in there does not change their number. */
static enum errc load(struct imap_session *s, struct db *db, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version;
	enum errc rc = read_newest(s, db, &version, err);

	if (rc != OK)
		return rc;
	view->known = view->newest = version;
	if (count_told(view, version) == view->exists)
		return OK;
	rc = add_gone(s, db, version, &view->known, err);
	if (rc != OK) {
		view->known = view->newest = NULL;
		index_release(&version);
	}
	return rc;
}

enum errc view_load(struct imap_session *s, struct db *db, struct err *err)
{
	enum errc rc;

	if (s->view->known != NULL)
		return OK;
	rc = load(s, db, err);
	if (rc == OK)
		index_release(&s->view->partial);
	return rc;
}

enum errc view_pin(
    struct imap_session *s, struct db *db, const struct index_row *row, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version;
	enum errc rc =
	    row ? newest_at(s, db, row, &version, err) : read_newest(s, db, &version, err);

	if (rc != OK)
		return rc;
	view->known = view->newest = version;
	view->exists = index_count(version);
	view->uidnext = index_uidnext(version);
	view->modseq = view->complete = index_modseq(version);
	return OK;
}

enum errc view_look(
    struct imap_session *s, struct db *db, struct mailbox_look *look_out, struct err *err)
{
	const struct imap_view *view = s->view;
	enum errc rc = mailbox_look(db, s->actor, view->owner, view->mailbox, look_out, err);

	/* a row that was changed by hand counts at once */
	if (rc == OK && (look_out->rights & RIGHT_READ) == 0)
		return err_set(err, ERR_DENIED, "no right to read the mailbox any more");
	return rc;
}

/*
 * What a message was when it went is its last state: the client may have been told of it, and while it may not be told of
 * EXPUNGE it can ask again.
 */
static void keep_gone(struct imap_view *view, const struct index_version *newer)
{
	struct index_version *known;

	if (view->newest == view->known || view->newest == newer)
		return;
	known = index_with_last(view->known, view->newest, newer);
	if (!known)
		return;
	index_release(&view->known);
	view->known = known;
}

enum errc view_bring_up(
    struct imap_session *s, struct db *db, const struct mailbox_look *look, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version;
	enum errc rc = view_load(s, db, err);

	if (rc == OK)
		rc = newest_at(s, db, &look->index, &version, err);
	if (rc != OK)
		return rc;
	if (version == view->known) {
		index_release(&version);
		version = view->known;
	} else {
		keep_gone(view, version);
	}
	if (view->newest != view->known)
		index_release(&view->newest);
	view->newest = version;
	return OK;
}

enum errc view_refresh(struct imap_session *s, struct db *db, struct err *err)
{
	struct mailbox_look look;
	enum errc rc = view_look(s, db, &look, err);

	return rc == OK ? view_bring_up(s, db, &look, err) : rc;
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
