/*
 * imap/cmd_select.c - SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2).
 *
 * They answer from the mailbox's row. The index is pinned at once where that is cheap; else it is loaded by the first
 * command that asks for a message. QRESYNC (RFC 7162 3.2.5) tells what was missed, in steps.
 */
#include "base/heap.h"
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/list_tell.h"
#include "imap/reply.h"
#include "imap/resync.h"
#include "imap/view.h"
#include "store/mailbox.h"

/* A mailbox with more messages is not loaded for SELECT's sake. */
#define LOADED_AT_ONCE_MAX 20000

#define RIGHTS_TO_CHANGE                                                                       \
	(RIGHT_SEEN | RIGHT_WRITE | RIGHT_INSERT | RIGHT_DELETED | RIGHT_EXPUNGE)

struct selection {
	struct mailbox mailbox;
	struct mailbox_state state;
	struct recent_uids recent;
	struct resync *resync; /* NULL: the client asked for none */
};

static enum errc find(
    struct imap_session *s, struct str name, struct selection *sel, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	/* RFC 9051 6.3.2: told in a LIST response */
	if (s->enabled & ENABLED_REV2)
		rc = mailbox_find_listed(db, s->actor, name, s->arena, &sel->mailbox, err);
	else
		rc = mailbox_find(db, s->actor, name, s->arena, &sel->mailbox, err);
	db_return(&db);
	if (rc == OK && sel->mailbox.no_select)
		rc = err_set(err, ERR_STATE, "the mailbox cannot be selected");
	if (rc == OK && (sel->mailbox.rights & RIGHT_READ) == 0)
		rc = err_set(err, ERR_DENIED, "no right to read the mailbox");
	return rc;
}

static enum errc pin_if_cheap(
    struct imap_session *s, struct db *db, const struct mailbox_state *state, struct err *err)
{
	struct index_row row = index_row_of(
	    state->uidvalidity, state->uidnext, state->highestmodseq, state->expunged_floor);
	struct imap_view *view = s->view;
	struct index_version *version = index_cached(s->env->store, view->owner, view->mailbox);
	bool cheap = version != NULL || view->exists <= LOADED_AT_ONCE_MAX;

	index_release(&version);
	return cheap ? view_pin(s, db, &row, err) : OK;
}

/* RFC 7162 3.2.5: what a client knows under another UIDVALIDITY is of no use. */
static enum errc resync(
    struct imap_session *s, struct db *db, struct selection *sel, struct err *err)
{
	const struct qresync *known = &s->command.select.params.qresync;

	if (!known->asked || known->uidvalidity != sel->state.uidvalidity)
		return OK;
	return resync_begin(s, db, known, &sel->resync, err);
}

static enum errc read_view(
    struct imap_session *s, struct db *db, struct selection *sel, struct err *err)
{
	struct imap_view *view = s->view;
	enum errc rc = mailbox_state_found(s->env->store, db, &sel->mailbox, &sel->state, err);

	if (rc != OK)
		return rc;
	view->uidvalidity = sel->state.uidvalidity;
	view->exists = sel->state.messages;
	view->uidnext = sel->state.uidnext;
	view->modseq = view->complete = sel->state.highestmodseq;
	rc = pin_if_cheap(s, db, &sel->state, err);
	return rc == OK ? resync(s, db, sel, err) : rc;
}

static enum errc open_view(struct imap_session *s, struct selection *sel, struct err *err)
{
	struct imap_view *view = s->view;
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = read_view(s, db, sel, err);
	db_return(&db);
	sel->recent = (struct recent_uids){ sel->state.uidnext, sel->state.uidnext };
	/* nothing to take is the common case */
	if (rc == OK && !view->read_only && sel->state.first_recent < view->uidnext)
		rc = mailbox_take_recent(
		    s->env->store, view->owner, view->mailbox, &sel->recent, err);
	return rc;
}

/* Of a mailbox that is not loaded the row knows how many there are; another session may have taken some since. */
static uint32_t recent_in_row(const struct selection *sel, struct recent_uids recent)
{
	uint32_t uidnext = sel->state.uidnext;

	if (recent.first >= uidnext)
		return 0;
	if (sel->state.recent > uidnext - recent.first)
		return uidnext - recent.first;
	return sel->state.recent;
}

/* EXAMINE shows what is recent and takes nothing. */
static void set_recent(struct imap_view *view, const struct selection *sel)
{
	struct recent_uids recent = sel->recent;

	if (view->read_only)
		recent = (struct recent_uids){ sel->state.first_recent, view->uidnext };
	view_add_recent(view, recent.first, recent.end - 1);
	view->recent = view->known != NULL ? view_count_recent(view, view->known)
					   : recent_in_row(sel, recent);
}

static void add_number(struct buf *out, uint32_t number, const char *word)
{
	buf_printf(out, "* %u %s\r\n", number, word);
}

/* RFC 9051 6.3.2 asks for LIST, and has neither RECENT nor UNSEEN. */
static void tell_by_revision(
    struct imap_session *s, const struct selection *sel, struct str name)
{
	bool renamed = !str_equal(name, sel->mailbox.name);
	struct imap_view *view = s->view;
	struct buf *out = &s->base.out;
	uint32_t unseen;

	if ((s->enabled & ENABLED_REV2) != 0) {
		list_tell_renamed(s, &sel->mailbox, renamed ? name : STR_EMPTY);
		return;
	}
	add_number(out, view->recent, "RECENT");
	unseen = view->known != NULL ? index_first_unseen(view->known, 1) : 0;
	if (unseen != 0)
		buf_printf(out, "* OK [UNSEEN %u] first unseen message\r\n", unseen);
}

static void tell(struct imap_session *s, const struct selection *sel, struct str name)
{
	struct imap_view *view = s->view;
	struct buf *out = &s->base.out;

	view_tell_flags(s);
	add_number(out, view->exists, "EXISTS");
	tell_by_revision(s, sel, name);
	buf_printf(out, "* OK [UIDVALIDITY %u] UIDs are valid\r\n", sel->state.uidvalidity);
	buf_printf(out, "* OK [UIDNEXT %u] next UID\r\n", view->uidnext);
	view_tell_highestmodseq(s);
}

static bool may_change(const struct mailbox *mailbox)
{
	return !mailbox->read_only && (mailbox->rights & RIGHTS_TO_CHANGE) != 0;
}

static enum errc select_mailbox(
    struct imap_session *s, struct str name, struct selection *sel, struct err *err)
{
	enum errc rc = find(s, name, sel, err);

	if (rc != OK)
		return rc;
	s->view = xcalloc(1, sizeof(*s->view));
	s->view->owner = sel->mailbox.owner;
	s->view->mailbox = sel->mailbox.id;
	s->view->rights = sel->mailbox.rights;
	s->view->read_only = s->command.verb == VERB_EXAMINE || !may_change(&sel->mailbox);
	imap_session_enter(s, IMAP_SELECTED);
	rc = open_view(s, sel, err);
	if (rc != OK)
		imap_deselect(s);
	return rc;
}

static enum imap_run go_on(struct imap_session *s)
{
	if (s->work != NULL && !resync_tell(s, s->work))
		return RUN_MORE;
	imap_reply(s, REPLY_OK, s->view->read_only ? "READ-ONLY" : "READ-WRITE", "selected");
	return RUN_DONE;
}

/* A SELECT that fails leaves nothing selected. RFC 7162 3.2.11: from here on responses are about another mailbox. */
static void close_previous(struct imap_session *s)
{
	if (s->view == NULL)
		return;
	imap_deselect(s);
	if ((s->enabled & (ENABLED_QRESYNC | ENABLED_REV2)) != 0)
		imap_reply(s, REPLY_UNTAGGED_OK, "CLOSED", "the previous mailbox is closed");
}

static enum imap_run begin(struct imap_session *s)
{
	struct selection sel = { .recent = { 1, 1 } };
	struct err err = { .code = OK };
	struct str name;
	enum errc rc;

	close_previous(s);
	if (s->command.select.params.condstore)
		imap_enable_condstore(s);
	if (!imap_mailbox_name(s, s->command.select.mailbox, &name))
		return RUN_DONE;
	rc = select_mailbox(s, name, &sel, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return RUN_DONE;
	}
	log_debug(s->base.log, "select", F_STR("mbox", sel.mailbox.name));
	session_is_in(&s->base, "selected", sel.mailbox.name);
	set_recent(s->view, &sel);
	tell(s, &sel, name);
	s->work = sel.resync;
	return go_on(s);
}

enum imap_run imap_run_select(struct imap_session *s)
{
	/* RFC 7162 3.2.5: only for who has enabled it */
	if (s->command.select.params.qresync.asked && (s->enabled & ENABLED_QRESYNC) == 0) {
		imap_reply(s, REPLY_BAD, NULL, "QRESYNC is not enabled");
		return RUN_DONE;
	}
	return s->work == NULL ? begin(s) : go_on(s);
}
