/*
 * store/transfer.h - inside src/store: entries of one mailbox into another inside one transaction. COPY and MOVE are made
 * of it, and so is the undoing of a big MOVE.
 */
#pragma once

#include "store/store.h"

struct transfer {
	struct store *store;
	struct actor actor;
	int64_t owner, mailbox;	      /* from */
	int64_t to_owner, to_mailbox; /* to; the same mailbox is allowed */
	bool
	    move; /* the source's entries go; from another account they are kept as expunged ones */
	bool put_back;	      /* nobody is asked for rights, and quotas are left alone */
	const uint32_t *uids; /* ascending */
	size_t count;
	/* results; room for `count` */
	uint32_t *from, *to; /* pairs: source uid, its new uid; these ascend without gaps */
	size_t done;
	uint32_t uidvalidity;
	int64_t last_id; /* of the last new entry: proof of an uncertain commit */
};

/*
 * Locks the account of the target, and of a MOVE's source; of a COPY's too where expunged mail is not kept. Messages that are gone are passed over. ERR_END: all of them
 * are gone; ERR_DENIED; ERR_NOTFOUND: the target is gone; ERR_QUOTA, but never inside an account that only moves.
 */
NODISCARD enum errc transfer_entries(
    struct db *db, struct arena *arena, struct transfer *transfer, struct err *err);
