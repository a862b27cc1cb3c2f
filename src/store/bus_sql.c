/*
 * store/bus_sql.c - the newest changes of mailboxes and accounts, many in one round trip. Each part finds its row by the primary
 * key, whatever an engine's planner thinks of long lists.
 */
#include "store/bus_sql.h"

#define TIMES_3_MORE(part) " UNION ALL " part " UNION ALL " part " UNION ALL " part
#define TIMES_4(part) part TIMES_3_MORE(part)
#define TIMES_16(part) TIMES_4(part) TIMES_3_MORE(TIMES_4(part))
#define TIMES_64(part) TIMES_16(part) TIMES_3_MORE(TIMES_16(part))

#define MAILBOX                                                                                \
	"SELECT owner, mailbox, highestmodseq FROM mail_mailboxes"                             \
	" WHERE owner = ? AND mailbox = ?"
#define ACCOUNT "SELECT owner, 0, modseq FROM mail_accounts WHERE owner = ?"

_Static_assert(BUS_BATCH == 64, "as often as the parts stand in the texts");

const struct db_sql sql_bus_mailboxes = {
	.name = "bus.mailboxes",
	.text = TIMES_64(MAILBOX),
};

const struct db_sql sql_bus_accounts = {
	.name = "bus.accounts",
	.text = TIMES_64(ACCOUNT),
};
