/*
 * imap/cmd_copy.c - COPY and UID COPY (RFC 3501 6.4.7; COPYUID: RFC 4315 section 3), MOVE and UID MOVE (RFC 6851). All or
 * none.
 */
#include "imap/reply.h"
#include "imap/target.h"
#include "imap/uids.h"
#include "imap/view.h"

typedef enum errc transfer_fn(struct store *store, struct actor actor, int64_t owner,
    int64_t mailbox, const uint32_t *uids, size_t count, int64_t to_owner, int64_t to_mailbox,
    struct arena *arena, struct copied *copied_out, struct err *err);

/* False: it was answered, or the command ends with *run_out. */
static bool transfer(struct imap_session *s, transfer_fn *function, struct copied *copied_out,
    enum imap_run *run_out)
{
	struct err err = { .code = OK };
	struct mailbox target;
	struct uid_list uids;
	struct str name;
	enum errc rc;

	*run_out = RUN_DONE;
	*copied_out = (struct copied){ .count = 0 };
	if (!imap_mailbox_name(s, s->command.copy.mailbox, &name))
		return false;
	rc = uids_of_set(s, &s->command.copy.set, s->command.uid, &uids, NULL, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return false;
	}
	rc = target_find(s, name, &target, &err);
	if (rc == OK && uids.count > 0)
		rc = function(s->env->store, s->actor, s->view->owner, s->view->mailbox,
		    uids.uid, uids.count, target.owner, target.id, s->arena, copied_out, &err);
	if (rc != OK) {
		*run_out = target_failed(s, rc, &err);
		return false;
	}
	/* RFC 2180 4.4: what another session has removed cannot be copied; what is there was */
	if (s->command.uid || copied_out->count > 0 || uids.count == 0)
		return true;
	*run_out = imap_finish_no(s, "EXPUNGEISSUED", "the messages are gone");
	return false;
}

enum imap_run imap_run_copy(struct imap_session *s)
{
	struct copied copied;
	enum imap_run run;

	if (!transfer(s, store_copy, &copied, &run))
		return run;
	if (copied.count == 0)
		return imap_finish(s, NULL, "nothing to copy");
	return imap_finish_text(s, target_copyuid(s, &copied, "copied"));
}

/* RFC 6851 4.3: COPYUID comes in an untagged OK, before the EXPUNGEs, which are told as news like any others. */
enum imap_run imap_run_move(struct imap_session *s)
{
	struct copied moved;
	enum imap_run run;

	if (s->view->read_only) {
		imap_reply(s, REPLY_NO, NULL, "messages may not be removed here");
		return RUN_DONE;
	}
	if (!transfer(s, store_move, &moved, &run))
		return run;
	if (moved.count == 0)
		return imap_finish(s, NULL, "nothing to move");
	imap_reply_text(s, REPLY_UNTAGGED_OK, target_copyuid(s, &moved, "moving"));
	return imap_finish_modseq(s, "moved");
}
