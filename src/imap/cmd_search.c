/*
 * imap/cmd_search.c - SEARCH and UID SEARCH (RFC 3501 6.4.4), with RETURN (RFC 4731) and the saved result (RFC 5182), in
 * steps: messages are looked at, then, but for the plain answer, which grows meanwhile, the result is saved and told.
 */
#include "imap/imap_int.h"
#include "imap/limits.h"
#include "imap/reply.h"
#include "imap/search.h"
#include "imap/view.h"

enum phase { PHASE_FORWARD, PHASE_BACKWARD, PHASE_SAVE, PHASE_TELL };

struct search_work {
	struct search *search;
	struct search_result result;
	unsigned returns; /* 0: the plain answer */
	enum phase phase;
	uint32_t next; /* number to look at; to tell from */
	bool head_told, has_run;
	bool has_modseq; /* it was searched for, and is told */
};

static bool returns(const struct search_work *work, enum search_return what)
{
	return (work->returns & (unsigned)what) != 0;
}

static void close_work(struct imap_session *s, void *arg)
{
	struct search_work *work = arg;

	(void)s;
	search_release(work->search);
}

static uint32_t number_of(const struct imap_session *s, uint32_t seq)
{
	return s->command.uid ? index_at(s->view->known, seq)->uid : seq;
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
	work->returns = s->command.search.returns;
	/* RFC 9051 6.4.4: the SEARCH response is no more */
	if (work->returns == 0 && (s->enabled & ENABLED_REV2) != 0)
		work->returns = SEARCH_RETURN_ALL;
	search_result_init(&work->result, s->view->exists, work->returns, s->arena);
	work->next = 1;
	if (!search_return_needs_all(work->returns) && !returns(work, SEARCH_RETURN_MIN)) {
		work->phase = PHASE_BACKWARD;
		work->next = s->view->exists;
	}
	work->has_modseq = imap_search_has(s->command.search.key, SEARCH_MODSEQ);
	if (work->has_modseq)
		imap_enable_condstore(s);
	s->work = work;
	s->work_free = close_work;
	if (work->returns == 0)
		BUF_ADD(&s->base.out, "* SEARCH");
	return OK;
}

static void note(struct imap_session *s, struct search_work *work, uint32_t seq)
{
	search_result_add(&work->result, seq, view_message(s->view, seq).entry->modseq);
	if (work->returns != 0)
		return;
	buf_add_char(&s->base.out, ' ');
	buf_add_u64(&s->base.out, number_of(s, seq));
}

/* Looks at one message; `next` is its number. */
static enum errc look(
    struct imap_session *s, struct search_work *work, struct db *db, struct err *err)
{
	bool matches;
	enum errc rc = search_matches(work->search, db, work->next, &matches, err);

	if (rc == OK && matches)
		note(s, work, work->next);
	return rc;
}

/* ERR_MORE: the step is over. */
static enum errc look_forward(
    struct imap_session *s, struct search_work *work, struct db *db, struct err *err)
{
	bool needs_all = search_return_needs_all(work->returns);

	while (work->next <= s->view->exists && (needs_all || work->result.count == 0)) {
		enum errc rc = look(s, work, db, err);

		work->next++;
		if (rc != OK)
			return rc;
		if (imap_step_is_over(s))
			return ERR_MORE;
	}
	work->phase = PHASE_SAVE;
	if (!needs_all && returns(work, SEARCH_RETURN_MAX) && work->result.count > 0) {
		work->phase = PHASE_BACKWARD;
		work->next = s->view->exists;
	}
	return OK;
}

/* The last one, down to the first one if that is known. */
static enum errc look_backward(
    struct imap_session *s, struct search_work *work, struct db *db, struct err *err)
{
	uint32_t first = work->result.min, before = work->result.count;

	while (work->next > first && work->result.count == before) {
		enum errc rc = look(s, work, db, err);

		work->next--;
		if (rc != OK)
			return rc;
		if (work->result.count == before && imap_step_is_over(s))
			return ERR_MORE;
	}
	work->phase = PHASE_SAVE;
	return OK;
}

/*
 * Runs of numbers become ranges of UIDs: whatever lies between two messages that follow each other is none, and never will
 * be. ERR_LIMIT: too many.
 */
static enum errc save(struct imap_session *s, const struct search_work *work, struct err *err)
{
	struct buf runs = BUF_INIT(IMAP_SAVED_RANGES_MAX * sizeof(struct seq_range));
	enum errc rc = search_result_runs(&work->result, IMAP_SAVED_RANGES_MAX, &runs, err);
	struct seq_range *range = (struct seq_range *)(void *)runs.p;
	size_t count = runs.n / sizeof(*range);

	for (size_t i = 0; rc == OK && i < count; i++) {
		range[i].first = index_at(s->view->known, range[i].first)->uid;
		range[i].last = index_at(s->view->known, range[i].last)->uid;
	}
	if (rc == OK)
		rc = view_save(s, range, count, err);
	buf_release(&runs);
	return rc;
}

static void add_item(struct imap_session *s, const char *name, uint64_t value)
{
	buf_printf(&s->base.out, " %s ", name);
	buf_add_u64(&s->base.out, value);
}

/* RFC 4731 3.1: of nothing there is no MIN, MAX and ALL. */
static void tell_head(struct imap_session *s, const struct search_work *work)
{
	const struct search_result *result = &work->result;

	buf_printf(&s->base.out, "* ESEARCH (TAG \"%.*s\")", STR_ARG(s->command.tag));
	if (s->command.uid)
		BUF_ADD(&s->base.out, " UID");
	if (returns(work, SEARCH_RETURN_MIN) && result->count > 0)
		add_item(s, "MIN", number_of(s, result->min));
	if (returns(work, SEARCH_RETURN_MAX) && result->count > 0)
		add_item(s, "MAX", number_of(s, result->max));
	if (returns(work, SEARCH_RETURN_COUNT))
		add_item(s, "COUNT", result->count);
	/* RFC 4731 3.2: the highest of those that are told */
	if (work->has_modseq && result->count > 0)
		add_item(s, "MODSEQ", (uint64_t)result->modseq);
	if (returns(work, SEARCH_RETURN_ALL) && result->count > 0)
		BUF_ADD(&s->base.out, " ALL ");
}

/* As many of a run's numbers, from the first on, as follow each other as numbers told. */
static struct seq_range told_range(
    const struct imap_session *s, struct seq_range run, uint32_t *last_out)
{
	struct seq_range told = { number_of(s, run.first), number_of(s, run.first) };
	uint32_t seq = run.first;

	if (!s->command.uid) {
		*last_out = run.last;
		return run;
	}
	while (seq < run.last && number_of(s, seq + 1) == told.last + 1) {
		seq++;
		told.last++;
	}
	*last_out = seq;
	return told;
}

/* ERR_MORE: the step is over. */
static enum errc tell_all(struct imap_session *s, struct search_work *work)
{
	struct buf *out = &s->base.out;
	struct seq_range run;

	while (search_result_run(&work->result, work->next, &run)) {
		struct seq_range told = told_range(s, run, &run.last);

		if (work->has_run)
			buf_add_char(out, ',');
		buf_add_u64(out, told.first);
		if (told.last > told.first) {
			buf_add_char(out, ':');
			buf_add_u64(out, told.last);
		}
		work->has_run = true;
		work->next = run.last + 1;
		if (imap_step_is_over(s))
			return ERR_MORE;
	}
	return OK;
}

static enum errc tell(struct imap_session *s, struct search_work *work)
{
	enum errc rc = OK;

	/* RFC 5182 2.1: what is saved alone is not told */
	if (work->returns == SEARCH_RETURN_SAVE)
		return OK;
	if (!work->head_told)
		tell_head(s, work);
	work->head_told = true;
	if (returns(work, SEARCH_RETURN_ALL))
		rc = tell_all(s, work);
	if (rc != OK)
		return rc;
	BUF_ADD(&s->base.out, "\r\n");
	return OK;
}

static enum errc go_on(
    struct imap_session *s, struct search_work *work, struct db *db, struct err *err)
{
	enum errc rc = OK;

	if (work->phase == PHASE_FORWARD)
		rc = look_forward(s, work, db, err);
	if (rc == OK && work->phase == PHASE_BACKWARD)
		rc = look_backward(s, work, db, err);
	if (rc == OK && work->phase == PHASE_SAVE) {
		if (returns(work, SEARCH_RETURN_SAVE))
			rc = save(s, work, err);
		work->next = 1;
		work->phase = PHASE_TELL;
	}
	if (rc == OK && work->returns != 0)
		rc = tell(s, work);
	return rc;
}

static enum errc step(struct imap_session *s, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	if (s->work == NULL)
		rc = begin(s, db, err);
	/* a transaction for each row costs SQLite as much as the row; objects do not change */
	if (rc == OK && !db_is_far(db) && search_reads(((struct search_work *)s->work)->search))
		rc = db_snapshot_begin(db, err);
	if (rc == OK) {
		rc = go_on(s, s->work, db, err);
		search_settle(((struct search_work *)s->work)->search);
	}
	db_return(&db);
	return rc;
}

static bool saves(const struct imap_session *s)
{
	bool search = s->command.verb == VERB_SEARCH || s->command.verb == VERB_UID_SEARCH;

	return search && (s->command.search.returns & SEARCH_RETURN_SAVE) != 0;
}

void imap_search_refused(struct imap_session *s)
{
	if (s->view != NULL && saves(s))
		view_unsave(s);
}

static enum imap_run failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	const struct search_work *work = s->work;

	/* RFC 3501 6.4.4: which charsets there are */
	if (rc == ERR_UNSUPPORTED && work == NULL)
		imap_reply(s, REPLY_NO, "BADCHARSET (US-ASCII UTF-8)", "charset not known");
	else if (rc == ERR_LIMIT && saves(s))
		imap_reply(s, REPLY_NO, "NOTSAVED", err->text);
	else
		imap_reply_error(s, rc, err);
	return RUN_DONE;
}

enum imap_run imap_run_search(struct imap_session *s)
{
	struct err err = { .code = OK };
	const struct search_work *work;
	bool first_step = s->work == NULL;
	enum errc rc;

	/* RFC 6855 section 3: all is UTF-8 then */
	if ((s->enabled & ENABLED_UTF8) != 0 && s->command.search.charset.p != NULL) {
		imap_reply(s, REPLY_BAD, NULL, "CHARSET and UTF8=ACCEPT exclude each other");
		return RUN_DONE;
	}
	rc = step(s, &err);
	work = s->work;
	if (rc == ERR_MORE)
		return RUN_MORE;
	/* RFC 7162 3.1.5: behind the numbers, if there are some */
	if (rc == OK && work->returns == 0 && work->has_modseq && work->result.count > 0)
		buf_printf(&s->base.out, " (MODSEQ %lld)", (long long)work->result.modseq);
	if (work != NULL && (work->returns == 0 || (rc != OK && work->head_told)))
		BUF_ADD(&s->base.out, "\r\n");
	if (rc == OK) {
		s->view->fresh = first_step;
		return imap_finish(s, NULL, "searched");
	}
	return failed(s, rc, &err);
}
