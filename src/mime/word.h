/*
 * mime/word.h - encoded words: text of any charset in header fields (RFC 2047, and mail as it is).
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;
struct charset_pool;

/*
 * The readable text of a raw value in UTF-8: folding undone, white space at both ends gone, encoded words decoded
 * wherever they stand. White space between two of them is not text (RFC 2047 section 6.2), and neighbours of one
 * charset are one text, so that a character may be cut between them. A word with a charset or an encoding that is
 * not known is left as it is. Bytes that are no UTF-8 become U+FFFD; NUL becomes a blank, databases take none.
 */
void mime_word_decode(struct str value, struct buf *out);

/* The same for many values, with converters that stay open. */
void mime_word_decode_with(struct charset_pool *pool, struct str value, struct buf *out);

/* The same into `arena`. */
struct str mime_word_text(struct str value, struct arena *arena);
