/*
 * store/book.h - inside src/store: the rows that every change of mail goes through, in the order of the law: the
 * account (lock, modseq, quota), then the mailbox, then the entries.
 */
#pragma once

#include "store/prepare.h"

struct store;

struct account_row {
	int64_t owner, modseq, bytes, uidvalidity_last;
};

/* Locks the account, takes its next modseq and books sizes. Makes the row if there is none. */
NODISCARD enum errc account_touch(struct db *db, int64_t owner, int64_t bytes, int64_t messages,
    struct account_row *row_out, struct err *err);

/* The same in two halves, so that what follows can be asked before the answer is there (db_send). */
NODISCARD enum errc account_ask(struct db *db, int64_t owner, int64_t bytes, int64_t messages,
    struct db_q **q_out, struct err *err);
NODISCARD enum errc account_take(struct db *db, struct db_q **qp, int64_t owner, int64_t bytes,
    int64_t messages, struct account_row *row_out, struct err *err);

/* Books more, under the lock. */
NODISCARD enum errc account_book(
    struct db *db, int64_t owner, int64_t bytes, int64_t messages, struct err *err);

/* ERR_QUOTA if the account's limit (0: none) is now exceeded. */
NODISCARD enum errc quota_check(
    const struct account_row *account, int64_t quota_bytes, struct err *err);

/* The same with the limit that the account has now. ERR_NOTFOUND: no such account. */
NODISCARD enum errc account_check_quota(
    struct db *db, const struct account_row *account, struct err *err);

/*
 * Would so many bytes fit now? Asked before a large message's blobs are stored, so that nobody fills the disk with
 * what is then refused. ERR_QUOTA; ERR_NOTFOUND: no such account, or not active.
 */
NODISCARD enum errc account_has_room(
    struct db *db, int64_t owner, int64_t bytes, struct err *err);

/* What a change does to the counts of a mailbox. */
struct mailbox_delta {
	int64_t messages, unseen, deleted, size;
	int64_t first_unseen; /* lowest uid that lost \Seen; INT64_MAX: none */
};

struct mailbox_arrival {
	uint32_t uid_first, uidvalidity;
};

/* Takes the next `delta->messages` uids. Makes the row on first use. ERR_LIMIT: no uids are left. */
NODISCARD enum errc mailbox_arrive(struct db *db, struct account_row *account, int64_t mailbox,
    const struct mailbox_delta *delta, struct mailbox_arrival *arrival_out, struct err *err);

/* Books changes of entries that are there. `left_deleted_out` (may be NULL): how many \Deleted there are now. */
NODISCARD enum errc mailbox_adjust(struct db *db, const struct account_row *account,
    int64_t mailbox, const struct mailbox_delta *delta, int64_t *left_deleted_out,
    struct err *err);

/* Makes the row of a mailbox that has none; the account is locked. */
NODISCARD enum errc mailbox_make_row(
    struct db *db, struct account_row *account, int64_t mailbox, struct err *err);

struct entry {
	int64_t owner, mailbox, id, object, modseq;
	uint32_t uid;
	uint64_t flags;
	int64_t internal_date, size;
	int internal_zone_min;
};

NODISCARD enum errc entry_insert(struct db *db, const struct entry *entry, struct err *err);

/* What an entry of these flags counts for. */
void delta_add(struct mailbox_delta *delta, uint64_t flags, int64_t size);

/*
 * Rows of a new message: object, content, blob references. `trace` is put in front of the bytes. The
 * message's blobs are there already (blobs_ensure).
 */
struct new_object {
	const struct prepared *message;
	int64_t owner, object, thread;
	struct str trace;
};

NODISCARD enum errc object_insert(
    struct db *db, struct arena *arena, const struct new_object *new, struct err *err);

/* threads.c: the conversation that a message belongs to; `fallback` if it begins one. */
NODISCARD enum errc thread_assign(struct db *db, int64_t owner, const struct thread_keys *keys,
    int64_t fallback, int64_t *thread_out, struct err *err);

/* The same in two halves, under the account's lock; *q_out NULL: there is nothing to be asked. */
NODISCARD enum errc thread_ask(struct db *db, int64_t owner, const struct thread_keys *keys,
    struct db_q **q_out, struct err *err);
NODISCARD enum errc thread_take(struct db *db, int64_t owner, const struct thread_keys *keys,
    struct db_q **qp, int64_t fallback, int64_t *thread_out, struct err *err);
