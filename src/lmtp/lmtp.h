/*
 * lmtp/lmtp.h - taking mail from an MTA by LMTP (RFC 2033): TCP from loopback and named peers, or a unix socket.
 *
 * PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES, CHUNKING. One answer a recipient, after the commit.
 */
#pragma once

#include "base/conf.h"
#include "deliver/pipeline.h"
#include "net/session.h"

/* Filled from the configuration by lmtp_conf_table. */
struct lmtp_conf {
	struct conf_addresses listen; /* host:port or unix:/path; a host alone gets port 24 */
	struct conf_list bind;	      /* DBMail's way to say it: these hosts, with `port` */
	int64_t port;
	struct conf_list proxy_from;
	uint64_t message_max;	/* bytes */
	int64_t recipients_max; /* of one transaction */
	int64_t timeout_ms;	/* without a byte from the peer */
	struct conf_list
	    allow;	/* addresses and networks that may speak over TCP, besides loopback */
	int over_quota; /* enum lmtp_over_quota */
	int forwards;	/* enum lmtp_forwards */
	uint64_t spool_memory; /* bytes of a message kept in memory */
};

/* An account that is full is answered 552 5.2.2, or 452 4.2.2. */
enum lmtp_over_quota { LMTP_OVER_QUOTA_HARD, LMTP_OVER_QUOTA_SOFT };

/* Who sends what an alias has besides accounts here: our queue, or the MTA, which has read the same aliases. */
enum lmtp_forwards { LMTP_FORWARDS_QUEUE, LMTP_FORWARDS_MTA };

extern const struct conf_table lmtp_conf_table;

/* What main hands in; must outlive every session. */
struct lmtp_env {
	const struct lmtp_conf *conf;
	const struct deliver_env *deliver;
	const char *spool_directory;
};

/* For struct service: `arg` is a const struct lmtp_env *. */
struct session *lmtp_open(void *arg, const struct session *base);

/* For struct service. */
struct session_verbs lmtp_session_verbs(void);

#define LMTP_REFUSAL "421 4.3.2 too many connections, try again later\r\n"
#define LMTP_KICKED "421 4.3.2 disconnected by the administrator\r\n"
