/*
 * store/index_sql.c - what the index cache reads.
 */
#include "store/mail_sql.h"

/* A folder without a row of state is there and empty. */
const struct db_sql sql_index_row = {
	.name = "index.row",
	.text = "SELECT m.uidvalidity, m.uidnext, m.highestmodseq, m.expunged_floor"
		" FROM dbmail_mailboxes b LEFT JOIN mail_mailboxes m"
		" ON m.owner = b.owner_idnr AND m.mailbox = b.mailbox_idnr"
		" WHERE b.mailbox_idnr = ? AND b.owner_idnr = ?",
};

const struct db_sql sql_index_batch = {
	.name = "index.batch",
	.text = "SELECT uid, flags, modseq, internal_date, internal_zone, object, size"
		" FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND uid > ? ORDER BY uid LIMIT ?",
};

const struct db_sql sql_index_changed = {
	.name = "index.changed",
	.text = "SELECT uid, flags, modseq, internal_date, internal_zone, object, size"
		" FROM mail_entries"
		" WHERE owner = ? AND mailbox = ? AND modseq > ?",
};

const struct db_sql sql_index_expunged = {
	.name = "index.expunged",
	.text = "SELECT first_uid, last_uid FROM mail_expunged"
		" WHERE owner = ? AND mailbox = ? AND modseq > ?",
};

const struct db_sql sql_index_extra = {
	.name = "index.extra",
	.text = "SELECT uid, number FROM mail_entry_keywords"
		" WHERE owner = ? AND mailbox = ? ORDER BY uid, number",
};
