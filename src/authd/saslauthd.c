/*
 * authd/saslauthd.c - one connection of saslauthd's kind: one request, one answer.
 */
#include "auth/limits.h"
#include "authd/authd.h"
#include "authd/guest.h"
#include "authd/limits.h"
#include "authd/saslauthd_request.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/str.h"

enum { VERB_CHECK, VERBS };

struct saslauthd_session {
	struct session s;
	const struct authd_env *env;
	struct arena *arena;
	struct guest *guest; /* while it is looked at */
	struct credentials credentials;
	int64_t until_ms; /* the request is to be complete then */
	bool answered;
};

/* The copy in the arena. */
static void wipe_password(struct saslauthd_session *d)
{
	struct str password = d->credentials.password;

	if (password.n > 0)
		secret_wipe((char *)(uintptr_t)password.p, password.n);
}

/* The only way out. */
static enum step end(struct saslauthd_session *d, enum session_result result)
{
	session_ended(&d->s, result);
	wipe_password(d);
	secret_wipe(d->s.in.p, d->s.in.n);
	buf_consume(&d->s.in, d->s.in.n);
	guest_free(&d->guest);
	d->answered = true;
	return STEP_CLOSE;
}

/* libsasl2 looks at the first two letters, and logs the rest. */
static enum step answer(
    struct saslauthd_session *d, struct str text, enum session_result result)
{
	saslauthd_answer_print(&d->s.out, text);
	return end(d, result);
}

static enum step answer_login(struct saslauthd_session *d)
{
	switch (login_result(guest_login(d->guest))->rc) {
	case OK:
		return answer(d, STR("OK Success."), RESULT_OK);
	case ERR_LIMIT:
		return answer(
		    d, STR("NO too many failed logins, try again later"), RESULT_TEMPORARY);
	case ERR_UNAVAIL:
		/* whatever is said but OK is a wrong password to libsasl2, 535 by Postfix; to be hung up on is
		 * trouble of ours, 454 */
		return end(d, RESULT_TEMPORARY);
	default:
		return answer(d, STR("NO authentication failed"), RESULT_REFUSED);
	}
}

static enum step go_on(struct saslauthd_session *d, enum login_next next)
{
	switch (next) {
	case LOGIN_TICKET:
		return STEP_TICKET;
	case LOGIN_WAIT:
		session_timer(&d->s, guest_wake_ms(d->guest));
		return STEP_WAIT;
	case LOGIN_END:
	case LOGIN_SEND: /* never of a password */
		break;
	}
	return answer_login(d);
}

/* login@realm, as accounts are called (saslauthd -r); a login that is one already stays what it is. */
static struct str joined(
    const struct saslauthd_session *d, const struct saslauthd_request *request)
{
	if (!d->env->conf->realm || request->realm.n == 0 ||
	    str_find_char(request->login, '@') < request->login.n)
		return str_dup(d->arena, request->login);
	return str_printf(
	    d->arena, "%.*s@%.*s", STR_ARG(request->login), STR_ARG(request->realm));
}

static enum step check(struct saslauthd_session *d, const struct saslauthd_request *request)
{
	/* of the client nothing is known: who asks has to look at its TLS */
	static const struct guest_client client = { .is_local = true };
	enum authd_service service = authd_service_of(request->service);

	d->credentials = (struct credentials){
		.authcid = joined(d, request),
		.password = str_dup(d->arena, request->password),
	};
	d->guest = guest_new(&d->env->login[service], &d->s, &client);
	session_is_in(&d->s, "checking", d->credentials.authcid);
	return go_on(d, login_password(guest_login(d->guest), &d->credentials, "saslauthd"));
}

static enum step take_request(struct saslauthd_session *d)
{
	struct saslauthd_request request;
	struct err err = { .code = OK };
	enum errc rc = saslauthd_request_parse(buf_str(&d->s.in), &request, &err);

	if (rc == ERR_MORE)
		return STEP_INPUT;
	d->s.commands++;
	session_begins(&d->s, VERB_CHECK);
	if (rc == OK)
		return check(d, &request);
	log_info(d->s.log, "asker-broken", F_ERR(&err));
	return answer(d, STR("NO request too large"), RESULT_BAD);
}

static enum step saslauthd_run(struct session *s)
{
	struct saslauthd_session *d = (struct saslauthd_session *)s;
	bool timer = session_take_event(s, EVENT_TIMER);
	enum step step;

	if (d->answered)
		return STEP_CLOSE;
	(void)session_take_event(s, EVENT_DONE);
	if (d->guest)
		return go_on(d, guest_run(d->guest));
	if (timer && clock_mono_ms() >= d->until_ms)
		return STEP_CLOSE;
	step = take_request(d);
	if (step != STEP_INPUT)
		return step;
	if ((s->events & (EVENT_EOF | EVENT_SHUTDOWN)) != 0)
		return STEP_CLOSE;
	if (d->until_ms == 0) {
		d->until_ms = clock_mono_ms() + SASLAUTHD_REQUEST_MS;
		session_timer(s, d->until_ms);
	}
	return STEP_INPUT;
}

static void saslauthd_free(struct session *s)
{
	struct saslauthd_session *d = (struct saslauthd_session *)s;

	guest_free(&d->guest);
	wipe_password(d);
	arena_free(&d->arena);
	xfree(d);
}

static const struct session_ops ops = { .run = saslauthd_run, .free = saslauthd_free };

struct session *saslauthd_open(void *arg, const struct session *base)
{
	struct saslauthd_session *d = xcalloc(1, sizeof(*d));

	d->s = *base;
	d->s.ops = &ops;
	d->env = arg;
	d->arena = arena_new("saslauthd");
	return &d->s;
}

static struct str verb_word(size_t i)
{
	static const struct str words[VERBS] = { [VERB_CHECK] = STR_INIT("check") };

	return words[i];
}

struct session_verbs saslauthd_session_verbs(void)
{
	return (struct session_verbs){ verb_word, VERBS, VERBS };
}
