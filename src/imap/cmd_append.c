/*
 * imap/cmd_append.c - APPEND (RFC 3501 6.3.11; APPENDUID: RFC 4315). The message is in the spool when it runs.
 */
#include "base/clock.h"
#include "imap/reply.h"
#include "imap/target.h"
#include "net/spool.h"

#include <string.h>

static enum errc append(struct imap_session *s, const struct mailbox *mailbox, struct str bytes,
    struct appended *appended, struct err *err)
{
	struct append_message message = { .flags = s->command.append.flags };
	struct prepared *prepared = NULL;
	enum errc rc = prepare_message(s->env->store, bytes, &prepared, err);

	if (rc != OK)
		return rc;
	message.message = prepared;
	message.internal_date = clock_unix_s();
	if (s->command.append.has_date) {
		message.internal_date = civil_to_unix(&s->command.append.date);
		message.internal_zone_min = s->command.append.date.zone_min;
	}
	rc = store_append(
	    s->env->store, s->actor, mailbox->owner, mailbox->id, &message, 1, appended, err);
	prepared_free(&prepared);
	return rc;
}

static enum imap_run failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	if (rc != ERR_LIMIT)
		return target_failed(s, rc, err);
	imap_reply(s, REPLY_NO, "LIMIT", "message or flags over a limit");
	return RUN_DONE;
}

/* RFC 3501 section 9: CHAR8 is any byte but NUL. False: answered. */
static bool take_message(struct imap_session *s, struct str *bytes_out)
{
	struct err err = { .code = OK };

	if (s->message == NULL || spool_view(s->message, bytes_out, &err) != OK) {
		imap_reply(s, REPLY_NO, "UNAVAILABLE", "no room for the message now");
		return false;
	}
	if (bytes_out->n == 0) {
		imap_reply(s, REPLY_NO, "CANNOT", "the message is empty");
		return false;
	}
	if (memchr(bytes_out->p, '\0', bytes_out->n) != NULL) {
		imap_reply(s, REPLY_BAD, NULL, "NUL in the message");
		return false;
	}
	return true;
}

enum imap_run imap_run_append(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct appended appended;
	struct mailbox mailbox;
	struct str name, bytes;
	enum errc rc;

	if (!take_message(s, &bytes) || !imap_mailbox_name(s, s->command.append.mailbox, &name))
		return RUN_DONE;
	rc = target_find(s, name, &mailbox, &err);
	if (rc == OK)
		rc = append(s, &mailbox, bytes, &appended, &err);
	if (rc != OK)
		return failed(s, rc, &err);
	return imap_finish_text(s,
	    str_printf(s->arena, "[APPENDUID %u %u] appended", appended.uidvalidity,
		appended.uid_first));
}
