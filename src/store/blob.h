/*
 * store/blob.h - inside src/store: writing the parts of messages that all accounts share.
 *
 * A blob's row counts the chunks that are there: one that has not all of them is being staged, by one or several
 * deliveries that carry on from each other's chunks, or was left behind, and is swept.
 */
#pragma once

#include "store/prepare.h"

struct store;

/* Stores what is missing of a staged message's blobs, in transactions of their own. */
NODISCARD enum errc blobs_stage(
    struct store *store, const struct prepared *prepared, struct err *err);

/*
 * Inside the final transaction: makes sure of every blob, and keeps the sweeper away from it. ERR_MORE: one of a
 * staged message has been swept; roll back and stage again.
 */
NODISCARD enum errc blobs_ensure(
    struct db *db, const struct prepared *prepared, struct err *err);

/* Says that the object uses the message's blobs. */
NODISCARD enum errc blobs_refer(struct db *db, const struct prepared *prepared, int64_t owner,
    int64_t object, struct err *err);

/* Runs `body`, which may say ERR_MORE, with the message's blobs in place before each run. */
NODISCARD enum errc blobs_transact(struct store *store, const struct prepared *const *messages,
    size_t count, db_body *body, void *arg, struct err *err);
