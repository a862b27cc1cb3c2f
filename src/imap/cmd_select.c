/*
 * imap/cmd_select.c - SELECT and EXAMINE (RFC 3501 6.3.1, 6.3.2).
 *
 * They answer from the mailbox's row. The index is pinned at once where that is cheap; else it is loaded by the first
 * command that asks for a message.
 */
#include "base/heap.h"
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
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
};

static enum errc find(
    struct imap_session *s, struct str name, struct selection *sel, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, &sel->mailbox, err);
	db_return(&db);
	if (rc == OK && sel->mailbox.no_select)
		rc = err_set(err, ERR_STATE, "the mailbox cannot be selected");
	if (rc == OK && (sel->mailbox.rights & RIGHT_READ) == 0)
		rc = err_set(err, ERR_DENIED, "no right to read the mailbox");
	return rc;
}

static enum errc pin_index(
    struct imap_session *s, struct db *db, struct selection *sel, struct err *err)
{
	struct imap_view *view = s->view;
	struct index_version *version = index_cached(s->env->store, view->owner, view->mailbox);
	bool cheap = version != NULL || sel->state.messages <= LOADED_AT_ONCE_MAX;
	enum errc rc;

	index_release(&version);
	if (!cheap)
		return OK;
	rc = index_newest(s->env->store, db, view->owner, view->mailbox, &version, err);
	if (rc != OK)
		return rc;
	view->known = view->newest = version;
	view->exists = index_count(version);
	view->uidnext = index_uidnext(version);
	view->modseq = index_modseq(version);
	return OK;
}

static enum errc open_view(struct imap_session *s, struct selection *sel, struct err *err)
{
	struct imap_view *view = s->view;
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_state(s->env->store, db, view->owner, view->mailbox, &sel->state, err);
	if (rc == OK) {
		view->exists = sel->state.messages;
		view->uidnext = sel->state.uidnext;
		view->modseq = sel->state.highestmodseq;
		rc = pin_index(s, db, sel, err);
	}
	db_return(&db);
	if (rc == OK && !view->read_only)
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

static void tell(struct imap_session *s, const struct selection *sel)
{
	struct imap_view *view = s->view;
	struct buf *out = &s->base.out;
	uint32_t unseen = view->known != NULL ? index_first_unseen(view->known, 1) : 0;

	view_tell_flags(s);
	add_number(out, view->exists, "EXISTS");
	add_number(out, view->recent, "RECENT");
	if (unseen != 0)
		buf_printf(out, "* OK [UNSEEN %u] first unseen message\r\n", unseen);
	buf_printf(out, "* OK [UIDVALIDITY %u] UIDs are valid\r\n", sel->state.uidvalidity);
	buf_printf(out, "* OK [UIDNEXT %u] next UID\r\n", view->uidnext);
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

enum imap_run imap_run_select(struct imap_session *s)
{
	struct selection sel = { .recent = { 1, 1 } };
	struct err err = { .code = OK };
	struct str name;
	enum errc rc;

	/* a SELECT that fails leaves nothing selected */
	imap_deselect(s);
	if (!imap_mailbox_name(s, s->command.mailbox, &name))
		return RUN_DONE;
	rc = select_mailbox(s, name, &sel, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return RUN_DONE;
	}
	log_debug(s->base.log, "select", F_STR("mbox", sel.mailbox.name));
	session_is_in(&s->base, "selected", sel.mailbox.name);
	set_recent(s->view, &sel);
	tell(s, &sel);
	imap_reply(s, REPLY_OK, s->view->read_only ? "READ-ONLY" : "READ-WRITE", "selected");
	return RUN_DONE;
}
