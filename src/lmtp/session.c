#include "lmtp/lmtp_int.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "net/network.h"
#include "net/spool.h"
#include "smtp/command.h"
#include "smtp/limits.h"
#include "smtp/reply.h"
#include "store/message.h"

#include <assert.h>

static const char *const state_words[] = {
	[LMTP_CONNECTED] = "connected",
	[LMTP_GREETED] = "greeted",
	[LMTP_READY] = "ready",
	[LMTP_MAIL] = "mail",
	[LMTP_RCPT] = "rcpt",
	[LMTP_DATA] = "data",
	[LMTP_CHUNK] = "chunk",
	[LMTP_COMMIT] = "commit",
	[LMTP_CLOSED] = "closed",
};

void lmtp_enter(struct lmtp_session *l, enum lmtp_state state)
{
	assert(l->state != LMTP_CLOSED);
	assert(state != LMTP_RCPT || l->state == LMTP_MAIL || l->state == LMTP_RCPT ||
	    l->state == LMTP_CHUNK);
	assert(state != LMTP_DATA || l->state == LMTP_RCPT);
	assert(state != LMTP_COMMIT || l->state == LMTP_DATA || l->state == LMTP_CHUNK);
	l->state = state;
	session_is_in(&l->s, state_words[state], STR_EMPTY);
}

void lmtp_reset(struct lmtp_session *l)
{
	/* what an answered delivery stands on lives until the peer has shown that it read the answers */
	if (l->answers_open && !l->answered) {
		l->answered = l->transaction;
		l->transaction = arena_new("lmtp transaction");
	} else {
		arena_clear(l->transaction);
	}
	l->envelope = (struct envelope){ .id = STR_EMPTY };
	l->refused = 0;
	l->plans = NULL;
	l->plan_count = l->plan_room = 0;
	l->utf8 = l->chunked = l->chunk_last = l->chunk_dropped = false;
	l->chunk_left = 0;
	l->data_rc = OK;
	spool_clear(l->spool);
	session_unbook(&l->s);
	if (l->state > LMTP_READY)
		lmtp_enter(l, LMTP_READY);
}

void lmtp_answers_read(struct lmtp_session *l)
{
	if (!l->answers_open)
		return;
	pipeline_answers_read(l->pipeline);
	pipeline_free(&l->pipeline);
	arena_free(&l->answered);
	l->answers_open = false;
}

static enum step greet(struct lmtp_session *l)
{
	const struct lmtp_conf *conf = l->env->conf;

	if (!l->s.peer.is_loopback && !l->s.peer.is_unix &&
	    !networks_have(conf->allow.item, conf->allow.count, l->s.peer.address)) {
		log_warn(l->s.log, "peer-refused");
		smtp_reply(&l->s.out, (struct smtp_status){ 554, "5.7.1" },
		    "this LMTP service does not know [%.*s] (option lmtp.allow)",
		    STR_ARG(l->s.peer.address));
		lmtp_enter(l, LMTP_CLOSED);
		return STEP_CLOSE;
	}
	smtp_reply(&l->s.out, (struct smtp_status){ 220, NULL }, "%.*s LMTP Tabella",
	    STR_ARG(l->env->deliver->hostname));
	lmtp_enter(l, LMTP_GREETED);
	return STEP_MORE;
}

/* A command that was not understood or may not come now. Too many of them end the session. */
static enum step refuse(struct lmtp_session *l, struct smtp_status status, const char *text)
{
	if (++l->errors >= SMTP_ERRORS_MAX) {
		smtp_reply(&l->s.out, (struct smtp_status){ 421, "4.7.0" }, "too many errors");
		log_warn(l->s.log, "too-many-errors");
		return STEP_CLOSE;
	}
	smtp_reply(&l->s.out, status, "%s", text);
	return STEP_MORE;
}

static const char *hint(const struct lmtp_session *l)
{
	switch (l->state) {
	case LMTP_GREETED:
		return "send LHLO first";
	case LMTP_READY:
		return "send MAIL first";
	case LMTP_MAIL:
		return "no valid recipients";
	default:
		return "bad sequence of commands";
	}
}

/* The first digit of what was answered. BDAT is answered later: with what becomes of its bytes. */
static enum session_result result_of(
    const struct lmtp_session *l, size_t out_before, bool known)
{
	if (l->s.out.n <= out_before)
		return RESULT_OK;
	switch (l->s.out.p[out_before]) {
	case '2':
	case '3':
		return RESULT_OK;
	case '4':
		return RESULT_TEMPORARY;
	default:
		return known ? RESULT_REFUSED : RESULT_BAD;
	}
}

/* A line has arrived; STEP_TICKET leaves it in `in`. */
static enum step run_line(struct lmtp_session *l, struct str line, size_t used)
{
	struct smtp_line split = smtp_line_split(line);
	const struct lmtp_verb *verb = lmtp_verb_find(split.verb);
	bool legal = verb && (verb->states & (1U << l->state)) != 0;
	size_t out_before = l->s.out.n;
	enum step step;

	if (legal && verb->needs_database && !l->s.has_ticket)
		return STEP_TICKET;
	/* bytes that came before the answers were written show nothing */
	if (l->pipelined == 0)
		lmtp_answers_read(l);
	l->pipelined = l->pipelined > used ? l->pipelined - used : 0;
	session_begins(&l->s, lmtp_verb_number(verb));
	if (!verb)
		step = refuse(l, (struct smtp_status){ 500, "5.5.1" }, "command not known");
	else if (!legal)
		step = refuse(l, (struct smtp_status){ 503, "5.5.1" }, hint(l));
	else
		step = verb->run(l, split.rest);
	l->s.commands++;
	session_ended(&l->s, result_of(l, out_before, legal));
	if (legal)
		l->errors = 0;
	buf_consume(&l->s.in, used);
	return step;
}

static enum step take_line(struct lmtp_session *l)
{
	struct str line;
	size_t used;

	if (l->skip_line) {
		bool done;

		buf_consume(&l->s.in, smtp_line_skip(buf_str(&l->s.in), &done));
		l->skip_line = !done;
		return done ? STEP_MORE : STEP_INPUT;
	}
	switch (smtp_line_take(buf_str(&l->s.in), &line, &used)) {
	case OK:
		return run_line(l, line, used);
	case ERR_MORE:
		return STEP_INPUT;
	case ERR_LIMIT:
		buf_consume(&l->s.in, used);
		l->skip_line = true;
		return refuse(l, (struct smtp_status){ 500, "5.5.6" }, "line too long");
	default:
		buf_consume(&l->s.in, used);
		return refuse(l, (struct smtp_status){ 500, "5.5.2" },
		    "a line ends in CRLF and holds no other CR, LF or NUL");
	}
}

static enum step advance(struct lmtp_session *l)
{
	switch (l->state) {
	case LMTP_CONNECTED:
		return greet(l);
	case LMTP_DATA:
		return lmtp_take_data(l);
	case LMTP_CHUNK:
		return lmtp_take_chunk(l);
	case LMTP_COMMIT:
		return lmtp_commit(l);
	default:
		return take_line(l);
	}
}

static bool between_commands(const struct lmtp_session *l)
{
	return l->state != LMTP_DATA && l->state != LMTP_CHUNK && l->state != LMTP_COMMIT;
}

static enum step say_goodbye(struct lmtp_session *l, const char *why)
{
	smtp_reply(&l->s.out, (struct smtp_status){ 421, "4.3.2" }, "%.*s %s",
	    STR_ARG(l->env->deliver->hostname), why);
	return STEP_CLOSE;
}

/* Events that end the session; STEP_MORE if none does. */
static enum step look_at_events(struct lmtp_session *l)
{
	if (l->state != LMTP_COMMIT && (l->s.events & EVENT_TIMER) != 0)
		return say_goodbye(l, "timed out");
	(void)session_take_event(&l->s, EVENT_TIMER);
	return STEP_MORE;
}

static enum step lmtp_run(struct session *s)
{
	struct lmtp_session *l = (struct lmtp_session *)s;
	int64_t start_us = clock_mono_us();
	enum step step = look_at_events(l);

	while (step == STEP_MORE) {
		step = advance(l);
		if (step != STEP_MORE)
			break;
		if (s->out.n >= STEP_OUTPUT_MAX || clock_mono_us() - start_us >= STEP_TIME_US)
			return STEP_MORE;
	}
	if (step == STEP_INPUT) {
		if ((s->events & EVENT_EOF) != 0)
			return STEP_CLOSE;
		/* half a command line is none */
		if ((s->events & EVENT_SHUTDOWN) != 0 && between_commands(l))
			return say_goodbye(l, "is shutting down");
		session_timer(s, clock_mono_ms() + l->env->conf->timeout_ms);
	}
	/* recipients; the message itself is booked */
	s->memory = l->state > LMTP_READY ? arena_used(l->transaction) : 0;
	return step;
}

static void lmtp_free(struct session *s)
{
	struct lmtp_session *l = (struct lmtp_session *)s;
	struct arena *connection = l->connection; /* which the session itself lives in */

	/* a client without QUIT that closed behind our last answer has read it all the same */
	if (s->peer_took_all)
		lmtp_answers_read(l);
	pipeline_free(&l->pipeline);
	delivery_session_end(l->env->deliver->store, l->delivery_session);
	spool_free(&l->spool);
	arena_free(&l->answered);
	arena_free(&l->transaction);
	arena_free(&connection);
}

static const struct session_ops ops = { .run = lmtp_run, .free = lmtp_free };

struct session *lmtp_open(void *arg, const struct session *base)
{
	const struct lmtp_env *env = arg;
	struct arena *connection = arena_new("lmtp connection");
	struct lmtp_session *l = ARENA_NEW(connection, struct lmtp_session, 1);

	l->s = *base;
	l->s.ops = &ops;
	l->env = env;
	l->connection = connection;
	l->transaction = arena_new("lmtp transaction");
	l->spool = spool_new(
	    env->spool_directory, (size_t)env->conf->spool_memory, env->conf->message_max);
	l->delivery_session = delivery_session_begin(env->deliver->store);
	return &l->s;
}
