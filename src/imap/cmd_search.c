/*
 * imap/cmd_search.c - SEARCH and UID SEARCH (RFC 3501 6.4.4), in steps: one untagged response that grows.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/search.h"
#include "imap/view.h"

struct search_work {
	struct search *search;
	uint32_t next; /* number to look at */
};

static void close_work(struct imap_session *s, void *arg)
{
	struct search_work *work = arg;

	(void)s;
	search_release(work->search);
}

static enum errc begin(struct imap_session *s, struct db *db, struct err *err)
{
	struct search_work *work = ARENA_NEW(s->arena, struct search_work, 1);
	enum errc rc = view_refresh(s, db, err);

	if (rc == OK)
		rc = search_new(s, s->command.search.key, s->command.search.charset, s->arena,
		    &work->search, err);
	if (rc != OK)
		return rc;
	work->next = 1;
	s->work = work;
	s->work_free = close_work;
	BUF_ADD(&s->base.out, "* SEARCH");
	return OK;
}

/* ERR_END: all messages were looked at; ERR_MORE: the step is over. */
static enum errc go_on(struct imap_session *s, struct db *db, struct err *err)
{
	struct search_work *work = s->work;

	while (work->next <= s->view->exists) {
		uint32_t seq = work->next++;
		bool matches;
		enum errc rc = search_matches(work->search, db, seq, &matches, err);

		if (rc != OK)
			return rc;
		if (matches) {
			buf_add_char(&s->base.out, ' ');
			buf_add_u64(&s->base.out,
			    s->command.uid ? index_at(s->view->known, seq)->uid : seq);
		}
		if (imap_step_is_over(s))
			return ERR_MORE;
	}
	return ERR_END;
}

static enum errc step(struct imap_session *s, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	if (s->work == NULL)
		rc = begin(s, db, err);
	/* one state for the step: a transaction for each row costs SQLite as much as the row */
	if (rc == OK && search_reads(((struct search_work *)s->work)->search))
		rc = db_snapshot_begin(db, err);
	if (rc == OK)
		rc = go_on(s, db, err);
	db_return(&db);
	return rc;
}

enum imap_run imap_run_search(struct imap_session *s)
{
	struct err err = { .code = OK };
	enum errc rc = step(s, &err);

	if (rc == ERR_MORE)
		return RUN_MORE;
	if (s->work != NULL)
		BUF_ADD(&s->base.out, "\r\n");
	if (rc == ERR_END)
		return imap_finish(s, NULL, "searched");
	/* RFC 3501 6.4.4: which charsets there are */
	if (rc == ERR_UNSUPPORTED && s->work == NULL)
		imap_reply(s, REPLY_NO, "BADCHARSET (US-ASCII UTF-8)", "charset not known");
	else
		imap_reply_error(s, rc, &err);
	return RUN_DONE;
}
