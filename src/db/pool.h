/*
 * db/pool.h - opening a database: configuration, creation, migration, statistics. Used by main and tests; the
 * rest of the program sees db.h only.
 */
#pragma once

#include "db/db.h"

struct log;
struct db_driver;

struct db_settings {
	struct str url; /* "sqlite:/path/to/file.db" or a path, postgresql://..., mysql://... */
	struct str table_prefix;  /* "dbmail_" unless the administrator says otherwise */
	int readers;		  /* connections for reading, at least 1 */
	int busy_timeout_ms;	  /* how long another process may hold the write lock */
	int group_max;		  /* members of one commit at the most */
	int64_t wal_limit_bytes;  /* SQLite: the log is brought back below this */
	int64_t size_limit_bytes; /* SQLite: as if the disk were full there; 0: no limit */
	const char *sqlite_vfs;	  /* NULL: the default; tests inject one */
	bool create;		  /* make the database if there is none */
	bool read_only;
	bool patient; /* a statement at a server may take hours, as those of db_migrate may */
	bool
	    any_schema; /* whatever the schema is, and a copy that is not finished: for those who look at it */
	struct str
	    copy_source; /* with db_migrate: an empty database becomes one that is copied into, from here */
	struct log *log; /* borrowed; must outlive the pool */
	/* called after each commit on a database thread; must be quick and must not use the database */
	void (*on_change)(void *arg, const struct change *changes, size_t count);
	/* the same for what others told; NULL: on_change. Called on a thread of the pool's */
	void (*on_news)(void *arg, const struct change *changes, size_t count);
	void *on_change_arg;
	bool hears_news; /* listens to other processes, where the engine carries news */
	/* Tests: puts a driver of their own around the engine's, which it then owns. NULL: none. */
	struct db_driver *(*wrap_driver)(void *arg, struct db_driver *driver);
	void *wrap_arg;
};

/*
 * Opens (and with `create` makes) the database and its threads.
 * ERR_NOTFOUND no such database; ERR_UNSUPPORTED unknown url, database newer than the program, or not ours;
 * ERR_STATE schema older than the program (run db_migrate); ERR_CORRUPT no database at all, or a damaged one;
 * ERR_ARG table_prefix; ERR_UNAVAIL cannot be opened. The text says what to do.
 */
NODISCARD enum errc db_open(
    const struct db_settings *settings, struct db_pool **pool_out, struct err *err);

/* Waits for running transactions, runs what db_transact_later still holds, closes. *poolp = NULL. */
void db_close(struct db_pool **poolp);

/* Bring the schema of the database up to the program's version: numbered steps, each in a transaction, each
 * recorded. No effect when it is there already. `create` in db_open does this by itself. */
NODISCARD enum errc db_migrate(
    const struct db_settings *settings, int *from_out, int *to_out, struct err *err);

/* How many sessions may use the database at once: as many as find a connection, or a place in a commit. */
int db_tickets(const struct db_pool *pool);

/*
 * Changes made by other processes since the last call: true means that any mailbox may have changed (SQLite:
 * PRAGMA data_version moved). A look that meets the writer at work is taken after its group and told by the next
 * call. Cheap; called every 250 ms by one thread. It also closes connections that nobody used for 30 s.
 * A pool opened read_only does not look: always false.
 */
bool db_foreign_changes(struct db_pool *pool);

/* Other processes' commits are told as they happen; if not, those who want to know look now and then. */
bool db_hears_news(const struct db_pool *pool);

struct db_stats {
	uint64_t statements, transactions, commits, rollbacks, reruns, checkpoints;
	uint64_t slow;	      /* statements over a second */
	uint64_t round_trips; /* how often a database server was waited for; 0 with SQLite */
	int64_t wal_bytes;
	int connections, connections_used;  /* open for sessions; of them, in use */
	uint64_t waits;			    /* for one, because all were in use */
	uint64_t connects, connects_failed; /* to a server, after the start */
	bool
	    is_lost; /* the server cannot be reached: the last attempt failed, and none succeeded since */
};

/* Sizes of groups and times of commits, for those who watch; the pool's own. */
struct metrics;
const struct metrics *db_metrics(const struct db_pool *pool);

void db_stats(struct db_pool *pool, struct db_stats *stats_out);
/* The schema that this program makes; the database's may be newer. */
int db_schema_known(const struct db_pool *pool);
enum db_engine db_pool_engine(const struct db_pool *pool);
