/*
 * store/rights.h - inside src/store: what an actor may do to a mailbox, asked inside the transaction that does it.
 */
#pragma once

#include "store/mailbox.h"

/* mailbox_rights; ERR_DENIED unless all of `needed` are there. */
NODISCARD enum errc rights_need(struct db *db, struct actor actor, int64_t owner,
    int64_t mailbox, unsigned needed, struct err *err);

/* System flags that may be changed with these rights (RFC 4314 section 4). */
uint64_t rights_flags(unsigned rights);
