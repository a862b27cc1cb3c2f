/*
 * store/site_tables.h - every table of a site with its columns, as `db copy` takes them over. What is not in here would be
 * lost: a database that has more is refused, and tests hold the list against the schema of each engine.
 */
#pragma once

#include "base/base.h"

#define SITE_COLUMNS_MAX 24
#define SITE_KEYS_MAX 5

enum site_kind {
	SITE_INT,
	SITE_TEXT,
	SITE_BLOB,
	SITE_TIME, /* "2026-11-21 07:00:00", whatever the engine's type is */
};

struct site_column {
	const char *name;
	enum site_kind kind;
};

struct site_table {
	const char *name;
	/* NULL: it belongs to the database and not to the site, and is not copied */
	const struct site_column *columns;
	size_t column_count;
	const char *key;	/* "owner,mailbox,uid": in this order there is an index */
	const char *sqlite_key; /* where there is another; NULL: the same */
	const char *mariadb_key;
	bool sequence;	 /* the key is one column, whose numbers the engine gives */
	size_t rows_max; /* of one batch; 0: as many as others */
	const char
	    *like; /* holds about as many rows, and is counted quicker; NULL: counted itself */
};

/* In an order in which rows find what they refer to. */
const struct site_table *site_tables(size_t *count_out);

/* NULL: no such table. */
const struct site_table *site_table_find(struct str name);
