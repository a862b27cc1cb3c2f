/*
 * imap/reply.h - the only door for status responses (RFC 3501 section 7.1).
 *
 * Control bytes cannot get through it: they become '?'.
 */
#pragma once

#include "base/base.h"

struct imap_session;
struct buf;

enum reply_kind {
	REPLY_OK, /* tagged: the answer to the running command */
	REPLY_NO,
	REPLY_BAD,
	REPLY_UNTAGGED_OK,
	REPLY_UNTAGGED_NO,
	REPLY_UNTAGGED_BAD,
	REPLY_BYE,
};

/*
 * Appends a response. `code` is the response code without its brackets, NULL for none; `text` is for people and never
 * empty. A tagged one to a command whose tag could not be read is untagged BAD.
 */
void imap_reply(
    struct imap_session *s, enum reply_kind kind, const char *code, const char *text);

/* The same with the bracketed code as part of the text. */
void imap_reply_text(struct imap_session *s, enum reply_kind kind, struct str text);

/* The answer to a command that failed with `rc`, by the table of codes. Our own and the world's trouble is logged. */
void imap_reply_error(struct imap_session *s, enum errc rc, const struct err *err);

/* "+ text": go on. */
void imap_continue(struct imap_session *s, const char *text);
