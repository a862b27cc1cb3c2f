/*
 * authd/dovecot.c - one connection of Dovecot's authentication protocol.
 *
 *	DOVECOT_NEW --VERSION--> DOVECOT_VERSIONED --CPID--> DOVECOT_READY
 *
 * The server says its whole handshake at once, as old and new clients expect. Then requests come, many at a time, and
 * are answered as they end. A peer that breaks the grammar is logged and let go: its ids mean nothing any more.
 */
#include "authd/authd.h"
#include "authd/dovecot_line.h"
#include "authd/dovecot_request.h"
#include "authd/limits.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"

#include <unistd.h>

#define COOKIE_SIZE 16

enum dovecot_state { DOVECOT_NEW, DOVECOT_VERSIONED, DOVECOT_READY };

struct dovecot_session {
	struct session s;
	const struct authd_env *env;
	struct arena *arena; /* of one line */
	enum dovecot_state state;
	bool greeted;
	bool several;	  /* this peer has had several requests looked at at once */
	bool lost;	  /* one of them cannot be answered as its peer would understand it */
	int64_t until_ms; /* the handshake is to be over then */
	struct dovecot_request *request[DOVECOT_REQUESTS_MAX];
	size_t requests;
};

/* What they are called here; Postfix leaves out those that its smtpd_sasl_security_options do not want. */
static const char *const properties[SASL_MECHANISM_COUNT] = {
	[SASL_PLAIN] = "plaintext",
	[SASL_LOGIN] = "plaintext",
	[SASL_CRAM_MD5] = "dictionary\tactive",
	[SASL_SCRAM_SHA1] = "mutual-auth",
	[SASL_SCRAM_SHA256] = "mutual-auth",
};

/* SCRAM is left out until every account can use it, as everywhere (auth.scram_announce). */
static unsigned announced(const struct dovecot_session *d)
{
	const struct login_service *service = &d->env->login[AUTHD_SMTP];
	struct session secured = d->s;

	secured.tls = true;
	return login_mechanisms(service, &secured) & ~SASL_PLUS_SET;
}

static void greet(struct dovecot_session *d)
{
	struct buf *out = &d->s.out;
	unsigned mechanisms = announced(d);
	char cookie[COOKIE_SIZE];

	BUF_ADD(out, "VERSION\t1\t2\n");
	for (int i = 0; i < SASL_MECHANISM_COUNT; i++)
		if (properties[i] != NULL && (mechanisms >> i & 1) != 0)
			buf_printf(out, "MECH\t%s\t%s\n",
			    sasl_mechanism_name((enum sasl_mechanism)i).p, properties[i]);
	random_bytes(cookie, sizeof(cookie));
	buf_printf(out, "SPID\t%ld\nCUID\t%lu\nCOOKIE\t", (long)getpid(),
	    (unsigned long)(uint32_t)d->s.id); /* Dovecot's own clients take 32 bits */
	hex_encode(out, (struct str){ cookie, sizeof(cookie) });
	BUF_ADD(out, "\nDONE\n");
	d->greeted = true;
	d->until_ms = clock_mono_ms() + DOVECOT_HANDSHAKE_MS;
	session_is_in(&d->s, "handshake", STR_EMPTY);
}

static enum step let_go(struct dovecot_session *d, const struct err *err)
{
	log_info(d->s.log, "asker-broken", F_ERR(err));
	return STEP_CLOSE;
}

static void enter(struct dovecot_session *d, enum dovecot_state state)
{
	d->state = state;
	if (state == DOVECOT_READY)
		session_is_in(&d->s, "ready", STR_EMPTY);
}

static size_t find_request(const struct dovecot_session *d, uint32_t id)
{
	size_t i = 0;

	while (i < d->requests && dovecot_request_id(d->request[i]) != id)
		i++;
	return i;
}

/* Their number is what is booked. */
static bool book(struct dovecot_session *d, size_t requests)
{
	return session_book(&d->s, requests * DOVECOT_REQUEST_BYTES) == OK;
}

static void drop_request(struct dovecot_session *d, size_t i)
{
	dovecot_request_free(&d->request[i]);
	d->request[i] = d->request[--d->requests];
	(void)book(d, d->requests); /* less always succeeds */
}

/*
 * Trouble of ours. Postfix (3.7) and Exim (4.96) take every FAIL as a wrong password, 535, whatever it says; a connection
 * that is lost under their only request they answer 454 and 435, and make another. Who asks for several at once, as Dovecot's
 * own programs do, knows what "temp" is, and would lose the others.
 */
static void put_off(struct dovecot_session *d, uint32_t id, const char *reason)
{
	if (d->several)
		dovecot_say_failed(&d->s.out, id, true, reason);
	else
		d->lost = true;
}

static void forget_over(struct dovecot_session *d, size_t i)
{
	const struct dovecot_request *request = d->request[i];

	if (!dovecot_request_is_over(request))
		return;
	if (dovecot_request_stand(request) == DOVECOT_LOST)
		put_off(d, dovecot_request_id(request),
		    "cannot look at passwords now, try again later");
	drop_request(d, i);
}

static size_t count_standing(const struct dovecot_session *d, enum dovecot_stand stand)
{
	size_t count = 0;

	for (size_t i = 0; i < d->requests; i++)
		count += dovecot_request_stand(d->request[i]) == stand;
	return count;
}

static enum errc run_version(
    struct dovecot_session *d, const struct dovecot_command *command, struct err *err)
{
	if (d->state != DOVECOT_NEW)
		return err_set(err, ERR_SYNTAX, "VERSION: twice");
	if (command->major != 1)
		return err_set(
		    err, ERR_UNSUPPORTED, "VERSION: %u is not spoken here", command->major);
	enter(d, DOVECOT_VERSIONED);
	return OK;
}

static enum errc run_cpid(struct dovecot_session *d, struct err *err)
{
	if (d->state != DOVECOT_VERSIONED)
		return err_set(err, ERR_SYNTAX, "CPID: not now");
	enter(d, DOVECOT_READY);
	return OK;
}

static enum errc run_auth(
    struct dovecot_session *d, const struct dovecot_command *command, struct err *err)
{
	size_t i = find_request(d, command->id);

	if (i < d->requests)
		return err_set(err, ERR_SYNTAX, "AUTH: request %u is under way", command->id);
	d->s.commands++;
	/* those that wait for their client's next message may be of clients that have gone: Postfix does not say so */
	if (count_standing(d, DOVECOT_WORKS) + count_standing(d, DOVECOT_TICKET) > 0)
		d->several = true;
	if (d->requests == DOVECOT_REQUESTS_MAX || !book(d, d->requests + 1)) {
		log_info(d->s.log, "asker-busy", F_UINT("requests", d->requests));
		put_off(d, command->id, "too many logins at once");
		return OK;
	}
	d->request[d->requests++] =
	    dovecot_request_new(d->env, &d->s, command->id, &command->auth);
	forget_over(d, i);
	return OK;
}

static enum errc run_cont(struct dovecot_session *d, const struct dovecot_command *command)
{
	size_t i = find_request(d, command->id);

	if (i == d->requests) {
		dovecot_say_failed(&d->s.out, command->id, false, "timed out");
	} else if (dovecot_request_stand(d->request[i]) == DOVECOT_ASKS) {
		dovecot_request_line(d->request[i], command->data);
		forget_over(d, i);
	} else {
		dovecot_say_failed(&d->s.out, command->id, false, "nothing was asked");
		drop_request(d, i);
	}
	return OK;
}

static enum errc run_cancel(struct dovecot_session *d, const struct dovecot_command *command)
{
	size_t i = find_request(d, command->id);

	if (i < d->requests)
		drop_request(d, i);
	return OK;
}

/* An AUTH whose id is known is answered; everything else that is wrong is the peer's end. */
static enum errc run_wrong(struct dovecot_session *d, const struct dovecot_command *command,
    enum errc rc, const struct err *err)
{
	if (command->verb != DOVECOT_AUTH || command->id == 0 ||
	    find_request(d, command->id) < d->requests)
		return rc;
	dovecot_say_failed(&d->s.out, command->id, false, err->text);
	return OK;
}

static enum errc run_line(struct dovecot_session *d, struct str line, struct err *err)
{
	struct dovecot_command command;
	enum errc rc = dovecot_line_parse(line, d->arena, &command, err);
	bool is_handshake = command.verb == DOVECOT_VERSION || command.verb == DOVECOT_CPID;

	if (d->state == DOVECOT_NEW && command.verb != DOVECOT_VERSION)
		return err_set(err, ERR_SYNTAX, "VERSION expected first");
	if (d->state != DOVECOT_READY && !is_handshake && command.verb != DOVECOT_UNKNOWN)
		return err_set(err, ERR_SYNTAX, "CPID expected first");
	if (rc != OK)
		return run_wrong(d, &command, rc, err);
	switch (command.verb) {
	case DOVECOT_VERSION:
		return run_version(d, &command, err);
	case DOVECOT_CPID:
		return run_cpid(d, err);
	case DOVECOT_AUTH:
		return run_auth(d, &command, err);
	case DOVECOT_CONT:
		return run_cont(d, &command);
	case DOVECOT_CANCEL:
		return run_cancel(d, &command);
	case DOVECOT_UNKNOWN:
		break;
	}
	return OK;
}

/* Goes on with what can go on, and forgets what is over: the last takes its place. */
static void run_requests(struct dovecot_session *d)
{
	size_t i = 0;

	while (i < d->requests) {
		size_t before = d->requests;

		dovecot_request_run(d->request[i]);
		forget_over(d, i);
		i += d->requests == before;
	}
}

/* Lines, as far as one step goes. STEP_INPUT: there is no whole one. */
static enum step take_lines(struct dovecot_session *d)
{
	int64_t end_us = clock_mono_us() + STEP_TIME_US;
	struct err err = { .code = OK };
	struct str line;
	size_t used;

	while (!d->lost && d->s.out.n < STEP_OUTPUT_MAX && clock_mono_us() < end_us) {
		enum errc rc = dovecot_line_take(buf_str(&d->s.in), &line, &used);

		if (rc == ERR_MORE)
			return STEP_INPUT;
		if (rc == OK)
			rc = run_line(d, line, &err);
		else
			rc = err_set(&err, rc, "a line over %zu bytes", DOVECOT_LINE_MAX);
		if (rc != OK)
			return let_go(d, &err);
		secret_wipe(d->s.in.p, used); /* passwords come in base 64 */
		buf_consume(&d->s.in, used);
		arena_clear(d->arena);
	}
	return STEP_MORE;
}

static void set_timer(struct dovecot_session *d)
{
	int64_t at_ms = d->state == DOVECOT_READY ? 0 : d->until_ms;

	for (size_t i = 0; i < d->requests; i++) {
		int64_t wake_ms = dovecot_request_wake_ms(d->request[i]);

		if (wake_ms != 0 && (at_ms == 0 || wake_ms < at_ms))
			at_ms = wake_ms;
	}
	session_timer(&d->s, at_ms);
}

/* Nothing more comes, or shall come: what is being checked is answered before. */
static enum step run_down(struct dovecot_session *d)
{
	if (d->s.out.n > 0 && count_standing(d, DOVECOT_WORKS) > 0)
		return STEP_MORE;
	return count_standing(d, DOVECOT_WORKS) > 0 ? STEP_WAIT : STEP_CLOSE;
}

static enum step dovecot_run(struct session *s)
{
	struct dovecot_session *d = (struct dovecot_session *)s;
	bool timer = session_take_event(s, EVENT_TIMER);
	enum step step = STEP_INPUT;

	(void)session_take_event(s, EVENT_DONE);
	if (!d->greeted)
		greet(d);
	if (timer && d->state != DOVECOT_READY && clock_mono_ms() >= d->until_ms)
		return STEP_CLOSE;
	run_requests(d);
	if ((s->events & EVENT_SHUTDOWN) == 0)
		step = take_lines(d);
	if (d->lost)
		return STEP_CLOSE;
	if (step != STEP_INPUT)
		return step;
	if (count_standing(d, DOVECOT_TICKET) > 0)
		return STEP_TICKET;
	set_timer(d);
	return (s->events & (EVENT_EOF | EVENT_SHUTDOWN)) != 0 ? run_down(d) : STEP_INPUT;
}

static void dovecot_free(struct session *s)
{
	struct dovecot_session *d = (struct dovecot_session *)s;

	for (size_t i = 0; i < d->requests; i++)
		dovecot_request_free(&d->request[i]);
	arena_free(&d->arena);
	xfree(d);
}

static const struct session_ops ops = { .run = dovecot_run, .free = dovecot_free };

struct session *dovecot_open(void *arg, const struct session *base)
{
	struct dovecot_session *d = xcalloc(1, sizeof(*d));

	d->s = *base;
	d->s.ops = &ops;
	d->env = arg;
	d->arena = arena_new("dovecot line");
	return &d->s;
}

static struct str verb_word(size_t i)
{
	return i == DOVECOT_AUTH ? STR("AUTH") : STR("other");
}

struct session_verbs dovecot_session_verbs(void)
{
	return (struct session_verbs){ verb_word, DOVECOT_AUTH + 1, DOVECOT_AUTH + 1 };
}
