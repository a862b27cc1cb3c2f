/*
 * db/db.h - one small synchronous interface over the database engines.
 *
 * Statements are constants (struct db_sql), prepared once per connection and kept. Reads run on a leased
 * connection; writes run in db_transact and nowhere else. Nothing here assumes an engine: what differs is in the
 * dialect texts of db_sql and in docs/schema.md.
 */
#pragma once

#include "base/base.h"
#include "base/clock.h"
#include "db/change.h"

struct arena;
struct db;	/* one connection, leased from a pool or given to a transaction body */
struct db_pool; /* all connections to one database; any thread */
struct db_q;	/* one prepared statement with its bindings and its current row */

enum db_engine { DB_SQLITE, DB_PGSQL, DB_MARIADB };

/*
 * One statement, always a constant with static storage (its address is the key of the statement cache).
 * `text` runs everywhere unless a dialect needs its own; parameters are ?, by position from 1.
 */
struct db_sql {
	const char *name; /* for the log and the slow-query counter: "entries.by_uid" */
	const char *text;
	/*
	 * NULL: same as text. MariaDB has no UPDATE ... RETURNING: its text may be two statements with a ';' between
	 * them. The second gives the rows; it takes the last of the parameters, and runs if the first touched a row.
	 */
	const char *pgsql, *mariadb, *sqlite;
};

/*
 * A connection for reading, for as short as possible and never while waiting for anything but the database.
 * ERR_UNAVAIL: none free within `wait_ms`, or the database cannot be reached.
 */
NODISCARD enum errc db_lease(
    struct db_pool *pool, int wait_ms, struct db **db_out, struct err *err);

/* Gives it back and sets *dbp to NULL; accepts a pointer to NULL. Open statements are closed. */
void db_return(struct db **dbp);

/*
 * Between begin and end all reads of this connection see one state of the database. At most one step long.
 * ERR_STATE inside a transaction body (which has that guarantee already).
 */
NODISCARD enum errc db_snapshot_begin(struct db *db, struct err *err);
void db_snapshot_end(struct db *db);

/*
 * Prepare (or take from the connection's cache). Parameters are bound by position from 1; what is bound is
 * borrowed until db_done. The same statement may be open once per connection: ERR_STATE otherwise.
 */
NODISCARD enum errc db_query(
    struct db *db, const struct db_sql *sql, struct db_q **q_out, struct err *err);
void db_bind_i64(struct db_q *q, int param, int64_t value);
void db_bind_str(struct db_q *q, int param, struct str text);
void db_bind_blob(struct db_q *q, int param, struct str bytes);
void db_bind_null(struct db_q *q, int param);

/*
 * OK with a row, ERR_END after the last one. Binding errors show up here (sticky). A unique key that is taken is
 * ERR_EXISTS and leaves the transaction usable if the statement is INSERT ... VALUES (it had no effect); a row that
 * names one which is not there is ERR_NOTFOUND; NULL where there must be none, ERR_ARG. A write on a leased connection
 * is ERR_STATE. After any other failure than that ERR_EXISTS a transaction's body, or the part under a savepoint, can
 * only return.
 */
NODISCARD enum errc db_step(struct db_q *q, struct err *err);

/*
 * With its bindings done: sends the statement ahead, in one round trip with what is sent behind it, so that its answer is
 * under way when the first db_step takes it. Several may be under way on one connection; they run in the order in which
 * they were sent, and before whatever runs later. Where the engine is in this process nothing happens until db_step.
 */
void db_send(struct db_q *q);

/*
 * On a leased connection: the server begins with what was sent ahead, while the caller does something else. Without it
 * what was sent waits for the next one who needs an answer; with it the next statement is a round trip of its own.
 */
void db_hurry(struct db *db);

/* Columns of the current row, from 0. Views are valid until the next db_step or db_done. */
int64_t db_i64(const struct db_q *q, int column);
struct str db_str(const struct db_q *q, int column);  /* text; NULL column: n = 0 */
struct str db_blob(const struct db_q *q, int column); /* bytes; NULL column: n = 0 */
bool db_is_null(const struct db_q *q, int column);

/* Rows touched by the last step of an UPDATE, DELETE, INSERT. */
int64_t db_changes(const struct db_q *q);

/* Ends the statement (it stays prepared) and sets *qp to NULL; accepts a pointer to NULL. */
void db_done(struct db_q **qp);

/* A statement that gives no rows, with its bindings done by the caller: steps to the end and ends it.
 * `changes_out` may be NULL. Takes *qp in any case. */
NODISCARD enum errc db_run(struct db_q **qp, int64_t *changes_out, struct err *err);

/*
 * The same in a transaction's body, for a write whose count nobody needs: where the engine is far it is only sent. Its
 * failure (a unique key that is taken is one) is told by the next call that waits for an answer: db_step, the end of
 * db_savepoint, the commit; the transaction, or the savepoint, has failed with it. Takes *qp in any case.
 */
NODISCARD enum errc db_post(struct db_q **qp, struct err *err);

/* INSERT into a table whose id is the engine's: the id of the row just inserted on this connection. */
NODISCARD enum errc db_last_id(struct db *db, int64_t *id_out, struct err *err);

enum db_engine db_engine_of(const struct db *db);

/* The engine is another process: each statement costs a round trip. */
bool db_is_far(const struct db *db);

/*
 * Work of a transaction. OK commits, anything else rolls back and is returned by db_transact. What `arena` gave is
 * gone when the body returns: what a caller is to have goes into *arg. Statements left open are closed. After
 * ERR_CONFLICT, ERR_CLOSED or ERR_UNAVAIL of a statement the transaction cannot commit: db_transact goes by that,
 * whatever the body returns.
 */
typedef enum errc db_body(struct db *db, struct arena *arena, void *arg, struct err *err);

/*
 * Run `body` in a transaction (SQLite: on the writer thread, in one commit with other callers' bodies) and
 * return after the commit that holds it. It may be run again (conflict, lost connection before COMMIT, another
 * member of its group that broke the commit) until `deadline`: no effect outside the database, its arena (reset
 * before each run) and *arg (which a run must write wholly); it leases nothing and waits for nothing. The caller
 * holds no lease. Never from a body, a `done` or the pool's listener.
 *
 * OK             committed, durable
 * ERR_UNCERTAIN  COMMIT was sent and its answer lost: look for what was written by its key
 * ERR_UNAVAIL    full disk, read-only or unreachable database, too busy until the deadline; nothing was written
 * otherwise      what the body returned; nothing was written
 */
NODISCARD enum errc db_transact(
    struct db_pool *pool, struct deadline deadline, db_body *body, void *arg, struct err *err);

/*
 * The same for a caller who holds a lease, with no snapshot and no statement open on it. Where transactions run on leased
 * connections it is this one: if all who hold one waited for another, none would come. ERR_UNAVAIL also when it is lost;
 * after that, and after ERR_UNCERTAIN, it is good for db_return alone.
 */
NODISCARD enum errc db_transact_on(
    struct db *db, struct deadline deadline, db_body *body, void *arg, struct err *err);

/*
 * db_transact without waiting for the commit: for work that may be lost with the process (acknowledged delivery
 * keys, journals, statistics). `body` gets `arg`; `done` (may be NULL) is called on the writer's thread with the
 * outcome and owns arg from then on. Runs in the next group, at the latest after `delay_ms`, and before db_close
 * returns. If 100,000 wait already it is not taken: `done` is called at once, on this thread, with ERR_UNAVAIL.
 */
void db_transact_later(struct db_pool *pool, int delay_ms, db_body *body,
    void (*done)(void *arg, enum errc rc), void *arg);

/*
 * A part of a transaction that may fail alone: what it wrote is undone unless OK is returned. Returns what
 * `part` returned; ERR_CONFLICT and ERR_UNAVAIL must be passed on by the caller.
 */
NODISCARD enum errc db_savepoint(struct db *db,
    enum errc (*part)(struct db *db, void *arg, struct err *err), void *arg, struct err *err);

/* Told to the pool's listener when, and only if, this transaction commits. */
void db_notify(struct db *db, struct change change);

/* Waits for what was posted so far: its failure shows up here. OK at once where there is no pipeline. */
NODISCARD enum errc db_flush(struct db *db, struct err *err);
