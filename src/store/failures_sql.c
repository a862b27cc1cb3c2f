/* store/failures_sql.c - rows of login_failures. */
#include "store/failures_int.h"

#define COLUMNS "node, serial, at, passed, pair, address, account"

const struct db_sql sql_failure_insert = {
	.name = "failure.insert",
	.text = "INSERT INTO login_failures (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?)",
};

const struct db_sql sql_failures_recent = {
	.name = "failures.recent",
	.text = "SELECT " COLUMNS " FROM login_failures WHERE at >= ? ORDER BY at LIMIT ?",
};

const struct db_sql sql_failures_of = {
	.name = "failures.of",
	.text = "SELECT " COLUMNS " FROM login_failures WHERE node = ? AND serial > ?"
		" ORDER BY serial LIMIT ?",
};

const struct db_sql sql_failures_old = {
	.name = "failures.old",
	.text = "SELECT 1 FROM login_failures WHERE at < ? LIMIT 1",
};

const struct db_sql sql_failures_delete = {
	.name = "failures.delete",
	.text = "DELETE FROM login_failures WHERE at < ?",
};
