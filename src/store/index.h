/*
 * store/index.h - the node's cache of mailbox indexes: what every FETCH of flags, SEARCH and sequence number needs.
 *
 * A version is immutable and counted: chunks of at most 1,024 entries under a spine with prefix sums; a flag change
 * copies one chunk and the spine. A session holds the version that its client knows and takes the newest at each
 * command that may report EXPUNGE. The cache is checked against the mailbox's modseq, never trusted.
 */
#pragma once

#include "store/store.h"

struct index_version;

struct index_entry {
	uint32_t uid;
	uint16_t extra;		   /* 1: has keywords beyond the mask (index_extra_keywords) */
	int16_t internal_zone_min; /* minutes east of Greenwich */
	uint64_t flags;		   /* enum flag and keyword bits */
	int64_t modseq;
	int64_t internal_date; /* unix seconds */
	int64_t object;
	uint64_t size; /* bytes */
};

struct index_key {
	int64_t owner, mailbox;
};

/* Of a mailbox's row: what tells whether a version is the newest. */
struct index_row {
	uint32_t uidvalidity, uidnext;
	int64_t modseq, expunged_floor;
};

/* From the columns; a mailbox without a row of state (uidvalidity 0) is there and empty. */
struct index_row index_row_of(
    uint32_t uidvalidity, uint32_t uidnext, int64_t modseq, int64_t expunged_floor);

/*
 * The newest version: reads the mailbox row's modseq, and then only what changed since the cached one. Counted: give it
 * back with index_release. ERR_NOTFOUND: the mailbox is gone.
 */
NODISCARD enum errc index_newest(struct store *store, struct db *db, int64_t owner,
    int64_t mailbox, struct index_version **version_out, struct err *err);

/* The same for a caller who has just read the row. */
NODISCARD enum errc index_newest_at(struct store *store, struct db *db, struct index_key key,
    const struct index_row *row, struct index_version **version_out, struct err *err);

struct uid_range {
	uint32_t first, last;
};

/*
 * `v` and messages that went, of which nothing is known but the uid (object is 0): a client may still count them.
 * `gone` is ascending and apart; of messages of `v` among them nothing is known either. Counted; not cached.
 */
struct index_version *index_with_gone(
    const struct index_version *v, const struct uid_range *gone, size_t count);

/*
 * `v`, in which messages that `newest` no longer has stand as in `last`, a version between the two: as they were when they
 * went. NULL: none of these went. Of keywords beyond the mask they keep what `v` has. Counted; not cached.
 */
struct index_version *index_with_last(const struct index_version *v,
    const struct index_version *last, const struct index_version *newest);

/* What is cached, without asking the database; NULL if nothing is. Counted. */
struct index_version *index_cached(struct store *store, int64_t owner, int64_t mailbox);
void index_release(struct index_version **versionp);

uint32_t index_count(const struct index_version *v);
int64_t index_modseq(const struct index_version *v);
uint32_t index_uidnext(const struct index_version *v);
uint32_t index_uidvalidity(const struct index_version *v);

/* By sequence number, 1 to index_count. Borrowed from the version. */
const struct index_entry *index_at(const struct index_version *v, uint32_t seq);

/* Sequence number of a uid; 0: not there. */
uint32_t index_seq_of(const struct index_version *v, uint32_t uid);

/* Sequence number of the first message with a uid of at least `uid`; index_count + 1 if there is none. */
uint32_t index_lower_bound(const struct index_version *v, uint32_t uid);

/* First message from `seq` on without \Seen; 0 if none. Skips chunks that hold none. */
uint32_t index_first_unseen(const struct index_version *v, uint32_t seq);

/* First message from `seq` on with \Deleted; 0 if none. Skips chunks that hold none. */
uint32_t index_next_deleted(const struct index_version *v, uint32_t seq);

/* First message from `seq` on whose modseq is over `modseq`; 0 if none. Skips chunks. */
uint32_t index_next_changed(const struct index_version *v, int64_t modseq, uint32_t seq);

/* First message of `old` from sequence number `seq` on that `newer` does not have; 0 if none. Skips shared chunks. */
uint32_t index_next_missing(
    const struct index_version *old, const struct index_version *newer, uint32_t seq);

/* Keywords of the mailbox as this version knows them: names by number, empty where unused. Borrowed. */
const struct str *index_keywords(const struct index_version *v, size_t *count_out);

/* Numbers (48 and up) of an entry's keywords beyond the mask. Borrowed; count 0 if none. */
const uint16_t *index_extra_keywords(
    const struct index_version *v, uint32_t uid, size_t *count_out);

struct index_cache_stats {
	uint64_t hits, loads, updates;
	size_t bytes, pinned_bytes;
};

void index_cache_stats(struct store *store, struct index_cache_stats *stats_out);
