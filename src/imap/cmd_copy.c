/*
 * imap/cmd_copy.c - COPY and UID COPY (RFC 3501 6.4.7; COPYUID: RFC 4315 section 3), MOVE and UID MOVE (RFC 6851). All or
 * none.
 */
#include "imap/reply.h"
#include "imap/target.h"
#include "imap/uids.h"
#include "imap/view.h"

struct transferred {
	struct copied copied;
	bool hidden; /* RFC 9051 6.4.7: who may not open the target is told nothing of it */
};

static struct str told(
    struct imap_session *s, const struct transferred *transferred, const char *word)
{
	return transferred->hidden ? str_from(word)
				   : target_copyuid(s, &transferred->copied, word);
}

/* False: it was answered, or the command ends with *run_out. */
static bool transfer(struct imap_session *s, bool move, struct transferred *transferred_out,
    enum imap_run *run_out)
{
	struct copied *copied = &transferred_out->copied;
	struct err err = { .code = OK };
	struct mailbox target = { .id = 0 };
	struct uid_list uids;
	struct str name;
	enum errc rc;

	*run_out = RUN_DONE;
	*transferred_out = (struct transferred){ .hidden = false };
	if (!imap_mailbox_name(s, s->command.copy.mailbox, &name))
		return false;
	rc = uids_of_set(s, &s->command.copy.set, s->command.uid, &uids, NULL, &err);
	if (rc != OK) {
		imap_reply_error(s, rc, &err);
		return false;
	}
	rc = target_find(s, name, &target, &err);
	if (rc == OK && uids.count > 0)
		rc = store_copy(s->env->store,
		    &(const struct copy_order){ s->actor, s->view->owner, s->view->mailbox,
			uids.uid, uids.count, target.owner, target.id, move },
		    s->arena, copied, &err);
	if (rc != OK) {
		*run_out = target_failed(s, rc, &err);
		return false;
	}
	transferred_out->hidden = (target.rights & RIGHT_READ) == 0;
	/* RFC 2180 4.4: what another session has removed cannot be copied; what is there was */
	if (s->command.uid || copied->count > 0 || uids.count == 0)
		return true;
	*run_out = imap_finish_no(s, "EXPUNGEISSUED", "the messages are gone");
	return false;
}

enum imap_run imap_run_copy(struct imap_session *s)
{
	struct transferred transferred;
	enum imap_run run;

	if (!transfer(s, false, &transferred, &run))
		return run;
	if (transferred.copied.count == 0)
		return imap_finish(s, NULL, "nothing to copy");
	return imap_finish_text(s, told(s, &transferred, "copied"));
}

/* RFC 6851 4.3: COPYUID comes in an untagged OK, before the EXPUNGEs, which are told as news like any others. */
enum imap_run imap_run_move(struct imap_session *s)
{
	struct transferred moved;
	enum imap_run run;

	if (s->view->read_only) {
		imap_reply(s, REPLY_NO, NULL, "messages may not be removed here");
		return RUN_DONE;
	}
	if (!transfer(s, true, &moved, &run))
		return run;
	if (moved.copied.count == 0)
		return imap_finish(s, NULL, "nothing to move");
	imap_reply_text(s, REPLY_UNTAGGED_OK, told(s, &moved, "moving"));
	return imap_finish_modseq(s, "moved");
}
