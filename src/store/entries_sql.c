/*
 * store/entries_sql.c - entries, keywords, what was expunged, objects, the journal of big copies.
 */
#include "store/mail_sql.h"

const struct db_sql sql_entry_insert = {
	.name = "entry.insert",
	.text = "INSERT INTO mail_entries (owner, mailbox, uid, id, object, flags, modseq,"
		" internal_date, internal_zone, save_date, size)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

#define SQL_ENTRY_SOME(hint)                                                                   \
	"SELECT uid, flags, modseq, object, internal_date, internal_zone, size"                \
	" FROM mail_entries" hint " WHERE owner = ? AND mailbox = ? AND uid IN (" SIXTY_FOUR   \
	") ORDER BY uid"

/* PICK_SOME of them. */
const struct db_sql sql_entry_some = {
	.name = "entry.some",
	.text = SQL_ENTRY_SOME(""),
	.mariadb = SQL_ENTRY_SOME(BY_KEY),
};

const struct db_sql sql_entry_id = {
	.name = "entry.id",
	.text = "SELECT id FROM mail_entries WHERE owner = ? AND mailbox = ? AND uid = ?",
};

const struct db_sql sql_entry_range = {
	.name = "entry.range",
	.text = "SELECT uid, flags, modseq, object, internal_date, internal_zone, size"
		" FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND uid BETWEEN ? AND ? ORDER BY uid",
};

const struct db_sql sql_entry_scan = {
	.name = "entry.scan",
	.text = "SELECT uid, flags FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND uid > ? ORDER BY uid LIMIT ?",
};

const struct db_sql sql_entry_recent = {
	.name = "entry.recent",
	.text = "SELECT uid, flags FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? ORDER BY modseq DESC LIMIT ?",
};

const struct db_sql sql_entry_flags_range = {
	.name = "entry.flags_range",
	.text = "UPDATE mail_entries SET flags = (flags & ?) | ?, modseq = ?"
		" WHERE owner = ? AND mailbox = ? AND uid BETWEEN ? AND ?",
};

const struct db_sql sql_entry_keep_range = {
	.name = "entry.keep_range",
	.text =
	    "INSERT INTO mail_removed (owner, mailbox, uid, id, object, flags, internal_date,"
	    " internal_zone, save_date, size, removed)"
	    " SELECT owner, mailbox, uid, id, object, flags, internal_date, internal_zone,"
	    " save_date, size, ?"
	    " FROM mail_entries WHERE owner = ? AND mailbox = ? AND uid BETWEEN ? AND ?",
};

const struct db_sql sql_entry_delete_range = {
	.name = "entry.delete_range",
	.text = "DELETE FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND uid BETWEEN ? AND ?",
};

const struct db_sql sql_extra_insert = {
	.name = "extra.insert",
	.text = "INSERT INTO mail_entry_keywords (owner, mailbox, uid, number)"
		" VALUES (?, ?, ?, ?)",
};

const struct db_sql sql_extra_list = {
	.name = "extra.list",
	.text = "SELECT number FROM mail_entry_keywords"
		" WHERE owner = ? AND mailbox = ? AND uid = ? ORDER BY number",
};

const struct db_sql sql_extra_delete = {
	.name = "extra.delete",
	.text = "DELETE FROM mail_entry_keywords"
		" WHERE owner = ? AND mailbox = ? AND uid = ? AND number = ?",
};

const struct db_sql sql_extra_delete_range = {
	.name = "extra.delete_range",
	.text = "DELETE FROM mail_entry_keywords"
		" WHERE owner = ? AND mailbox = ? AND uid BETWEEN ? AND ?",
};

const struct db_sql sql_keywords = {
	.name = "keywords",
	.text = "SELECT number, name FROM mail_keywords"
		" WHERE owner = ? AND mailbox = ? ORDER BY number",
};

const struct db_sql sql_keyword_insert = {
	.name = "keyword.insert",
	.text = "INSERT INTO mail_keywords (owner, mailbox, number, name) VALUES (?, ?, ?, ?)",
};

const struct db_sql sql_expunged_insert = {
	.name = "expunged.insert",
	.text = "INSERT INTO mail_expunged (owner, mailbox, modseq, first_uid, last_uid, at)"
		" VALUES (?, ?, ?, ?, ?, ?)",
};

const struct db_sql sql_object_insert = {
	.name = "object.insert",
	.text =
	    "INSERT INTO mail_objects (object, owner, size, header_size, trace_size, parser,"
	    " thread, encoded, sent_date, sha256, message_id, sort_subject, sort_from,"
	    " sort_to, sort_cc, parts, envelope, structure)"
	    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

const struct db_sql sql_object_get = {
	.name = "object.get",
	.text =
	    "SELECT parser, size, header_size, trace_size, thread, encoded, sent_date, sha256,"
	    " parts, envelope, structure FROM mail_objects WHERE object = ? AND owner = ?",
};

/* Into another account: object and owner are new, and its thread. */
const struct db_sql sql_object_copy = {
	.name = "object.copy",
	.text =
	    "INSERT INTO mail_objects (object, owner, thread, size, header_size, trace_size,"
	    " sha256, parser, message_id, sent_date, sort_subject, sort_from, sort_to,"
	    " sort_cc, preview, parts, envelope, structure, encoded)"
	    " SELECT ?, ?, ?, size, header_size, trace_size, sha256, parser, message_id,"
	    " sent_date, sort_subject, sort_from, sort_to, sort_cc, preview, parts, envelope,"
	    " structure, encoded FROM mail_objects WHERE object = ? AND owner = ?",
};

const struct db_sql sql_object_thread_keys = {
	.name = "object.thread_keys",
	.text =
	    "SELECT message_id, sort_subject FROM mail_objects WHERE object = ? AND owner = ?",
};

const struct db_sql sql_content_insert = {
	.name = "content.insert",
	.text = "INSERT INTO mail_contents (object, owner, header, body, extents)"
		" VALUES (?, ?, ?, ?, ?)",
};

const struct db_sql sql_content_copy = {
	.name = "content.copy",
	.text = "INSERT INTO mail_contents (object, owner, header, body, extents)"
		" SELECT ?, ?, header, body, extents FROM mail_contents"
		" WHERE object = ? AND owner = ?",
};

const struct db_sql sql_refs_copy = {
	.name = "refs.copy",
	.text = "INSERT INTO mail_blob_refs (hash, owner, object)"
		" SELECT hash, ?, ? FROM mail_blob_refs WHERE object = ? AND owner = ?",
};

const struct db_sql sql_journal_insert = {
	.name = "journal.insert",
	.text =
	    "INSERT INTO mail_journal (owner, id, node, mailbox, uid_first, uid_last, started,"
	    " from_owner, from_mailbox) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

const struct db_sql sql_journal_delete = {
	.name = "journal.delete",
	.text = "DELETE FROM mail_journal WHERE owner = ? AND id = ?",
};

const struct db_sql sql_journal_list = {
	.name = "journal.list",
	.text = "SELECT owner, id, node, mailbox, uid_first, uid_last, from_owner, from_mailbox"
		" FROM mail_journal ORDER BY owner, id LIMIT 100",
};
