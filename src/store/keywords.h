/*
 * store/keywords.h - inside src/store: a mailbox's keywords by number.
 */
#pragma once

#include "store/message.h"

/* Keyword numbers of one entry or one change: 0 to STORE_KEYWORDS_MAX - 1, a bit each. */
struct keyword_set {
	uint64_t bits[STORE_KEYWORDS_MAX / 64];
};

struct keyword_table {
	struct str names[STORE_KEYWORDS_MAX]; /* empty: unused */
	size_t count;			      /* one more than the largest number */
};

bool keyword_set_has(const struct keyword_set *set, unsigned number);
void keyword_set_add(struct keyword_set *set, unsigned number);
/* Those that the mask has bits for, as they stand in mail_entries.flags; and back. */
uint64_t keyword_set_mask(const struct keyword_set *set);
void keyword_set_from_mask(struct keyword_set *set, uint64_t flags);
/* Any beyond the mask? */
bool keyword_set_has_extra(const struct keyword_set *set);

/* Names live in the arena. */
NODISCARD enum errc keyword_table_read(struct db *db, int64_t owner, int64_t mailbox,
    struct arena *arena, struct keyword_table *table_out, struct err *err);

/*
 * Numbers of the names; unknown ones get the next number if `make`, and are passed over if not. ERR_LIMIT: too many,
 * or a name too long; ERR_ARG: an empty name.
 */
struct keyword_scope {
	int64_t owner, mailbox;
	struct arena *arena;
	bool make;
};
NODISCARD enum errc keywords_resolve(struct db *db, const struct keyword_scope *scope,
    const struct str *names, size_t count, struct keyword_set *set_out, struct err *err);

/* Writes the numbers beyond the mask of a new entry. */
NODISCARD enum errc extra_keywords_insert(struct db *db, int64_t owner, int64_t mailbox,
    uint32_t uid, const struct keyword_set *set, struct err *err);
