/*
 * tests/chat/world.h - the services with a store of their own, for dialogues: LMTP, IMAP and authd on one database, so that what
 * is delivered in one session can be read in another.
 *
 *	@user ann secret		an account, its address ann@example.test and an INBOX
 *	@deliver ann Subject: …\r\n…	a message for INBOX as it stands here, without trace headers
 *	@folder ann Work/2026		a folder
 *	@alias team@example.test ann	an address; the target is an account, or an address elsewhere
 *	@quota ann 1000			bytes; 0: any
 *	@active ann no			the account is switched off, or on again (yes)
 *	@limit message 1000		the largest message, of both services
 *	@limit recipients 3		of one LMTP transaction
 *	@over_quota soft		LMTP answers 452
 *	@forwards mta			LMTP leaves mail to other servers to who brings it
 *	@allow 192.0.2.0/24		who may speak LMTP, besides this machine
 *	@mechanisms SCRAM-SHA-256 LOGIN	of IMAP and of Dovecot's protocol; PLAIN and LOGIN otherwise
 *	@realm no			saslauthd does not look at realms
 *	@services ann smtp		what an account may log in to
 *	@needs_tls ann			it may log in with TLS alone
 *	@compress no			IMAP does not offer COMPRESS
 *	@literal_minus yes		IMAP announces LITERAL- and not LITERAL+
 */
#pragma once

#include "tests/chat/chat.h"

#include "authd/authd.h"
#include "base/log.h"
#include "imap/imap.h"
#include "lmtp/lmtp.h"

struct world {
	struct chat *chat;
	struct log_sink sink;
	struct log log;
	char folder[64];
	struct db_pool *pool;
	struct store *store;
	struct auth *auth;
	struct str allowed;
	char allowed_text[64];
	struct auth_conf auth_conf;
	struct lmtp_conf lmtp_conf;
	struct imap_conf imap_conf;
	struct deliver_env deliver;
	struct lmtp_env lmtp;
	struct imap_env imap;
	struct authd_conf authd_conf;
	struct authd_env authd;
};

/* As struct chat_host wants them; `arg` is the world. */
enum errc world_begin(void *arg, struct chat *chat, struct err *err);
void world_end(void *arg);
struct session *world_open(void *arg, const char *service, const struct session *base);
enum errc world_directive(void *arg, struct str word, struct str rest, struct err *err);
