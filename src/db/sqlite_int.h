/*
 * db/sqlite_int.h - shared by the files of the SQLite driver.
 *
 * One connection writes (DB_WRITER, on the pool's writer thread), others read; a thread of the driver's own, the
 * keeper, copies the write-ahead log into the database while the writer goes on.
 */
#pragma once

#include "db/driver.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>

/* "TBLA", in the file's header: what `file` and we know it by. */
#define SQLITE_APPLICATION_ID 0x54424c41
#define SQLITE_PAGE_SIZE 4096

enum fixed_sql {
	FIXED_BEGIN,
	FIXED_BEGIN_READ,
	FIXED_COMMIT,
	FIXED_ROLLBACK,
	FIXED_DATA_VERSION,
	FIXED_COUNT
};

enum savepoint_sql { POINT_SET, POINT_RELEASE, POINT_ROLLBACK_TO, POINT_COUNT };

/* The log (WAL) as the last commit and the last checkpoint left it; frames are pages. */
struct sqlite_log {
	_Atomic int frames;   /* in the log */
	_Atomic int asked_at; /* frames when the keeper was last asked */
	/* All but little is copied and the log is long: the writer shall start it anew, the keeper waits. */
	_Atomic bool wants_reset;
	_Atomic uint64_t checkpoints;
};

struct sqlite_driver {
	struct db_driver base;
	const struct db_settings *settings; /* borrowed */
	char *path;			    /* owned */
	struct sqlite_log log;

	pthread_mutex_t lock; /* guards the four below, and changes of log.wants_reset */
	pthread_cond_t wake;  /* of the keeper */
	pthread_cond_t done;  /* with one copying */
	bool keeper_runs, keeper_asked, keeper_copies, keeper_ends;
	pthread_t keeper;
};

struct sqlite_conn {
	struct db_conn base;
	struct sqlite_driver *driver;
	sqlite3 *handle;
	sqlite3_stmt *fixed[FIXED_COUNT]; /* prepared when first used */
	sqlite3_stmt *points[POINT_COUNT][DB_SAVEPOINTS_MAX];
	enum db_role role;
	int wait_ms;	 /* as set in the handle */
	bool doubtful;	 /* see db_ops.doubtful */
	int64_t version; /* PRAGMA data_version */
	int idle_frames; /* in the log when the keeper was asked for the last time before emptying it */
	int64_t reset_again_ms; /* readers were in the way */
};

struct sqlite_stmt {
	struct db_stmt base;
	sqlite3_stmt *handle;
	int64_t changes;
};

static inline struct sqlite_conn *sqlite_conn_of(const struct db_conn *conn)
{
	return (struct sqlite_conn *)(uintptr_t)conn;
}

static inline struct sqlite_stmt *sqlite_stmt_of(const struct db_stmt *stmt)
{
	return (struct sqlite_stmt *)(uintptr_t)stmt;
}

/* sqlite_error.c: the class and the text of the connection's last error; never OK. */
enum errc sqlite_error(const struct sqlite_conn *conn, struct err *err);
enum errc sqlite_classify(int code);

/* sqlite_open.c */
enum errc sqlite_connect(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err);
void sqlite_disconnect(struct db_conn **connp);
/* Runs a constant statement; for pragmas. */
enum errc sqlite_exec(struct sqlite_conn *conn, const char *text, struct err *err);
/* The number that a statement's first column gives; 0 without a row. */
enum errc sqlite_number(
    struct sqlite_conn *conn, const char *text, int64_t *value_out, struct err *err);

/* sqlite_stmt.c */
extern const struct db_ops sqlite_ops;
enum errc sqlite_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err);
void sqlite_finalize(struct db_stmt **stmtp);
enum errc sqlite_bind_i64(struct db_stmt *stmt, int param, int64_t value, struct err *err);
enum errc sqlite_bind_str(struct db_stmt *stmt, int param, struct str text, struct err *err);
enum errc sqlite_bind_blob(struct db_stmt *stmt, int param, struct str bytes, struct err *err);
enum errc sqlite_bind_null(struct db_stmt *stmt, int param, struct err *err);
enum errc sqlite_step(struct db_stmt *base, struct err *err);
void sqlite_reset(struct db_stmt *stmt);
int64_t sqlite_column_i64(const struct db_stmt *stmt, int column);
struct str sqlite_column_str(const struct db_stmt *stmt, int column);
struct str sqlite_column_blob(const struct db_stmt *stmt, int column);
bool sqlite_column_is_null(const struct db_stmt *stmt, int column);
int64_t sqlite_changes(const struct db_stmt *stmt);

/* sqlite_tx.c */
enum errc sqlite_begin(struct db_conn *base, int wait_ms, struct err *err);
enum errc sqlite_commit(struct db_conn *base, struct err *err);
void sqlite_rollback(struct db_conn *base);
bool sqlite_in_transaction(const struct db_conn *conn);
bool sqlite_doubtful(const struct db_conn *conn);
enum errc sqlite_savepoint(struct db_conn *conn, int depth, struct err *err);
enum errc sqlite_savepoint_keep(struct db_conn *conn, int depth, struct err *err);
enum errc sqlite_savepoint_undo(struct db_conn *conn, int depth, struct err *err);
enum errc sqlite_snapshot_begin(struct db_conn *conn, struct err *err);
void sqlite_snapshot_end(struct db_conn *conn);
bool sqlite_foreign_changes(struct db_conn *conn);
enum errc sqlite_last_id(struct db_conn *conn, int64_t *id_out, struct err *err);
void sqlite_set_wait(struct sqlite_conn *conn, int wait_ms);

/* sqlite_keeper.c */
void sqlite_watch_log(struct sqlite_conn *writer);
NODISCARD enum errc sqlite_keeper_start(struct sqlite_driver *driver, struct err *err);
void sqlite_keeper_stop(struct sqlite_driver *driver);
void sqlite_between(struct db_conn *base);
int sqlite_idle(struct db_conn *base, int64_t idle_ms);

/* sqlite_schema.c */
const struct db_migration *sqlite_migrations(struct db_driver *driver, size_t *count_out);
enum errc sqlite_schema_version(struct db_conn *base, int *version_out, struct err *err);
enum errc sqlite_set_schema_version(struct db_conn *base, int version, struct err *err);
enum errc sqlite_run_script(struct db_conn *base, struct str script, struct err *err);
