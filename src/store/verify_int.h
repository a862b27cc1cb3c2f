/*
 * store/verify_int.h - inside src/store: a check in progress.
 */
#pragma once

#include "store/store_int.h"
#include "store/verify.h"

struct verify {
	struct store *store;
	struct db *db;
	void (*problem)(void *arg, struct str text);
	void *arg;
	struct verify_report report;
};

void verify_say(struct verify *v, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* verify_rows.c: accounts, mailboxes, entries. */
NODISCARD enum errc verify_accounts(struct verify *v, struct err *err);
NODISCARD enum errc verify_mailboxes(struct verify *v, struct err *err);

/* verify_bytes.c: objects, contents, blobs. */
NODISCARD enum errc verify_objects(struct verify *v, struct err *err);
NODISCARD enum errc verify_blobs(struct verify *v, struct err *err);
NODISCARD enum errc verify_refs(struct verify *v, struct err *err);

/* verify_sql.c */
extern const struct db_sql sql_verify_accounts, sql_verify_account, sql_verify_account_sums,
    sql_verify_account_ids;
extern const struct db_sql sql_verify_mailboxes, sql_verify_mailbox, sql_verify_entry_sums,
    sql_verify_entry_objects, sql_verify_keywords, sql_verify_extra, sql_verify_expunged,
    sql_verify_expunged_there, sql_verify_entry_mailbox, sql_verify_removed;
extern const struct db_sql sql_verify_objects, sql_verify_contents, sql_verify_object_refs,
    sql_verify_object_used;
extern const struct db_sql sql_verify_blobs, sql_verify_chunk_count, sql_verify_chunk_hash,
    sql_verify_refs;
