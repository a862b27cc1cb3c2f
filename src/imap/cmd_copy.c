/*
 * imap/cmd_copy.c - COPY and UID COPY (RFC 3501 6.4.7; COPYUID: RFC 4315 section 3). All or none.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/uids.h"
#include "imap/view.h"
#include "store/mailbox.h"
#include "store/message.h"

/* A COPYUID that would be longer is left out: it is for the client's convenience. */
#define COPYUID_MAX ((size_t)1024 * 1024)

static enum errc find_target(
    struct imap_session *s, struct str name, struct mailbox *mailbox, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);
	db_return(&db);
	if (rc == OK && mailbox->no_select)
		rc = err_set(err, ERR_STATE, "the mailbox holds no messages");
	return rc;
}

static enum imap_run done(struct imap_session *s, const struct copied *copied)
{
	struct buf text = BUF_INIT(COPYUID_MAX);
	enum imap_run run;

	if (copied->count == 0)
		return imap_finish(s, NULL, "nothing to copy");
	buf_printf(&text, "[COPYUID %u ", copied->uidvalidity);
	seqset_print(&text, copied->from, copied->count);
	buf_add_char(&text, ' ');
	seqset_print(&text, copied->to, copied->count);
	BUF_ADD(&text, "] copied");
	run = text.overflow ? imap_finish(s, NULL, "copied")
			    : imap_finish_text(s, buf_str(&text));
	buf_release(&text);
	return run;
}

static enum imap_run failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	if (rc == ERR_NOTFOUND)
		imap_reply(s, REPLY_NO, "TRYCREATE", "no such mailbox");
	else
		imap_reply_error(s, rc, err);
	return RUN_DONE;
}

enum imap_run imap_run_copy(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct copied copied = { .count = 0 };
	struct mailbox target;
	struct uid_list uids;
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.copy.mailbox, &name))
		return RUN_DONE;
	rc = uids_of_set(s, &s->command.copy.set, s->command.uid, &uids, NULL, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return RUN_DONE;
	}
	rc = find_target(s, name, &target, &err);
	if (rc == OK && uids.count > 0)
		rc = store_copy(s->env->store, s->actor, s->view->owner, s->view->mailbox,
		    uids.uid, uids.count, target.owner, target.id, s->arena, &copied, &err);
	if (rc != OK)
		return failed(s, rc, &err);
	/* RFC 2180 4.4: what another session has removed cannot be copied; what is there was */
	if (!s->command.uid && copied.count == 0 && uids.count > 0)
		return imap_finish_no(s, "EXPUNGEISSUED", "the messages are gone");
	return done(s, &copied);
}
