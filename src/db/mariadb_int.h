/*
 * db/mariadb_int.h - shared by the files of the MariaDB driver.
 *
 * Every connection reads and writes: a leased one is set to READ ONLY, and a transaction says READ WRITE. Statements go
 * by the binary protocol, prepared once; their rows are taken from the server at once, so that several statements may be
 * open on one connection.
 */
#pragma once

#include "base/counter.h"
#include "db/driver.h"
#include "db/url.h"

#include <mysql.h>
#include <stdatomic.h>

#define MARIADB_VERSION_MIN 100600
/* A row is at most two pieces of a message (store/codec.h: 256 KB) and the texts that describe it. */
#define MARIADB_PACKET_MIN ((int64_t)4 << 20)
#define MARIADB_PACKET_MAX ((unsigned long)64 << 20)
#define MARIADB_PARAMS_MAX 65535 /* of a statement: a 16-bit count */
#define MARIADB_COLUMN_KEPT                                                                    \
	((size_t)65536) /* a column's buffer that is larger is given back after the statement */

/* What a url says, in the words of the client library. */
struct mariadb_target {
	struct arena *arena; /* of the texts */
	struct db_url url;   /* with the password */
	const char *user, *name;
	const char *hosts[DB_URL_HOSTS_MAX]; /* as url.hosts, with a NUL behind */
	int connect_timeout_s, statement_timeout_s;
	bool tls, tls_verify;
	const char *tls_ca, *tls_cert, *tls_key; /* NULL: none given */
};

struct mariadb_driver {
	struct db_driver base;
	const struct db_settings *settings; /* borrowed */
	struct mariadb_target target;
	_Atomic size_t preferred; /* the host that answered last */
	struct counter round_trips;
};

struct mariadb_conn {
	struct db_conn base;
	struct mariadb_driver *driver;
	MYSQL *handle;
	enum db_role role;
	size_t host;	 /* in target.url.hosts */
	int lock_wait_s; /* as set on the server */
	int64_t last_id;
	bool in_tx; /* begun and neither committed nor undone, by us or by the server */
	bool lost;  /* the server is gone, or what it would answer is not known */
	/* mariadb_ahead.c; NULL: none */
	struct mariadb_stmt *asked;   /* is to run when the caller has something else to do */
	struct mariadb_stmt *running; /* the server runs it */
	int waits_for;		      /* of `running`: MYSQL_WAIT_... */
	int execute_rc;
};

/* One of the statements of a text (there may be two, see db_sql). */
struct mariadb_part {
	MYSQL_STMT *handle;
	unsigned params;
	unsigned *numbers;  /* of the text's parameters that it takes, from 1 */
	MYSQL_BIND *values; /* as bound for the server */
};

/* A column of the current row. */
struct mariadb_cell {
	bool is_number;
	my_bool is_null;
	unsigned long length;
	int64_t number;
	char *bytes; /* the statement's; `room` of them */
	size_t room;
	char digits[24]; /* a number as text, when somebody asks */
};

struct mariadb_stmt {
	struct db_stmt base;
	struct mariadb_part parts[2];
	unsigned part_count, param_count;
	MYSQL_BIND *params;
	int64_t *numbers;	    /* of the parameters that are numbers */
	struct mariadb_cell *cells; /* `cell_room` of them, `cell_count` in use */
	MYSQL_BIND *columns;
	unsigned cell_room, cell_count;
	MYSQL_STMT *rows; /* whose rows are being read; NULL: not run, or it gives none */
	bool is_done;
	int64_t changes;
	bool is_answered; /* it ran ahead, and nobody took that: `answer` says how it went */
	struct err answer;
};

static inline struct mariadb_conn *mariadb_conn_of(const struct db_conn *conn)
{
	return (struct mariadb_conn *)(uintptr_t)conn;
}

static inline struct mariadb_stmt *mariadb_stmt_of(const struct db_stmt *stmt)
{
	return (struct mariadb_stmt *)(uintptr_t)stmt;
}

static inline void mariadb_waited(struct mariadb_conn *conn)
{
	counter_add(&conn->driver->round_trips, 1);
}

/* mariadb_target.c: the url, its options checked. ERR_SYNTAX, ERR_ARG, ERR_UNSUPPORTED name what is wrong. */
NODISCARD enum errc mariadb_target_init(
    struct mariadb_target *target, struct str url, struct err *err);
void mariadb_target_release(struct mariadb_target *target);

/* mariadb_split.c */
struct mariadb_split {
	struct str texts[2];
	unsigned params[2];
	struct str numbers[2]; /* see mariadb_param_number */
	unsigned count;	       /* 1 or 2 */
	unsigned param_count;  /* of the whole text */
};
/*
 * Cut a text at the ';' between its statements, and look for the parameters of each; in neither case inside literals, names
 * and comments. Parameters that have numbers (?1, ?2; all of a statement or none) may be taken more than once, on this engine
 * alone. Texts live in `arena`. ERR_INTERNAL: no statement, more than two, or a second one that takes more than there are.
 */
NODISCARD enum errc mariadb_split_text(
    struct str text, struct arena *arena, struct mariadb_split *split_out, struct err *err);
/* Which of the text's parameters, from 1, the `param`-th of a statement is: by its number, or one of the last. */
unsigned mariadb_param_number(const struct mariadb_split *split, unsigned part, unsigned param);

/* mariadb_error.c: the class of an error of the server or of the client library; never OK. */
enum errc mariadb_classify(unsigned code, const char *sqlstate);
/* The same for an answer to COMMIT: what is not known to have been undone is ERR_UNCERTAIN. */
enum errc mariadb_classify_commit(unsigned code, const char *sqlstate);
/* What to do about it, beginning with ": "; or nothing. */
const char *mariadb_advice(unsigned code);
/* The connection's, or a statement's, last error; notes what became of the connection and its transaction. */
enum errc mariadb_failed(struct mariadb_conn *conn, struct err *err);
enum errc mariadb_stmt_failed(struct mariadb_conn *conn, MYSQL_STMT *stmt, struct err *err);

/* mariadb_open.c */
enum errc mariadb_open(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err);
void mariadb_hang_up(struct db_conn **connp);
enum errc mariadb_lease(struct db_conn *base, struct err *err);

/* mariadb_query.c: texts of our own by the text protocol, one or more statements in one round trip. */
enum errc mariadb_exec(struct mariadb_conn *conn, const char *text, struct err *err);
enum errc mariadb_exec_str(struct mariadb_conn *conn, struct str text, struct err *err);
/* The same; the first row of the last result, as texts in `arena`. `columns` of them; NULL is an empty text. ERR_END: no row. */
enum errc mariadb_ask(struct mariadb_conn *conn, struct str text, struct arena *arena,
    struct str *values_out, unsigned columns, struct err *err);

/* mariadb_stmt.c */
extern const struct db_ops mariadb_ops;
enum errc mariadb_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err);
void mariadb_finalize(struct db_stmt **stmtp);
enum errc mariadb_bind_i64(struct db_stmt *base, int param, int64_t value, struct err *err);
enum errc mariadb_bind_str(struct db_stmt *base, int param, struct str text, struct err *err);
enum errc mariadb_bind_blob(struct db_stmt *base, int param, struct str bytes, struct err *err);
enum errc mariadb_bind_null(struct db_stmt *base, int param, struct err *err);
enum errc mariadb_step(struct db_stmt *base, struct err *err);
void mariadb_reset(struct db_stmt *base);
int64_t mariadb_changes(const struct db_stmt *stmt);

enum errc mariadb_part_bind(
    struct mariadb_stmt *stmt, const struct mariadb_part *part, struct err *err);
/* After it was executed: its rows, or what it touched. */
enum errc mariadb_part_answer(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err);

/* mariadb_ahead.c */
enum errc mariadb_send(struct db_stmt *base, struct err *err);
void mariadb_hurry(struct db_conn *base);
/* Takes the answer of what runs ahead: before anything else is asked of the connection. */
void mariadb_await(struct mariadb_conn *conn);
/* Nobody wants its answer any more. */
void mariadb_forget(struct mariadb_conn *conn, struct mariadb_stmt *stmt);

/* mariadb_row.c: the rows of a statement that was run */
enum errc mariadb_take_rows(struct mariadb_stmt *stmt, MYSQL_STMT *handle, struct err *err);
enum errc mariadb_next_row(struct mariadb_stmt *stmt, struct err *err);
void mariadb_drop_rows(struct mariadb_stmt *stmt);
void mariadb_free_cells(struct mariadb_stmt *stmt);
int64_t mariadb_column_i64(const struct db_stmt *stmt, int column);
struct str mariadb_column_str(const struct db_stmt *stmt, int column);
bool mariadb_column_is_null(const struct db_stmt *stmt, int column);

/* mariadb_tx.c */
/* Whole seconds, at least 1, and less than a statement may take: so that it is the lock that is named, and not the time. */
int mariadb_lock_seconds(const struct mariadb_conn *conn, int wait_ms);
enum errc mariadb_begin(struct db_conn *base, int wait_ms, struct err *err);
enum errc mariadb_commit(struct db_conn *base, struct err *err);
void mariadb_rollback(struct db_conn *base);
bool mariadb_in_transaction(const struct db_conn *base);
bool mariadb_doubtful(const struct db_conn *base);
enum errc mariadb_savepoint(struct db_conn *base, int depth, struct err *err);
enum errc mariadb_savepoint_keep(struct db_conn *conn, int depth, struct err *err);
enum errc mariadb_savepoint_undo(struct db_conn *base, int depth, struct err *err);
enum errc mariadb_snapshot_begin(struct db_conn *base, struct err *err);
void mariadb_snapshot_end(struct db_conn *base);
enum errc mariadb_last_id(struct db_conn *conn, int64_t *id_out, struct err *err);

/* mariadb_schema.c */
const struct db_migration *mariadb_migrations(struct db_driver *driver, size_t *count_out);
enum errc mariadb_schema_version(struct db_conn *base, int *version_out, struct err *err);
enum errc mariadb_set_schema_version(struct db_conn *base, int version, struct err *err);
enum errc mariadb_run_script(struct db_conn *base, struct str script, struct err *err);
/* Makes the database that the url names. */
enum errc mariadb_create(struct mariadb_conn *conn, struct err *err);
/* No two migrations at once: until the connection ends. */
enum errc mariadb_lock_schema(struct mariadb_conn *conn, int wait_ms, struct err *err);
