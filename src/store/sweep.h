/*
 * store/sweep.h - inside src/store: what housekeeping takes away and refreshes, in small pieces.
 *
 * A piece reads a list on a leased connection, gives that back, and then writes in one transaction, which looks again
 * at everything that it relies on.
 */
#pragma once

#include "store/store_int.h"

struct sweeper;

struct sweeper *sweeper_new(void);
void sweeper_free(struct sweeper **sweeperp);

/* A mailbox changed: its seq and its owner's curmail_size are to be refreshed. Any thread; quick. */
void sweeper_note(struct sweeper *sweeper, const struct change *changes, size_t count);

/* Where the walks through whole tables stand. */
struct sweep_cursor {
	int64_t owner, mailbox; /* mail_mailboxes */
	int64_t account;	/* mail_accounts */
	uint8_t blob[32];	/* mail_blobs */
};

/* Pieces of work. `did_out`: rows that were written; 0 means that there is nothing for now. */
NODISCARD enum errc sweep_removed(struct store *store, int64_t *did_out, struct err *err);
NODISCARD enum errc sweep_keys(struct store *store, int64_t *did_out, struct err *err);
NODISCARD enum errc sweep_mailboxes(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err);
NODISCARD enum errc sweep_accounts(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err);
NODISCARD enum errc sweep_blobs(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err);

/* authlog.c: rows older than the settings say. */
NODISCARD enum errc sweep_authlog(struct store *store, int64_t *did_out, struct err *err);

/* failures.c */
NODISCARD enum errc sweep_login_failures(struct store *store, struct err *err);

/* sweep.c: a connection for a list. */
NODISCARD enum errc sweep_lease(struct store *store, struct db **db_out, struct err *err);

/* sweep_sql.c */
extern const struct db_sql sql_sweep_removed, sql_sweep_removed_delete, sql_sweep_object_used,
    sql_sweep_object_delete, sql_sweep_content_delete, sql_sweep_refs_delete,
    sql_sweep_account_lock;
extern const struct db_sql sql_sweep_keys, sql_sweep_key_delete;
extern const struct db_sql sql_sweep_mailboxes, sql_sweep_mailbox_is_gone,
    sql_sweep_mailbox_sums, sql_sweep_mailbox_zero, sql_sweep_entries, sql_sweep_mailbox_delete,
    sql_sweep_keywords_delete, sql_sweep_expunged_delete, sql_sweep_seen_delete,
    sql_sweep_expunged_old, sql_sweep_expunged_trim, sql_sweep_floor;
extern const struct db_sql sql_sweep_accounts, sql_sweep_account_is_gone,
    sql_sweep_account_used, sql_sweep_threads_find, sql_sweep_thread_delete,
    sql_sweep_account_keys_delete, sql_sweep_account_delete;
extern const struct db_sql sql_sweep_blobs, sql_sweep_blob_is_free, sql_sweep_blob_shrink,
    sql_sweep_blob_delete, sql_sweep_blob_used, sql_sweep_chunks_delete;
extern const struct db_sql sql_refresh_modseq, sql_refresh_seq, sql_refresh_used,
    sql_refresh_size;
