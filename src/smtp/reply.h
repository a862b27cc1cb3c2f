/*
 * smtp/reply.h - the one door through which SMTP and LMTP answers leave, and what each error is answered with.
 */
#pragma once

#include "base/base.h"

struct buf;

/* A reply code with its enhanced status code (RFC 3463, RFC 2034); enhanced NULL: none (220, 354, EHLO). */
struct smtp_status {
	int code;
	const char *enhanced;
};

/*
 * "code enhanced text CRLF". Control bytes in the text become '?', so that nothing from outside can begin a line; text
 * over 400 bytes is cut (RFC 5321 4.5.3.1.5: 512 with everything).
 */
void smtp_reply(struct buf *out, struct smtp_status status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* One line of several: "250-text"; the last one is `last`. */
void smtp_reply_line(struct buf *out, int code, bool last, struct str text);

/* What an error means to the peer when no better answer is known. Our own trouble is never permanent. */
struct smtp_status smtp_status_of(enum errc rc);

/* The text for the peer: `err`'s, but of our own trouble (disk, database, paths) only the log hears more than this. */
const char *smtp_text_of(enum errc rc, const struct err *err);
