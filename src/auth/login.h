/*
 * auth/login.h - one attempt to log in, from the client's first message to the answer, as every protocol drives it:
 *
 *	login = login_new(&service, &session);
 *	next = login_sasl(login, mechanism, initial);     or login_password(login, &credentials, "LOGIN")
 *	for (;;) switch (next) {
 *	case LOGIN_SEND:   send login_challenge(login), read a line, next = login_line(login, line)
 *	case LOGIN_TICKET: return STEP_TICKET; then next = login_run(login)
 *	case LOGIN_WAIT:   return STEP_WAIT; then next = login_run(login)
 *	case LOGIN_END:    login_result(login), login_free(&login)
 *	}
 *
 * It leases its own database connection, lets the hashing threads work, waits where failures before it ask for that
 * (auth/throttle.h), tells the driver of the session who is there, keeps the journal, and logs: a protocol only answers.
 */
#pragma once

#include "auth/auth.h"
#include "auth/conf.h"
#include "auth/sasl.h"
#include "net/session.h"

struct authlog_entry;
struct login;

/* What a protocol's sessions have in common. Outlives them. */
struct login_service {
	struct auth *auth;
	const struct auth_conf *conf;
	const char *name;    /* "imap": in the journal */
	unsigned service;    /* enum account_service: one */
	unsigned mechanisms; /* 1 << enum sasl_mechanism */
	bool plaintext;	     /* passwords without TLS from other machines too */
	struct str hostname;
};

/* May passwords be sent over this connection? */
bool login_takes_passwords(const struct login_service *service, const struct session *session);

/* The mechanisms to announce on this connection, as it is now. */
unsigned login_mechanisms(const struct login_service *service, const struct session *session);

/* The SCRAM keys that these mechanisms need: 1 << enum scram_hash. */
unsigned login_key_hashes(unsigned mechanisms);

struct login *login_new(const struct login_service *service, struct session *session);
/* Whatever is under way ends. Accepts a pointer to NULL. */
void login_free(struct login **loginp);

enum login_next { LOGIN_SEND, LOGIN_TICKET, LOGIN_WAIT, LOGIN_END };

/* A name and a password that are there: LOGIN, USER and PASS. Borrowed until the end. `word`, a constant, is for the log. */
enum login_next login_password(
    struct login *login, const struct credentials *credentials, const char *word);

/* The mechanism of that name; `initial` as sasl_start has it. */
enum login_next login_sasl(struct login *login, struct str name, struct str initial);
enum login_next login_line(struct login *login, struct str line);
enum login_next login_run(struct login *login);

/* After LOGIN_SEND, until the next call: base 64. */
struct str login_challenge(const struct login *login);

/* Is it the server's last word, which the client has nothing to answer to? Where a protocol can say it together with the
 * outcome (RFC 4422 section 3.6), login_line with an empty line is what comes next. */
bool login_challenge_is_last(const struct login *login);

/*
 * After LOGIN_END. Texts live as long as the login.
 *
 * OK               somebody is there
 * ERR_DENIED       wrong name or password; nothing more is to be told
 * ERR_LIMIT        too many failures before: not looked at
 * ERR_QUOTA        too many connections of this account
 * ERR_STATE        a password without TLS: not looked at
 * ERR_UNSUPPORTED  no such mechanism here
 * ERR_SYNTAX       a message that breaks the grammar; err.text may be told
 * ERR_CLOSED       the client has cancelled
 * ERR_UNAVAIL      could not be checked: temporary
 */
struct login_result {
	enum errc rc;
	struct err err;
	int64_t account;
	struct str name;
	enum auth_refusal
	    refusal; /* ERR_DENIED: what a program that asks for others may hear */
	/* the row of the journal, the session's now: authlog_close at its end. NULL: none is kept */
	struct authlog_entry *journal;
};

const struct login_result *login_result(const struct login *login);
/* Takes the journal's row out of the result. */
struct authlog_entry *login_take_journal(struct login *login);
