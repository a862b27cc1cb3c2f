/*
 * store/mail_sql.c - the rows of account and mailbox, delivery.
 */
#include "store/mail_sql.h"

#define ACCOUNT_TOUCH                                                                          \
	"UPDATE mail_accounts SET modseq = modseq + 1, bytes = bytes + ?,"                     \
	" messages = messages + ? WHERE owner = ?"
const struct db_sql sql_account_touch = {
	.name = "account.touch",
	.text = ACCOUNT_TOUCH " RETURNING modseq, bytes, uidvalidity_last",
	.mariadb = ACCOUNT_TOUCH "; SELECT modseq, bytes, uidvalidity_last FROM mail_accounts"
				 " WHERE owner = ?",
};

const struct db_sql sql_account_insert = {
	.name = "account.insert",
	.text = "INSERT INTO mail_accounts (owner, modseq, bytes, messages, uidvalidity_last)"
		" VALUES (?, 2, ?, ?, 0)",
};

const struct db_sql sql_account_book = {
	.name = "account.book",
	.text = "UPDATE mail_accounts SET bytes = bytes + ?, messages = messages + ?"
		" WHERE owner = ?",
};

const struct db_sql sql_account_uidvalidity = {
	.name = "account.uidvalidity",
	.text = "UPDATE mail_accounts SET uidvalidity_last = ? WHERE owner = ?",
};

#define MAILBOX_ARRIVE                                                                         \
	"UPDATE mail_mailboxes SET"                                                            \
	" first_unseen = CASE WHEN unseen = 0 THEN uidnext ELSE first_unseen END,"             \
	" uidnext = uidnext + ?, messages = messages + ?, unseen = unseen + ?,"                \
	" deleted = deleted + ?, size = size + ?, highestmodseq = ?"                           \
	" WHERE owner = ? AND mailbox = ?"
const struct db_sql sql_mailbox_arrive = {
	.name = "mailbox.arrive",
	.text = MAILBOX_ARRIVE " RETURNING uidnext, uidvalidity, messages",
	.mariadb = MAILBOX_ARRIVE "; SELECT uidnext, uidvalidity, messages FROM mail_mailboxes"
				  " WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_mailbox_insert = {
	.name = "mailbox.insert",
	.text = "INSERT INTO mail_mailboxes (owner, mailbox, uidvalidity, highestmodseq)"
		" VALUES (?, ?, ?, ?)",
};

#define MAILBOX_ADJUST                                                                         \
	"UPDATE mail_mailboxes SET messages = messages + ?, unseen = unseen + ?,"              \
	" deleted = deleted + ?, size = size + ?, highestmodseq = ?,"                          \
	" first_unseen = CASE WHEN first_unseen > ? THEN ? ELSE first_unseen END"              \
	" WHERE owner = ? AND mailbox = ?"
const struct db_sql sql_mailbox_adjust = {
	.name = "mailbox.adjust",
	.text = MAILBOX_ADJUST " RETURNING deleted, uidvalidity",
	.mariadb = MAILBOX_ADJUST "; SELECT deleted, uidvalidity FROM mail_mailboxes"
				  " WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_mailbox_row = {
	.name = "mailbox.row",
	.text = "SELECT m.uidvalidity, m.uidnext, m.messages, m.unseen, m.deleted, m.size,"
		" m.highestmodseq, m.expunged_floor, m.first_recent, m.first_unseen"
		" FROM dbmail_mailboxes b LEFT JOIN mail_mailboxes m"
		" ON m.owner = b.owner_idnr AND m.mailbox = b.mailbox_idnr"
		" WHERE b.mailbox_idnr = ? AND b.owner_idnr = ?",
};

#define STATE_COLUMNS                                                                          \
	"m.mailbox, m.owner, m.uidvalidity, m.uidnext, m.messages, m.unseen, m.deleted,"       \
	" m.size, m.highestmodseq, m.expunged_floor, m.first_recent"

const struct db_sql sql_mailbox_states_own = {
	.name = "mailbox.states_own",
	.text = "SELECT " STATE_COLUMNS " FROM mail_mailboxes m WHERE m.owner = ?",
};

/* The actor's rows and those of "anyone" (2). */
const struct db_sql sql_mailbox_states_shared = {
	.name = "mailbox.states_shared",
	.text =
	    "SELECT DISTINCT " STATE_COLUMNS " FROM dbmail_acl a"
	    " JOIN dbmail_mailboxes b ON b.mailbox_idnr = a.mailbox_id"
	    " JOIN mail_mailboxes m ON m.owner = b.owner_idnr AND m.mailbox = b.mailbox_idnr"
	    " WHERE a.user_id IN (?, 2) AND b.owner_idnr <> ?",
};

/* 8: FLAG_DELETED */
const struct db_sql sql_mailbox_deleted = {
	.name = "mailbox.deleted",
	.text = "SELECT deleted FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_mailbox_deleted_size = {
	.name = "mailbox.deleted_size",
	.text = "SELECT sum(size) FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND flags & 8 <> 0",
};

const struct db_sql sql_mailbox_recent_count = {
	.name = "mailbox.recent_count",
	.text = "SELECT count(*) FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND uid >= ?",
};

const struct db_sql sql_mailbox_recent_get = {
	.name = "mailbox.recent_get",
	.text = "SELECT first_recent, uidnext FROM mail_mailboxes"
		" WHERE owner = ? AND mailbox = ?",
};

const struct db_sql sql_mailbox_recent_take = {
	.name = "mailbox.recent_take",
	.text = "UPDATE mail_mailboxes SET first_recent = ?"
		" WHERE owner = ? AND mailbox = ? AND first_recent = ?",
};

#define LOOK_FROM                                                                              \
	" FROM dbmail_mailboxes b LEFT JOIN mail_mailboxes m"                                  \
	" ON m.owner = b.owner_idnr AND m.mailbox = b.mailbox_idnr"
#define LOOK_WHERE " WHERE b.mailbox_idnr = ? AND b.owner_idnr = ?"

/* For whom the rows of dbmail_acl say nothing. No row at all: the mailbox is gone. */
const struct db_sql sql_mailbox_look = {
	.name = "mailbox.look",
	.text = "SELECT b.permission, b.no_select, m.uidvalidity, m.uidnext, m.highestmodseq,"
		" m.expunged_floor" LOOK_FROM LOOK_WHERE,
};

/* The actor's row and that of "anyone" (2) together. */
const struct db_sql sql_mailbox_rights = {
	.name = "mailbox.rights",
	.text = "SELECT min(b.permission), min(b.no_select), min(m.uidvalidity),"
		" min(m.uidnext), min(m.highestmodseq), min(m.expunged_floor),"
		" max(a.read_flag), max(a.seen_flag), max(a.write_flag), max(a.insert_flag),"
		" max(a.deleted_flag), max(a.expunge_flag)" LOOK_FROM " LEFT JOIN dbmail_acl a"
		" ON a.mailbox_id = b.mailbox_idnr AND a.user_id IN (?, 2)" LOOK_WHERE
		" GROUP BY b.mailbox_idnr",
};

const struct db_sql sql_target_find = {
	.name = "target.find",
	.text = "SELECT u.active, u.maxmail_size, b.mailbox_idnr, b.no_select"
		" FROM dbmail_users u LEFT JOIN dbmail_mailboxes b"
		" ON b.owner_idnr = u.user_idnr AND b.name = ? WHERE u.user_idnr = ?",
};

/* As made by hand; looked for only where there is no INBOX. */
const struct db_sql sql_target_inbox_nocase = {
	.name = "target.inbox_nocase",
	.text = "SELECT min(mailbox_idnr) FROM dbmail_mailboxes"
		" WHERE owner_idnr = ? AND lower(name) = 'inbox' AND no_select = 0",
};

const struct db_sql sql_target_inbox = {
	.name = "target.inbox",
	.text = "INSERT INTO dbmail_mailboxes (owner_idnr, name) VALUES (?, 'INBOX')",
};

const struct db_sql sql_quota_of = {
	.name = "quota.of",
	.text = "SELECT maxmail_size FROM dbmail_users WHERE user_idnr = ?",
};

const struct db_sql sql_room_of = {
	.name = "room.of",
	.text = "SELECT u.active, u.maxmail_size, coalesce(a.bytes, 0) FROM dbmail_users u"
		" LEFT JOIN mail_accounts a ON a.owner = u.user_idnr WHERE u.user_idnr = ?",
};

const struct db_sql sql_key_find = {
	.name = "key.find",
	.text = "SELECT session, serial, node FROM delivery_keys"
		" WHERE owner = ? AND delivery_key = ?",
};

const struct db_sql sql_key_insert = {
	.name = "key.insert",
	.text =
	    "INSERT INTO delivery_keys (owner, session, serial, node, created, delivery_key)"
	    " VALUES (?, ?, ?, ?, ?, ?)",
};

const struct db_sql sql_key_adopt = {
	.name = "key.adopt",
	.text = "UPDATE delivery_keys SET session = ?, serial = ?, node = ?"
		" WHERE owner = ? AND session = ? AND serial = ? AND delivery_key = ?",
};

const struct db_sql sql_key_forget = {
	.name = "key.forget",
	.text = "DELETE FROM delivery_keys"
		" WHERE owner = ? AND session = ? AND serial <= ? AND delivery_key = ?",
};

const struct db_sql sql_key_release = {
	.name = "key.release",
	.text = "UPDATE delivery_keys SET node = 0"
		" WHERE owner = ? AND session = ? AND serial = ? AND delivery_key = ?",
};

const struct db_sql sql_key_own = {
	.name = "key.own",
	.text = "SELECT created FROM delivery_keys"
		" WHERE owner = ? AND session = ? AND serial = ? AND delivery_key = ?",
};

#define SQL_THREAD_FIND(hint)                                                                  \
	"SELECT id_hash, thread FROM mail_thread_ids" hint                                     \
	" WHERE owner = ? AND subject_hash = ? AND id_hash IN"                                 \
	" (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

/* As many as THREAD_IDS_MAX. */
const struct db_sql sql_thread_find = {
	.name = "thread.find",
	.text = SQL_THREAD_FIND(""),
	.mariadb = SQL_THREAD_FIND(BY_KEY),
};

const struct db_sql sql_thread_insert = {
	.name = "thread.insert",
	.text = "INSERT INTO mail_thread_ids (owner, id_hash, subject_hash, thread)"
		" VALUES (?, ?, ?, ?)",
};
