/*
 * net/tally.h - how many of each: connections by address, by user. Any thread.
 */
#pragma once

#include "base/budget.h"

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally **tallyp);

/* One more of `key` (copied), unless there are `max` already: ERR_LIMIT. */
NODISCARD enum errc tally_add(struct tally *tally, struct str key, unsigned max);

/* One less; there was one. */
void tally_drop(struct tally *tally, struct str key);

unsigned tally_count(struct tally *tally, struct str key);

/* Each key has a budget of `max` bytes within `parent`, which outlives the tally. Before the first key. */
void tally_set_budgets(struct tally *tally, struct budget *parent, uint64_t max);

/* The budget of a key that is there; valid while it is. */
struct budget *tally_budget(struct tally *tally, struct str key);

struct tally_stats {
	unsigned keys;
	unsigned count_max;		  /* of the key that has most */
	uint64_t memory_max;		  /* bytes of the key that has most */
	uint64_t refused, memory_refused; /* since the start */
};

/* Looks at every key. */
struct tally_stats tally_stats(struct tally *tally);
