/*
 * db/pgsql_int.h - shared by the files of the PostgreSQL driver.
 *
 * A connection is in libpq's pipeline mode and never blocks in libpq: whatever waits, waits in pgsql_wait.c, which
 * knows how long. What is sent is remembered in a queue, in order; answers are taken off its front. Outside of a
 * transaction each Sync ends what PostgreSQL runs as one.
 */
#pragma once

#include "base/buf.h"
#include "base/clock.h"
#include "base/secret.h"
#include "db/driver.h"
#include "db/limits.h"

#include <libpq-fe.h>
#include <stdatomic.h>

struct arena;

#define PGSQL_STATE_SIZE ((size_t)5) /* bytes of an SQLSTATE */

/* ---- pgsql_text.c: statements as PostgreSQL wants them ---- */

struct pgsql_text {
	char *text; /* with $1, $2 for ?; owned */
	int params;
	/* INSERT ... VALUES of one row, without a word of its own about conflicts or answers */
	bool may_skip;
};

/* ERR_LIMIT: more parameters than the protocol counts. */
NODISCARD enum errc pgsql_text_init(
    struct pgsql_text *text, struct str statement, struct err *err);
void pgsql_text_release(struct pgsql_text *text);

/* ---- pgsql_value.c: columns in PostgreSQL's binary form ---- */

enum pgsql_type {
	PGSQL_BOOL = 16,
	PGSQL_BYTEA = 17,
	PGSQL_INT8 = 20,
	PGSQL_INT2 = 21,
	PGSQL_INT4 = 23,
	PGSQL_TEXT = 25,
	PGSQL_OID = 26,
	PGSQL_FLOAT8 = 701,
	PGSQL_TIMESTAMP = 1114,
	PGSQL_TIMESTAMPTZ = 1184,
	PGSQL_NUMERIC = 1700,
};

#define PGSQL_SCRATCH ((size_t)40) /* bytes for a number or a time as text */

/*
 * A column as a number: what is no number is read as decimal digits, as far as they go; fractions are cut, what does
 * not fit becomes the nearest that does, and bytes that are no value of the type are 0.
 */
int64_t pgsql_value_i64(unsigned type, struct str bytes);
/* As text, which may stand in `scratch`: numbers in decimal, times as 2026-11-20 20:11:36 (UTC). */
struct str pgsql_value_text(unsigned type, struct str bytes, char scratch[PGSQL_SCRATCH]);

/* ---- pgsql_error.c ---- */

enum pgsql_moment {
	PGSQL_READS, /* outside of a transaction that writes */
	PGSQL_WRITES,
	PGSQL_CONNECTS,
};

/* The class of an SQLSTATE; never OK. */
enum errc pgsql_classify(const char *state, enum pgsql_moment moment);
/* What to do about it, with ": " in front; may be empty. */
const char *pgsql_advice(const char *state);
/* The server's words without line ends, tabs and the password (if it is not empty). */
void pgsql_add_words(struct buf *out, struct str words, struct str password);
/* The SQLSTATE in libpq's words about a connection that failed (PQERRORS_VERBOSE), or NULL. */
const char *pgsql_state_in(const char *words);

/* ---- pgsql_url.c ---- */

/* How to reach the database: what libpq's connection parameters are made of. */
struct pgsql_target {
	struct arena *arena;
	struct secret password;	 /* with a NUL at its end; empty: none */
	const char *user, *name; /* NULL: libpq's own default */
	const char *host[DB_URL_HOSTS_MAX];
	const char *port[DB_URL_HOSTS_MAX]; /* NULL: libpq's default */
	size_t hosts;
	const char *option[DB_URL_OPTIONS_MAX]; /* for libpq */
	const char *value[DB_URL_OPTIONS_MAX];
	size_t options;
	const char *session_options; /* the url's own `options`, or NULL */
	/* ours, and not for libpq */
	bool
	    prepares; /* prepare=off: a pooler that hands out another server with each transaction */
	int connect_ms; /* connect_timeout, in seconds in the url: for each host */
	int query_ms;	/* statement_timeout, in seconds in the url: for each statement */
};

NODISCARD enum errc pgsql_target_init(
    struct pgsql_target *target, struct str url, struct err *err);
void pgsql_target_release(struct pgsql_target *target);

/* ---- connections ---- */

struct pgsql_driver {
	struct db_driver base;
	const struct db_settings *settings; /* borrowed */
	struct pgsql_target target;
	_Atomic uint64_t round_trips;
};

/* Two ways to run a statement: as it is, or so that a taken key is no error of the server's. */
enum pgsql_way { PGSQL_PLAIN, PGSQL_SKIPS, PGSQL_WAYS };

enum pgsql_answer {
	PGSQL_NONE,  /* not sent */
	PGSQL_AHEAD, /* sent, and not answered yet */
	PGSQL_HERE,  /* `result` is there */
	PGSQL_FAILED /* `bad` says why */
};

#define PGSQL_NUMBER ((size_t)24) /* a sign, 19 digits, a NUL */

struct pgsql_param {
	struct str bytes; /* borrowed; p NULL: a number, or NULL */
	bool is_null, is_number;
	char number[PGSQL_NUMBER];
};

struct pgsql_stmt {
	struct db_stmt base;
	struct pgsql_text text;
	char *skipping; /* the text of PGSQL_SKIPS; NULL: the same */
	bool prepared[PGSQL_WAYS];
	uint64_t serial; /* its name on the server */
	struct pgsql_param *params;
	const char **values; /* of `params`, as libpq takes them */
	int *lengths, *formats;
	enum pgsql_answer answer;
	struct err bad;
	PGresult *result;
	int row, rows;
	int64_t changes;
	enum pgsql_way way; /* of what is under way */
	bool was_skipped;   /* the server did not run it, for a failure in front of it */
	char (*scratch)[PGSQL_SCRATCH];
	int scratch_columns;
};

enum pgsql_sent { PGSQL_PARSE, PGSQL_STEP, PGSQL_POST, PGSQL_SYNC };

/* What was sent and not answered. */
struct pgsql_pending {
	enum pgsql_sent what;
	enum pgsql_way way;
	struct pgsql_stmt *stmt; /* NULL: nobody wants to know */
	int depth;		 /* savepoints open when it was sent */
};

enum pgsql_fixed {
	PGSQL_BEGIN,
	PGSQL_BEGIN_READ,
	PGSQL_COMMIT,
	PGSQL_ROLLBACK,
	PGSQL_LIMITS,
	PGSQL_LOCK_WAIT,
	PGSQL_MIGRATION_LOCK,
	PGSQL_LAST_ID,
	PGSQL_LISTEN,
	PGSQL_TELL,
	PGSQL_VERSION,
	PGSQL_TABLES,
	PGSQL_SET_VERSION,
	PGSQL_UNSET_VERSION,
	PGSQL_FIXED_COUNT
};

enum pgsql_point { PGSQL_POINT_SET, PGSQL_POINT_KEEP, PGSQL_POINT_UNDO, PGSQL_POINT_COUNT };

struct pgsql_conn {
	struct db_conn base;
	struct pgsql_driver *driver;
	PGconn *handle;
	enum db_role role;
	int query_ms; /* how long an answer may take */

	struct pgsql_pending *queue; /* a ring */
	size_t first, count, room;
	size_t syncs;  /* of them */
	bool unsynced; /* something was sent since the last Sync */
	size_t posts;  /* of callers, not answered yet */
	struct err
	    segment; /* the first failure since the last Sync: it skips all that follows */

	bool is_lost;
	struct err loss;
	bool in_transaction, in_snapshot;
	bool commits, warned; /* a COMMIT is under way; the server had doubts about it */
	int depth;	      /* savepoints open */
	struct err failure;   /* why the transaction, or a part of it, cannot commit */
	int failure_depth;

	uint64_t serial;			  /* of prepared statements */
	struct db_stmt *fixed[PGSQL_FIXED_COUNT]; /* made when first used */
	struct db_stmt *points[PGSQL_POINT_COUNT][DB_SAVEPOINTS_MAX];
};

static inline struct pgsql_conn *pgsql_conn_of(const struct db_conn *conn)
{
	return (struct pgsql_conn *)(uintptr_t)conn;
}

static inline struct pgsql_stmt *pgsql_stmt_of(const struct db_stmt *stmt)
{
	return (struct pgsql_stmt *)(uintptr_t)stmt;
}

/* pgsql_connect.c */
enum errc pgsql_connect(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err);
void pgsql_disconnect(struct db_conn **connp);
enum errc pgsql_lease(struct db_conn *base, struct err *err);

/* pgsql_open.c: one session with the server; `name` in place of the url's database, or NULL */
NODISCARD enum errc pgsql_open_session(struct pgsql_driver *driver, enum db_role role,
    const char *name, PGconn **handle_out, struct err *err);

/* ---- pgsql_wait.c ---- */

/* What an answer says, in our words; never OK. */
enum errc pgsql_result_error(
    const struct pgsql_conn *conn, const PGresult *result, struct err *err);
/* The connection is over: everything under way has failed. Returns ERR_CLOSED. */
enum errc pgsql_lose(struct pgsql_conn *conn, const char *why, struct err *err);
void pgsql_push(
    struct pgsql_conn *conn, enum pgsql_sent what, struct pgsql_stmt *stmt, enum pgsql_way way);
/* Nobody wants the answers of this statement any more; is_freed: it is no more itself. */
void pgsql_forget(struct pgsql_conn *conn, const struct pgsql_stmt *stmt, bool is_freed);
/* Sends a Sync, as far as it goes without waiting. */
NODISCARD enum errc pgsql_sync(struct pgsql_conn *conn, struct err *err);
/* Sends what is to be sent and takes every answer. ERR_CLOSED alone: failures are in statements and in `failure`. */
NODISCARD enum errc pgsql_settle(struct pgsql_conn *conn, struct err *err);
/* Before something new is sent: takes what was sent ahead of a Sync. */
NODISCARD enum errc pgsql_ready(struct pgsql_conn *conn, struct err *err);
/* Takes what is here without waiting. */
NODISCARD enum errc pgsql_take_here(struct pgsql_conn *conn, struct err *err);
/* Waits until the server said something, `wake_fd` (or -1) is readable, or the time is over; 0: the time is over. */
int pgsql_poll(const struct pgsql_conn *conn, short events, int wake_fd, int timeout_ms);
/* Outside of the pipeline: many statements, without parameters, rows or a place in the queue. */
NODISCARD enum errc pgsql_run_simple(
    struct pgsql_conn *conn, const char *text, struct err *err);

/* ---- pgsql_stmt.c ---- */

enum errc pgsql_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err);
void pgsql_finalize(struct db_stmt **stmtp);
enum errc pgsql_bind_i64(struct db_stmt *stmt, int param, int64_t value, struct err *err);
enum errc pgsql_bind_str(struct db_stmt *stmt, int param, struct str text, struct err *err);
enum errc pgsql_bind_null(struct db_stmt *stmt, int param, struct err *err);
enum errc pgsql_step(struct db_stmt *base, struct err *err);
void pgsql_reset(struct db_stmt *base);
enum errc pgsql_send(struct db_stmt *base, struct err *err);
void pgsql_hurry(struct db_conn *base);
enum errc pgsql_post(struct db_stmt *base, struct err *err);
int64_t pgsql_column_i64(const struct db_stmt *base, int column);
struct str pgsql_column_str(const struct db_stmt *base, int column);
struct str pgsql_column_blob(const struct db_stmt *base, int column);
bool pgsql_column_is_null(const struct db_stmt *base, int column);
int64_t pgsql_changes(const struct db_stmt *base);
/* Takes the statement's answer off the server's result; called by pgsql_wait.c. */
void pgsql_stmt_answer(struct pgsql_stmt *stmt, PGresult *result, const struct err *bad);
/* Sends it as one of the queue. */
NODISCARD enum errc pgsql_stmt_send(struct pgsql_conn *conn, struct pgsql_stmt *stmt,
    enum pgsql_sent what, enum pgsql_way way, struct err *err);

/* ---- pgsql_tx.c ---- */

/* A statement of our own, ready to be bound. */
NODISCARD enum errc pgsql_fixed(struct pgsql_conn *conn, enum pgsql_fixed which,
    struct db_stmt **stmt_out, struct err *err);
enum errc pgsql_begin(struct db_conn *base, int wait_ms, struct err *err);
enum errc pgsql_commit(struct db_conn *base, struct err *err);
void pgsql_rollback(struct db_conn *base);
bool pgsql_in_transaction(const struct db_conn *base);
enum errc pgsql_savepoint(struct db_conn *base, int depth, struct err *err);
enum errc pgsql_savepoint_keep(struct db_conn *base, int depth, struct err *err);
enum errc pgsql_savepoint_undo(struct db_conn *base, int depth, struct err *err);
enum errc pgsql_snapshot_begin(struct db_conn *base, struct err *err);
void pgsql_snapshot_end(struct db_conn *base);
enum errc pgsql_flush(struct db_conn *base, struct err *err);
enum errc pgsql_last_id(struct db_conn *base, int64_t *id_out, struct err *err);

/* ---- pgsql_schema.c ---- */

const struct db_migration *pgsql_migrations(struct db_driver *driver, size_t *count_out);
enum errc pgsql_schema_version(struct db_conn *base, int *version_out, struct err *err);
enum errc pgsql_set_schema_version(struct db_conn *base, int version, struct err *err);
enum errc pgsql_run_script(struct db_conn *base, struct str script, struct err *err);

/* ---- pgsql_news.c, pgsql_payload.c ---- */

enum errc pgsql_listen(struct db_conn *base, struct err *err);
enum errc pgsql_tell(struct db_conn *base, int64_t self, const struct change *changes,
    size_t count, struct err *err);
enum errc pgsql_hear(struct db_conn *base, int64_t self, const struct db_ear *ear,
    int timeout_ms, struct err *err);

/* As many of the changes as one notification holds, from the first; returns how many (0 only of none). */
size_t pgsql_payload_add(
    struct buf *out, int64_t self, const struct change *changes, size_t count);
/*
 * Who told it, and what. ERR_SYNTAX: it is none of ours, or of another version; ERR_LIMIT: more than PGSQL_CHANGES_MAX.
 * Nothing is partly read.
 */
NODISCARD enum errc pgsql_payload_parse(struct str payload, int64_t *self_out,
    struct change changes[PGSQL_CHANGES_MAX], size_t *count_out);
