/*
 * mime/charset.h - text of other charsets to UTF-8. The C library converts, but only what is on a list here: the
 * names come from strangers, and each converter is code that they can reach.
 */
#pragma once

#include "base/base.h"

struct buf;

/* Longest incomplete character that waits for its other bytes. */
#define CHARSET_PENDING_MAX 16

/* Born by charset_open, fed with blocks, finished and closed; belongs to one thread. */
struct charset {
	enum charset_kind { CHARSET_UTF8, CHARSET_LATIN1, CHARSET_ICONV } kind;
	void *iconv;
	char pending[CHARSET_PENDING_MAX];
	size_t pending_count;
};

/*
 * Get ready to convert from the charset of that name or alias, in either case. The empty name and us-ascii are UTF-8,
 * which is what unlabelled 8-bit text is today.
 *
 * ERR_UNSUPPORTED: not on the list, or the C library does not have it here; nothing has to be closed then.
 */
NODISCARD enum errc charset_open(struct charset *charset, struct str name, struct err *err);

/* The same, with what is not supported read as UTF-8. */
void charset_open_lenient(struct charset *charset, struct str name);

/*
 * Converts a block. What is no text in the charset becomes U+FFFD, a byte each; a character that is cut by the
 * block's end waits for the next one.
 */
void charset_feed(struct charset *charset, struct str in, struct buf *out);

/* The end of the text: a character that was cut becomes U+FFFD. The next text may follow. */
void charset_finish(struct charset *charset, struct buf *out);

void charset_close(struct charset *charset);

/* Back to the beginning of a text, whatever was fed before. */
void charset_reset(struct charset *charset);

/* What all names of a charset have in common: a constant, or NULL if the name is not on the list. */
const char *charset_canonical(struct str name);

/* Is the name on the list? */
bool charset_is_known(struct str name);

/* All at once. ERR_UNSUPPORTED as above, with nothing added. */
NODISCARD enum errc charset_to_utf8(
    struct str name, struct str in, struct buf *out, struct err *err);

/* The same, with charset_open_lenient. */
void charset_to_utf8_lenient(struct str name, struct str in, struct buf *out);

/* Bytes below 0x80 at the front of `s`. */
size_t charset_ascii_run(struct str s);
