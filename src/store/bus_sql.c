/*
 * store/bus_sql.c - the newest change of a mailbox.
 */
#include "store/bus_sql.h"

const struct db_sql sql_bus_modseq = {
	.name = "bus.modseq",
	.text = "SELECT highestmodseq FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};
