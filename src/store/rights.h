/*
 * store/rights.h - inside src/store: what an actor may do to a mailbox, asked inside the transaction that does it.
 */
#pragma once

#include "store/book.h"
#include "store/mailbox.h"

/* mailbox_look in two halves (db_send). */
NODISCARD enum errc look_ask(struct db *db, struct actor actor, int64_t owner, int64_t mailbox,
    struct db_q **q_out, struct err *err);
NODISCARD enum errc look_take(struct db_q **qp, struct actor actor, int64_t owner,
    struct mailbox_look *look_out, struct err *err);

/* account_touch, and mailbox_rights behind its lock, asked at once. */
struct touch {
	struct actor actor;
	int64_t owner, mailbox, bytes, messages;
};
NODISCARD enum errc account_touch_rights(struct db *db, const struct touch *touch,
    struct account_row *row_out, unsigned *rights_out, struct err *err);

/* mailbox_rights; ERR_DENIED unless all of `needed` are there. */
NODISCARD enum errc rights_need(struct db *db, struct actor actor, int64_t owner,
    int64_t mailbox, unsigned needed, struct err *err);

/* System flags that may be changed with these rights (RFC 4314 section 4). */
uint64_t rights_flags(unsigned rights);
