#include "authd/dovecot_request.h"

#include "authd/guest.h"
#include "authd/limits.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"

struct dovecot_request {
	struct session *host;
	struct guest *guest;
	uint32_t id;
	bool final_resp_ok;
	enum dovecot_stand stand;
	int64_t until_ms; /* DOVECOT_ASKS: the client's message is to be there then */
	int64_t since_us; /* its AUTH */
};

static struct login *login_of(const struct dovecot_request *request)
{
	return guest_login(request->guest);
}

static void add_parameter(struct buf *out, const char *name, struct str value)
{
	buf_printf(out, "\t%s=", name);
	dovecot_escape(out, value);
}

void dovecot_say_failed(struct buf *out, uint32_t id, bool temporary, const char *reason)
{
	buf_printf(out, "FAIL\t%u", id);
	if (temporary)
		BUF_ADD(out, "\ttemp\tcode=temp_fail");
	add_parameter(out, "reason", str_from(reason));
	buf_add_char(out, '\n');
}

static void end(
    struct dovecot_request *request, enum dovecot_stand stand, enum session_result result)
{
	request->stand = stand;
	session_did(request->host, DOVECOT_AUTH, result, request->since_us);
}

static void answered(struct dovecot_request *request, enum session_result result)
{
	end(request, DOVECOT_ANSWERED, result);
}

static void fail(
    struct dovecot_request *request, enum session_result result, const char *reason)
{
	dovecot_say_failed(
	    &request->host->out, request->id, result == RESULT_TEMPORARY, reason);
	answered(request, result);
}

/* No password was looked at, so the login has said nothing. */
static void fail_unseen(
    struct dovecot_request *request, enum session_result result, const char *reason)
{
	log_info(guest_log(request->guest), "asker-refused", F_CSTR("reason", reason));
	fail(request, result, reason);
}

/* code= is of version 1.2, the word before it of those before. */
static void refuse(struct dovecot_request *request, enum auth_refusal refusal)
{
	static const struct {
		const char *words, *reason;
	} refusals[] = {
		[AUTH_NOT_TOLD] = { "", "wrong name or password" },
		[AUTH_SWITCHED_OFF] = { "\tuser_disabled\tcode=user_disabled",
		    "this account may not do that" },
		[AUTH_FOR_ANOTHER] = { "\tauthz\tcode=authz_fail",
		    "nobody acts for others here" },
	};
	struct buf *out = &request->host->out;

	buf_printf(out, "FAIL\t%u%s", request->id, refusals[refusal].words);
	add_parameter(out, "reason", str_from(refusals[refusal].reason));
	buf_add_char(out, '\n');
	answered(request, RESULT_REFUSED);
}

/* With what the server says last, where the client takes it so (p == NULL: nothing). */
static void succeed(struct dovecot_request *request, struct str last)
{
	struct buf *out = &request->host->out;

	buf_printf(out, "OK\t%u", request->id);
	add_parameter(out, "user", login_result(login_of(request))->name);
	if (last.p)
		add_parameter(out, "resp", last);
	buf_add_char(out, '\n');
	answered(request, RESULT_OK);
}

/* The words do not tell whether the name or the password was wrong: an MTA hands them on. Who knows the password may hear
 * why it does not help him. */
static void answer(struct dovecot_request *request, struct str last)
{
	const struct login_result *result = login_result(login_of(request));

	switch (result->rc) {
	case OK:
		succeed(request, last);
		break;
	case ERR_DENIED:
		refuse(request, result->refusal);
		break;
	case ERR_LIMIT:
		fail(request, RESULT_TEMPORARY, "too many failed logins, try again later");
		break;
	case ERR_STATE:
		fail_unseen(request, RESULT_REFUSED, "passwords are taken with TLS only");
		break;
	case ERR_UNSUPPORTED:
		fail_unseen(request, RESULT_BAD, "no such mechanism");
		break;
	case ERR_CLOSED:
		fail(request, RESULT_CLOSED, "cancelled");
		break;
	case ERR_SYNTAX:
		fail_unseen(request, RESULT_BAD, result->err.text);
		break;
	default:
		end(request, DOVECOT_LOST, RESULT_TEMPORARY);
		break;
	}
}

/* A challenge; or the outcome at once, if it is the last and the client can take both together. */
static enum login_next say(
    struct dovecot_request *request, struct arena *arena, struct str *last)
{
	struct str challenge = login_challenge(login_of(request));
	struct buf *out = &request->host->out;

	if (request->final_resp_ok && login_challenge_is_last(login_of(request))) {
		*last = str_dup(arena, challenge);
		return login_line(login_of(request), STR(""));
	}
	buf_printf(out, "CONT\t%u\t%.*s\n", request->id, STR_ARG(challenge));
	request->stand = DOVECOT_ASKS;
	request->until_ms = clock_mono_ms() + DOVECOT_REQUEST_MS;
	return LOGIN_SEND;
}

static void go_on(struct dovecot_request *request, enum login_next next)
{
	struct arena *arena = arena_new("last");
	struct str last = STR_EMPTY;

	if (next == LOGIN_SEND)
		next = say(request, arena, &last);
	if (next == LOGIN_TICKET)
		request->stand = DOVECOT_TICKET;
	else if (next == LOGIN_WAIT)
		request->stand = DOVECOT_WORKS;
	else if (next == LOGIN_END)
		answer(request, last);
	arena_free(&arena);
}

static struct str tls_name_of(struct arena *arena, const struct dovecot_auth *auth)
{
	if (!auth->secured)
		return STR_EMPTY;
	if (auth->tls_protocol.n == 0 && auth->tls_cipher.n == 0)
		return STR("secured");
	return str_printf(
	    arena, "%.*s %.*s", STR_ARG(auth->tls_protocol), STR_ARG(auth->tls_cipher));
}

static struct guest *guest_of(
    const struct authd_env *env, struct session *host, const struct dovecot_auth *auth)
{
	struct arena *arena = arena_new("guest");
	const struct guest_client client = {
		.address = auth->address,
		.local_address = auth->local_address,
		.port = auth->port,
		.local_port = auth->local_port,
		.tls = auth->secured,
		.tls_name = tls_name_of(arena, auth),
	};
	struct guest *guest =
	    guest_new(&env->login[authd_service_of(auth->service)], host, &client);

	arena_free(&arena);
	return guest;
}

struct dovecot_request *dovecot_request_new(const struct authd_env *env, struct session *host,
    uint32_t id, const struct dovecot_auth *auth)
{
	struct dovecot_request *request = xcalloc(1, sizeof(*request));

	request->host = host;
	request->id = id;
	request->final_resp_ok = auth->final_resp_ok;
	request->since_us = clock_mono_us();
	request->guest = guest_of(env, host, auth);
	go_on(request, login_sasl(login_of(request), auth->mechanism, auth->response));
	return request;
}

void dovecot_request_free(struct dovecot_request **requestp)
{
	struct dovecot_request *request = *requestp;

	*requestp = NULL;
	if (!request)
		return;
	guest_free(&request->guest);
	xfree(request);
}

uint32_t dovecot_request_id(const struct dovecot_request *request)
{
	return request->id;
}

enum dovecot_stand dovecot_request_stand(const struct dovecot_request *request)
{
	return request->stand;
}

void dovecot_request_line(struct dovecot_request *request, struct str line)
{
	go_on(request, login_line(login_of(request), line));
}

void dovecot_request_run(struct dovecot_request *request)
{
	switch (request->stand) {
	case DOVECOT_ASKS:
		if (clock_mono_ms() >= request->until_ms)
			fail(request, RESULT_CLOSED, "timed out");
		break;
	case DOVECOT_TICKET:
		if (request->host->has_ticket)
			go_on(request, guest_run(request->guest));
		break;
	case DOVECOT_WORKS:
		go_on(request, guest_run(request->guest));
		break;
	case DOVECOT_ANSWERED:
	case DOVECOT_LOST:
		break;
	}
}

bool dovecot_request_is_over(const struct dovecot_request *request)
{
	return request->stand == DOVECOT_ANSWERED || request->stand == DOVECOT_LOST;
}

int64_t dovecot_request_wake_ms(const struct dovecot_request *request)
{
	if (request->stand == DOVECOT_ASKS)
		return request->until_ms;
	return request->stand == DOVECOT_WORKS ? guest_wake_ms(request->guest) : 0;
}
