/*
 * store/verify_sql.c - what the checks compare.
 */
#include "store/verify_int.h"

/* Accounts that have a row or mailboxes. */
const struct db_sql sql_verify_accounts = {
	.name = "verify.accounts",
	.text = "SELECT min(owner) FROM (SELECT min(owner) AS owner FROM mail_accounts"
		" WHERE owner > ? UNION ALL SELECT min(owner) FROM mail_mailboxes"
		" WHERE owner > ?) AS both_tables",
};

const struct db_sql sql_verify_account = {
	.name = "verify.account",
	.text = "SELECT modseq, bytes, messages, uidvalidity_last FROM mail_accounts"
		" WHERE owner = ?",
};

const struct db_sql sql_verify_account_sums = {
	.name = "verify.account_sums",
	.text = "SELECT coalesce(max(highestmodseq), 0), coalesce(sum(size), 0),"
		" coalesce(sum(messages), 0), coalesce(max(uidvalidity), 0),"
		" count(*) - count(DISTINCT uidvalidity) FROM mail_mailboxes WHERE owner = ?",
};

const struct db_sql sql_verify_account_ids = {
	.name = "verify.account_ids",
	.text = "SELECT count(*) - count(DISTINCT id) FROM mail_entries WHERE owner = ?",
};

const struct db_sql sql_verify_mailboxes = {
	.name = "verify.mailboxes",
	.text = "SELECT m.owner, m.mailbox FROM mail_mailboxes m JOIN dbmail_mailboxes b"
		" ON b.mailbox_idnr = m.mailbox AND b.owner_idnr = m.owner"
		" WHERE (m.owner, m.mailbox) > (?, ?) ORDER BY m.owner, m.mailbox LIMIT 1",
	.mariadb = "SELECT m.owner, m.mailbox FROM mail_mailboxes m JOIN dbmail_mailboxes b"
		   " ON b.mailbox_idnr = m.mailbox AND b.owner_idnr = m.owner"
		   " WHERE m.owner > ?1 OR (m.owner = ?1 AND m.mailbox > ?2)"
		   " ORDER BY m.owner, m.mailbox LIMIT 1",
};

const struct db_sql sql_verify_mailbox = {
	.name = "verify.mailbox",
	.text =
	    "SELECT uidnext, highestmodseq, messages, unseen, deleted, size, expunged_floor,"
	    " first_recent, first_unseen FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_verify_entry_sums = {
	.name = "verify.entry_sums",
	.text = "SELECT count(*), coalesce(sum(CASE WHEN flags & 1 = 0 THEN 1 ELSE 0 END), 0),"
		" coalesce(sum(CASE WHEN flags & 8 <> 0 THEN 1 ELSE 0 END), 0),"
		" coalesce(sum(size), 0), coalesce(min(uid), 1), coalesce(max(uid), 0),"
		" coalesce(max(modseq), 0), coalesce(min(size), 0),"
		" coalesce(min(CASE WHEN flags & 1 = 0 THEN uid END), 4294967296),"
		" coalesce(max(flags), 0) FROM mail_entries WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_verify_entry_objects = {
	.name = "verify.entry_objects",
	.text = "SELECT count(*) FROM mail_entries e LEFT JOIN mail_objects o"
		" ON o.object = e.object AND o.owner = e.owner"
		" WHERE e.owner = ? AND e.mailbox = ?"
		" AND (o.object IS NULL OR o.size <> e.size)",
};

/* Entries with a bit that no keyword stands for: all these bits are the parameter. */
const struct db_sql sql_verify_keywords = {
	.name = "verify.keywords",
	.text = "SELECT count(*) FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND flags & ? <> 0",
};

const struct db_sql sql_verify_extra = {
	.name = "verify.extra",
	.text = "SELECT count(*) FROM mail_entry_keywords x"
		" LEFT JOIN mail_entries e ON e.owner = x.owner AND e.mailbox = x.mailbox"
		" AND e.uid = x.uid"
		" LEFT JOIN mail_keywords k ON k.owner = x.owner AND k.mailbox = x.mailbox"
		" AND k.number = x.number"
		" WHERE x.owner = ? AND x.mailbox = ?"
		" AND (e.uid IS NULL OR k.number IS NULL OR x.number < 48)",
};

const struct db_sql sql_verify_expunged = {
	.name = "verify.expunged",
	.text = "SELECT count(*) FROM mail_expunged WHERE owner = ? AND mailbox = ?"
		" AND (first_uid > last_uid OR last_uid >= ? OR modseq > ? OR modseq <= ?)",
};

const struct db_sql sql_verify_expunged_there = {
	.name = "verify.expunged_there",
	.text = "SELECT count(*) FROM mail_expunged x JOIN mail_entries e"
		" ON e.owner = x.owner AND e.mailbox = x.mailbox"
		" AND e.uid BETWEEN x.first_uid AND x.last_uid"
		" WHERE x.owner = ? AND x.mailbox = ?",
};

/* The next mailbox that has entries, and whether it has a row. */
const struct db_sql sql_verify_entry_mailbox = {
	.name = "verify.entry_mailbox",
	.text = "SELECT e.owner, e.mailbox, m.mailbox IS NOT NULL FROM mail_entries e"
		" LEFT JOIN mail_mailboxes m ON m.owner = e.owner AND m.mailbox = e.mailbox"
		" WHERE (e.owner, e.mailbox) > (?, ?) ORDER BY e.owner, e.mailbox LIMIT 1",
	.mariadb = "SELECT e.owner, e.mailbox, m.mailbox IS NOT NULL FROM mail_entries e"
		   " LEFT JOIN mail_mailboxes m ON m.owner = e.owner AND m.mailbox = e.mailbox"
		   " WHERE e.owner > ?1 OR (e.owner = ?1 AND e.mailbox > ?2)"
		   " ORDER BY e.owner, e.mailbox LIMIT 1",
};

const struct db_sql sql_verify_removed = {
	.name = "verify.removed",
	.text = "SELECT count(*) FROM mail_removed r LEFT JOIN mail_objects o"
		" ON o.object = r.object AND o.owner = r.owner"
		" WHERE r.owner = ? AND o.object IS NULL",
};

const struct db_sql sql_verify_objects = {
	.name = "verify.objects",
	.text = "SELECT object, owner, size, header_size, trace_size, sha256 FROM mail_objects"
		" WHERE object > ? ORDER BY object LIMIT 1",
};

const struct db_sql sql_verify_contents = {
	.name = "verify.contents",
	.text = "SELECT c.object, o.object IS NOT NULL FROM mail_contents c"
		" LEFT JOIN mail_objects o ON o.object = c.object AND o.owner = c.owner"
		" WHERE c.object > ? ORDER BY c.object LIMIT 1000",
};

const struct db_sql sql_verify_object_refs = {
	.name = "verify.object_refs",
	.text = "SELECT count(*) FROM mail_blob_refs WHERE object = ? AND owner = ?",
};

const struct db_sql sql_verify_object_used = {
	.name = "verify.object_used",
	.text = "SELECT (SELECT count(*) FROM mail_entries WHERE object = ? AND owner = ?)"
		" + (SELECT count(*) FROM mail_removed WHERE object = ? AND owner = ?)",
};

const struct db_sql sql_verify_blobs = {
	.name = "verify.blobs",
	.text = "SELECT b.hash, b.size, b.chunks,"
		" EXISTS (SELECT 1 FROM mail_blob_refs r WHERE r.hash = b.hash)"
		" FROM mail_blobs b WHERE b.hash > ? ORDER BY b.hash LIMIT 1",
};

const struct db_sql sql_verify_chunk_count = {
	.name = "verify.chunk_count",
	.text = "SELECT count(*), coalesce(max(n), -1) FROM mail_chunks WHERE hash = ?",
};

const struct db_sql sql_verify_chunk_hash = {
	.name = "verify.chunk_hash",
	.text = "SELECT c.hash, EXISTS (SELECT 1 FROM mail_blobs b WHERE b.hash = c.hash)"
		" FROM mail_chunks c WHERE c.hash > ? ORDER BY c.hash LIMIT 1",
};

const struct db_sql sql_verify_refs = {
	.name = "verify.refs",
	.text = "SELECT r.hash, r.owner, r.object, b.hash IS NOT NULL, o.object IS NOT NULL"
		" FROM mail_blob_refs r LEFT JOIN mail_blobs b ON b.hash = r.hash"
		" LEFT JOIN mail_objects o ON o.object = r.object AND o.owner = r.owner"
		" WHERE (r.hash, r.owner, r.object) > (?, ?, ?)"
		" ORDER BY r.hash, r.owner, r.object LIMIT 1000",
	.mariadb = "SELECT r.hash, r.owner, r.object, b.hash IS NOT NULL, o.object IS NOT NULL"
		   " FROM mail_blob_refs r LEFT JOIN mail_blobs b ON b.hash = r.hash"
		   " LEFT JOIN mail_objects o ON o.object = r.object AND o.owner = r.owner"
		   " WHERE r.hash > ?1 OR (r.hash = ?1 AND (r.owner > ?2"
		   " OR (r.owner = ?2 AND r.object > ?3)))"
		   " ORDER BY r.hash, r.owner, r.object LIMIT 1000",
};
