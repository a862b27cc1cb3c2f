/*
 * store/expunge.h - inside src/store: taking entries out inside a transaction.
 */
#pragma once

#include "store/book.h"
#include "store/pick.h"

/*
 * Removes exactly these entries (ascending, at most STORE_TRANSACTION_ENTRIES) and books it. The account is locked.
 * `left_deleted_out` (may be NULL): how many \Deleted ones the mailbox still has.
 */
NODISCARD enum errc entries_remove(struct db *db, const struct account_row *account,
    int64_t mailbox, const struct picked *entries, size_t count, int64_t *left_deleted_out,
    struct err *err);
