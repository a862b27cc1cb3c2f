/*
 * store/parse.h - what the store wants to know about a message: the parser's results in the form of rows.
 */
#pragma once

#include "base/base.h"

struct arena;

/* A message's own id and the first and the last 20 of those it refers to (RFC 5322 3.6.4). */
#define THREAD_IDS_MAX 22

struct thread_keys {
	int64_t ids
	    [THREAD_IDS_MAX]; /* hashes: its own first, then the newest reference first; each once */
	size_t count;
	int64_t subject; /* hash of the base subject (RFC 5256 2.1) */
};

struct leaf {
	uint64_t offset, size; /* a leaf part's body in the message */
};

struct parsed {
	uint64_t header_size; /* the empty line included */
	struct str parts, envelope, structure;
	struct str message_id; /* p == NULL: none */
	struct str sort_subject, sort_from, sort_to, sort_cc;
	int64_t sent_date; /* unix seconds; INT64_MIN: none */
	bool encoded;	   /* the texts hold bytes over 127 */
	struct thread_keys thread;
	struct leaf *leaves; /* bodies of at least `leaf_min`, ascending */
	size_t leaf_count;
};

/* Everything lives in the arena or in `bytes`. */
void parse_message(
    struct str bytes, uint64_t leaf_min, struct arena *arena, struct parsed *out);

/* The parser that this program has: rows of older ones are computed again. */
int parse_version(void);

/* Hashes as thread_keys has them. */
int64_t thread_hash(struct str text);
