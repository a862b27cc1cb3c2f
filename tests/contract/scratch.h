/*
 * tests/contract/scratch.h - a database in a folder of its own, and statements on a table of the schema that takes
 * any rows (audit_log: id, at, actor, source, action, object).
 */
#pragma once

#include "db/pool.h"

struct scratch {
	char folder[64];
	char path[96];
	char url[112];
};

/* A new empty folder; no database yet. */
void scratch_init(struct scratch *scratch);
/* Removes the folder with everything in it. */
void scratch_release(struct scratch *scratch);

/* Settings that make the database in there. */
struct db_settings scratch_settings(const struct scratch *scratch);

/*
 * The engines that a contract test runs on: its tests are run once for each, with `variant` set. */
struct variant {
	const char *name;
	bool
	    many_writers; /* transactions on leased connections, as engines with many writers run them */
};
extern const struct variant variants[];
extern const size_t variant_count;

/* Opens it, or fails the test. */
struct db_pool *scratch_open(const struct db_settings *settings);

extern const struct db_sql sql_put, sql_count, sql_get;

/* A body: inserts the row (id, text) that `arg`, a struct put, says. */
struct put {
	int64_t id;
	struct str text;
	int runs;	  /* how often it was run */
	enum errc result; /* what it returns after the insert */
};
enum errc put_body(struct db *db, struct arena *arena, void *arg, struct err *err);

/* Rows in the table, as a reader sees them. */
int64_t scratch_count(struct db_pool *pool);
bool scratch_has(struct db_pool *pool, int64_t id);
