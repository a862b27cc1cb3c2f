/*
 * imap/fetch_binary.h - BINARY[...] and BINARY.SIZE[...] (RFC 3516; RFC 9051 6.4.5): a part without its
 * content-transfer-encoding, decoded in blocks. Twice for a literal: its size comes before it.
 */
#pragma once

#include "imap/fetch_att.h"
#include "mime/encoding.h"
#include "store/content.h"

struct fetch_binary_part {
	uint64_t offset, size; /* of the encoded bytes in the message */
	enum mime_encoding encoding;
};

struct fetch_binary {
	struct fetch_binary_part part;
	uint64_t skip, length; /* what is wanted of the decoded bytes */
	uint64_t at;	       /* encoded bytes that were read */
	uint64_t decoded;      /* decoded bytes that came out */
	bool ended;	       /* everything was decoded, or all that is wanted */
	uint64_t count;	       /* of the wanted bytes that came */
	bool has_nul;	       /* among them */
	struct mime_decoder decoder;
};

/*
 * Where a part is and how it is encoded. Only leaves are decoded: a multipart and a message have no encoding but the
 * identity (RFC 2045 6.4), and no numbers are the whole message. `root` may be NULL: unknown, or not needed. False: there
 * is no such part.
 */
bool fetch_binary_find(const struct mime_part *root, struct str numbers, uint64_t message_size,
    struct fetch_binary_part *part_out);

/* What is stored is what is meant: its size is known. */
bool fetch_binary_is_identity(const struct fetch_binary_part *part);

/* `item` says what is wanted. Again for a second run. */
void fetch_binary_begin(struct fetch_binary *binary, const struct fetch_binary_part *part,
    const struct fetch_item *item);

/*
 * Decodes the next block; the wanted bytes of it go to `out` (NULL: they are only counted). ERR_END: that was all.
 */
NODISCARD enum errc fetch_binary_step(struct fetch_binary *binary, struct content *content,
    struct db *db, struct buf *out, struct err *err);
