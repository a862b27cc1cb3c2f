/*
 * store/pick.h - inside src/store: reading the entries of given uids.
 */
#pragma once

#include "store/store.h"

struct pick {
	int64_t owner, mailbox;
	const uint32_t *uids; /* ascending */
	size_t count;
};

struct picked {
	uint32_t uid;
	uint64_t flags;
	int64_t modseq, object, internal_date, size;
	int internal_zone_min;
};

/* Those that are there, ascending. In the arena. */
NODISCARD enum errc pick_entries(struct db *db, const struct pick *pick, struct arena *arena,
    struct picked **entries_out, size_t *count_out, struct err *err);
