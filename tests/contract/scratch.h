/*
 * tests/contract/scratch.h - a database of its own for each test, on each engine, and statements on a table of the schema
 * that takes any rows (audit_log: id, at, actor, source, action, object).
 *
 * SQLite's is a file in a folder. TABELLA_TEST_PGSQL and TABELLA_TEST_MARIADB are urls of administrators at servers
 * (tests/engines.py sets them); without one its engine is skipped, which is said.
 */
#pragma once

#include "db/pool.h"

struct scratch {
	char folder[64];
	char path[96];	/* of SQLite's file */
	char name[64];	/* of the database at a server; empty: SQLite */
	char url[1024]; /* it may have been made already, and then with the schema */
};

/* A new empty folder, and with a server a new database. */
void scratch_init(struct scratch *scratch);
/* Removes the folder with everything in it, and the database. All pools on it are closed. */
void scratch_release(struct scratch *scratch);

/* Settings that make the database in there. */
struct db_settings scratch_settings(const struct scratch *scratch);

/* What a contract test runs on. */
struct variant {
	const char *name;
	enum db_engine engine;
	/* SQLite's transactions on leased connections, as engines with many writers run them */
	bool many_writers;
};

struct CMUnitTest;
/*
 * Runs the tests once for each variant that there is, with *variant set to it. NULL: once for each engine. Returns how
 * many failed.
 */
#define scratch_run(tests, variant) scratch_run_tests((tests), COUNT(tests), (variant))
int scratch_run_tests(
    const struct CMUnitTest *tests, size_t count, const struct variant **variant);

/* The engine of the tests that run; SQLite outside of scratch_run. */
enum db_engine scratch_engine(void);
/*
 * For tests that let one call after the other fail: how far on the next one is. On a server, where a round takes ten times
 * as long, it is every seventh, unless LONG_TESTS is set (`./dev test all` does).
 */
int scratch_call_step(void);

/* Ends the test that runs, as skipped: what it is about only SQLite has. */
#define SCRATCH_SQLITE_ONLY(why)                                                               \
	do {                                                                                   \
		if (scratch_engine() != DB_SQLITE) {                                           \
			print_message("skipped: %s\n", (why));                                 \
			skip();                                                                \
		}                                                                              \
	} while (0)

/* The same on a server without LONG_TESTS: more than ten thousand messages take a while there. */
#define SCRATCH_LONG_ON_SERVERS()                                                              \
	do {                                                                                   \
		if (scratch_call_step() > 1) {                                                 \
			print_message("skipped: takes long on a server; set LONG_TESTS\n");    \
			skip();                                                                \
		}                                                                              \
	} while (0)

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
