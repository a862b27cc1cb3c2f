/*
 * imap/session.c - one connection: bytes to commands, commands to steps, and its state.
 *
 *	          LOGIN, AUTHENTICATE            SELECT, EXAMINE
 *	STRANGER ---------------------> KNOWN <------------------> SELECTED
 *	    |                             |     CLOSE, UNSELECT,       |  (SELECT again)
 *	    |                             |     failed SELECT          |
 *	    +-----------------------------+-------------+--------------+
 *	                                                v
 *	                                              ENDED   LOGOUT, BYE, end of input
 *
 * RFC 3501 section 3. STARTTLS stays in STRANGER.
 */
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/secret.h"
#include "imap/imap_int.h"
#include "imap/limits.h"
#include "imap/login.h"
#include "imap/parse.h"
#include "imap/reply.h"
#include "imap/view.h"
#include "net/spool.h"
#include "store/authlog.h"

#include <assert.h>

#define LEASE_WAIT_MS 5000

static const struct frame_limits stranger_limits = {
	.line_max = IMAP_STRANGER_LINE_MAX,
	.command_max = IMAP_STRANGER_SESSION_MAX,
};

static const struct frame_limits known_limits = {
	.line_max = IMAP_LINE_MAX,
	.command_max = IMAP_COMMAND_MAX,
};

static bool is_in_the_diagram(enum imap_state from, enum imap_state to)
{
	switch (from) {
	case IMAP_STRANGER:
		return to == IMAP_KNOWN || to == IMAP_ENDED;
	case IMAP_KNOWN:
	case IMAP_SELECTED:
		return to != IMAP_STRANGER;
	case IMAP_ENDED:
		break;
	}
	return to == IMAP_ENDED;
}

static const char *state_word(enum imap_state state)
{
	switch (state) {
	case IMAP_STRANGER:
		return "stranger";
	case IMAP_KNOWN:
		return "known";
	case IMAP_SELECTED:
		return "selected";
	case IMAP_ENDED:
		break;
	}
	return "ended";
}

void imap_session_enter(struct imap_session *s, enum imap_state state)
{
	assert(is_in_the_diagram(s->state, state));
	if (s->state == IMAP_STRANGER && state == IMAP_KNOWN)
		framer_set_limits(&s->framer, known_limits);
	log_debug(s->base.log, "state", F_WORD("state", state_word(state)));
	session_is_in(&s->base, state_word(state), STR_EMPTY);
	s->state = state;
}

void imap_deselect(struct imap_session *s)
{
	if (s->view == NULL)
		return;
	view_close(s);
	xfree(s->view);
	s->view = NULL;
	imap_session_enter(s, IMAP_KNOWN);
}

bool imap_step_is_over(const struct imap_session *s)
{
	return s->base.out.n >= STEP_OUTPUT_MAX || clock_mono_us() >= s->step_until_us;
}

enum errc imap_lease(struct imap_session *s, struct db **db_out, struct err *err)
{
	return db_lease(store_pool(s->env->store), LEASE_WAIT_MS, db_out, err);
}

static enum imap_run finish(struct imap_session *s, bool ok, struct str text)
{
	s->finish.ready = true;
	s->finish.ok = ok;
	s->finish.modseq = false;
	s->finish.text = text;
	return RUN_FINISH;
}

static struct str coded(struct imap_session *s, const char *code, const char *text)
{
	if (code == NULL)
		return str_from(text);
	return str_printf(s->arena, "[%s] %s", code, text);
}

enum imap_run imap_finish(struct imap_session *s, const char *code, const char *text)
{
	return finish(s, true, coded(s, code, text));
}

enum imap_run imap_finish_no(struct imap_session *s, const char *code, const char *text)
{
	return finish(s, false, coded(s, code, text));
}

enum imap_run imap_finish_text(struct imap_session *s, struct str text)
{
	return finish(s, true, str_dup(s->arena, text));
}

enum imap_run imap_finish_no_text(struct imap_session *s, struct str text)
{
	return finish(s, false, str_dup(s->arena, text));
}

enum imap_run imap_finish_modseq(struct imap_session *s, const char *text)
{
	enum imap_run run = finish(s, true, str_from(text));

	s->finish.modseq = true;
	return run;
}

/* The command was answered: what it kept goes. */
static void end_command(struct imap_session *s)
{
	if (s->running)
		session_ended(&s->base, s->result);
	if (s->work_free != NULL)
		s->work_free(s, s->work);
	s->work_free = NULL;
	s->work = NULL;
	s->told = NULL;
	s->finish.ready = false;
	s->running = false;
	spool_free(&s->messages.spool);
	s->messages.count = 0;
	s->messages.bytes = s->messages.memory = 0;
	session_unbook(&s->base);
	s->command = (struct imap_command){ .verb = VERB_COUNT };
	arena_clear(s->arena);
}

enum imap_run imap_bye(struct imap_session *s, const char *code, const char *text)
{
	imap_reply(s, REPLY_BYE, code, text);
	imap_session_enter(s, IMAP_ENDED);
	return RUN_CLOSE;
}

enum imap_run imap_bye_amid(struct imap_session *s, const char *code, const char *text)
{
	s->base.await_peer = true;
	return imap_bye(s, code, text);
}

/* The mailbox cannot be shown any more as the client knows it. */
static enum imap_run lost_mailbox(struct imap_session *s, const struct err *err)
{
	log_info(s->base.log, "mailbox-lost", F_ERR(err));
	return imap_bye_amid(
	    s, NULL, "the selected mailbox changed in a way that cannot be told, or is gone");
}

/* What QRESYNC adds when the news are told: `complete` is what the client may remember as known. */
static void tell_modseq(struct imap_session *s)
{
	if (s->view == NULL || (s->enabled & ENABLED_QRESYNC) == 0)
		return;
	if (s->finish.modseq)
		s->finish.text = str_printf(s->arena, "[HIGHESTMODSEQ %lld] %.*s",
		    (long long)s->view->complete, STR_ARG(s->finish.text));
	else
		view_tell_if_behind(s);
}

/* Tells the news, then answers. */
static enum imap_run tell_and_answer(struct imap_session *s)
{
	enum imap_news news = imap_verb_row(s->command.verb)->news;
	struct err err = { .code = OK };
	enum errc rc = OK;

	if (news != NEWS_NONE && s->state == IMAP_SELECTED) {
		if (!s->view->sync.active && !s->base.has_ticket)
			return RUN_TICKET;
		rc = view_sync(s, news == NEWS_ALL, s->told, &err);
	}
	if (rc == ERR_MORE)
		return RUN_MORE;
	if (rc == ERR_NOTFOUND || rc == ERR_STATE)
		return lost_mailbox(s, &err);
	/* what the command did is done: news that could not be read are for the next one */
	if (rc != OK)
		log_warn(s->base.log, "news-failed", F_ERR(&err));
	tell_modseq(s);
	imap_reply_text(s, s->finish.ok ? REPLY_OK : REPLY_NO, s->finish.text);
	return RUN_DONE;
}

static enum imap_run run_command(struct imap_session *s)
{
	const struct imap_verb_row *row = imap_verb_row(s->command.verb);
	bool needs_ticket = row->ticket || (row->ticket_selected && s->state == IMAP_SELECTED);
	enum imap_run run = RUN_FINISH;

	if (!s->finish.ready) {
		if (needs_ticket && !s->base.has_ticket)
			return RUN_TICKET;
		run = row->run(s);
	}
	if (run == RUN_FINISH)
		run = tell_and_answer(s);
	if (run == RUN_DONE || run == RUN_TLS || run == RUN_DEFLATE || run == RUN_CLOSE)
		end_command(s);
	return run;
}

static enum imap_run count_bad(struct imap_session *s)
{
	unsigned max = s->state == IMAP_STRANGER ? IMAP_STRANGER_BAD_MAX : IMAP_BAD_MAX;

	if (++s->bad_commands >= max)
		return imap_bye(s, NULL, "too many bad commands");
	return RUN_DONE;
}

/* A command that is no command. */
static enum imap_run refuse_command(struct imap_session *s, const char *text)
{
	session_begins(&s->base, VERB_COUNT);
	imap_reply(s, REPLY_BAD, NULL, text);
	session_ended(&s->base, RESULT_BAD);
	end_command(s);
	return count_bad(s);
}

static enum imap_run begin_command(struct imap_session *s)
{
	struct str text = framer_command(&s->framer);
	struct err err = { .code = OK };
	enum errc rc = imap_parse(text, s->arena, &s->command, &err);

	if (rc == OK && imap_speaks_utf8(s) && !imap_quoted_is_utf8(text))
		rc = err_set(&err, ERR_SYNTAX, "quoted string that is not UTF-8");
	framer_next(&s->framer);
	if (rc == ERR_LIMIT) {
		imap_reply(s, REPLY_NO, "LIMIT", err.text);
		end_command(s);
		return RUN_DONE;
	}
	if (rc != OK)
		return refuse_command(s, err.text);
	if ((imap_verb_row(s->command.verb)->states & s->state) == 0)
		return refuse_command(s, "not in this state");
	s->bad_commands = 0;
	s->running = true;
	s->base.commands++;
	s->result = RESULT_CLOSED;
	session_begins(&s->base, s->command.verb);
	return RUN_DONE;
}

void imap_refuse_text(
    struct imap_session *s, enum reply_kind kind, const char *code, const char *text)
{
	struct str text_so_far = framer_command(&s->framer);

	/* its beginning may say what a refusal means; that it has no end is known */
	if (imap_parse(text_so_far, s->arena, &s->command, NULL) != OK)
		s->command.tag = str_dup(s->arena, imap_tag_of(text_so_far));
	imap_reply(s, kind, code, text);
	end_command(s);
}

size_t imap_command_memory(const struct imap_session *s)
{
	return s->framer.command.room + arena_used(s->arena) +
	    (s->messages.spool ? IMAP_SPOOL_MEMORY_MAX : 0);
}

static enum imap_run too_long(struct imap_session *s)
{
	imap_refuse_text(s, REPLY_BAD, NULL, "command too long");
	return count_bad(s);
}

/* What has come and was not looked at yet. */
static struct str input_left(struct imap_session *s)
{
	return str_from_at(buf_str(&s->base.in), s->taken);
}

static enum frame feed_framer(struct imap_session *s)
{
	enum frame frame;
	size_t n = framer_feed(&s->framer, input_left(s), &frame);

	s->taken += n;
	if (s->state == IMAP_STRANGER)
		s->stranger_bytes += n;
	return frame;
}

static enum imap_run next_command(struct imap_session *s)
{
	enum frame frame = feed_framer(s);

	if (s->state == IMAP_STRANGER && s->stranger_bytes > IMAP_STRANGER_SESSION_MAX)
		return imap_bye(s, NULL, "too much before login");
	switch (frame) {
	case FRAME_MORE:
		return RUN_INPUT;
	case FRAME_COMMAND:
		return begin_command(s);
	case FRAME_LITERAL:
		return imap_literal_announced(s);
	case FRAME_DATA:
		return imap_literal_data(s);
	case FRAME_TOO_LONG:
		return too_long(s);
	case FRAME_DROPPED:
		break;
	}
	return RUN_DONE;
}

enum errc imap_take_line(struct imap_session *s, struct str *line_out)
{
	enum frame frame = feed_framer(s);

	if (s->state == IMAP_STRANGER && s->stranger_bytes > IMAP_STRANGER_SESSION_MAX)
		return ERR_LIMIT;
	if (frame == FRAME_TOO_LONG || frame == FRAME_DROPPED)
		return ERR_LIMIT;
	*line_out = framer_command(&s->framer);
	return frame == FRAME_COMMAND ? OK : ERR_MORE;
}

static void greet(struct imap_session *s)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* OK [CAPABILITY ");
	imap_add_capabilities(s, out);
	buf_printf(out, "] %.*s Tabella ready\r\n", STR_ARG(s->env->hostname));
	s->greeted = true;
}

/* RFC 3501 5.4: autologout. IDLE counts as silence too (RFC 2177 section 3). */
static bool is_silent_too_long(struct imap_session *s)
{
	return s->state != IMAP_STRANGER && !s->running &&
	    clock_mono_ms() - s->active_ms >= s->env->conf->idle_timeout_ms;
}

static enum imap_run one_thing(struct imap_session *s)
{
	enum imap_run run;

	if (s->running)
		run = run_command(s);
	else if (!s->stopping && is_silent_too_long(s))
		return imap_bye(s, NULL, "autologout: idle for too long");
	else
		run = next_command(s);
	/* half a command is none: a stop waits for the bytes of a message and for nothing else of a client */
	if (run == RUN_INPUT && s->stopping && s->messages.count == 0)
		return imap_bye(s, "UNAVAILABLE", "server is stopping");
	return run;
}

static enum step step_of(struct imap_session *s, enum imap_run run)
{
	switch (run) {
	case RUN_INPUT:
	case RUN_IDLE:
		if (s->eof)
			return STEP_CLOSE;
		return run == RUN_IDLE ? STEP_IDLE : STEP_INPUT;
	case RUN_WAIT:
		return STEP_WAIT;
	case RUN_TICKET:
		return STEP_TICKET;
	case RUN_TLS:
		return STEP_TLS;
	case RUN_DEFLATE:
		return STEP_DEFLATE;
	case RUN_CLOSE:
		return STEP_CLOSE;
	case RUN_DONE:
	case RUN_FINISH:
	case RUN_MORE:
		break;
	}
	return STEP_MORE;
}

static enum step run_step(struct imap_session *s)
{
	enum imap_run run;

	do
		run = one_thing(s);
	while (run == RUN_DONE && !imap_step_is_over(s));
	return step_of(s, run);
}

/* Autologout of a session that waits for a command; commands that wait set their own timer. */
static void set_timer(struct imap_session *s)
{
	int64_t at = s->active_ms + s->env->conf->idle_timeout_ms;

	if (s->state == IMAP_STRANGER || s->state == IMAP_ENDED || s->running)
		return;
	/* a timer that comes too early costs one run; setting it at each command costs more */
	if (s->timer_ms != 0 && s->timer_ms <= at)
		return;
	session_timer(&s->base, at);
	s->timer_ms = at;
}

static enum step session_run(struct session *base)
{
	struct imap_session *s = (struct imap_session *)base;
	enum step step;

	s->step_until_us = clock_mono_us() + STEP_TIME_US;
	if (!s->greeted)
		greet(s);
	if (session_take_event(base, EVENT_SHUTDOWN))
		s->stopping = true;
	if (session_take_event(base, EVENT_EOF))
		s->eof = true;
	if (session_take_event(base, EVENT_BUS))
		s->bus = true;
	(void)session_take_event(base, EVENT_DONE);
	if (session_take_event(base, EVENT_TIMER))
		s->timer_ms = 0;
	if (base->in.n > 0)
		s->active_ms = clock_mono_ms();
	step = run_step(s);
	if (step == STEP_TLS || step == STEP_CLOSE)
		s->taken = base->in.n;
	buf_consume(&base->in, s->taken);
	s->taken = 0;
	base->memory = s->running || !framer_is_idle(&s->framer) ? imap_command_memory(s) : 0;
	set_timer(s);
	return step;
}

static void session_free(struct session *base)
{
	struct imap_session *s = (struct imap_session *)base;

	if (s->user.n > 0)
		log_info(base->log, "logout", F_STR("user", s->user),
		    F_UINT("in", base->bytes_in), F_UINT("out", base->bytes_out));
	end_command(s);
	if (s->view != NULL) {
		view_close(s);
		xfree(s->view);
	}
	imap_login_free(s);
	authlog_close(&s->journal, base->bytes_in, base->bytes_out);
	framer_release(&s->framer);
	arena_free(&s->arena);
	xfree((char *)s->user.p);
	xfree(s);
}

static const struct session_ops ops = { .run = session_run, .free = session_free };

struct session *imap_open(void *arg, const struct session *base)
{
	struct imap_session *s = xcalloc(1, sizeof(*s));

	s->base = *base;
	s->base.ops = &ops;
	s->env = arg;
	s->state = IMAP_STRANGER;
	s->arena = arena_new("imap command");
	s->active_ms = clock_mono_ms();
	framer_init(&s->framer, stranger_limits);
	return &s->base;
}
