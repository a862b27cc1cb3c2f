/*
 * mime/structure.h - ENVELOPE and BODYSTRUCTURE as IMAP sends them (RFC 3501 and RFC 9051, section 7.4.2 and 7.5.2).
 *
 * Values stand there as the header has them, unfolded: encoded words and RFC 2231 are for the client to decode.
 * Strings are quoted, or literals where they hold CR, LF, NUL (which becomes 0x80) or a byte above ASCII.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;
struct mime_part;

/* What a printed text holds beyond ASCII; bits. */
enum mime_text_flags {
	MIME_TEXT_8BIT = 1,    /* some bytes are above ASCII */
	MIME_TEXT_INVALID = 2, /* and some string with such bytes is no UTF-8 */
};

/*
 * The envelope of a message's header in its parentheses. Sender and Reply-To are From's if they are not there or
 * empty; absent texts are NIL and empty ones ""; several fields of addresses are one list. `message` must be a
 * message (is_message) that mime_parse made. `arena` is used for a moment. Returns mime_text_flags.
 */
unsigned mime_envelope(
    const struct mime_part *message, struct arena *arena, struct str bytes, struct buf *out);

/* The structure of a part, and what is in it, in its parentheses, extension data included. */
unsigned mime_bodystructure(
    const struct mime_part *part, struct arena *arena, struct str bytes, struct buf *out);

/* Appends a string as IMAP writes it (quoted, or a literal). Returns mime_text_flags. */
unsigned imap_add_string(struct buf *out, struct str s);

/* The same, with NIL for p == NULL. */
unsigned imap_add_nstring(struct buf *out, struct str s);

/*
 * BODY from BODYSTRUCTURE: the same without extension data. ERR_CORRUPT if `structure` is not what
 * mime_bodystructure writes; `out` holds nothing useful then.
 */
NODISCARD enum errc imap_body_from_structure(
    struct str structure, struct buf *out, struct err *err);
