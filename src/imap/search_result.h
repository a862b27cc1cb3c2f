/*
 * imap/search_result.h - what a SEARCH found, as far as its answer needs it: a bit a message at the most. Pure.
 */
#pragma once

#include "imap/seqset.h"

struct buf;

/* Result options (RFC 4731 3.1, RFC 5182 2.1), a bit each. */
enum search_return {
	SEARCH_RETURN_MIN = 1 << 0,
	SEARCH_RETURN_MAX = 1 << 1,
	SEARCH_RETURN_ALL = 1 << 2,
	SEARCH_RETURN_COUNT = 1 << 3,
	SEARCH_RETURN_SAVE = 1 << 4,
};

/* Must every message be looked at? Else the first and the last that match do. */
bool search_return_needs_all(unsigned returns);

struct search_result {
	uint32_t min, max, count; /* sequence numbers; 0: nothing was found */
	int64_t modseq;		  /* the highest of those that were added */
	uint32_t size;		  /* numbers are 1 to size */
	uint64_t *found;	  /* a bit a number; NULL: which they are is not asked for */
};

/* `size`: messages of the mailbox. */
void search_result_init(
    struct search_result *result, uint32_t size, unsigned returns, struct arena *arena);

/* In any order, each number once. */
void search_result_add(struct search_result *result, uint32_t seq, int64_t modseq);

/* The next run of numbers from `from` on. False: there is none. */
bool search_result_run(
    const struct search_result *result, uint32_t from, struct seq_range *run_out);

/* Appends all runs, as struct seq_range, to an empty buffer. ERR_LIMIT: more than `max`. */
NODISCARD enum errc search_result_runs(
    const struct search_result *result, size_t max, struct buf *out, struct err *err);
