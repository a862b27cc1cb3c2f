/*
 * imap/fetch_att.h - what a FETCH asks for (RFC 3501 section 9, fetch-att).
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;
struct cursor;

enum fetch_kind {
	FETCH_FLAGS,
	FETCH_UID,
	FETCH_INTERNALDATE,
	FETCH_SIZE,
	FETCH_ENVELOPE,
	FETCH_BODY,
	FETCH_BODYSTRUCTURE,
	FETCH_MODSEQ,
	FETCH_SECTION, /* BODY[...], and RFC822 with its kin under other names */
	FETCH_BINARY,  /* BINARY[...] (RFC 3516): `section` is numbers alone */
	FETCH_BINARY_SIZE,
};

enum section_text {
	SECTION_ALL, /* the whole part, or message */
	SECTION_HEADER,
	SECTION_FIELDS,
	SECTION_FIELDS_NOT,
	SECTION_TEXT,
	SECTION_MIME,
};

/* A section: part numbers from the outside, and what of that part. */
struct imap_section {
	const uint32_t *part;
	size_t depth; /* 0: the message itself */
	enum section_text text;
	const struct str *fields; /* of SECTION_FIELDS(_NOT) */
	size_t field_count;
};

struct fetch_item {
	enum fetch_kind kind;
	/* of FETCH_SECTION and FETCH_BINARY */
	bool peek; /* \Seen is not set */
	bool partial;
	uint64_t offset, length; /* of a partial; length is 1 or more */
	struct imap_section section;
	struct str
	    label; /* as the response names it, without the length of a partial: "BODY[1]<0>" */
};

/* Does reading it mark the message as seen? */
static inline bool fetch_item_sets_seen(const struct fetch_item *item)
{
	return (item->kind == FETCH_SECTION || item->kind == FETCH_BINARY) && !item->peek;
}

/*
 * "ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")". Macros come out as what they stand for.
 * ERR_SYNTAX, ERR_LIMIT. The items live in the arena.
 */
NODISCARD enum errc imap_fetch_items(struct cursor *c, struct arena *arena,
    const struct fetch_item **items_out, size_t *count_out, struct err *err);
