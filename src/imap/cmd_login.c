/*
 * imap/cmd_login.c - LOGIN, AUTHENTICATE (RFC 3501 6.2.2, 6.2.3; initial responses: RFC 4959).
 *
 * What a login is, is said in auth/login.h; here its answers get IMAP's words. They do not tell whether the name or the
 * password was wrong.
 */
#include "auth/login.h"
#include "base/heap.h"
#include "imap/imap_int.h"
#include "imap/login.h"
#include "imap/reply.h"

#include <string.h>

void imap_login_free(struct imap_session *s)
{
	login_free(&s->login);
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

static struct login *open_login(struct imap_session *s)
{
	s->login = login_new(&s->env->login, &s->base);
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

static struct str heap_copy(struct str s)
{
	char *copy = xmalloc(s.n + 1);

	memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct str){ copy, s.n };
}

static enum imap_run logged_in(struct imap_session *s, const struct login_result *result)
{
	struct buf *out = &s->base.out;

	s->actor = (struct actor){ .user = result->account };
	s->user = heap_copy(result->name);
	s->journal = login_take_journal(s->login);
	imap_session_enter(s, IMAP_KNOWN);
	s->result = RESULT_OK;
	buf_add_str(out, s->command.tag);
	BUF_ADD(out, " OK [CAPABILITY ");
	imap_add_capabilities(s, out);
	BUF_ADD(out, "] logged in\r\n");
	return RUN_DONE;
}

static enum imap_run answer_no(struct imap_session *s, const char *code, const char *text)
{
	imap_reply(s, REPLY_NO, code, text);
	return RUN_DONE;
}

/* RFC 5530 has the codes. */
static enum imap_run answer(struct imap_session *s)
{
	const struct login_result *result = login_result(s->login);

	switch (result->rc) {
	case OK:
		return logged_in(s, result);
	case ERR_DENIED:
		return failed(s, "AUTHENTICATIONFAILED", "wrong name or password");
	case ERR_LIMIT:
		return failed(s, "LIMIT", "too many failed logins, try again later");
	case ERR_QUOTA:
		return answer_no(s, "LIMIT", "too many connections of this user");
	case ERR_STATE: /* the name was not even looked at */
		return answer_no(
		    s, "PRIVACYREQUIRED", "use STARTTLS or the port for TLS first");
	case ERR_UNSUPPORTED:
		return answer_no(s, "CANNOT", "no such mechanism");
	case ERR_CLOSED:
		imap_reply(s, REPLY_BAD, NULL, "cancelled");
		return RUN_DONE;
	case ERR_SYNTAX:
		imap_reply(s, REPLY_BAD, NULL, result->err.text);
		return RUN_DONE;
	default:
		return answer_no(
		    s, "UNAVAILABLE", "cannot look at passwords now, try again later");
	}
}

static enum imap_run go_on(struct imap_session *s, enum login_next next)
{
	switch (next) {
	case LOGIN_SEND:
		BUF_ADD(&s->base.out, "+ ");
		buf_add_str(&s->base.out, login_challenge(s->login));
		BUF_ADD(&s->base.out, "\r\n");
		s->login_line = true;
		framer_next_plain(&s->framer);
		return RUN_INPUT;
	case LOGIN_TICKET:
		return RUN_TICKET;
	case LOGIN_WAIT:
		return RUN_WAIT;
	case LOGIN_END:
		break;
	}
	return answer(s);
}

enum imap_run imap_run_login(struct imap_session *s)
{
	struct credentials *credentials;

	if (s->login != NULL)
		return go_on(s, login_run(s->login));
	credentials = ARENA_NEW(s->arena, struct credentials, 1);
	*credentials = (struct credentials){ .authcid = s->command.login.user,
		.password = s->command.login.password };
	return go_on(s, login_password(open_login(s), credentials, "LOGIN-command"));
}

enum imap_run imap_run_authenticate(struct imap_session *s)
{
	struct str line;

	if (s->login == NULL) {
		s->login_line = false;
		return go_on(s,
		    login_sasl(open_login(s), s->command.authenticate.mechanism,
			s->command.authenticate.initial));
	}
	while (s->login_line) {
		enum errc rc = imap_take_line(s, &line);
		enum login_next next;
		enum imap_run run;

		if (rc == ERR_MORE)
			return RUN_INPUT;
		s->login_line = false;
		if (rc != OK) {
			imap_reply(s, REPLY_BAD, NULL, "line too long");
			return RUN_DONE;
		}
		next = login_line(s->login, line);
		framer_next(&s->framer);
		run = go_on(s, next);
		if (run != RUN_INPUT)
			return run;
	}
	return go_on(s, login_run(s->login));
}
