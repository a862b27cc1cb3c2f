#include "imap/resync.h"

#include "imap/imap_int.h"
#include "imap/modseq.h"
#include "imap/vanished.h"
#include "store/changes.h"

struct resync {
	int64_t since;
	struct seqset uids; /* what the client asks about; sorted */
	struct seqset gone;
	size_t gone_next;
	const uint32_t
	    *numbers;  /* of the messages of the view's partial version, if it is not loaded */
	uint32_t next; /* the message of the version to look at */
};

static struct seqset one_range(struct arena *arena, uint32_t first, uint32_t last)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, 1);

	*range = (struct seq_range){ first, last };
	return (struct seqset){ .range = range, .count = first <= last };
}

static struct seqset set_of(struct arena *arena, const struct expunged *expunged)
{
	struct seq_range *range = ARENA_NEW(arena, struct seq_range, expunged->count);

	for (size_t i = 0; i < expunged->count; i++)
		range[i] =
		    (struct seq_range){ expunged->range[i].first, expunged->range[i].last };
	return (struct seqset){ .range = range, .count = expunged->count };
}

/* NOLINTNEXTLINE(readability-function-size): what the client has said in three arguments */
enum errc resync_gone(struct imap_session *s, struct db *db, int64_t since,
    const struct seqset *uids, const struct qresync *known, struct seqset *gone_out,
    struct err *err)
{
	const struct imap_view *view = s->view;
	struct seqset given = one_range(s->arena, 1, view->uidnext - 1);
	struct seqset asked = vanished_common(uids, &given, s->arena);
	struct expunged expunged;
	enum errc rc =
	    mailbox_expunged(db, view->owner, view->mailbox, since, s->arena, &expunged, err);

	if (rc != OK)
		return rc;
	if (expunged.complete) {
		struct seqset logged = set_of(s->arena, &expunged);

		asked = vanished_common(&asked, &logged, s->arena);
	} else if (known != NULL) {
		uint32_t matched = vanished_matched(view->known, known);
		struct seqset behind = one_range(s->arena, matched + 1, UINT32_MAX);

		asked = vanished_common(&asked, &behind, s->arena);
	}
	*gone_out = vanished_missing(view->known, &asked, s->arena);
	return OK;
}

/* RFC 7162 3.2.5.1: without known uids it is about all that were ever given. */
static struct seqset known_uids(struct imap_session *s, const struct qresync *known)
{
	if (known->known.count == 0)
		return one_range(s->arena, 1, UINT32_MAX);
	return seqset_sorted(&known->known, 0, s->arena);
}

/* ERR_LIMIT: not to be answered without the index. */
static enum errc read_changes(
    struct imap_session *s, struct db *db, struct resync *r, struct err *err)
{
	struct imap_view *view = s->view;
	struct mailbox_changes changes;
	struct seqset given, logged;
	enum errc rc = mailbox_changes(
	    s->env->store, db, view->owner, view->mailbox, r->since, s->arena, &changes, err);

	if (rc != OK)
		return rc;
	view->exists = changes.messages;
	view->uidnext = changes.uidnext;
	view->modseq = view->complete = changes.modseq;
	view->partial = changes.changed;
	given = one_range(s->arena, 1, view->uidnext - 1);
	logged = set_of(s->arena, &changes.expunged);
	logged = vanished_common(&logged, &given, s->arena);
	r->gone = vanished_common(&r->uids, &logged, s->arena);
	r->numbers = changes.numbers;
	return OK;
}

enum errc resync_begin(struct imap_session *s, struct db *db, const struct qresync *known,
    struct resync **resync_out, struct err *err)
{
	struct resync *r = ARENA_NEW(s->arena, struct resync, 1);
	enum errc rc = OK;

	*r = (struct resync){ .since = known->modseq, .uids = known_uids(s, known), .next = 1 };
	*resync_out = r;
	if (s->view->known == NULL) {
		rc = read_changes(s, db, r, err);
		if (rc != ERR_LIMIT)
			return rc;
		rc = view_pin(s, db, NULL, err);
	}
	if (rc != OK)
		return rc;
	return resync_gone(s, db, r->since, &r->uids, known, &r->gone, err);
}

/* The next message of the version that is to be told, 0 if there is none. */
static uint32_t next_changed(const struct resync *r, const struct index_version *version)
{
	uint32_t next = r->next;

	if (next > index_count(version))
		return 0;
	do {
		next = index_next_changed(version, r->since, next);
		if (next == 0 || seqset_sorted_has(&r->uids, index_at(version, next)->uid))
			return next;
	} while (next++ < index_count(version));
	return 0;
}

bool resync_tell(struct imap_session *s, struct resync *r)
{
	const struct imap_view *view = s->view;
	bool loaded = view->known != NULL;
	const struct index_version *version = loaded ? view->known : view->partial;
	uint32_t next;

	while (r->gone_next < r->gone.count) {
		vanished_add(&s->base.out, &r->gone, &r->gone_next, true);
		if (imap_step_is_over(s))
			return false;
	}
	while ((next = next_changed(r, version)) != 0) {
		struct view_message message = { index_at(version, next), version };

		view_tell_message(s, loaded ? next : r->numbers[next - 1], &message, true);
		r->next = next + 1;
		if (imap_step_is_over(s))
			return false;
	}
	return true;
}
