/*
 * store/summary.h - how much there is, for `tabella status`: sums over the accounts, not over the mail.
 */
#pragma once

#include "store/store.h"

struct summary {
	int64_t schema;			/* newest step of the schema that is in the database */
	int64_t accounts, accounts_off; /* people's; of them not active */
	int64_t domains, aliases, mailboxes;
	int64_t messages, bytes; /* as booked in the accounts that are there */
};

/* Two statements. */
NODISCARD enum errc summary_read(struct db *db, struct summary *summary_out, struct err *err);
