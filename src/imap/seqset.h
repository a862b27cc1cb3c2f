/*
 * imap/seqset.h - message sets such as "2,4:7,12:*" (RFC 9051 section 9, sequence-set).
 *
 * '$', the saved search result (RFC 5182), is a set alone; what is in it knows the view.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/* '*', the largest number in use. The grammar has no number 0, so 0 can stand for it. */
#define SEQ_STAR UINT32_C(0)

/* One item as the client wrote it; "7" is 7:7 and "9:3" stays 9:3. */
struct seq_range {
	uint32_t first, last;
};

struct seqset {
	const struct seq_range *range; /* in the parse arena */
	size_t count;		       /* 1 or more; 0 with `saved` */
	bool saved;		       /* '$': no numbers here, see view_resolve */
};

/* A character of a set. */
bool seqset_is_char(char c);

/*
 * Parse the whole of `in` as a sequence-set.
 *
 * max_ranges  more ranges than this is ERR_LIMIT, never a shorter set
 * set_out     written on success only; lives as long as `arena`
 *
 * Returns OK, ERR_SYNTAX or ERR_LIMIT. Nothing of `in` is kept.
 */
NODISCARD enum errc seqset_parse(struct str in, size_t max_ranges, struct arena *arena,
    struct seqset *set_out, struct err *err);

/*
 * Is message `num` in the set, with `largest` standing for '*'?
 * The ends of a range may come in either order: 9:3 is 3:9.
 */
bool seqset_has(const struct seqset *set, uint32_t num, uint32_t largest);

/* Does the set name a number over `largest`, or '*' when there is none (largest 0)? RFC 3501 9: seq-number. */
bool seqset_is_beyond(const struct seqset *set, uint32_t largest);

/*
 * The same numbers as ascending ranges that neither touch nor overlap, '*' replaced. `largest` 0, an empty mailbox:
 * '*' is nothing. The result may be empty and lives in the arena.
 */
struct seqset seqset_sorted(const struct seqset *set, uint32_t largest, struct arena *arena);

/* seqset_has in logarithmic time for what seqset_sorted gave. */
bool seqset_sorted_has(const struct seqset *sorted, uint32_t num);

/* Ascending runs as ranges: 4,5,6,9 is "4:6,9" (RFC 4315 section 4, uid-set). */
void seqset_print(struct buf *out, const uint32_t *numbers, size_t count);
