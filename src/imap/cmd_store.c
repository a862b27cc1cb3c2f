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
	int64_t *own; /* modseqs of the transactions, in the arena */
	size_t own_count;
};

/* One modseq a transaction. */
static void note_own(struct store_work *work, const struct flag_result *results, size_t count)
{
	int64_t modseq = 0;

	for (size_t i = 0; i < count; i++)
		if (results[i].modseq > modseq)
			modseq = results[i].modseq;
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
	note_own(work, results, result_count);
	work->next += count;
	rc = imap_lease(s, &db, err);
	if (rc != OK)
		return rc;
	rc = view_refresh(s, db, err);
	db_return(&db);
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

/* False: the step is over. Who is gone is not told of: nothing is known of its flags. */
static bool tell_changed(struct imap_session *s, struct store_work *work)
{
	view_tell_keywords(s);
	while (work->told < work->next) {
		uint32_t uid = work->uids.uid[work->told++];

		if (!s->command.store.silent && index_seq_of(s->view->newest, uid) != 0)
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
	s->work = work;
	return OK;
}

static enum imap_run end(struct imap_session *s, const struct store_work *work)
{
	struct view_told *told = ARENA_NEW(s->arena, struct view_told, 1);

	*told = (struct view_told){ .seqs = work->seqs,
		.upto = INT64_MIN,
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
