/* store/node_sql.c - rows of mail_nodes. */
#include "store/node.h"

const struct db_sql sql_node_lock_update = {
	.name = "node.lock_update",
	.text = "UPDATE mail_nodes SET incarnation = ?, renewed = ?, started = ?, pid = ?"
		" WHERE number = ?",
};

const struct db_sql sql_node_lock_insert = {
	.name = "node.lock_insert",
	.text = "INSERT INTO mail_nodes (incarnation, renewed, started, pid, number)"
		" VALUES (?, ?, ?, ?, ?)",
};

const struct db_sql sql_object_newest = {
	.name = "object.newest",
	.text = "SELECT max(object) FROM mail_objects",
};

/* Unix milliseconds by the clock that all nodes of an engine share. */
const struct db_sql sql_node_clock = {
	.name = "node.clock",
	.text = "SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
	.pgsql = "SELECT CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT)",
	.mariadb = "SELECT CAST(floor(unix_timestamp(now(3)) * 1000) AS SIGNED)",
};

const struct db_sql sql_node_find = {
	.name = "node.find",
	.text = "SELECT number, expires FROM mail_nodes WHERE incarnation = ?",
};

const struct db_sql sql_node_list = {
	.name = "node.list",
	.text = "SELECT number, incarnation, expires, ids_below, serves FROM mail_nodes"
		" ORDER BY number",
};

const struct db_sql sql_node_take = {
	.name = "node.take",
	.text = "UPDATE mail_nodes SET incarnation = ?, renewed = ?, expires = ?,"
		" ids_below = ?, started = ?, serves = ?, pid = ?, schema_known = ?, host = ?,"
		" program = ? WHERE number = ? AND incarnation = ?",
};

const struct db_sql sql_node_insert = {
	.name = "node.insert",
	.text =
	    "INSERT INTO mail_nodes (incarnation, renewed, expires, ids_below, started, serves,"
	    " pid, schema_known, host, program, number) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
	    " ?)",
};

const struct db_sql sql_node_renew = {
	.name = "node.renew",
	.text = "UPDATE mail_nodes SET renewed = ?, expires = ?, ids_below = ?"
		" WHERE number = ? AND incarnation = ?",
};

const struct db_sql sql_node_end = {
	.name = "node.end",
	.text = "UPDATE mail_nodes SET expires = 0, ids_below = ?"
		" WHERE number = ? AND incarnation = ?",
};
