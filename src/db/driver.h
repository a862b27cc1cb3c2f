/*
 * db/driver.h - what an engine's driver implements. The code above it (pool, leases, statements, transactions,
 * migrations) knows no engine; a driver knows no pool.
 *
 * A struct db_driver is one database. Any thread may call its `connect`; a connection and its statements belong
 * to one thread at a time, which may change between calls.
 *
 * Drivers classify their engine's errors:
 *   ERR_CONFLICT   run the transaction again: busy, locked, deadlock, serialisation, certification
 *   ERR_CLOSED     the connection is gone, and with it the transaction; open a new one
 *   ERR_UNCERTAIN  commit only: its answer is lost
 *   ERR_UNAVAIL    full, read-only, I/O, no memory; the text says what to do
 *   ERR_EXISTS     a unique key is taken; the statement had no effect
 *   ERR_NOTFOUND   a row that this one must name is not there
 *   ERR_CORRUPT    the engine found its own data damaged
 *   ERR_STATE      a write where only reading is allowed
 *   ERR_INTERNAL   the statement is wrong: our bug
 */
#pragma once

#include "db/pool.h"

#define DB_SAVEPOINTS_MAX 8 /* nested */

struct db_ops;

enum db_role {
	DB_READER, /* writing is refused by the engine */
	DB_WRITER, /* the only one that writes, where the engine has one writer */
	DB_BOTH,
	DB_ADMIN, /* to create and to migrate: accepts any schema version; makes the database if settings.create */
	DB_NEWS,  /* for `listen`, `tell` and `hear` */
};

struct db_driver {
	const struct db_ops *ops;
	bool
	    single_writer; /* transactions of this process go through one connection, in groups */
};

struct db_conn {
	const struct db_ops *ops;
};

struct db_stmt {
	struct db_conn *conn;
};

/* When a step is not undone: while `ask` gives a row. The last of a list has no `ask`. */
struct db_refusal {
	const char *ask, *why;
};

/*
 * One numbered step of the schema; what stands before it in the list is applied first. Scripts name tables as they are
 * without a prefix of the administrator's. Where the engine commits in the middle of one it can be run again.
 */
struct db_migration {
	int to;
	struct str script;
	struct str undo;		   /* empty: there is no way back */
	const struct db_refusal *refusals; /* of the way back; NULL: none */
	int oldest; /* programs that know this schema or a later one can use the database; 0: only `to` and later */
};

struct db_driver_stats {
	/* how the log of an engine with a single writer stands; 0 elsewhere */
	uint64_t checkpoints;
	int64_t wal_bytes;
	uint64_t round_trips; /* how often a server was waited for */
};

/* Who waits for news of other processes. */
struct db_ear {
	int wake_fd; /* readable: stop waiting */
	void (*heard)(void *arg, const struct change *changes, size_t count);
	void *arg;
};

struct db_ops {
	enum db_engine engine;

	void (*free)(struct db_driver *driver);
	const struct db_migration *(*migrations)(struct db_driver *driver, size_t *count_out);
	void (*stats)(struct db_driver *driver, struct db_driver_stats *stats_out);

	/*
	 * ERR_NOTFOUND no such database; ERR_UNSUPPORTED it is not ours; ERR_UNAVAIL cannot be reached; ERR_LIMIT the server
	 * takes no more connections.
	 */
	enum errc (*connect)(struct db_driver *driver, enum db_role role,
	    struct db_conn **conn_out, struct err *err);
	void (*disconnect)(struct db_conn **connp);

	/* Before a connection is handed out: does it live? ERR_CLOSED: open another. NULL: always. */
	enum errc (*lease)(struct db_conn *conn, struct err *err);

	/* `text` is borrowed for the call only; its parameters are ?. */
	enum errc (*prepare)(
	    struct db_conn *conn, struct str text, struct db_stmt **stmt_out, struct err *err);
	void (*finalize)(struct db_stmt **stmtp);

	/* Parameters from 1; bytes stay where they are until `reset`. */
	enum errc (*bind_i64)(struct db_stmt *stmt, int param, int64_t value, struct err *err);
	enum errc (*bind_str)(
	    struct db_stmt *stmt, int param, struct str text, struct err *err);
	enum errc (*bind_blob)(
	    struct db_stmt *stmt, int param, struct str bytes, struct err *err);
	enum errc (*bind_null)(struct db_stmt *stmt, int param, struct err *err);

	/* OK with a row, ERR_END without. */
	enum errc (*step)(struct db_stmt *stmt, struct err *err);
	/* Closes the cursor and forgets the bindings; an answer that is under way is thrown away. */
	void (*reset)(struct db_stmt *stmt);

	/*
	 * `send` sends with the bindings as they are, as far as the protocol allows that; the first `step` takes the answer.
	 * `hurry`, outside of a transaction: the server runs what was sent without waiting for more; a failure is the
	 * statements'. NULL, both: the engine is in this process.
	 * A pipeline; NULL, both: none. `post` sends a write; its failure is kept and returned by whatever waits next on the
	 * connection (step, flush, savepoint_keep, commit). `flush` waits for all that was sent.
	 */
	enum errc (*send)(struct db_stmt *stmt, struct err *err);
	void (*hurry)(struct db_conn *conn);
	enum errc (*post)(struct db_stmt *stmt, struct err *err);
	enum errc (*flush)(struct db_conn *conn, struct err *err);

	int64_t (*column_i64)(const struct db_stmt *stmt, int column);
	struct str (*column_str)(const struct db_stmt *stmt, int column);
	struct str (*column_blob)(const struct db_stmt *stmt, int column);
	bool (*column_is_null)(const struct db_stmt *stmt, int column);

	int64_t (*changes)(const struct db_stmt *stmt); /* rows touched by its last step */
	enum errc (*last_id)(struct db_conn *conn, int64_t *id_out, struct err *err);

	/*
	 * A writing transaction. `wait_ms`: how long to wait for another process's lock before ERR_CONFLICT.
	 * After a failed commit no transaction is open. ERR_UNCERTAIN only if nobody can know; ERR_UNAVAIL if
	 * running the bodies again in a transaction that commits makes the failed one void (see `doubtful`).
	 */
	enum errc (*begin)(struct db_conn *conn, int wait_ms, struct err *err);
	enum errc (*commit)(struct db_conn *conn, struct err *err);
	void (*rollback)(struct db_conn *conn);
	bool (*in_transaction)(const struct db_conn *conn);
	/* A failed commit may yet be found in the database, until a later one succeeds. NULL: never. */
	bool (*doubtful)(const struct db_conn *conn);

	/* Nested, `depth` from 0 to DB_SAVEPOINTS_MAX - 1; whoever ends one ends those inside. Undo returns to the savepoint and removes it. */
	enum errc (*savepoint)(struct db_conn *conn, int depth, struct err *err);
	enum errc (*savepoint_keep)(struct db_conn *conn, int depth, struct err *err);
	enum errc (*savepoint_undo)(struct db_conn *conn, int depth, struct err *err);

	/* One state for all reads until the end. */
	enum errc (*snapshot_begin)(struct db_conn *conn, struct err *err);
	void (*snapshot_end)(struct db_conn *conn);

	/*
	 * News between processes, on a connection of the role DB_NEWS; NULL, all three: others find out by looking. Told
	 * after the commit and never in the transaction: that would make PostgreSQL's commits wait for each other's flush.
	 * `self` tells our own words from others'. `hear` returns when news came, the ear's descriptor is readable, or the
	 * time is over; ERR_CLOSED: open another connection, and take it that anything may have changed. `listen` answers
	 * ERR_UNSUPPORTED where this way to the server carries no news.
	 */
	enum errc (*listen)(struct db_conn *conn, struct err *err);
	enum errc (*tell)(struct db_conn *conn, int64_t self, const struct change *changes,
	    size_t count, struct err *err);
	enum errc (*hear)(struct db_conn *conn, int64_t self, const struct db_ear *ear,
	    int timeout_ms, struct err *err);

	/* Did other processes commit since the last call on this connection? NULL: not to be known so. */
	bool (*foreign_changes)(struct db_conn *conn);

	/* On the writer between groups: short work that cannot wait. NULL: none. */
	void (*between)(struct db_conn *conn);
	/*
	 * On the writer when it has had nothing to do for `idle_ms`: a small piece of housekeeping.
	 * Returns milliseconds until the next piece, -1 when there is none until something is written.
	 */
	int (*idle)(struct db_conn *conn, int64_t idle_ms);

	/* Schema: 0 is an empty database. Set inside the transaction that brings it there. */
	enum errc (*schema_version)(struct db_conn *conn, int *version_out, struct err *err);
	enum errc (*set_schema_version)(struct db_conn *conn, int version, struct err *err);
	/* Many statements; a transaction is open where the engine can run them in one. */
	enum errc (*run_script)(struct db_conn *conn, struct str script, struct err *err);
};

/*
 * A running program cannot open a connection: whatever the reason, ERR_NOTFOUND (no such file) must not reach a
 * caller who asked for a row. Returns OK or ERR_UNAVAIL.
 */
enum errc db_unreachable(enum errc rc, struct err *err);

/* Statements of such a connection may take up to DB_PATIENT_MS; all others as long as the url says. driver.c */
bool db_is_patient(const struct db_settings *settings, enum db_role role);

/* The driver for settings->url. `settings` is borrowed and outlives the driver. ERR_UNSUPPORTED: unknown url. */
NODISCARD enum errc db_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err);

NODISCARD enum errc sqlite_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err);
/* ERR_UNSUPPORTED in a program that was built without them. */
NODISCARD enum errc pgsql_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err);
NODISCARD enum errc mariadb_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err);
