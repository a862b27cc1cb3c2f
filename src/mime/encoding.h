/*
 * mime/encoding.h - undoing base64 and quoted-printable (RFC 2045 section 6), in blocks, as tolerant as the RFC asks.
 */
#pragma once

#include "mime/message.h"

#include "base/base.h"

struct buf;

/* Blanks that are kept until it is known whether a line ends behind them. */
#define MIME_BLANKS_MAX 128

struct mime_decoder {
	enum mime_encoding encoding;
	uint32_t bits; /* base64: what has no whole byte yet */
	unsigned bit_count;
	bool is_done; /* base64: padding was seen, which ends the data */
	char held[MIME_BLANKS_MAX +
	    4]; /* quoted-printable: blanks, or a '=' and what followed it */
	size_t held_count;
};

void mime_decoder_init(struct mime_decoder *decoder, enum mime_encoding encoding);

/*
 * Decodes a block; never gives more bytes than it and what was held back had. 7bit, 8bit, binary and encodings that
 * are not known are copied.
 *
 * base64: bytes outside the alphabet are skipped; padding ends the data (RFC 2045 section 6.8).
 * quoted-printable: a '=' that begins nothing stays; blanks at line ends go (section 6.7, rule 3).
 */
void mime_decoder_feed(struct mime_decoder *decoder, struct str in, struct buf *out);

/* The end of the data: what was held back comes out. */
void mime_decoder_finish(struct mime_decoder *decoder, struct buf *out);

/* All of it at once. */
void mime_decode(enum mime_encoding encoding, struct str in, struct buf *out);
