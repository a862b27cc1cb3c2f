/*
 * imap/sync.c - telling a client what happened in its mailbox (RFC 3501 5.2, 7.3, 7.4.1).
 *
 * Order: EXPUNGE (or VANISHED), EXISTS, RECENT, FLAGS, FETCH. Messages that went while their numbers must stay are kept in the
 * view; new ones are not told of either as long as that lasts, for their numbers come behind.
 */
#include "imap/imap_int.h"
#include "imap/vanished.h"
#include "imap/view.h"
#include "store/mailbox.h"

enum phase { PHASE_EXPUNGE, PHASE_NUMBERS, PHASE_FLAGS };

/* Is nothing loaded, and nothing changed since SELECT either? Then the index is not needed to say so. */
static enum errc is_untouched(
    struct imap_session *s, struct db *db, bool *untouched_out, struct err *err)
{
	struct imap_view *view = s->view;
	struct mailbox_state state;
	enum errc rc;

	*untouched_out = false;
	if (view->known != NULL)
		return OK;
	rc = mailbox_state(s->env->store, db, view->owner, view->mailbox, &state, err);
	if (rc == OK)
		*untouched_out = state.highestmodseq == view->modseq;
	return rc;
}

static bool has_new(const struct imap_view *view)
{
	return index_count(view->newest) > 0 &&
	    index_at(view->newest, index_count(view->newest))->uid >= view->uidnext;
}

static enum errc read_newest(struct imap_session *s, bool *untouched_out, struct err *err)
{
	struct db *db;
	enum errc rc;

	*untouched_out = false;
	if (s->view->fresh) {
		s->view->fresh = false;
		return OK;
	}
	rc = imap_lease(s, &db, err);
	if (rc != OK)
		return rc;
	rc = is_untouched(s, db, untouched_out, err);
	if (rc == OK && !*untouched_out)
		rc = view_refresh(s, db, err);
	db_return(&db);
	return rc;
}

/* New messages become \Recent in the session that is told of them first; EXAMINE takes nothing away from others. */
static enum errc take_recent(struct imap_session *s, struct err *err)
{
	struct imap_view *view = s->view;
	struct recent_uids recent = { view->uidnext, index_uidnext(view->newest) };
	enum errc rc = OK;

	if (!view->read_only)
		rc = mailbox_take_recent(
		    s->env->store, view->owner, view->mailbox, &recent, err);
	if (rc != OK)
		return rc;
	/* what was told before stays as it was told; what is taken and not told yet will be recent then */
	if (recent.first < view->uidnext)
		recent.first = view->uidnext;
	view_add_recent(view, recent.first, recent.end - 1);
	return OK;
}

static enum errc begin(
    struct imap_session *s, bool expunges, bool *nothing_out, struct err *err)
{
	struct imap_view *view = s->view;
	uint32_t gone;
	enum errc rc = read_newest(s, nothing_out, err);

	/* who may not read any more is told nothing */
	if (rc == ERR_DENIED) {
		*nothing_out = true;
		return OK;
	}
	if (rc != OK || *nothing_out)
		return rc;
	if (view->newest == view->known && index_modseq(view->newest) == view->modseq) {
		*nothing_out = true;
		return OK;
	}
	gone = index_next_missing(view->known, view->newest, 1);
	if (gone > view->exists)
		gone = 0;
	view->sync.gone = gone != 0 && !expunges;
	if (!view->sync.gone && has_new(view))
		rc = take_recent(s, err);
	if (rc != OK)
		return rc;
	view->sync.active = true;
	view->sync.phase = view->sync.gone ? PHASE_FLAGS : PHASE_EXPUNGE;
	view->sync.next = view->sync.gone ? 1 : gone;
	view->sync.expunged = 0;
	return OK;
}

/* The next message that went, 0 if there is none. */
static uint32_t next_gone(const struct imap_view *view, uint32_t seq)
{
	uint32_t next =
	    seq == view->exists ? 0 : index_next_missing(view->known, view->newest, seq + 1);

	return next > view->exists ? 0 : next;
}

/* RFC 7162 3.2.10: VANISHED instead of EXPUNGE, with uids that were there and no others. */
static bool tell_vanished(struct imap_session *s)
{
	struct imap_view *view = s->view;
	uint32_t seq = view->sync.next;

	while (seq != 0) {
		struct seq_range ranges[VANISHED_RANGES_MAX];
		struct seqset gone = { .range = ranges };
		size_t next = 0;

		for (; seq != 0; seq = next_gone(view, seq), view->sync.expunged++)
			if (!vanished_gather(
				ranges, &gone.count, index_at(view->known, seq)->uid))
				break;
		vanished_add(&s->base.out, &gone, &next, false);
		view->sync.next = seq;
		if (imap_step_is_over(s))
			return false;
	}
	return true;
}

static bool tell_expunges(struct imap_session *s)
{
	struct imap_view *view = s->view;
	uint32_t seq = view->sync.next;

	if ((s->enabled & ENABLED_QRESYNC) != 0)
		return tell_vanished(s);
	while (seq != 0) {
		BUF_ADD(&s->base.out, "* ");
		buf_add_u64(&s->base.out, seq - view->sync.expunged);
		BUF_ADD(&s->base.out, " EXPUNGE\r\n");
		view->sync.expunged++;
		seq = next_gone(view, seq);
		view->sync.next = seq;
		if (imap_step_is_over(s))
			return false;
	}
	return true;
}

static void tell_numbers(struct imap_session *s)
{
	struct imap_view *view = s->view;
	uint32_t exists = index_count(view->newest);
	uint32_t recent = view_count_recent(view, view->newest);

	if (exists != view->exists - view->sync.expunged) {
		BUF_ADD(&s->base.out, "* ");
		buf_add_u64(&s->base.out, exists);
		BUF_ADD(&s->base.out, " EXISTS\r\n");
	}
	if (recent != view->recent && (s->enabled & ENABLED_REV2) == 0) {
		BUF_ADD(&s->base.out, "* ");
		buf_add_u64(&s->base.out, recent);
		BUF_ADD(&s->base.out, " RECENT\r\n");
	}
	view->recent = recent;
	view_tell_keywords(s);
}

static bool is_among(const int64_t *ascending, size_t count, int64_t modseq)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ascending[mid] < modseq)
			low = mid + 1;
		else
			high = mid;
	}
	return low < count && ascending[low] == modseq;
}

/* Did the command report or make this state of the message itself? */
static bool was_told(
    const struct imap_view *view, const struct view_told *told, const struct index_entry *entry)
{
	uint32_t seq;

	if (told == NULL)
		return false;
	seq = index_seq_of(view->known, entry->uid);
	if (seq == 0 || !seqset_sorted_has(&told->seqs, seq))
		return false;
	if (entry->modseq > told->since && entry->modseq <= told->upto)
		return true;
	return is_among(told->own, told->own_count, entry->modseq);
}

/* Changed messages that the client knows; `next` is a number of the newest version. */
static bool tell_changes(struct imap_session *s, const struct view_told *told)
{
	struct imap_view *view = s->view;
	uint32_t seq = index_next_changed(view->newest, view->modseq, view->sync.next);

	while (seq != 0) {
		const struct index_entry *entry = index_at(view->newest, seq);
		uint32_t number = view->sync.gone ? index_seq_of(view->known, entry->uid) : seq;

		if (entry->uid >= view->uidnext)
			return true;
		if (number != 0 && !was_told(view, told, entry))
			view_tell_message(
			    s, number, &(struct view_message){ entry, view->newest }, true);
		if (seq == index_count(view->newest))
			return true;
		view->sync.next = seq + 1;
		if (imap_step_is_over(s))
			return false;
		seq = index_next_changed(view->newest, view->modseq, view->sync.next);
	}
	return true;
}

/* Everything was told: what is newest is known. */
static void end(struct imap_view *view)
{
	view->sync.active = false;
	view->modseq = index_modseq(view->newest);
	if (view->sync.gone)
		return;
	view->complete = view->modseq;
	if (view->known != view->newest) {
		index_release(&view->known);
		view->known = view->newest;
	}
	view->exists = index_count(view->known);
	view->uidnext = index_uidnext(view->known);
}

enum errc view_sync(
    struct imap_session *s, bool expunges, const struct view_told *told, struct err *err)
{
	struct imap_view *view = s->view;
	bool nothing = false;
	enum errc rc = view->sync.active ? OK : begin(s, expunges, &nothing, err);

	if (rc != OK || nothing)
		return rc;
	if (view->sync.phase == PHASE_EXPUNGE) {
		if (!tell_expunges(s))
			return ERR_MORE;
		view->sync.phase = PHASE_NUMBERS;
	}
	if (view->sync.phase == PHASE_NUMBERS) {
		tell_numbers(s);
		view->sync.phase = PHASE_FLAGS;
		view->sync.next = 1;
	}
	view_tell_keywords(s);
	if (!tell_changes(s, told))
		return ERR_MORE;
	end(view);
	return OK;
}
