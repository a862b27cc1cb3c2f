/*
 * db/db_int.h - shared inside src/db: what a connection, a statement and a pool are made of.
 */
#pragma once

#include "base/counter.h"
#include "base/metric.h"
#include "db/driver.h"
#include "db/reach.h"
#include "db/sql.h"

#include <pthread.h>

struct arena;
struct news;
struct writer;

#define DB_READERS_MAX 1024	/* connections */
#define DB_READER_IDLE_MS 30000 /* then its connection is closed: memory */
#define DB_SLOW_US 1000000

struct db_q {
	const struct db_sql *sql;
	struct db *db;
	struct db_stmt *stmt;
	struct db_q *next_open;
	bool is_open, is_timed;
	int64_t started_us;
	struct err bad; /* first binding that failed: bad.code != OK */
};

/* What a transaction will tell when it commits. */
struct change_list {
	struct change *items;
	size_t count, room;
};

struct db {
	const struct db_ops *ops;
	struct db_conn *conn;
	struct db_pool *pool;
	struct db *next; /* in the pool's list of idle ones */
	int64_t idle_since_ms;

	struct db_q *
	    *table; /* the statement cache, by the address of the db_sql; a power of two */
	size_t table_size, statement_count;
	struct db_q *open;

	bool in_body, in_snapshot;
	bool dead;	   /* its connection is lost: not to be leased again */
	int savepoints;	   /* open ones */
	struct err broken; /* why the open transaction cannot commit; code OK: it can */
	struct change_list changes;
	uint64_t statements; /* not yet in the pool's counter */
};

/* Who waits for a connection; on the waiter's stack. */
struct lease_waiter {
	struct lease_waiter *next;
	pthread_cond_t ready;
	struct db *db; /* handed over, or NULL: there is room to open one */
	bool served;
};

/* pool.c has their table. */
enum db_metric { DB_GROUP_SIZE, DB_COMMIT_TIME };

struct db_pool {
	struct db_settings settings; /* with copies of its texts */
	struct arena *arena;	     /* of those */
	struct db_driver *driver;
	enum db_role reader_role;
	bool rewrites_names; /* table_prefix is not dbmail_ */

	pthread_mutex_t lock; /* guards the four below */
	struct db *idle;      /* the one used last first, so that the others can be closed */
	int connections;      /* leased, idle or being opened */
	int64_t reaped_at_ms;
	struct lease_waiter *waiters, **waiters_tail;

	bool is_open; /* db_open has succeeded: from here on the database may come and go */
	struct reach reach;   /* of a server */
	struct counter waits; /* for a connection, because all were in use */

	struct writer *writer;
	struct news *news;    /* NULL: the engine carries none */
	_Atomic bool foreign; /* seen and not yet reported */

	struct counter statements, transactions, commits, rollbacks, reruns, slow;
	struct metrics *metrics; /* enum db_metric */
};

/*
 * conn.c: a connection of the engine; at once ERR_UNAVAIL while a server is known to be away, and ERR_LIMIT while it takes
 * no more connections.
 */
NODISCARD enum errc db_connect(
    struct db_pool *pool, enum db_role role, struct db_conn **conn_out, struct err *err);
/* A connection with its statement cache. */
NODISCARD enum errc db_conn_new(
    struct db_pool *pool, enum db_role role, struct db **db_out, struct err *err);
void db_conn_free(struct db **dbp);
/* Closes the engine's connection and opens a new one; the statements are forgotten. */
NODISCARD enum errc db_conn_renew(struct db *db, enum db_role role, struct err *err);
void db_close_statements(struct db *db);
/* Remembers that the connection is lost, or that the transaction cannot commit, if `rc` says so. Returns rc. */
enum errc db_mark_broken(struct db *db, enum errc rc, const struct err *err);
void db_changes_cut(struct db *db, size_t count);
void db_count_statements(struct db *db);

/* lease.c: db_lease and db_return; and of the connections that are not lent */
void leases_close_stale(struct db_pool *pool); /* those that nobody used for long */
void leases_release(struct db_pool *pool);     /* all */
void leases_count(struct db_pool *pool, struct db_stats *stats);

/* A commit took place: tells the listener, and other processes. */
void db_committed(struct db_pool *pool, const struct change_list *changes);

/* tx.c: one member's run, the same on a writer's and on a leased connection */
enum errc db_run_body(
    struct db *db, struct arena *arena, db_body *body, void *arg, struct err *err);
/* Milliseconds before the n-th rerun (from 1): random, longer each time. */
int db_jitter_ms(int rerun);
/* ERR_UNAVAIL; `why` the last run failed, or NULL if there was none. They may be the same. */
enum errc db_too_busy(const struct err *why, struct err *err);

/* writer.c: the thread that runs groups */
NODISCARD enum errc writer_new(
    struct db_pool *pool, struct writer **writer_out, struct err *err);
/* Runs what is queued, then ends the thread. */
void writer_free(struct writer **writerp);
NODISCARD enum errc writer_run(
    struct writer *writer, struct deadline deadline, db_body *body, void *arg, struct err *err);
void writer_run_later(struct writer *writer, int delay_ms, db_body *body,
    void (*done)(void *arg, enum errc rc), void *arg);
/* Looks for other processes' commits now, or after the running group. */
void writer_poll_foreign(struct writer *writer);

/* migrate.c */
NODISCARD enum errc db_check_schema(
    struct db_driver *driver, struct db_conn *conn, struct str prefix, struct err *err);

/* pool.c: work on a connection of the role DB_ADMIN, which it opens and closes. */
struct schema_work;
typedef enum errc db_admin_body(const struct schema_work *work, void *arg, struct err *err);
NODISCARD enum errc db_administer(
    const struct db_settings *settings, db_admin_body *body, void *arg, struct err *err);
