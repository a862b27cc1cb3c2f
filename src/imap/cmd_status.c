/*
 * imap/cmd_status.c - STATUS (RFC 9051 6.3.11; SIZE: RFC 8438; HIGHESTMODSEQ: RFC 7162 3.1.7; DELETED-STORAGE: RFC 9208 4.1.4), also of the selected
 * mailbox.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/status.h"
#include "imap/view.h"

static enum errc find(struct imap_session *s, struct db *db, struct str name,
    struct mailbox *mailbox, struct err *err)
{
	enum errc rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);

	if (rc == OK && mailbox->no_select)
		rc = err_set(err, ERR_STATE, "the mailbox holds no messages");
	if (rc == OK && (mailbox->rights & RIGHT_READ) == 0)
		rc = err_set(err, ERR_DENIED, "no right to read the mailbox");
	return rc;
}

/* RFC 7162 3.1.7. Of the selected mailbox no change counts that was not told yet. */
static uint64_t modseq_of(const struct imap_session *s, const struct mailbox *mailbox,
    const struct mailbox_state *state)
{
	const struct imap_view *view = s->view;
	int64_t modseq = state->highestmodseq;

	if (view != NULL && view->owner == mailbox->owner && view->mailbox == mailbox->id &&
	    modseq > view->complete)
		modseq = view->complete;
	return (uint64_t)modseq;
}

enum errc status_tell(struct imap_session *s, struct db *db, const struct mailbox *mailbox,
    unsigned items, const struct mailbox_state *state, struct err *err)
{
	struct buf *out = &s->base.out;
	uint64_t deleted_size = 0;
	enum errc rc = OK;

	if ((items & STATUS_DELETED_STORAGE) != 0)
		rc = mailbox_deleted_size(db, mailbox, state, &deleted_size, err);
	if (rc != OK)
		return rc;
	/* RFC 7162 3.1 */
	if ((items & STATUS_HIGHESTMODSEQ) != 0)
		imap_enable_condstore(s);

	const struct {
		enum status_item item;
		const char *name;
		uint64_t value;
	} all[] = {
		{ STATUS_MESSAGES, "MESSAGES", state->messages },
		{ STATUS_RECENT, "RECENT", state->recent },
		{ STATUS_UIDNEXT, "UIDNEXT", state->uidnext },
		{ STATUS_UIDVALIDITY, "UIDVALIDITY", state->uidvalidity },
		{ STATUS_UNSEEN, "UNSEEN", state->unseen },
		{ STATUS_HIGHESTMODSEQ, "HIGHESTMODSEQ", modseq_of(s, mailbox, state) },
		{ STATUS_DELETED, "DELETED", state->deleted },
		{ STATUS_SIZE, "SIZE", state->size },
		{ STATUS_DELETED_STORAGE, "DELETED-STORAGE", deleted_size },
	};
	const char *before = "";

	BUF_ADD(out, "* STATUS ");
	imap_add_mailbox(s, mailbox->name);
	BUF_ADD(out, " (");
	for (size_t i = 0; i < COUNT(all); i++) {
		if ((items & (unsigned)all[i].item) == 0)
			continue;
		buf_printf(out, "%s%s ", before, all[i].name);
		buf_add_u64(out, all[i].value);
		before = " ";
	}
	BUF_ADD(out, ")\r\n");
	return OK;
}

static enum errc run(struct imap_session *s, struct str name, struct err *err)
{
	struct mailbox_state state;
	struct mailbox mailbox;
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = find(s, db, name, &mailbox, err);
	if (rc == OK)
		rc = mailbox_state_found(s->env->store, db, &mailbox, &state, err);
	if (rc == OK)
		rc = status_tell(s, db, &mailbox, s->command.status.items, &state, err);
	db_return(&db);
	return rc;
}

enum imap_run imap_run_status(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.status.mailbox, &name))
		return RUN_DONE;
	rc = run(s, name, &err);
	if (rc == OK)
		return imap_finish(s, NULL, "status told");
	imap_reply_error(s, rc, &err);
	return RUN_DONE;
}
