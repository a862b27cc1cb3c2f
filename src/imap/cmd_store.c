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
	size_t next;	 /* uids before it are done */
	size_t told;	 /* uids before it were answered; never beyond `next` */
	bool missing;	 /* somebody else removed some of them */
	int64_t upto;	 /* flags up to here were answered, of all of them; INT64_MIN: none */
	int64_t *own;	 /* modseqs of the transactions that changed something, in the arena */
	uint32_t *stale; /* of the last transaction, ascending, in the arena */
	size_t own_count, stale_count, stale_told;
};

/* One modseq a transaction. Those that somebody else changed, and the client was not told of it, are stale. */
static void note_results(struct imap_session *s, struct store_work *work,
    const struct flag_result *results, size_t count)
{
	int64_t modseq = 0;

	work->stale = ARENA_NEW(s->arena, uint32_t, count);
	work->stale_count = work->stale_told = 0;
	for (size_t i = 0; i < count; i++) {
		if (results[i].modseq != results[i].was_modseq)
			modseq = results[i].modseq;
		if (results[i].was_modseq > s->view->modseq)
			work->stale[work->stale_count++] = results[i].uid;
	}
	if (modseq != 0)
		work->own[work->own_count++] = modseq;
}

static enum errc change(struct imap_session *s, struct store_work *work, struct err *err)
{
	struct flag_change change = { .operation = s->command.store.operation,
		.flags = s->command.store.flags,
		.unchanged_since = INT64_MAX };
	size_t count = work->uids.count - work->next;
	struct flag_result *results;
	size_t result_count;
	struct db *db;
	enum errc rc;

	if (count > STORE_TRANSACTION_ENTRIES)
		count = STORE_TRANSACTION_ENTRIES;
	rc = store_flags(s->env->store, s->actor, s->view->owner, s->view->mailbox,
	    work->uids.uid + work->next, count, &change, s->arena, &results, &result_count,
	    err);
	if (rc != OK)
		return rc;
	work->missing = work->missing || result_count < count;
	note_results(s, work, results, result_count);
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

static void tell(struct imap_session *s, uint32_t uid)
{
	uint32_t seq = index_seq_of(s->view->known, uid);
	struct view_message message = view_message(s->view, seq);
	struct buf *out = &s->base.out;

	buf_printf(out, "* %u FETCH (", seq);
	if (s->command.uid)
		buf_printf(out, "UID %u ", uid);
	BUF_ADD(out, "FLAGS ");
	view_add_flags(out, s->view, &message);
	BUF_ADD(out, ")\r\n");
}

/*
 * RFC 3501 6.4.6: .SILENT is about what the client did itself. If it does not know what a message's flags were, it
 * cannot know what they became.
 */
static bool is_told(const struct imap_session *s, struct store_work *work, uint32_t uid)
{
	bool stale =
	    work->stale_told < work->stale_count && work->stale[work->stale_told] == uid;

	work->stale_told += stale;
	return stale || !s->command.store.silent;
}

/* False: the step is over. Who is gone is not told of: nothing is known of its flags. */
static bool tell_changed(struct imap_session *s, struct store_work *work)
{
	view_tell_keywords(s);
	while (work->told < work->next) {
		uint32_t uid = work->uids.uid[work->told++];

		if (is_told(s, work, uid) && index_seq_of(s->view->newest, uid) != 0)
			tell(s, uid);
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
	work->own =
	    ARENA_NEW(s->arena, int64_t, work->uids.count / STORE_TRANSACTION_ENTRIES + 1);
	work->upto = INT64_MIN;
	s->work = work;
	return OK;
}

static enum imap_run end(struct imap_session *s, const struct store_work *work)
{
	struct view_told *told = ARENA_NEW(s->arena, struct view_told, 1);

	*told = (struct view_told){ .seqs = work->seqs,
		.upto = work->upto,
		.own = work->own,
		.own_count = work->own_count };
	s->told = told;
	/* RFC 2180 4.2: UID STORE passes over what is not there */
	if (work->missing && !s->command.uid && !s->command.store.silent)
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
