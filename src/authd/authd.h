/*
 * authd/authd.h - passwords for other programs: an MTA, an XMPP server, a web server asks, we look. Two protocols for it:
 * Dovecot's authentication protocol (its client's side; Postfix and Exim speak it) and saslauthd's (libsasl2 does).
 *
 * Who asks is believed what it says of its client: the address that counts in throttling, whether there is TLS. So the
 * sockets are for programs of this machine: at a path with permissions, or (Dovecot's) at a port of loopback.
 */
#pragma once

#include "auth/login.h"
#include "base/conf.h"
#include "net/session.h"

/* Filled from the configuration by authd_conf_table. */
struct authd_conf {
	struct conf_addresses dovecot, saslauthd;
	struct str dovecot_mode, dovecot_group, saslauthd_mode, saslauthd_group;
	struct conf_list mechanisms; /* empty: those of [auth] */
	bool plaintext;		     /* passwords of clients elsewhere without TLS, too */
	bool realm;		     /* saslauthd: login@realm */
};

extern const struct conf_table authd_conf_table;

/* "0660" as permissions: three or four octal digits, of which none but those of reading and writing count. ERR_ARG. */
NODISCARD enum errc authd_mode(struct str text, unsigned *mode_out, struct err *err);

/* The services that clients of other programs log in to: as one of them names it, and what it is to an account. */
enum authd_service {
	AUTHD_SMTP,
	AUTHD_IMAP,
	AUTHD_POP3,
	AUTHD_SIEVE,
	AUTHD_HTTP,
	AUTHD_OTHER, /* a name that we do not know: an account that may log in to anything at all */
	AUTHD_SERVICES
};

/* "smtp", "submission", "pop"; case does not count. */
enum authd_service authd_service_of(struct str name);

/* What main hands in; must outlive every session. */
struct authd_env {
	const struct authd_conf *conf;
	struct auth_conf auth_conf; /* with a delay that askers wait for */
	struct login_service login[AUTHD_SERVICES];
	unsigned mechanisms; /* of Dovecot's protocol */
};

/* `like` has what all of them share: auth, conf, plaintext, mechanisms, hostname. */
void authd_env_fill(struct authd_env *env, const struct login_service *like);

/* For struct service: `arg` is a const struct authd_env *. */
struct session *dovecot_open(void *arg, const struct session *base);
struct session_verbs dovecot_session_verbs(void);
struct session *saslauthd_open(void *arg, const struct session *base);
struct session_verbs saslauthd_session_verbs(void);
