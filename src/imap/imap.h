/*
 * imap/imap.h - reading and keeping mail by IMAP4rev1 (RFC 3501).
 */
#pragma once

#include "auth/login.h"
#include "base/conf.h"
#include "net/session.h"

struct store;

/* Filled from the configuration by imap_conf_table. */
struct imap_conf {
	struct conf_addresses listen;	  /* with STARTTLS; a host alone gets port 143 */
	struct conf_addresses listen_tls; /* TLS from the first byte; 993 */
	struct conf_list bind; /* DBMail's way to say it: these hosts, with the ports below */
	int64_t port, tls_port;
	struct conf_list proxy_from;
	int64_t login_timeout_ms; /* a stranger's whole time; the connection enforces it */
	int64_t
	    idle_timeout_ms; /* without a command (autologout, RFC 3501 5.4: at least 30 minutes) */
	int64_t idle_keepalive_ms; /* "* OK still here" during IDLE */
	int64_t commands_per_minute;
	uint64_t message_max;	     /* bytes of an APPEND */
	bool compress;		     /* COMPRESS=DEFLATE is offered */
	bool literal_minus;	     /* LITERAL- is announced in place of LITERAL+ */
	struct conf_list mechanisms; /* SASL; empty: those of [auth] */
	bool plaintext_login;	     /* LOGIN and PLAIN without TLS from other machines too */
};

extern const struct conf_table imap_conf_table;

/* What main hands in; must outlive every session. */
struct imap_env {
	const struct imap_conf *conf;
	struct store *store;
	struct login_service login;
	struct str hostname;
	const char *spool_directory;
};

/* For struct service: `arg` is a const struct imap_env *. */
struct session *imap_open(void *arg, const struct session *base);

/* For struct service. */
struct session_verbs imap_session_verbs(void);

#define IMAP_REFUSAL "* BYE [UNAVAILABLE] too many connections, try again later\r\n"
#define IMAP_LOGIN_TIMEOUT "* BYE login took too long\r\n"
#define IMAP_KICKED "* BYE disconnected by the administrator\r\n"
