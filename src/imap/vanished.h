/*
 * imap/vanished.h - VANISHED responses, and the uids that stand in them (RFC 7162 3.2.10).
 */
#pragma once

#include "imap/seqset.h"
#include "store/index.h"

struct buf;
struct qresync;

/* Ranges of one response: it stays below the 8192 bytes of a line (RFC 7162 section 4). */
#define VANISHED_RANGES_MAX 340

/*
 * Writes one response with the ranges from `next` on, and moves that. Nothing if there is none left.
 * `earlier`: they went before the client opened the mailbox, or asked.
 */
void vanished_add(struct buf *out, const struct seqset *gone, size_t *next, bool earlier);

/* Appends an ascending uid to the ranges; false: it needs one more than VANISHED_RANGES_MAX. */
bool vanished_gather(struct seq_range *ranges, size_t *count, uint32_t uid);

/* Uids that are in both; sorted sets, a sorted result in the arena. */
struct seqset vanished_common(
    const struct seqset *a, const struct seqset *b, struct arena *arena);

/* Uids of the sorted set whose messages `version` does not have. */
struct seqset vanished_missing(
    const struct index_version *version, const struct seqset *set, struct arena *arena);

/*
 * Up to which uid the client's mailbox is still this one: the highest uid of its match data that has the number that it
 * had (RFC 7162 3.2.5.2); 0: none.
 */
uint32_t vanished_matched(const struct index_version *version, const struct qresync *known);
