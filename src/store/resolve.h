/*
 * store/resolve.h - inside src/store: what became of a commit whose answer was lost (ERR_UNCERTAIN).
 *
 * Every change of mail and folders begins with an UPDATE of its account's row that changes it. Another transaction that
 * does the same gets the row only when the lost one has ended, on a cluster by the conflict of the two; behind it, what is
 * not there will never be. So a change whose second run knows its first one is run again, and for others a transaction
 * looks for what they wrote by its key. docs/HACKING.md has a table of who does what.
 */
#pragma once

#include "db/db.h"
#include "store/store.h"

/* A loop around db_transact, for as long as the database cannot be asked but may come back. */
struct resolver {
	struct deadline deadline; /* counted from the loss */
	int pause_ms, wait_ms;
	bool was_lost;
};

struct resolver resolver_of(const struct store *store);

/*
 * After each run: is another one needed? Waits a moment first. When none is: *rc is what the last one returned, or
 * ERR_UNCERTAIN if an earlier one was lost and the database could not be asked since.
 */
bool resolver_again(struct resolver *resolver, enum errc *rc, struct err *err);

/*
 * db_transact for a body that may be run again after a lost commit. `done`: codes (RESOLVE_DONE) that a second run
 * returns because the first one took place; they become OK then.
 */
#define RESOLVE_DONE(code) (1u << (unsigned)(code))
NODISCARD enum errc store_transact(
    struct store *store, db_body *body, void *arg, unsigned done, struct err *err);

/* Looks for the traces of a lost commit that changed the row of `owner`. */
typedef enum errc resolve_look(
    struct db *db, const void *arg, bool *found_out, struct err *err);

/* OK: *found_out says what is the case for good. ERR_UNCERTAIN: the database could not be asked in time. */
NODISCARD enum errc store_resolve(struct store *store, int64_t owner, resolve_look *look,
    const void *arg, bool *found_out, struct err *err);

/* An entry that a lost commit wrote. */
struct lost_entry {
	int64_t owner, mailbox, uid, id;
};

/* OK: it is there. ERR_UNAVAIL: nothing was written. ERR_UNCERTAIN: as store_resolve. */
NODISCARD enum errc resolve_entry(
    struct store *store, const struct lost_entry *entry, struct err *err);
