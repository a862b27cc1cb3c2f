/*
 * store/changes.h - what happened in a mailbox since a modseq (RFC 7162), at the cost of what happened: from the state
 * row, the expunge log and the index of entries by modseq, without the mailbox's own index.
 *
 * The log is trimmed by age, which raises the mailbox's floor: since a modseq of at least the floor it is complete. Below
 * it, what went is known only from what is there: every uid below uidnext without an entry.
 */
#pragma once

#include "store/index.h"

/* More entries than this, or more messages behind the first of them, and the whole index is cheaper. */
#define STORE_CHANGES_MAX 20000

/* Rows of the log that are read; longer ones count as not complete. */
#define STORE_EXPUNGED_ROWS_MAX 200000

struct expunged {
	bool complete;		 /* else nothing is known, and there are no ranges */
	struct uid_range *range; /* ascending; neither touching nor overlapping */
	size_t count;
};

/* What was expunged after `since` (a modseq). In the arena. ERR_NOTFOUND: the mailbox is gone. */
NODISCARD enum errc mailbox_expunged(struct db *db, int64_t owner, int64_t mailbox,
    int64_t since, struct arena *arena, struct expunged *expunged_out, struct err *err);

/* One state of the mailbox, and how it differs from `since`. */
struct mailbox_changes {
	uint32_t uidvalidity, uidnext, messages;
	int64_t modseq;
	struct expunged expunged;
	struct index_version
	    *changed;	   /* holds only the entries that came or changed; counted */
	uint32_t *numbers; /* their sequence numbers in the mailbox, in the arena */
};

/*
 * All in one snapshot. ERR_LIMIT: the index has to be read instead, for what changed is too much, or too far from the
 * end for its sequence numbers to be counted, or was expunged below the floor. ERR_NOTFOUND: the mailbox is gone.
 */
NODISCARD enum errc mailbox_changes(struct store *store, struct db *db, int64_t owner,
    int64_t mailbox, int64_t since, struct arena *arena, struct mailbox_changes *changes_out,
    struct err *err);
