/*
 * lmtp/lmtp.h - taking mail from an MTA by LMTP (RFC 2033): TCP from loopback and named peers, or a unix socket.
 *
 * PIPELINING, 8BITMIME, SMTPUTF8, SIZE, ENHANCEDSTATUSCODES, CHUNKING. One answer a recipient, after the commit.
 */
#pragma once

#include "deliver/pipeline.h"
#include "net/session.h"

struct lmtp_conf {
	struct str hostname;
	uint64_t message_max;  /* bytes */
	size_t recipients_max; /* of one transaction; RFC 5321 4.5.3.1.8: at least 100 */
	int64_t timeout_ms;    /* without a byte from the peer */
	const struct str *
	    allow; /* addresses and networks (CIDR) that may speak over TCP, besides loopback */
	size_t allow_count;
	bool quota_soft; /* over quota is 452 4.2.2 and not 552 5.2.2 */
	const char *spool_directory;
	size_t spool_memory; /* bytes of a message kept in memory */
};

/* What main hands in; must outlive every session. */
struct lmtp_env {
	const struct lmtp_conf *conf;
	const struct deliver_env *deliver;
};

/* For struct service: `arg` is a const struct lmtp_env *. */
struct session *lmtp_open(void *arg, const struct session *base);

#define LMTP_REFUSAL "421 4.3.2 too many connections, try again later\r\n"
