/*
 * smtp/framer.h - finding the end of lines, of data (RFC 5321 4.1.1.4, 4.5.2) and of chunks (RFC 3030).
 *
 * The only incremental code of SMTP and LMTP: may be fed one byte at a time.
 */
#pragma once

#include "base/base.h"

struct buf;
struct spool;

/*
 * The next command line at the front of `in`, without its CRLF; *used_out is what to consume with it. Nothing but CRLF ends a
 * line (RFC 5321 2.3.8): a bare LF can begin no second command.
 * OK, ERR_MORE (no CRLF yet), ERR_LIMIT (over SMTP_LINE_MAX: *used_out bytes are to be dropped, and with
 * smtp_line_skip what follows up to the line's end), ERR_SYNTAX (holds a bare CR or LF, or NUL).
 */
NODISCARD enum errc smtp_line_take(struct str in, struct str *line_out, size_t *used_out);

/* Bytes to drop from the front of `in` so that the rest of a line that was too long is gone; `*done_out`: its end was
 * among them. */
size_t smtp_line_skip(struct str in, bool *done_out);

/* Where the data framer stands. */
enum smtp_data_state {
	SMTP_DATA_LINE_START, /* behind CRLF, or at the very beginning */
	SMTP_DATA_TEXT,
	SMTP_DATA_CR,
	SMTP_DATA_DOT, /* a dot at the start of a line, held back */
	SMTP_DATA_DOT_CR,
	SMTP_DATA_END,
};

struct smtp_data {
	enum smtp_data_state state;
	enum errc rc; /* first error of the spool; the data is read to its end all the same */
	struct err err;
};

void smtp_data_init(struct smtp_data *data);

/*
 * Takes bytes of message data, with the dots that were stuffed removed, into `spool`. End of data is CRLF.CRLF and nothing
 * else; bare CR and LF are kept. Returns how many bytes of `in` were taken: all, unless the end was found
 * (data->state == SMTP_DATA_END).
 */
size_t smtp_data_take(struct smtp_data *data, struct str in, struct spool *spool);
