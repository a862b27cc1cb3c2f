/*
 * store/sweep_sql.c - what the sweeper lists, checks and deletes.
 */
#include "store/sweep.h"

/* The row changes, or a cluster would not see that this is in the way of another node's change. */
const struct db_sql sql_sweep_account_lock = {
	.name = "sweep.account_lock",
	.text = "UPDATE mail_accounts SET modseq = modseq + 1 WHERE owner = ?",
};

const struct db_sql sql_sweep_removed = {
	.name = "sweep.removed",
	.text = "SELECT owner, mailbox, uid, object FROM mail_removed WHERE removed <= ?"
		" ORDER BY removed LIMIT ?",
};

const struct db_sql sql_sweep_removed_delete = {
	.name = "sweep.removed_delete",
	.text = "DELETE FROM mail_removed"
		" WHERE owner = ? AND mailbox = ? AND uid = ? AND object = ? AND removed <= ?",
};

const struct db_sql sql_sweep_object_used = {
	.name = "sweep.object_used",
	.text = "SELECT 1 FROM mail_entries WHERE object = ? AND owner = ?"
		" UNION ALL SELECT 1 FROM mail_removed WHERE object = ? AND owner = ? LIMIT 1",
};

const struct db_sql sql_sweep_object_delete = {
	.name = "sweep.object_delete",
	.text = "DELETE FROM mail_objects WHERE object = ? AND owner = ?",
};

const struct db_sql sql_sweep_content_delete = {
	.name = "sweep.content_delete",
	.text = "DELETE FROM mail_contents WHERE object = ? AND owner = ?",
};

const struct db_sql sql_sweep_refs_delete = {
	.name = "sweep.refs_delete",
	.text = "DELETE FROM mail_blob_refs WHERE object = ? AND owner = ?",
};

const struct db_sql sql_sweep_keys = {
	.name = "sweep.keys",
	.text = "SELECT owner, session, serial, delivery_key FROM delivery_keys"
		" WHERE created < ? ORDER BY created LIMIT ?",
};

const struct db_sql sql_sweep_key_delete = {
	.name = "sweep.key_delete",
	.text = "DELETE FROM delivery_keys WHERE owner = ? AND session = ? AND serial = ?"
		" AND created < ? AND delivery_key = ?",
};

const struct db_sql sql_sweep_mailboxes = {
	.name = "sweep.mailboxes",
	.text = "SELECT m.owner, m.mailbox, b.mailbox_idnr, m.highestmodseq, b.seq"
		" FROM mail_mailboxes m LEFT JOIN dbmail_mailboxes b"
		" ON b.mailbox_idnr = m.mailbox AND b.owner_idnr = m.owner"
		" WHERE m.owner >= ? AND (m.owner > ? OR m.mailbox > ?)"
		" ORDER BY m.owner, m.mailbox LIMIT ?",
};

const struct db_sql sql_sweep_mailbox_is_gone = {
	.name = "sweep.mailbox_is_gone",
	.text = "SELECT 1 FROM dbmail_mailboxes WHERE mailbox_idnr = ? AND owner_idnr = ?",
};

const struct db_sql sql_sweep_mailbox_sums = {
	.name = "sweep.mailbox_sums",
	.text = "SELECT size, messages FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_mailbox_zero = {
	.name = "sweep.mailbox_zero",
	.text = "UPDATE mail_mailboxes SET size = 0, messages = 0, unseen = 0, deleted = 0"
		" WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_entries = {
	.name = "sweep.entries",
	.text = "SELECT min(uid), max(uid) FROM (SELECT uid FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? ORDER BY uid LIMIT ?) AS first",
};

const struct db_sql sql_sweep_mailbox_delete = {
	.name = "sweep.mailbox_delete",
	.text = "DELETE FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_keywords_delete = {
	.name = "sweep.keywords_delete",
	.text = "DELETE FROM mail_keywords WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_expunged_delete = {
	.name = "sweep.expunged_delete",
	.text = "DELETE FROM mail_expunged WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_seen_delete = {
	.name = "sweep.seen_delete",
	.text = "DELETE FROM mail_seen WHERE owner = ? AND mailbox = ?",
};

/* Rows stand in the order of modseq, which is that of time. */
const struct db_sql sql_sweep_expunged_old = {
	.name = "sweep.expunged_old",
	.text = "SELECT max(CASE WHEN at < ? THEN modseq ELSE 0 END) FROM"
		" (SELECT modseq, at FROM mail_expunged WHERE owner = ? AND mailbox = ?"
		" ORDER BY modseq LIMIT ?) AS first",
};

const struct db_sql sql_sweep_expunged_trim = {
	.name = "sweep.expunged_trim",
	.text = "DELETE FROM mail_expunged WHERE owner = ? AND mailbox = ? AND modseq <= ?",
};

const struct db_sql sql_sweep_floor = {
	.name = "sweep.floor",
	.text = "UPDATE mail_mailboxes SET expunged_floor = ?"
		" WHERE expunged_floor < ? AND owner = ? AND mailbox = ?",
};

const struct db_sql sql_sweep_accounts = {
	.name = "sweep.accounts",
	.text = "SELECT a.owner, u.user_idnr, a.bytes, u.curmail_size FROM mail_accounts a"
		" LEFT JOIN dbmail_users u ON u.user_idnr = a.owner"
		" WHERE a.owner > ? ORDER BY a.owner LIMIT ?",
};

const struct db_sql sql_sweep_account_is_gone = {
	.name = "sweep.account_is_gone",
	.text = "SELECT 1 FROM dbmail_users WHERE user_idnr = ?",
};

const struct db_sql sql_sweep_account_used = {
	.name = "sweep.account_used",
	.text = "SELECT 1 FROM mail_mailboxes WHERE owner = ?"
		" UNION ALL SELECT 1 FROM mail_removed WHERE owner = ? LIMIT 1",
};

const struct db_sql sql_sweep_threads_find = {
	.name = "sweep.threads_find",
	.text = "SELECT id_hash, subject_hash FROM mail_thread_ids WHERE owner = ? LIMIT ?",
};

const struct db_sql sql_sweep_thread_delete = {
	.name = "sweep.thread_delete",
	.text = "DELETE FROM mail_thread_ids"
		" WHERE owner = ? AND id_hash = ? AND subject_hash = ?",
};

const struct db_sql sql_sweep_account_keys_delete = {
	.name = "sweep.account_keys_delete",
	.text = "DELETE FROM delivery_keys WHERE owner = ?",
};

const struct db_sql sql_sweep_account_delete = {
	.name = "sweep.account_delete",
	.text = "DELETE FROM mail_accounts WHERE owner = ?",
};

const struct db_sql sql_sweep_blobs = {
	.name = "sweep.blobs",
	.text = "SELECT hash, CASE WHEN touched < ? AND NOT EXISTS"
		" (SELECT 1 FROM mail_blob_refs r WHERE r.hash = b.hash) THEN 1 ELSE 0 END"
		" FROM mail_blobs b WHERE hash > ? ORDER BY hash LIMIT ?",
};

/* Chunks of a blob that nobody uses, nor has touched. */
const struct db_sql sql_sweep_blob_is_free = {
	.name = "sweep.blob_is_free",
	.text = "SELECT chunks FROM mail_blobs b WHERE touched < ? AND hash = ?"
		" AND NOT EXISTS (SELECT 1 FROM mail_blob_refs r WHERE r.hash = b.hash)",
};

/*
 * These two are the lock: whoever touched the blob since it was looked at, on another node, keeps it whole.
 */
const struct db_sql sql_sweep_blob_shrink = {
	.name = "sweep.blob_shrink",
	.text = "UPDATE mail_blobs SET chunks = ? WHERE touched < ? AND hash = ?",
};

const struct db_sql sql_sweep_blob_delete = {
	.name = "sweep.blob_delete",
	.text = "DELETE FROM mail_blobs WHERE touched < ? AND hash = ?",
};

const struct db_sql sql_sweep_blob_used = {
	.name = "sweep.blob_used",
	.text = "SELECT 1 FROM mail_blob_refs WHERE hash = ? LIMIT 1",
};

const struct db_sql sql_sweep_chunks_delete = {
	.name = "sweep.chunks_delete",
	.text = "DELETE FROM mail_chunks WHERE n >= ? AND hash = ?",
};

/* Read first, then written: the tables may stand on different machines. Another node may have been quicker. */
const struct db_sql sql_refresh_modseq = {
	.name = "refresh.modseq",
	.text = "SELECT highestmodseq FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_refresh_seq = {
	.name = "refresh.seq",
	.text = "UPDATE dbmail_mailboxes SET seq = ? WHERE mailbox_idnr = ? AND seq < ?",
};

const struct db_sql sql_refresh_used = {
	.name = "refresh.used",
	.text = "SELECT bytes FROM mail_accounts WHERE owner = ?",
};

const struct db_sql sql_refresh_size = {
	.name = "refresh.size",
	.text = "UPDATE dbmail_users SET curmail_size = ? WHERE user_idnr = ?",
};
