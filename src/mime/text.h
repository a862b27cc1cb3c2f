/*
 * mime/text.h - is a text in a message? For IMAP's SEARCH (RFC 9051 section 6.4.4).
 *
 * Headers are decoded (RFC 2047), text parts are too (transfer encoding, charset), in blocks: memory does not depend
 * on the size of the message. Texts are compared as casemap.h says. Parts that are no text are not looked into.
 */
#pragma once

#include "base/base.h"

struct arena;
struct mime_part;

/* What is looked for, ready to be compared. */
struct text_key {
	struct str form;
};

/* Of UTF-8 text; lives in `arena`. The empty key is in every text. */
struct text_key text_key_of(struct str utf8, struct arena *arena);

/* SEARCH TEXT: in the header or the body of the message; headers of parts and enclosed messages count as body. */
bool text_in_message(
    const struct mime_part *root, struct str bytes, const struct text_key *key);

/* SEARCH BODY. `root` must have heads (mime_parse). */
bool text_in_body(const struct mime_part *root, struct str bytes, const struct text_key *key);

/*
 * SEARCH HEADER, and SUBJECT: in a field of that name. An empty key asks whether there is one. Fields of addresses are
 * looked at a second time as "name <mailbox@host>", without comments and blanks inside of the addresses.
 */
bool text_in_field(struct str header, struct str name, const struct text_key *key);

/* In one raw value, decoded. */
bool text_in_value(struct str value, const struct text_key *key);

/* In UTF-8 text. */
bool text_in_utf8(struct str utf8, const struct text_key *key);
