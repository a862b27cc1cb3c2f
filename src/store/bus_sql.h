/*
 * store/bus_sql.h - what the bus asks about other processes' changes.
 */
#pragma once

#include "db/db.h"

/* What one statement looks at; less is filled up with zeros. */
#define BUS_BATCH 64

/* (owner, mailbox) and (owner), BUS_BATCH times: rows of owner, mailbox or 0, modseq. */
extern const struct db_sql sql_bus_mailboxes, sql_bus_accounts;
