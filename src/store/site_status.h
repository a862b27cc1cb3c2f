/*
 * store/site_status.h - what a database says of itself: its engine, its sizes, who is connected, how its replication is.
 */
#pragma once

#include "db/upgrade.h"
#include "store/site_nodes.h"

struct site_table_size {
	struct str name; /* as it is in the database */
	int64_t rows;
	bool about;    /* the engine's own estimate, or ours: counting costs */
	int64_t bytes; /* with its indexes; -1: not known */
};

/* One more thing that the engine says. */
struct site_fact {
	struct str name, value;
	bool number; /* the value is one */
};

#define SITE_FACTS_MAX 64
#define SITE_TABLES_MAX 256 /* more are not listed */

struct site_status {
	struct db_schema schema;
	enum db_engine engine;
	struct str version; /* of the engine */
	int64_t bytes;	    /* on disk; -1: not known */
	struct site_table_size *table;
	size_t table_count;
	struct site_fact fact[SITE_FACTS_MAX];
	size_t fact_count;
	struct site_nodes nodes;
	bool standby; /* takes no writes */
	struct str
	    careless; /* "NAME = VALUE": a setting by which commits do not last; empty: none */
	bool not_primary; /* a Galera node outside of the primary component */
};

/*
 * Looks at the database that `settings` names, whatever its schema is; `lock_folder` as in site_nodes_read. Texts live in the
 * arena. Errors: db_open's, and those of its connections.
 */
NODISCARD enum errc site_status_read(const struct db_settings *settings,
    const char *lock_folder, struct arena *arena, struct site_status *status_out,
    struct err *err);

/* "sqlite", "postgresql", "mariadb". */
const char *site_engine_name(enum db_engine engine);
