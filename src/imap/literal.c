/*
 * imap/literal.c - literals that a client announces: kept in the command, spooled (the messages of an APPEND), or refused
 * (RFC 3501 section 4.3, RFC 7888).
 */
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/limits.h"
#include "imap/parse.h"
#include "net/spool.h"
#include "store/message.h"

/* Of a message that is prepared and waits for the others of its command, besides what its size asks for. */
#define PREPARED_BESIDE UINT64_C(8192)

/*
 * Whoever waits for "+" reads the answer and sends nothing. Who does not wait is sending already: RFC 7888 section 4, it is
 * read and dropped, or the connection ends.
 */
static enum imap_run refuse(
    struct imap_session *s, enum reply_kind kind, const char *code, const char *text)
{
	const struct frame_literal *literal = &s->framer.literal;

	imap_refuse_text(s, kind, code, text);
	if (!literal->synchronous &&
	    (s->state == IMAP_STRANGER || literal->size > IMAP_DROP_MAX))
		return imap_bye_amid(s, code, text);
	framer_refuse(&s->framer);
	return RUN_DONE;
}

static enum imap_run refuse_for_now(struct imap_session *s)
{
	return refuse(s, REPLY_NO, "LIMIT", "too much in memory, try again later");
}

static enum imap_run go_on(struct imap_session *s)
{
	if (s->framer.literal.synchronous)
		imap_continue(s, "go on");
	return RUN_DONE;
}

/* What the spool keeps in memory, and then what storing takes: booked before the first byte comes. */
static bool book_message(struct imap_session *s, uint64_t size)
{
	uint64_t beside = prepare_memory(0);
	uint64_t memory = s->messages.count == 0
	    ? prepare_memory(size)
	    : s->messages.memory + prepare_memory(size) - beside + PREPARED_BESIDE;

	if (session_book(&s->base, imap_command_memory(s) + IMAP_SPOOL_MEMORY_MAX + memory) !=
	    OK)
		return false;
	s->messages.memory = memory;
	return true;
}

/* A message of an APPEND: straight to the spool, behind those before it. */
static enum imap_run take_message(struct imap_session *s)
{
	uint64_t size = s->framer.literal.size, max = s->env->conf->message_max;
	uint64_t total_max = IMAP_APPEND_TOTAL_FACTOR * max;

	if (size > max)
		return refuse(s, REPLY_NO, "TOOBIG", "message too big");
	if (s->messages.count == IMAP_APPEND_MESSAGES_MAX)
		return refuse(s, REPLY_NO, "LIMIT", "too many messages at once");
	if (size > total_max - s->messages.bytes)
		return refuse(s, REPLY_NO, "LIMIT", "too much at once");
	if (!book_message(s, size))
		return refuse_for_now(s);
	if (s->messages.count == 0)
		s->messages.spool =
		    spool_new(s->env->spool_directory, IMAP_SPOOL_MEMORY_MAX, total_max);
	s->messages.count++;
	s->messages.bytes += size;
	framer_spool(&s->framer);
	return go_on(s);
}

static bool is_message(struct imap_session *s)
{
	bool is;

	if (s->state == IMAP_STRANGER)
		return false;
	/* what came before the messages was looked at with the first of them */
	is = s->messages.count > 0
	    ? imap_literal_is_next_message(framer_line(&s->framer), s->arena)
	    : imap_literal_is_message(framer_command(&s->framer), s->arena);
	arena_clear(s->arena);
	return is;
}

enum imap_run imap_literal_announced(struct imap_session *s)
{
	const struct frame_literal *literal = &s->framer.literal;
	size_t max = s->state == IMAP_STRANGER ? IMAP_STRANGER_LITERAL_MAX : IMAP_LITERAL_MAX;

	/* RFC 7888 section 5: BAD for LITERAL- */
	if (s->env->conf->literal_minus && s->state != IMAP_STRANGER && !literal->synchronous &&
	    literal->size > IMAP_LITERAL_MINUS_MAX)
		return refuse(s, REPLY_BAD, "TOOBIG", "so large a literal has to wait for +");
	if (is_message(s))
		return take_message(s);
	if (!framer_literal_fits(&s->framer, max))
		return refuse(s, REPLY_NO, "TOOBIG", "literal too big");
	if (session_book(
		&s->base, imap_command_memory(s) + s->messages.memory + literal->size) != OK)
		return refuse_for_now(s);
	framer_accept(&s->framer);
	return go_on(s);
}

/* When they cannot be kept the rest is read all the same. */
enum imap_run imap_literal_data(struct imap_session *s)
{
	struct spool **spool = &s->messages.spool;
	struct err err = { .code = OK };

	if (*spool == NULL || spool_add(*spool, framer_data(&s->framer), &err) == OK)
		return RUN_DONE;
	log_warn(s->base.log, "spool-failed", F_ERR(&err));
	spool_free(spool);
	return RUN_DONE;
}
