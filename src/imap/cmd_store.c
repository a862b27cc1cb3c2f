/*
 * imap/cmd_store.c - STORE and UID STORE (RFC 3501 6.4.6), in steps of one transaction each.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/uids.h"
#include "imap/view.h"
#include "store/message.h"

struct store_work {
	struct uid_list uids;
	struct seqset seqs;
	size_t next;  /* uids before it are done */
	size_t told;  /* uids before it were answered; never beyond `next` */
	bool missing; /* somebody else removed some of them */
	int64_t upto; /* flags up to here were answered, of all of them; INT64_MIN: none */
	int64_t *own; /* modseqs of the transactions that changed something, in the arena */
	size_t own_count;
	uint32_t *
	    failed; /* as the client named them, ascending: changed since the modseq that it knows */
	size_t failed_count;
	/* of the last transaction: messages that are there, ascending */
	struct flag_result *results;
	size_t result_count, result_next;
};

static bool is_conditional(const struct imap_session *s)
{
	return s->command.store.unchanged_since != INT64_MAX;
}

/* One modseq a transaction. */
static void note_results(struct imap_session *s, struct store_work *work)
{
	int64_t modseq = 0;

	work->result_next = 0;
	for (size_t i = 0; i < work->result_count; i++) {
		const struct flag_result *result = &work->results[i];

		if (result->modseq != result->was_modseq)
			modseq = result->modseq;
		if (result->failed)
			work->failed[work->failed_count++] = s->command.uid
			    ? result->uid
			    : index_seq_of(s->view->known, result->uid);
	}
	if (modseq != 0)
		work->own[work->own_count++] = modseq;
}

static enum errc change(struct imap_session *s, struct store_work *work, struct err *err)
{
	struct flag_change change = { .operation = s->command.store.operation,
		.flags = s->command.store.flags,
		.unchanged_since = s->command.store.unchanged_since };
	size_t count = work->uids.count - work->next;
	struct db *db;
	enum errc rc;

	if (count > STORE_TRANSACTION_ENTRIES)
		count = STORE_TRANSACTION_ENTRIES;
	rc = store_flags(s->env->store, s->actor, s->view->owner, s->view->mailbox,
	    work->uids.uid + work->next, count, &change, s->arena, &work->results,
	    &work->result_count, err);
	if (rc != OK)
		return rc;
	work->missing = work->missing || work->result_count < count;
	note_results(s, work);
	work->next += count;
	rc = imap_lease(s, &db, err);
	if (rc != OK)
		return rc;
	rc = view_refresh(s, db, err);
	db_return(&db);
	if (rc == OK && work->upto == INT64_MIN && !s->command.store.silent)
		work->upto = index_modseq(s->view->newest);
	return rc;
}

/* What an answer says of a message. */
enum telling { TELL_NOTHING, TELL_MODSEQ, TELL_FLAGS };

/*
 * RFC 3501 6.4.6: .SILENT is about what the client did itself. If it does not know what a message's flags were, it
 * cannot know what they became. RFC 7162 3.1.3: it gets the modseq all the same.
 */
static enum telling telling_of(const struct imap_session *s, const struct flag_result *result,
    const struct index_entry *now)
{
	bool stale = result->was_modseq > s->view->modseq || now->modseq != result->modseq;

	if (!s->command.store.silent || stale || result->failed)
		return TELL_FLAGS;
	if ((s->enabled & ENABLED_CONDSTORE) == 0)
		return TELL_NOTHING;
	return is_conditional(s) || result->modseq != result->was_modseq ? TELL_MODSEQ
									 : TELL_NOTHING;
}

/* Who is gone is not told of: nothing is known of its flags. */
static void tell(struct imap_session *s, struct store_work *work, uint32_t uid)
{
	uint32_t seq = index_seq_of(s->view->known, uid);
	const struct flag_result *result = &work->results[work->result_next];
	struct view_message message;
	enum telling telling;

	if (work->result_next == work->result_count || result->uid != uid)
		return;
	work->result_next++;
	if (index_seq_of(s->view->newest, uid) == 0)
		return;
	message = view_message(s->view, seq);
	telling = telling_of(s, result, message.entry);
	if (telling != TELL_NOTHING)
		view_tell_message(s, seq, &message, telling == TELL_FLAGS);
}

/* False: the step is over. */
static bool tell_changed(struct imap_session *s, struct store_work *work)
{
	view_tell_keywords(s);
	while (work->told < work->next) {
		tell(s, work, work->uids.uid[work->told++]);
		if (imap_step_is_over(s))
			return false;
	}
	return true;
}

static enum errc begin(struct imap_session *s, struct err *err)
{
	struct store_work *work = ARENA_NEW(s->arena, struct store_work, 1);
	enum errc rc = uids_of_set(
	    s, &s->command.store.set, s->command.uid, &work->uids, &work->seqs, err);

	if (rc != OK)
		return rc;
	for (size_t i = 0; i < s->command.store.flags.keyword_count; i++)
		if (s->command.store.flags.keywords[i].n > STORE_KEYWORD_NAME_MAX)
			return err_set(err, ERR_LIMIT, "keyword too long");
	if (is_conditional(s)) {
		imap_enable_condstore(s);
		work->failed = ARENA_NEW(s->arena, uint32_t, work->uids.count);
	}
	work->own =
	    ARENA_NEW(s->arena, int64_t, work->uids.count / STORE_TRANSACTION_ENTRIES + 1);
	work->upto = INT64_MIN;
	s->work = work;
	return OK;
}

/* RFC 7162 3.1.3: the tagged response names all that failed; NO only if messages are gone as well. */
static enum imap_run end_modified(
    struct imap_session *s, const struct store_work *work, bool gone)
{
	struct buf text = BUF_INIT(SIZE_MAX);
	enum imap_run run;

	BUF_ADD(&text, "[MODIFIED ");
	seqset_print(&text, work->failed, work->failed_count);
	BUF_ADD(&text, "] changed by somebody else");
	run =
	    gone ? imap_finish_no_text(s, buf_str(&text)) : imap_finish_text(s, buf_str(&text));
	buf_release(&text);
	return run;
}

static enum imap_run end(struct imap_session *s, const struct store_work *work)
{
	struct view_told *told = ARENA_NEW(s->arena, struct view_told, 1);
	bool gone;

	*told = (struct view_told){ .seqs = work->seqs,
		.since = INT64_MIN,
		.upto = work->upto,
		.own = work->own,
		.own_count = work->own_count };
	s->told = told;
	/* RFC 2180 4.2: UID STORE passes over what is not there */
	gone =
	    work->missing && !s->command.uid && (!s->command.store.silent || is_conditional(s));
	if (work->failed_count > 0)
		return end_modified(s, work, gone);
	if (gone)
		return imap_finish_no(s, "EXPUNGEISSUED", "some messages are gone");
	return imap_finish(s, NULL, "stored");
}

enum imap_run imap_run_store(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct store_work *work;
	enum errc rc = OK;

	if (s->view->read_only) {
		imap_reply(s, REPLY_NO, NULL, "the mailbox is open for reading only");
		return RUN_DONE;
	}
	if (s->work == NULL)
		rc = begin(s, &err);
	work = s->work;
	while (rc == OK) {
		if (!tell_changed(s, work))
			return RUN_MORE;
		if (work->next == work->uids.count)
			return end(s, work);
		rc = change(s, work, &err);
	}
	imap_reply_error(s, rc, &err);
	return RUN_DONE;
}
