/*
 * imap/cmd_list.c - LIST (RFC 9051 6.3.9; options: RFC 5258, 5819, 6154) and LSUB (RFC 3501 6.3.9), in steps: the names
 * are compared with the patterns, those to be told are chosen (list_select.c), and told.
 */
#include "imap/imap_int.h"
#include "imap/list_pattern.h"
#include "imap/list_tell.h"
#include "imap/reply.h"
#include "imap/status.h"
#include "store/mailbox.h"

struct list_work {
	struct list_pattern **patterns;
	bool *levels; /* of each pattern: it ends in '%' */
	size_t pattern_count;
	struct mailbox *list;
	struct list_mark *marks;
	size_t count;
	size_t matched, told; /* names before them are done */
	struct mailbox_states states;
};

static bool is_lsub(const struct imap_session *s)
{
	return s->command.verb == VERB_LSUB;
}

static const struct list_options *options(const struct imap_session *s)
{
	return &s->command.list.options;
}

static enum list_form form_of(const struct imap_session *s)
{
	unsigned form = 0;

	if (options(s)->extended || (s->enabled & ENABLED_REV2) != 0)
		form |= LIST_FORM_NONEXISTENT;
	if ((options(s)->returns & LIST_RETURN_SUBSCRIBED) != 0 ||
	    (options(s)->select & LIST_SUBSCRIBED) != 0)
		form |= LIST_FORM_SUBSCRIBED;
	return (enum list_form)form;
}

/* childinfo-extended-item: which of the options a name below fulfils; it fulfils all. */
static void add_childinfo(struct buf *out, unsigned select)
{
	BUF_ADD(out, " (\"CHILDINFO\" (");
	if ((select & LIST_SUBSCRIBED) != 0)
		BUF_ADD(out, "\"SUBSCRIBED\"");
	if ((select & LIST_SUBSCRIBED) != 0 && (select & LIST_SPECIAL_USE) != 0)
		buf_add_char(out, ' ');
	if ((select & LIST_SPECIAL_USE) != 0)
		BUF_ADD(out, "\"SPECIAL-USE\"");
	BUF_ADD(out, "))");
}

static void tell(
    struct imap_session *s, const struct mailbox *mailbox, const struct list_mark *mark)
{
	struct buf *out = &s->base.out;

	if (is_lsub(s)) {
		list_tell_lsub(s, mailbox, mark->selected);
		return;
	}
	list_tell(s, mailbox, form_of(s));
	if (mark->childinfo)
		add_childinfo(out, options(s)->select);
	BUF_ADD(out, "\r\n");
}

/* RFC 5819 section 2: what the options did not choose, and what cannot be selected, has no STATUS. */
static enum errc tell_status(struct imap_session *s, const struct list_work *work,
    const struct mailbox *mailbox, struct db *db, struct err *err)
{
	const struct mailbox_state *found = mailbox_states_find(&work->states, mailbox->id);
	struct mailbox_state state;
	enum errc rc = OK;

	if (found != NULL) {
		state = *found;
		if ((options(s)->status & STATUS_RECENT) != 0)
			rc = mailbox_count_recent(s->env->store, db, mailbox, &state, err);
	} else {
		rc = mailbox_state(s->env->store, db, mailbox->owner, mailbox->id, &state, err);
	}
	if (rc == OK)
		rc = status_tell(s, db, mailbox, options(s)->status, &state, err);
	/* who was deleted meanwhile was told of, and that is all */
	return rc == ERR_NOTFOUND ? OK : rc;
}

/* ERR_MORE: the step is over. `db` NULL: no STATUS is asked for. */
static enum errc tell_names(
    struct imap_session *s, struct list_work *work, struct db *db, struct err *err)
{
	while (work->told < work->count) {
		const struct mailbox *mailbox = &work->list[work->told];
		const struct list_mark *mark = &work->marks[work->told];
		enum errc rc = OK;

		work->told++;
		if (mark->told)
			tell(s, mailbox, mark);
		if (db != NULL && mark->told && mark->selected && mailbox->id != 0 &&
		    list_is_selectable(mailbox))
			rc = tell_status(s, work, mailbox, db, err);
		if (rc != OK)
			return rc;
		if (imap_step_is_over(s))
			return ERR_MORE;
	}
	return OK;
}

static void match(const struct list_work *work, struct str name, struct list_mark *mark)
{
	for (size_t i = 0; i < work->pattern_count && !mark->level; i++) {
		if ((mark->matches && !work->levels[i]) ||
		    !list_pattern_matches(work->patterns[i], name))
			continue;
		mark->matches = true;
		mark->level = work->levels[i];
	}
}

/* False: the step is over. */
static bool match_names(struct imap_session *s, struct list_work *work)
{
	while (work->matched < work->count) {
		match(work, work->list[work->matched].name, &work->marks[work->matched]);
		work->matched++;
		if (work->matched == work->count)
			list_select(work->list, work->count, options(s), work->marks);
		if (imap_step_is_over(s))
			return false;
	}
	return true;
}

static enum imap_run go_on(struct imap_session *s, struct list_work *work)
{
	struct err err = { .code = OK };
	struct db *db = NULL;
	enum errc rc = OK;

	if (!match_names(s, work))
		return RUN_MORE;
	if ((options(s)->returns & LIST_RETURN_STATUS) != 0)
		rc = imap_lease(s, &db, &err);
	if (rc == OK)
		rc = tell_names(s, work, db, &err);
	db_return(&db);
	if (rc == ERR_MORE)
		return RUN_MORE;
	if (rc == OK)
		return imap_finish(s, NULL, "that is all");
	imap_reply_error(s, rc, &err);
	return RUN_DONE;
}

static enum errc read_list(struct imap_session *s, struct list_work *work, struct err *err)
{
	bool with_gone = (options(s)->select & LIST_SUBSCRIBED) != 0;
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_list(db, s->actor, with_gone, s->arena, &work->list, &work->count, err);
	if (rc == OK && (options(s)->returns & LIST_RETURN_STATUS) != 0)
		rc = mailbox_states(db, s->actor, s->arena, &work->states, err);
	db_return(&db);
	return rc;
}

/* RFC 9051 6.3.9: an empty pattern asks for the separator and the root of the reference. */
static enum imap_run tell_root(struct imap_session *s, struct str reference)
{
	struct buf *out = &s->base.out;
	struct str root = STR_EMPTY;

	if (reference.n > 0 && reference.p[0] == '#') {
		root = str_first(reference, str_find_char(reference, '/'));
		if (root.n < reference.n)
			root.n++;
	}
	buf_printf(out, "* %s (\\Noselect) \"/\" ", is_lsub(s) ? "LSUB" : "LIST");
	imap_add_mailbox(s, root);
	BUF_ADD(out, "\r\n");
	return imap_finish(s, NULL, "that is all");
}

/* RFC 9051 6.3.9: a pattern that cannot be one is passed over. */
static void read_patterns(struct imap_session *s, struct list_work *work, struct str reference)
{
	size_t count = s->command.list.pattern_count;

	work->patterns = ARENA_NEW(s->arena, struct list_pattern *, count);
	work->levels = ARENA_NEW(s->arena, bool, count);
	for (size_t i = 0; i < count; i++) {
		struct str pattern;

		if (imap_decode_mailbox(s, s->command.list.patterns[i], &pattern, NULL) != OK)
			continue;
		work->levels[work->pattern_count] =
		    pattern.n > 0 && pattern.p[pattern.n - 1] == '%';
		work->patterns[work->pattern_count++] = list_pattern_new(s->arena,
		    str_printf(s->arena, "%.*s%.*s", STR_ARG(reference), STR_ARG(pattern)));
	}
}

static enum imap_run begin(struct imap_session *s)
{
	struct list_work *work = ARENA_NEW(s->arena, struct list_work, 1);
	struct err err = { .code = OK };
	struct str reference;
	enum errc rc;

	if (imap_decode_mailbox(s, s->command.list.reference, &reference, NULL) != OK)
		return imap_finish(s, NULL, "that is all");
	read_patterns(s, work, reference);
	if (!options(s)->extended && s->command.list.patterns[0].n == 0)
		return tell_root(s, reference);
	rc = read_list(s, work, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return RUN_DONE;
	}
	work->marks = ARENA_NEW(s->arena, struct list_mark, work->count);
	s->work = work;
	return go_on(s, work);
}

enum imap_run imap_run_list(struct imap_session *s)
{
	return s->work == NULL ? begin(s) : go_on(s, s->work);
}
