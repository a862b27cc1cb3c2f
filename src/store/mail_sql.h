/*
 * store/mail_sql.h - the statements of the mail side, by the file that uses them. The texts are in the *_sql.c of
 * the same names; parameters and columns are in the order of the text.
 */
#pragma once

#include "db/db.h"

/* MariaDB, where the key ends with what IN names: it would take all rows of the account and look at each. */
#define BY_KEY " FORCE INDEX (PRIMARY)"

/* Parameters of IN. */
#define EIGHT "?, ?, ?, ?, ?, ?, ?, ?"
#define SIXTY_FOUR                                                                             \
	EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT ", " EIGHT

/* mail_sql.c: the account's and the mailbox's row */
extern const struct db_sql sql_account_touch, sql_account_insert, sql_account_book,
    sql_account_uidvalidity;
extern const struct db_sql sql_mailbox_arrive, sql_mailbox_insert, sql_mailbox_adjust,
    sql_mailbox_row, sql_mailbox_states_own, sql_mailbox_states_shared, sql_mailbox_deleted,
    sql_mailbox_deleted_size, sql_mailbox_recent_count, sql_mailbox_recent_take,
    sql_mailbox_recent_get;
extern const struct db_sql sql_mailbox_look, sql_mailbox_rights;

/* mail_sql.c: delivery */
extern const struct db_sql sql_target_find, sql_target_inbox_nocase, sql_target_inbox,
    sql_quota_of, sql_room_of;
extern const struct db_sql sql_key_find, sql_key_insert, sql_key_adopt, sql_key_forget,
    sql_key_release, sql_key_own;
extern const struct db_sql sql_thread_find, sql_thread_insert;

/* entries_sql.c: entries, keywords, objects */
extern const struct db_sql sql_entry_insert, sql_entry_some, sql_entry_id, sql_entry_range,
    sql_entry_flags_range, sql_entry_delete_range, sql_entry_keep_range, sql_entry_scan,
    sql_entry_recent;
extern const struct db_sql sql_extra_insert, sql_extra_list, sql_extra_delete,
    sql_extra_delete_range;
extern const struct db_sql sql_keywords, sql_keyword_insert;
extern const struct db_sql sql_expunged_insert;
extern const struct db_sql sql_object_insert, sql_object_get, sql_object_copy,
    sql_object_thread_keys, sql_content_insert, sql_content_copy, sql_refs_copy;
extern const struct db_sql sql_journal_insert, sql_journal_delete, sql_journal_list;

/* ahead_sql.c: the account, the object or objects, how large a row may be */
extern const struct db_sql sql_envelope_one, sql_envelope_ahead, sql_structure_one,
    sql_structure_ahead, sql_texts_one, sql_texts_ahead, sql_object_one, sql_object_ahead,
    sql_header_one, sql_header_ahead, sql_content_one, sql_content_ahead;

/* content_sql.c: bytes */
extern const struct db_sql sql_content_sizes, sql_content_body;
extern const struct db_sql sql_blob_find, sql_blob_insert, sql_blob_grow, sql_blob_touch,
    sql_blob_ref_insert, sql_chunk_insert, sql_chunk_get;

/* index_sql.c */
extern const struct db_sql sql_index_row, sql_index_batch, sql_index_changed,
    sql_index_expunged, sql_index_extra;
