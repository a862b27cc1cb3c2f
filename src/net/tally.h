/*
 * net/tally.h - how many of each: connections by address, by user. Any thread.
 */
#pragma once

#include "base/base.h"

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally **tallyp);

/* One more of `key` (copied), unless there are `max` already: ERR_LIMIT. */
NODISCARD enum errc tally_add(struct tally *tally, struct str key, unsigned max);

/* One less; there was one. */
void tally_drop(struct tally *tally, struct str key);

unsigned tally_count(struct tally *tally, struct str key);
