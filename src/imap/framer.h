/*
 * imap/framer.h - finds complete commands in the bytes of a client: lines and the literals between them. The only
 * incremental code of IMAP; it knows limits and no grammar.
 *
 * A command is kept as one text: lines as they came without the last line end, literals in place behind their
 * "{n}" or "{n+}" and CRLF. The bytes of a spooled literal are handed out instead and are not in the text.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

enum frame {
	FRAME_MORE,    /* all bytes were taken and more are needed */
	FRAME_COMMAND, /* complete: framer_command, then framer_next */
	FRAME_LITERAL, /* one is announced: call framer_accept, framer_spool or framer_refuse before feeding on */
	FRAME_DATA, /* framer_data has bytes of the spooled literal */
	/* the line or command is over its limit, its rest will be dropped; framer_command has its beginning; told once */
	FRAME_TOO_LONG,
	FRAME_DROPPED, /* that was the end of a refused command; the next byte begins a new one */
};

struct frame_limits {
	size_t line_max;    /* bytes of a line with its end */
	size_t command_max; /* lines and literals together */
};

/* The announcement "{size}" or "{size+}" at the end of a line. */
struct frame_literal {
	uint64_t size;	  /* UINT64_MAX: more than any */
	bool synchronous; /* the client waits for "+" (without: LITERAL+, RFC 7888) */
};

enum frame_state {
	FRAMER_LINE,
	FRAMER_ASK,  /* FRAME_LITERAL was told, no answer yet */
	FRAMER_KEEP, /* in a literal that goes into the text */
	FRAMER_SPOOL,
	FRAMER_DROP,
	FRAMER_SKIP, /* in a line that is dropped */
};

#define FRAME_TAIL_MAX 32 /* enough for "{18446744073709551615+}" and the line end */

struct framer {
	struct frame_limits limits;
	struct buf command;
	enum frame_state state;
	bool
	    plain_line; /* the next line is an answer to "+", not a command: it holds no literals */
	size_t line_at; /* where the current line begins in `command` */
	struct frame_literal literal;
	uint64_t left; /* bytes of the literal that are to come */
	struct str data;
	char tail[FRAME_TAIL_MAX]; /* the end of the line that is dropped */
	size_t tail_n;
};

void framer_init(struct framer *framer, struct frame_limits limits);
void framer_release(struct framer *framer);

/* For the commands from now on. */
void framer_set_limits(struct framer *framer, struct frame_limits limits);

/*
 * Takes bytes off the front of `in` up to the next thing to tell, and returns how many. Between FRAME_COMMAND and
 * framer_next, and while an announcement waits for its answer, it must not be called.
 */
size_t framer_feed(struct framer *framer, struct str in, enum frame *frame_out);

/* The text so far: of the whole command, or up to and with the announcement and its CRLF. Borrowed until the next call. */
struct str framer_command(const struct framer *framer);
struct str framer_data(const struct framer *framer);

/* Of the text so far what came behind the last literal, or all of it. Borrowed until the next call. */
struct str framer_line(const struct framer *framer);

/* Ready for another command; the text is wiped, for it may hold a password. */
void framer_next(struct framer *framer);

/* As framer_next; the next line is taken as it is (AUTHENTICATE, IDLE). */
void framer_next_plain(struct framer *framer);

/* Is the announced literal at most `max` bytes, and is there room for it in the command? */
bool framer_literal_fits(const struct framer *framer, size_t max);

/* Only what fits may be accepted. */
void framer_accept(struct framer *framer);
void framer_spool(struct framer *framer);

/*
 * Whoever waits for "+" is told otherwise by the caller: the command is over. Of a LITERAL+ command the literal and
 * the rest are dropped; FRAME_DROPPED tells the end.
 */
void framer_refuse(struct framer *framer);

/* Nothing of a command is here yet. */
bool framer_is_idle(const struct framer *framer);
