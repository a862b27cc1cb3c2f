/*
 * store/expunge.h - inside src/store: taking entries out inside a transaction.
 */
#pragma once

#include "store/book.h"
#include "store/pick.h"

struct removal {
	const struct account_row *account; /* locked */
	int64_t mailbox;
	const struct picked *entries; /* ascending */
	size_t count;
	bool keep; /* for undelete, in mail_removed */
};

/*
 * Removes exactly these entries and books it. `left_deleted_out` (may be NULL): how many \Deleted ones the mailbox still
 * has.
 */
NODISCARD enum errc entries_remove(
    struct db *db, const struct removal *removal, int64_t *left_deleted_out, struct err *err);

/* Object, content and references, unless an entry or one in mail_removed has the object. The account is locked. */
NODISCARD enum errc object_drop_unused(
    struct db *db, int64_t owner, int64_t object, struct err *err);
