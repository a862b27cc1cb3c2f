/*
 * store/delivery_keys.h - inside src/store: which deliveries' answers may not have been read.
 */
#pragma once

#include "store/message.h"

struct delivery_sessions;

struct delivery_sessions *sessions_new(struct store *store);
/* Waits until every forgotten key is gone from the database, or could not be deleted. */
void sessions_finish(struct delivery_sessions *sessions);
void sessions_free(struct delivery_sessions **sessionsp);

/*
 * Looks for a delivery of this key whose answer was lost, and makes it the batch's own. Then *repeated_out is true.
 * ERR_UNAVAIL: it is in a session of another node, which alone knows whether the answer was read.
 * Inside a transaction, behind the account's lock: who repeats a delivery that is just being committed waits there. What
 * delivery_key_ask has sent is taken by delivery_find_repeat.
 */
NODISCARD enum errc delivery_key_ask(
    struct db *db, const struct delivery *d, struct db_q **q_out, struct err *err);
NODISCARD enum errc delivery_find_repeat(struct store *store, struct db *db,
    const struct delivery_batch *batch, const struct delivery *d, struct db_q **qp,
    bool *repeated_out, struct err *err);

/* The batch was stored, or may have been: if its session ends without reading the answer, other nodes are told. */
void delivery_note_unread(struct store *store, const struct delivery_batch *batch);

NODISCARD enum errc delivery_key_insert(struct store *store, struct db *db,
    const struct delivery_batch *batch, const struct delivery *d, struct err *err);

/*
 * After ERR_UNCERTAIN: was the batch committed? Where that cannot be found out either, its keys will count as
 * lost answers although the session lives: ERR_UNAVAIL.
 */
NODISCARD enum errc delivery_resolve(
    struct store *store, const struct delivery_batch *batch, bool *stored_out, struct err *err);
