/*
 * imap/cmd_append.c - APPEND (RFC 3501 6.3.11; several messages: RFC 3502; APPENDUID: RFC 4315; literal8: RFC 3516). The
 * messages are in the spool when it runs. They are prepared in steps and stored in one transaction: all or none.
 */
#include "base/clock.h"
#include "imap/reply.h"
#include "imap/target.h"
#include "net/spool.h"

#include <string.h>

struct append_work {
	struct mailbox mailbox;
	struct str bytes;		 /* of all messages */
	struct append_message *messages; /* one a part; those before `prepared` are ready */
	struct prepared **prepared;
	size_t count, next;
	uint64_t at; /* where the next one begins */
};

static void free_work(struct imap_session *s, void *arg)
{
	struct append_work *work = arg;

	(void)s;
	for (size_t i = 0; i < work->next; i++)
		prepared_free(&work->prepared[i]);
}

static enum imap_run failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	if (rc != ERR_LIMIT)
		return target_failed(s, rc, err);
	imap_reply(s, REPLY_NO, "LIMIT", "message or flags over a limit");
	return RUN_DONE;
}

/* What is wrong with a message, or NULL. */
static const char *complaint(
    const struct imap_session *s, const struct append_part *part, struct str bytes)
{
	if (part->utf8 && (s->enabled & ENABLED_UTF8) == 0)
		return "UTF8 needs ENABLE UTF8=ACCEPT before it";
	/* RFC 3501 section 9: CHAR8 is any byte but NUL */
	if (!part->binary && memchr(bytes.p, '\0', bytes.n) != NULL)
		return "NUL in a message that came in no literal8";
	return NULL;
}

/* False: answered. */
static bool check_messages(struct imap_session *s, struct str all)
{
	uint64_t at = 0;

	for (size_t i = 0; i < s->command.append.count; i++) {
		const struct append_part *part = &s->command.append.parts[i];
		const char *text;

		if (part->size > all.n - at)
			break;
		/* RFC 3502 section 4: a client that sends an empty one gives the command up */
		if (part->size == 0) {
			imap_reply(s, REPLY_NO, "CANNOT", "a message is empty");
			return false;
		}
		text = complaint(s, part, (struct str){ all.p + at, part->size });
		if (text != NULL) {
			imap_reply(s, REPLY_BAD, NULL, text);
			return false;
		}
		at += part->size;
	}
	if (at == all.n)
		return true;
	imap_reply(s, REPLY_NO, "UNAVAILABLE", "the messages are not as they were announced");
	return false;
}

/* False: answered. */
static bool begin(struct imap_session *s)
{
	struct append_work *work = ARENA_NEW(s->arena, struct append_work, 1);
	struct err err = { .code = OK };
	struct str name;
	enum errc rc;

	if (s->messages.spool == NULL ||
	    spool_view(s->messages.spool, &work->bytes, &err) != OK) {
		imap_reply(s, REPLY_NO, "UNAVAILABLE", "no room for the message now");
		return false;
	}
	if (!check_messages(s, work->bytes) ||
	    !imap_mailbox_name(s, s->command.append.mailbox, &name))
		return false;
	rc = target_find(s, name, &work->mailbox, &err);
	if (rc != OK) {
		(void)failed(s, rc, &err);
		return false;
	}
	work->count = s->command.append.count;
	work->messages = ARENA_NEW(s->arena, struct append_message, work->count);
	work->prepared = ARENA_NEW(s->arena, struct prepared *, work->count);
	s->work = work;
	s->work_free = free_work;
	return true;
}

static enum errc prepare_next(struct imap_session *s, struct append_work *work, struct err *err)
{
	const struct append_part *part = &s->command.append.parts[work->next];
	struct append_message *message = &work->messages[work->next];
	struct str bytes = { work->bytes.p + work->at, part->size };
	enum errc rc = prepare_message(s->env->store, bytes, &work->prepared[work->next], err);

	if (rc != OK)
		return rc;
	message->message = work->prepared[work->next++];
	message->flags = part->flags;
	message->internal_date = clock_unix_s();
	if (part->has_date) {
		message->internal_date = civil_to_unix(&part->date);
		message->internal_zone_min = part->date.zone_min;
	}
	work->at += part->size;
	return OK;
}

static enum imap_run done(
    struct imap_session *s, const struct append_work *work, const struct appended *appended)
{
	/* RFC 9051 6.3.12: who may not open the mailbox is told nothing of it */
	bool hidden = (work->mailbox.rights & RIGHT_READ) == 0;
	struct str text = appended->uid_first == appended->uid_last
	    ? str_printf(s->arena, "[APPENDUID %u %u] appended", appended->uidvalidity,
		  appended->uid_first)
	    : str_printf(s->arena, "[APPENDUID %u %u:%u] appended", appended->uidvalidity,
		  appended->uid_first, appended->uid_last);

	return hidden ? imap_finish(s, NULL, "appended") : imap_finish_text(s, text);
}

enum imap_run imap_run_append(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct append_work *work;
	struct appended appended;
	enum errc rc = OK;

	if (s->work == NULL && !begin(s))
		return RUN_DONE;
	work = s->work;
	while (rc == OK && work->next < work->count) {
		rc = prepare_next(s, work, &err);
		if (rc == OK && imap_step_is_over(s))
			return RUN_MORE;
	}
	if (rc == OK)
		rc = store_append(s->env->store, s->actor, work->mailbox.owner,
		    work->mailbox.id, work->messages, work->count, &appended, &err);
	return rc == OK ? done(s, work, &appended) : failed(s, rc, &err);
}
