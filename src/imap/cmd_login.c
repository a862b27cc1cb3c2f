/*
 * imap/cmd_login.c - LOGIN, AUTHENTICATE (RFC 3501 6.2.2, 6.2.3; initial responses: RFC 4959).
 *
 * The account is read while a database connection is held, the password is checked by auth's threads while nothing is
 * held. Answers do not tell whether the name or the password was wrong.
 */
#include "auth/auth.h"
#include "base/heap.h"
#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/login.h"
#include "imap/reply.h"

#include <string.h>

struct imap_login {
	struct sasl sasl;
	struct credentials credentials; /* views of `sasl`, or of the command's arguments */
	const char *mechanism;		/* for the log */
	bool complete;			/* `credentials` are there */
	struct auth_request *request;
};

void imap_login_free(struct imap_session *s)
{
	if (s->login == NULL)
		return;
	auth_cancel(&s->login->request);
	sasl_release(&s->login->sasl);
	xfree(s->login);
	s->login = NULL;
}

/* What the command brought is in the arena: it is wiped, not only let go. */
static void wipe_arguments(struct imap_session *s)
{
	struct str secret = s->command.verb == VERB_LOGIN ? s->command.login.password
							  : s->command.authenticate.initial;

	if (secret.n > 0)
		secret_wipe((char *)(uintptr_t)secret.p, secret.n);
}

static void close_login(struct imap_session *s, void *work)
{
	(void)work;
	wipe_arguments(s);
	imap_login_free(s);
}

static struct imap_login *open_login(struct imap_session *s)
{
	s->login = xcalloc(1, sizeof(*s->login));
	s->work = s->login;
	s->work_free = close_login;
	return s->login;
}

static enum imap_run failed(struct imap_session *s, const char *code, const char *text)
{
	imap_reply(s, REPLY_NO, code, text);
	if (++s->login_failures < AUTH_FAILURES_MAX)
		return RUN_DONE;
	imap_reply(s, REPLY_BYE, NULL, "too many failed logins");
	imap_session_enter(s, IMAP_ENDED);
	return RUN_CLOSE;
}

static enum imap_run denied(struct imap_session *s, const struct err *err)
{
	session_tried_login(&s->base, s->login->mechanism, RESULT_REFUSED);
	log_info(s->base.log, "login-failed", F_STR("user", s->login->credentials.authcid),
	    F_WORD("mech", s->login->mechanism), F_STR("reason", str_from(err->text)));
	return failed(s, "AUTHENTICATIONFAILED", "wrong name or password");
}

static enum imap_run unavailable(struct imap_session *s, const struct err *err)
{
	session_tried_login(&s->base, s->login->mechanism, RESULT_TEMPORARY);
	log_warn(s->base.log, "login-unavailable", F_ERR(err));
	imap_reply(s, REPLY_NO, "UNAVAILABLE", "cannot look at passwords now, try again later");
	return RUN_DONE;
}

static struct str heap_copy(struct str s)
{
	char *copy = xmalloc(s.n + 1);

	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct str){ copy, s.n };
}

static enum imap_run logged_in(struct imap_session *s, const struct auth_login *login)
{
	struct buf *out = &s->base.out;

	if (s->base.driver->login(&s->base, login->name) != OK) {
		session_tried_login(&s->base, s->login->mechanism, RESULT_TEMPORARY);
		log_info(s->base.log, "login-refused", F_STR("user", login->name),
		    F_WORD("reason", "connections"));
		imap_reply(s, REPLY_NO, "LIMIT", "too many connections of this user");
		return RUN_DONE;
	}
	s->actor = (struct actor){ .user = login->account };
	s->user = heap_copy(login->name);
	imap_session_enter(s, IMAP_KNOWN);
	session_tried_login(&s->base, s->login->mechanism, RESULT_OK);
	s->result = RESULT_OK;
	log_info(s->base.log, "login", F_STR("user", login->name),
	    F_WORD("mech", s->login->mechanism),
	    F_STR("tls", s->base.driver->tls_name(&s->base)));
	buf_add_str(out, s->command.tag);
	BUF_ADD(out, " OK [CAPABILITY ");
	imap_add_capabilities(s, out);
	BUF_ADD(out, "] logged in\r\n");
	return RUN_DONE;
}

static uint64_t ref_of(struct imap_session *s)
{
	struct session_ref ref = s->base.driver->ref(&s->base);

	return (uint64_t)ref.slot << 32 | ref.generation;
}

static enum imap_run start_check(struct imap_session *s)
{
	struct imap_login *login = s->login;
	struct err err = { .code = OK };
	struct db *db;
	enum errc rc;

	if (!s->base.has_ticket)
		return RUN_TICKET;
	rc = imap_lease(s, &db, &err);
	if (rc != OK)
		return unavailable(s, &err);
	rc =
	    auth_start(s->env->auth, db, &login->credentials, ref_of(s), &login->request, &err);
	db_return(&db);
	if (rc == ERR_UNAVAIL)
		return unavailable(s, &err);
	return rc == OK ? RUN_WAIT : denied(s, &err);
}

/* The credentials are there: have them checked, and act on the outcome. */
static enum imap_run check(struct imap_session *s)
{
	struct auth_login login;
	struct err err = { .code = OK };
	enum errc rc;

	if (s->login->request == NULL) {
		enum imap_run run = start_check(s);

		if (run != RUN_WAIT)
			return run;
	}
	rc = auth_take(&s->login->request, s->arena, &login, &err);
	if (rc == ERR_MORE)
		return RUN_WAIT;
	if (rc == OK)
		return logged_in(s, &login);
	return rc == ERR_DENIED ? denied(s, &err) : unavailable(s, &err);
}

/* RFC 5530: PRIVACYREQUIRED. The name is not even looked at. */
static enum imap_run refuse_plaintext(struct imap_session *s)
{
	imap_reply(s, REPLY_NO, "PRIVACYREQUIRED", "use STARTTLS or the port for TLS first");
	return RUN_DONE;
}

enum imap_run imap_run_login(struct imap_session *s)
{
	if (!imap_login_is_allowed(s)) {
		wipe_arguments(s);
		return refuse_plaintext(s);
	}
	if (s->login == NULL) {
		struct imap_login *login = open_login(s);

		login->mechanism = "LOGIN-command";
		login->credentials = (struct credentials){ .authcid = s->command.login.user,
			.password = s->command.login.password };
		login->complete = true;
	}
	return check(s);
}

/* What the exchange came to after a message of the client. */
static enum imap_run after_message(struct imap_session *s, enum errc rc, const struct err *err)
{
	struct imap_login *login = s->login;

	switch (rc) {
	case OK:
		login->credentials = login->sasl.credentials;
		login->complete = true;
		framer_next(&s->framer);
		return check(s);
	case ERR_MORE:
		BUF_ADD(&s->base.out, "+ ");
		buf_add_str(&s->base.out, login->sasl.challenge);
		BUF_ADD(&s->base.out, "\r\n");
		framer_next_plain(&s->framer);
		return RUN_INPUT;
	case ERR_CLOSED:
		framer_next(&s->framer);
		imap_reply(s, REPLY_BAD, NULL, "cancelled");
		return RUN_DONE;
	default:
		framer_next(&s->framer);
		imap_reply(s, REPLY_BAD, NULL, err->text);
		return RUN_DONE;
	}
}

static enum imap_run begin_exchange(struct imap_session *s)
{
	enum sasl_mechanism mechanism;
	struct err err = { .code = OK };
	struct imap_login *login;
	enum errc rc;

	if (!sasl_mechanism_find(s->command.authenticate.mechanism, &mechanism)) {
		imap_reply(s, REPLY_NO, "CANNOT", "no such mechanism");
		return RUN_DONE;
	}
	if (!imap_login_is_allowed(s))
		return refuse_plaintext(s);
	login = open_login(s);
	login->mechanism = mechanism == SASL_PLAIN ? "PLAIN" : "LOGIN";
	rc = sasl_start(&login->sasl, mechanism, s->command.authenticate.initial, &err);
	return after_message(s, rc, &err);
}

enum imap_run imap_run_authenticate(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct str line;
	enum errc rc;

	if (s->login == NULL)
		return begin_exchange(s);
	if (s->login->complete)
		return check(s);
	for (;;) {
		enum imap_run run;

		rc = imap_take_line(s, &line);
		if (rc == ERR_MORE)
			return RUN_INPUT;
		if (rc != OK) {
			imap_reply(s, REPLY_BAD, NULL, "line too long");
			return RUN_DONE;
		}
		rc = sasl_step(&s->login->sasl, line, &err);
		run = after_message(s, rc, &err);
		if (run != RUN_INPUT)
			return run;
	}
}
