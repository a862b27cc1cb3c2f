/*
 * imap/search_key.h - what a SEARCH looks for (RFC 3501 section 6.4.4).
 */
#pragma once

#include "imap/seqset.h"

struct cursor;

enum search_op {
	SEARCH_ALL,
	SEARCH_SET,	/* sequence numbers */
	SEARCH_UID,	/* set */
	SEARCH_FLAGS,	/* all of `flags` */
	SEARCH_RECENT,	/* NEW and OLD are made of it */
	SEARCH_KEYWORD, /* text */
	SEARCH_LARGER,	/* size */
	SEARCH_SMALLER, /* size */
	SEARCH_MODSEQ,	/* modseq: that one or a later one (RFC 7162) */
	SEARCH_BEFORE,	/* day, of the internal date */
	SEARCH_ON,
	SEARCH_SINCE,
	SEARCH_SENT_BEFORE, /* day, of the Date field */
	SEARCH_SENT_ON,
	SEARCH_SENT_SINCE,
	SEARCH_ENVELOPE, /* field, text: SUBJECT, FROM, TO, CC, BCC; an empty text: the field is there */
	SEARCH_HEADER, /* field, text; the same */
	SEARCH_BODY,   /* text */
	SEARCH_TEXT,   /* text */
	SEARCH_AND,    /* children */
	SEARCH_OR,     /* children */
	SEARCH_NOT,    /* one child */
};

struct search_key {
	enum search_op op;
	union {
		struct seqset set;
		uint64_t flags; /* enum flag */
		uint64_t size;
		int64_t modseq;
		int64_t day; /* since 1970 */
		struct {
			struct str field; /* of SEARCH_ENVELOPE, SEARCH_HEADER */
			struct str text;
		};
		struct search_key *child;
	};
	struct search_key *next; /* the next child of the same parent */
};

/* Is there a key of that kind among them? */
bool imap_search_has(const struct search_key *key, enum search_op op);

/*
 * search-key *(SP search-key): their conjunction. ERR_SYNTAX; ERR_LIMIT: too many or too deep.
 */
NODISCARD enum errc imap_search_keys(
    struct cursor *c, struct arena *arena, struct search_key **key_out, struct err *err);
