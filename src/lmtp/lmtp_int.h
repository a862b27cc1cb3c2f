/*
 * lmtp/lmtp_int.h - the session, shared by the files of this folder only.
 *
 *	          LHLO              MAIL            RCPT 250          DATA 354 / BDAT
 *	GREETED --------> READY ----------> MAIL ----------> RCPT -------------------> DATA / CHUNK
 *	                    ^                                                               |
 *	                    +-------- RSET, LHLO, after the answers to the message ---------+
 *
 * DATA and CHUNK take bytes instead of commands. A message that is complete and waits for the database is in COMMIT.
 */
#pragma once

#include "lmtp/lmtp.h"
#include "smtp/framer.h"

struct arena;
struct spool;

enum lmtp_state {
	LMTP_CONNECTED, /* the greeting is not sent */
	LMTP_GREETED,
	LMTP_READY,
	LMTP_MAIL,
	LMTP_RCPT,
	LMTP_DATA,  /* message data up to CRLF.CRLF */
	LMTP_CHUNK, /* bytes of a BDAT chunk */
	LMTP_COMMIT,
	LMTP_CLOSED,
};

struct lmtp_session {
	struct session s;
	const struct lmtp_env *env;
	enum lmtp_state state;
	struct str helo; /* in the connection's arena */
	struct arena *connection;
	unsigned errors; /* in a row */
	bool skip_line;	 /* dropping the rest of a line that was too long */

	/* the transaction, dead after the answers */
	struct arena *transaction;
	struct envelope envelope;
	bool utf8;
	struct plan *plans;
	size_t plan_count, plan_room;
	size_t refused; /* recipients of this transaction that were not taken */
	struct spool *spool;
	struct smtp_data data;
	bool chunked; /* began with BDAT: DATA is no longer allowed (RFC 3030 2) */
	bool chunk_last;
	bool chunk_dropped; /* the chunk's bytes are read and not kept */
	uint64_t chunk_left;
	enum errc data_rc; /* why the message cannot be taken; OK so far */
	struct err data_err;

	/* a delivery and whether its answers have been read */
	struct pipeline *pipeline;
	int64_t delivery_session, serial;
	struct arena *answered; /* the transaction that `pipeline` stands on, once answered */
	bool answers_open;	/* answered, and nothing shows yet that the peer has read it */
	size_t pipelined;	/* bytes that were here already when the answers were written */
};

/* One command. Returns the step that ends the run, or STEP_MORE to go on with what is in `in`. */
struct lmtp_verb {
	struct str name;
	unsigned states; /* bits 1 << enum lmtp_state */
	bool needs_database;
	enum step (*run)(struct lmtp_session *l, struct str rest);
};

const struct lmtp_verb *lmtp_verb_find(struct str name);

/* Numbers for those who count; NULL is a command that there is not. */
size_t lmtp_verb_number(const struct lmtp_verb *verb);
size_t lmtp_message_number(void); /* a whole message, from the end of its data to its answers */

/* The only writer of `state`. */
void lmtp_enter(struct lmtp_session *l, enum lmtp_state state);

/* Forgets the transaction (RFC 5321 4.1.1.5). */
void lmtp_reset(struct lmtp_session *l);

/* cmd_mail.c, cmd_rcpt.c, cmd_data.c, cmd_other.c */
enum step lmtp_cmd_lhlo(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_mail(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_rcpt(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_data(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_bdat(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_rset(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_noop(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_quit(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_vrfy(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_help(struct lmtp_session *l, struct str rest);
enum step lmtp_cmd_smtp_only(struct lmtp_session *l, struct str rest);

/* message.c: bytes of DATA and BDAT, the commit and the answers. STEP_MORE: go on. */
enum step lmtp_take_data(struct lmtp_session *l);
enum step lmtp_take_chunk(struct lmtp_session *l);
enum step lmtp_commit(struct lmtp_session *l);

/* Room for the spool's memory, and for `stored` bytes of a message that is to be parsed and stored. ERR_UNAVAIL. */
NODISCARD enum errc lmtp_book(struct lmtp_session *l, uint64_t stored, struct err *err);

/* What the peer does now can only be done by one who has read the last answers. */
void lmtp_answers_read(struct lmtp_session *l);
