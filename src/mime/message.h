/*
 * mime/message.h - a message as a tree of parts, each a range of the message's bytes (RFC 2045, RFC 2046).
 *
 * Every sequence of bytes is a message: what breaks the rules is read as mail programs in the wild mean it, or
 * kept as plain text. Nothing is copied or decoded; parts and values are views of the bytes that were parsed.
 */
#pragma once

#include "base/base.h"

struct arena;

/* Raise it when the same bytes give another tree or other texts: what was stored by an older one is computed anew. */
#define MIME_PARSER_VERSION 1

enum mime_kind {
	MIME_LEAF,
	MIME_TEXT,
	MIME_MULTIPART, /* one child at least */
	MIME_MESSAGE,	/* message/rfc822, message/global: one child, the message in it */
	MIME_OPAQUE,	/* would have children, but a limit was reached */
	MIME_KIND_COUNT
};

enum mime_encoding {
	MIME_7BIT,
	MIME_8BIT,
	MIME_BINARY,
	MIME_QUOTED_PRINTABLE,
	MIME_BASE64,
	MIME_ENCODING_OTHER, /* not known: the bytes cannot be decoded */
	MIME_ENCODING_COUNT
};

/* Fields that have a meaning here; those from MIME_DATE on are kept for messages only. */
enum mime_field_id {
	MIME_CONTENT_TYPE,
	MIME_CONTENT_ENCODING,
	MIME_CONTENT_ID,
	MIME_CONTENT_DESCRIPTION,
	MIME_CONTENT_DISPOSITION,
	MIME_CONTENT_LANGUAGE,
	MIME_CONTENT_LOCATION,
	MIME_CONTENT_MD5,
	MIME_DATE,
	MIME_SUBJECT,
	MIME_FROM,
	MIME_SENDER,
	MIME_REPLY_TO,
	MIME_TO,
	MIME_CC,
	MIME_BCC,
	MIME_IN_REPLY_TO,
	MIME_MESSAGE_ID,
	MIME_REFERENCES,
	MIME_FIELD_COUNT
};

/* What the header of a part says; views of the message or constants. */
struct mime_head {
	struct str type,
	    subtype;	    /* "text" "plain" when the header does not say, or not in earnest */
	struct str params;  /* what follows them, for mime/param.h */
	uint32_t repeated;  /* bit `id`: there is more than one such field */
	unsigned known;	    /* length of `value` */
	struct str value[]; /* the first field of each id, raw; p == NULL: there is none */
};

struct mime_part {
	/* Bytes from the first byte that was parsed. The header holds its empty line; the body follows it. */
	uint64_t header_offset, header_size;
	uint64_t body_offset, body_size;
	uint64_t body_lines; /* line ends in the body */
	enum mime_kind kind;
	enum mime_encoding encoding;
	uint32_t child_count;
	bool
	    is_message; /* the root, or the child of a MIME_MESSAGE: its header is a message's */
	struct mime_part *parent, *child, *next;
	const struct mime_head *head; /* NULL in a tree that mime_index_read made */
};

/*
 * Parses the whole of `bytes`. The tree lives in `arena` and borrows from `bytes`. Time is linear; memory depends
 * on the number of parts alone (MIME_PARTS_MAX).
 *
 * A multipart without a boundary or without any part gets one empty text/plain child: IMAP has no other way to
 * say it.
 */
void mime_parse(struct str bytes, struct arena *arena, struct mime_part **root_out);

/* The raw value of a field; p == NULL if there is none (or the tree comes from an index). */
struct str mime_value(const struct mime_part *part, enum mime_field_id id);

/* The id of a field's name, in either case, or MIME_FIELD_COUNT. */
enum mime_field_id mime_field_id(struct str name);

/* Ranges of a part as views; empty where `bytes` is too short. */
struct str mime_header_of(struct str bytes, const struct mime_part *part);
struct str mime_body_of(struct str bytes, const struct mime_part *part);
