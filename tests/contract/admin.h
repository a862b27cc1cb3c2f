/*
 * tests/contract/admin.h - a store on a scratch database, and SQL as an administrator types it.
 */
#pragma once

#include "store/account.h"
#include "store/alias.h"
#include "store/mailbox.h"
#include "tests/contract/scratch.h"

struct admin {
	struct scratch scratch;
	struct db_pool *pool;
	struct store *store;
	struct arena *arena;
};

/* Fail the test when something does. */
void admin_open(struct admin *admin);
void admin_close(struct admin *admin);

/* An account with an unusable password; its id. */
int64_t admin_user(struct admin *admin, struct str name);

/* Runs one statement of the test's, a constant, in a transaction of its own. */
void admin_sql(struct admin *admin, const struct db_sql *sql);
/* The same with numbers for its parameters. */
void admin_sql_ids(
    struct admin *admin, const struct db_sql *sql, const int64_t *ids, int count);
/* The first column of its first row; INT64_MIN if it has none. */
int64_t admin_number(
    struct admin *admin, const struct db_sql *sql, const int64_t *ids, int count);

/* Returns when what waits for the next transaction (db_transact_later) is written. */
void admin_flush(struct admin *admin);

/* What mailbox_list shows somebody, as "INBOX a(+)..." for comparing: names between spaces, then in parentheses the
 * marks + has children, - not selectable, * subscribed, 0 without a row. In the arena. */
struct str admin_list(struct admin *admin, int64_t user, bool subscribed);

enum errc admin_find(
    struct admin *admin, int64_t user, struct str name, struct mailbox *mailbox_out);
