/*
 * bench/blast_session.h - one LMTP connection of the load generator, without its socket.
 *
 * Speaks as a relaying MTA does: LHLO once, then for each message MAIL, RCPT and DATA in one group (RFC 2920 3.1), the
 * message after 354, and one answer for each accepted recipient (RFC 2033 4.2).
 */
#pragma once

#include "bench/blast_message.h"

#define BLAST_RCPTS_MAX 100
#define BLAST_ADDRESS_MAX 128

enum blast_state {
	BLAST_GREETING,
	BLAST_LHLO,
	BLAST_READY, /* nothing is under way: blast_session_deliver may be called */
	BLAST_ENVELOPE,
	BLAST_BODY,
	BLAST_QUIT,
	BLAST_BROKEN, /* the server said what it must not say */
};

/* What one message became; valid until the next one is begun. */
struct blast_delivery {
	uint64_t number;
	uint64_t begun_us;
	size_t rcpts;
	char rcpt[BLAST_RCPTS_MAX][BLAST_ADDRESS_MAX];
	bool accepted[BLAST_RCPTS_MAX]; /* RCPT was answered 250 */
	bool stored[BLAST_RCPTS_MAX];	/* so was the message */
};

struct blast_session {
	enum blast_state state;
	size_t replies;	    /* read in this state */
	size_t reply_begun; /* bytes of an incomplete line in `line` */
	char line[1024];
	bool needs_reset;
	char first_failure[256]; /* the first line that was no 2xx or 354 */

	struct blast_delivery delivery;
	struct blast_message message;
	char command[BLAST_RCPTS_MAX * (BLAST_ADDRESS_MAX + 16) + 128];

	/* what is to be written; the caller moves it on */
	struct iovec out[BLAST_PARTS];
	size_t out_count, out_at;
};

void blast_session_init(struct blast_session *session);

/*
 * Begin a message whose number and recipients stand in session->delivery.
 * The session must be BLAST_READY.
 */
void blast_session_deliver(struct blast_session *session, const struct blast_pool *pool);

void blast_session_quit(struct blast_session *session);

/*
 * Bytes of the server. True when a message has just come to its end (the state is BLAST_READY again): the result is
 * in session->delivery. Nothing follows a message's end until the next command, so no bytes are left over.
 */
bool blast_session_feed(struct blast_session *session, struct str in);
