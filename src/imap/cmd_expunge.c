/*
 * imap/cmd_expunge.c - EXPUNGE, CLOSE (RFC 3501 6.4.3, 6.4.2), UID EXPUNGE (RFC 4315 section 2.1).
 *
 * What went is told like any other news of the mailbox.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/uids.h"
#include "imap/view.h"
#include "store/mailbox.h"
#include "store/message.h"

static enum errc expunge(struct imap_session *s, const uint32_t *uids, size_t count,
    size_t *removed_count_out, struct err *err)
{
	uint32_t *removed;

	return store_expunge(s->env->store, s->actor, s->view->owner, s->view->mailbox, uids,
	    count, s->arena, &removed, removed_count_out, err);
}

static bool may_expunge(const struct imap_view *view)
{
	return !view->read_only && (view->rights & RIGHT_EXPUNGE) != 0;
}

enum imap_run imap_run_expunge(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct uid_list uids = { .count = 0 };
	bool all = s->command.verb == VERB_EXPUNGE;
	size_t removed = 0;
	enum errc rc = OK;

	if (!may_expunge(s->view)) {
		imap_reply(s, REPLY_NO, s->view->read_only ? NULL : "NOPERM",
		    "messages may not be removed here");
		return RUN_DONE;
	}
	if (!all)
		rc = uids_of_set(s, &s->command.set, true, &uids, NULL, &err);
	if (rc == OK && (all || uids.count > 0))
		rc = expunge(s, all ? NULL : uids.uid, uids.count, &removed, &err);
	if (rc == OK)
		return removed > 0 ? imap_finish_modseq(s, "expunged")
				   : imap_finish(s, NULL, "nothing to expunge");
	imap_reply_error(s, rc, &err);
	return RUN_DONE;
}

/*
 * No EXPUNGE is told, and no HIGHESTMODSEQ either: it would cover messages that went without the client being told
 * (RFC 7162 3.2.8). In EXAMINE nothing is removed, and that is no error.
 */
enum imap_run imap_run_close(struct imap_session *s)
{
	struct err err = { .code = OK };

	if (may_expunge(s->view)) {
		size_t removed;
		enum errc rc = expunge(s, NULL, 0, &removed, &err);

		if (rc != OK) {
			imap_reply_error(s, rc, &err);
			return RUN_DONE;
		}
	}
	imap_deselect(s);
	imap_reply(s, REPLY_OK, NULL, "closed");
	return RUN_DONE;
}
