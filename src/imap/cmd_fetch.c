/*
 * imap/cmd_fetch.c - FETCH and UID FETCH (RFC 3501 6.4.5), streamed in steps.
 *
 * Flags are those of the version that is newest when the command begins; what changes later is told at its end.
 * \Seen is set for the messages of a step before their bodies are sent, in one transaction, and reported with them.
 */
#include "base/clock.h"
#include "base/log.h"
#include "imap/fetch_message.h"
#include "imap/reply.h"
#include "imap/resync.h"
#include "imap/vanished.h"
#include "store/mailbox.h"
#include "store/message.h"

#include <string.h>

/* Messages, and about bytes, whose \Seen is set in advance: about what a step sends. */
#define SEEN_AHEAD_MAX 100
#define SEEN_AHEAD_BYTES STEP_OUTPUT_MAX

/* A message that the database leaves in its middle waits so long for it, and looks so often. */
#define BROKEN_MAX_MS 10000
#define BROKEN_PAUSE_MS 200

struct fetch_work {
	struct seqset seqs;
	size_t range;	    /* of `seqs` */
	uint32_t next;	    /* the number that comes next; 0: none */
	struct seqset gone; /* uids for VANISHED (EARLIER) */
	size_t gone_next;
	bool sets_seen;			 /* some item is no peek, and it may be set */
	bool missing;			 /* some message is gone */
	uint32_t seen_until;		 /* \Seen is set up to here; numbers */
	uint32_t marked[SEEN_AHEAD_MAX]; /* uids that were marked by this step; ascending */
	size_t marked_count;
	bool refresh;	/* flags were changed: read the newest version */
	struct buf own; /* int64_t modseqs of what was marked */
	struct view_told told;
	int64_t
	    broken_ms; /* monotonic: since then the open message could not be read on; 0: it can */
	struct arena *message_arena;
	struct fetch_message message;
};

static void close_work(struct imap_session *s, void *arg)
{
	struct fetch_work *work = arg;

	(void)s;
	fetch_message_release(&work->message);
	buf_release(&work->own);
	arena_free(&work->message_arena);
}

static bool sets_seen(const struct imap_session *s)
{
	if (s->view->read_only || (s->view->rights & RIGHT_SEEN) == 0)
		return false;
	for (size_t i = 0; i < s->command.fetch.count; i++)
		if (fetch_item_sets_seen(&s->command.fetch.items[i]))
			return true;
	return false;
}

static bool has_item(const struct imap_session *s, enum fetch_kind kind)
{
	for (size_t i = 0; i < s->command.fetch.count; i++)
		if (s->command.fetch.items[i].kind == kind)
			return true;
	return false;
}

static bool tells_flags(const struct imap_session *s)
{
	return has_item(s, FETCH_FLAGS);
}

/* The first number of the set from `seq` on, 0 if there is none; `range` is that of the set where to look. */
static uint32_t from(const struct fetch_work *work, uint32_t seq, size_t *range)
{
	while (*range < work->seqs.count && work->seqs.range[*range].last < seq)
		++*range;
	if (*range == work->seqs.count)
		return 0;
	return seq > work->seqs.range[*range].first ? seq : work->seqs.range[*range].first;
}

/* The number from `seq` on whose message is known, there, and changed since the modseq of CHANGEDSINCE; 0: none. */
static uint32_t next_changed(const struct imap_session *s, uint32_t seq)
{
	const struct imap_view *view = s->view;
	uint32_t at = index_lower_bound(view->newest, index_at(view->known, seq)->uid);
	uint32_t known;

	at = at > index_count(view->newest)
	    ? 0
	    : index_next_changed(view->newest, s->command.fetch.modifiers.changed_since, at);
	if (at == 0)
		return 0;
	/* what the client knows of stands in the newest version unless it is gone, and new messages come last */
	known = index_seq_of(view->known, index_at(view->newest, at)->uid);
	return known > view->exists ? 0 : known;
}

/* The first number from `seq` on that is to be told, 0 at the end. */
static uint32_t pick(
    const struct imap_session *s, const struct fetch_work *work, uint32_t seq, size_t *range)
{
	seq = from(work, seq, range);
	while (seq != 0 && s->command.fetch.modifiers.changed_since != 0) {
		uint32_t changed = next_changed(s, seq);

		if (changed == 0 || changed == seq)
			return changed;
		seq = from(work, changed, range);
	}
	return seq;
}

static uint32_t after(
    const struct imap_session *s, const struct fetch_work *work, uint32_t seq, size_t *range)
{
	return seq == s->view->exists ? 0 : pick(s, work, seq + 1, range);
}

/* RFC 7162 3.2.6: '*' is the last uid that was given; the message may be gone. */
static enum errc find_gone(
    struct imap_session *s, struct db *db, struct seqset *gone, struct err *err)
{
	uint32_t last = s->view->uidnext - 1;
	struct seqset uids = seqset_sorted(&s->command.fetch.set, last, s->arena);

	*gone = (struct seqset){ .count = 0 };
	if (!s->command.fetch.modifiers.vanished)
		return OK;
	return resync_gone(
	    s, db, s->command.fetch.modifiers.changed_since, &uids, NULL, gone, err);
}

static enum errc resolve(struct imap_session *s, struct fetch_work *work, struct err *err)
{
	enum errc rc = view_resolve(
	    s->view, &s->command.fetch.set, s->command.uid, s->arena, &work->seqs, err);

	work->range = 0;
	work->next = rc == OK ? pick(s, work, 1, &work->range) : 0;
	return rc;
}

/* Messages from *seq on, about as many as a step sends; *seq is the one behind them, 0 at the end. */
static void want_from(struct imap_session *s, struct fetch_work *work, uint32_t *seq,
    size_t *range, struct ahead_want *want)
{
	uint64_t bytes = 0;

	*want = (struct ahead_want){ .owner = s->view->owner, .what = work->message.reads };
	for (; *seq != 0 && want->count < AHEAD_MESSAGES; *seq = after(s, work, *seq, range)) {
		const struct index_entry *entry = view_message(s->view, *seq).entry;

		if (want->what & AHEAD_CONTENT && bytes >= SEEN_AHEAD_BYTES)
			break;
		want->objects[want->count++] = entry->object;
		bytes += entry->size;
	}
}

/* Contents do not change: the first of them are asked for together with the mailbox's row. */
static enum errc ask_first(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	struct ahead_want want;
	uint32_t seq;
	size_t range;
	enum errc rc;

	if (!db_is_far(db) || !work->message.reads || !s->view->known ||
	    s->command.fetch.modifiers.changed_since != 0)
		return OK;
	rc = resolve(s, work, err);
	if (rc != OK || work->next == 0)
		return rc;
	seq = work->next;
	range = work->range;
	want_from(s, work, &seq, &range, &want);
	work->message.ahead = ahead_new();
	return ahead_ask(work->message.ahead, db, &want, err);
}

static enum errc refresh(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	struct mailbox_look look;
	enum errc rc = ask_first(s, work, db, err);

	if (rc == OK)
		rc = view_look(s, db, &look, err);
	ahead_settle(work->message.ahead);
	return rc == OK ? view_bring_up(s, db, &look, err) : rc;
}

static enum errc prepare(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	enum errc rc = refresh(s, work, db, err);

	if (rc == OK)
		rc = resolve(s, work, err);
	if (rc == OK)
		rc = find_gone(s, db, &work->gone, err);
	if (rc != OK)
		return rc;
	work->sets_seen = sets_seen(s);
	work->told = (struct view_told){ .seqs = work->seqs,
		.since = s->command.fetch.modifiers.changed_since,
		.upto = tells_flags(s) ? index_modseq(s->view->newest) : INT64_MIN };
	return OK;
}

static struct fetch_work *work_new(struct imap_session *s)
{
	struct fetch_work *work = ARENA_NEW(s->arena, struct fetch_work, 1);

	buf_init(&work->own, SIZE_MAX);
	work->message_arena = arena_new("imap message");
	fetch_message_init(&work->message, s, work->message_arena, s->command.fetch.items,
	    s->command.fetch.count);
	return work;
}

static enum errc begin(struct imap_session *s, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	s->work = work_new(s);
	s->work_free = close_work;
	rc = prepare(s, s->work, db, err);
	db_return(&db);
	if (rc == OK &&
	    (has_item(s, FETCH_MODSEQ) || s->command.fetch.modifiers.changed_since != 0))
		imap_enable_condstore(s);
	/* before flags that may have their names */
	if (rc == OK && (tells_flags(s) || sets_seen(s)))
		view_tell_keywords(s);
	return rc;
}

/* Which of the next messages are unseen: in `marked`. */
static void look_ahead(struct imap_session *s, struct fetch_work *work)
{
	size_t range = work->range;
	uint64_t bytes = 0;

	work->marked_count = 0;
	for (uint32_t seq = work->next; seq != 0; seq = after(s, work, seq, &range)) {
		struct view_message message = view_message(s->view, seq);

		if ((message.entry->flags & FLAG_SEEN) == 0)
			work->marked[work->marked_count++] = message.entry->uid;
		work->seen_until = seq;
		bytes += message.entry->size;
		if (work->marked_count == SEEN_AHEAD_MAX || bytes >= SEEN_AHEAD_BYTES)
			return;
	}
}

static enum errc mark_seen(struct imap_session *s, struct fetch_work *work, struct err *err)
{
	const struct flag_change change = { .operation = FLAGS_ADD,
		.flags = { .system = FLAG_SEEN },
		.unchanged_since = INT64_MAX };
	struct flag_result *results;
	int64_t modseq = 0;
	size_t count;
	enum errc rc;

	look_ahead(s, work);
	if (work->marked_count == 0)
		return OK;
	rc =
	    store_flags(s->env->store, s->actor, s->view->owner, s->view->mailbox, work->marked,
		work->marked_count, &change, work->message_arena, &results, &count, err);
	if (rc != OK)
		return rc;
	for (size_t i = 0; i < count; i++)
		if (results[i].modseq != results[i].was_modseq)
			modseq = results[i].modseq;
	if (modseq != 0)
		buf_add(&work->own, &modseq, sizeof(modseq));
	work->refresh = true;
	return OK;
}

static bool was_marked(const struct fetch_work *work, uint32_t uid)
{
	for (size_t i = 0; i < work->marked_count; i++)
		if (work->marked[i] == uid)
			return true;
	return false;
}

static enum errc read_ahead(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	struct fetch_message *m = &work->message;
	struct ahead_want want, following;
	uint32_t seq = work->next;
	size_t range = work->range;

	if (!m->ahead)
		m->ahead = ahead_new();
	if (ahead_covers(m->ahead, view_message(s->view, seq).entry->object))
		return OK;
	want_from(s, work, &seq, &range, &want);
	want_from(s, work, &seq, &range, &following);
	return ahead_read(m->ahead, db, &want, &following, err);
}

/* Begins the next message, if \Seen of it is settled. */
static enum errc next_message(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	uint32_t seq = work->next;
	uint32_t uid = index_at(s->view->known, seq)->uid;
	bool now_seen = was_marked(work, uid) && index_seq_of(s->view->newest, uid) != 0;
	enum errc rc = OK;

	if (db_is_far(db) && work->message.reads)
		rc = read_ahead(s, work, db, err);
	if (rc == OK)
		rc = fetch_message_begin(&work->message, db, seq, now_seen, err);
	if (rc != OK && rc != ERR_NOTFOUND)
		return rc;
	work->missing = work->missing || rc == ERR_NOTFOUND;
	work->next = after(s, work, seq, &work->range);
	return OK;
}

static bool needs_marking(const struct fetch_work *work)
{
	return work->sets_seen && !work->message.open && work->next > work->seen_until;
}

/* ERR_MORE: the step is over. ERR_END: everything is sent. OK: flags have to be set before the next message. */
static enum errc send_some(
    struct imap_session *s, struct fetch_work *work, struct db *db, struct err *err)
{
	enum errc rc = OK;

	if (work->refresh) {
		rc = view_refresh(s, db, err);
		if (rc == OK)
			view_tell_keywords(s);
	}
	work->refresh = rc != OK;
	/* a transaction for each row costs SQLite as much as the row; objects do not change */
	if (rc == OK && work->message.reads && !db_is_far(db))
		rc = db_snapshot_begin(db, err);
	while (rc == OK) {
		if (imap_step_is_over(s))
			return ERR_MORE;
		/* RFC 7162 3.2.6: before any FETCH response */
		if (work->gone_next < work->gone.count) {
			vanished_add(&s->base.out, &work->gone, &work->gone_next, true);
			continue;
		}
		if (work->message.open) {
			rc = fetch_message_go_on(&work->message, db, err);
			if (rc == ERR_END)
				rc = OK;
			continue;
		}
		if (work->next == 0)
			return ERR_END;
		if (needs_marking(work))
			return OK;
		rc = next_message(s, work, db, err);
	}
	return rc;
}

static enum errc send_step(struct imap_session *s, struct fetch_work *work, struct err *err)
{
	enum errc rc = OK;

	while (rc == OK) {
		struct db *db;

		/* a right that was taken away, a database that only reads: the message can be sent all the same */
		if (work->next != 0 && needs_marking(work) && mark_seen(s, work, NULL) != OK)
			work->sets_seen = false;
		rc = imap_lease(s, &db, err);
		if (rc != OK)
			break;
		rc = send_some(s, work, db, err);
		ahead_settle(work->message.ahead);
		db_return(&db);
	}
	return rc;
}

static enum imap_run end(struct imap_session *s, struct fetch_work *work)
{
	work->told.own_count = work->own.n / sizeof(int64_t);
	work->told.own = (const int64_t *)(const void *)work->own.p;
	s->told = &work->told;
	/* RFC 2180 4.1.2, RFC 5530: another session has removed them, and the store too */
	if (work->missing && !s->command.uid)
		return imap_finish_no(s, "EXPUNGEISSUED", "some messages are gone");
	/* RFC 3516 4.3 */
	if (work->message.unknown_encoding)
		return imap_finish_no(
		    s, "UNKNOWN-CTE", "a part is encoded in a way that nobody knows");
	return imap_finish(s, NULL, "fetched");
}

/* Messages do not change: with another connection it goes on where it was. At once, and then now and then. */
static bool can_go_on(
    struct imap_session *s, struct fetch_work *work, enum errc rc, enum imap_run *run_out)
{
	int64_t now_ms = clock_mono_ms();

	if (rc != ERR_CLOSED && rc != ERR_UNAVAIL && rc != ERR_TIMEOUT)
		return false;
	*run_out = work->broken_ms == 0 ? RUN_MORE : RUN_WAIT;
	if (work->broken_ms == 0)
		work->broken_ms = now_ms;
	if (*run_out == RUN_WAIT) {
		session_timer(&s->base, now_ms + BROKEN_PAUSE_MS);
		s->timer_ms = 0;
	}
	return now_ms - work->broken_ms < BROKEN_MAX_MS;
}

/* In the middle of a response nothing can be said: the client would take it for the message. */
static enum imap_run failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	struct fetch_work *work = s->work;
	enum imap_run run;

	if (work == NULL || !work->message.open) {
		imap_reply_error(s, rc, err);
		return RUN_DONE;
	}
	if (can_go_on(s, work, rc, &run))
		return run;
	log_error(s->base.log, "fetch-broken", F_ERR(err));
	imap_session_enter(s, IMAP_ENDED);
	return RUN_CLOSE;
}

enum imap_run imap_run_fetch(struct imap_session *s)
{
	bool first_step = s->work == NULL;
	struct err err = { .code = OK };
	enum errc rc = OK;

	/* RFC 7162 3.2.6 */
	if (s->command.fetch.modifiers.vanished && (s->enabled & ENABLED_QRESYNC) == 0) {
		imap_reply(s, REPLY_BAD, NULL, "QRESYNC is not enabled");
		return RUN_DONE;
	}
	if (s->work == NULL)
		rc = begin(s, &err);
	if (rc == OK)
		rc = send_step(s, s->work, &err);
	switch (rc) {
	case ERR_MORE:
		((struct fetch_work *)s->work)->broken_ms = 0;
		return RUN_MORE;
	case ERR_END:
		s->view->fresh = first_step && !((struct fetch_work *)s->work)->sets_seen;
		return end(s, s->work);
	default:
		return failed(s, rc, &err);
	}
}
