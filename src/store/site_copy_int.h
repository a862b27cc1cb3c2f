/*
 * store/site_copy_int.h - shared by the files of `db copy`: statements over a table of any shape, rows in memory.
 */
#pragma once

#include "base/buf.h"
#include "store/site_copy.h"
#include "store/site_tables.h"
#include "store/store_int.h"

#define COPY_ROWS 1000 /* of one batch */
#define COPY_BYTES                                                                             \
	((size_t)4 * 1024 * 1024)      /* a batch ends behind the row that brings it here */
#define COPY_ROW_MAX ((size_t)1 << 31) /* no engine's row is larger */
#define COPY_MANY 40		       /* rows of one INSERT, */
#define COPY_MANY_BYTES                                                                        \
	((size_t)512 * 1024) /* if they are no larger than this: servers limit their packets */

/* The statements over one table; texts and statements live in the arena. */
struct site_sql {
	struct db_sql count, clear, first, next, insert, insert_many;
};

/* site_copy_sql.c. They are made of the names in site_tables.c and of nothing else; for one engine. */
const struct site_sql *site_sql_new(
    struct arena *arena, const struct site_table *table, enum db_engine engine);
extern const struct db_sql sql_copy_reset, sql_copy_begin, sql_copy_get, sql_copy_put,
    sql_copy_finish, sql_copy_has_accounts, sql_copy_has_addresses, sql_copy_has_mail,
    sql_copy_columns, sql_copy_numbers, sql_copy_numbers_clear, sql_copy_number_put;

/* The columns of the key, in order. */
struct site_key {
	size_t column[SITE_KEYS_MAX];
	size_t count;
};
struct site_key site_key_of(const struct site_table *table, enum db_engine engine);

/*
 * Rows one behind the other, a value as a byte that says what it is and then 8 bytes of a number, or 4 bytes of length and the
 * bytes. The same row gives the same bytes, whichever engine it was read from.
 */
struct site_batch {
	struct buf bytes;
	size_t start[COPY_ROWS + 1]; /* of each row; one more: the end */
	size_t count;
};
void site_batch_release(struct site_batch *batch);

/* Appends the current row of `q`. ERR_LIMIT. */
NODISCARD enum errc site_batch_take(
    struct site_batch *batch, const struct site_table *table, struct db_q *q, struct err *err);
struct str site_batch_row(const struct site_batch *batch, size_t i);

/* Binds the values of one row, from parameter `param` on. */
void site_row_bind(const struct site_table *table, struct str row, struct db_q *q, int param);

/* The key's values of a row, in the same form; in the arena. */
struct str site_row_key(struct arena *arena, const struct site_table *table,
    const struct site_key *key, struct str row);

/* The values of a key to the parameters of site_sql.next. */
void site_key_bind(const struct site_table *table, const struct site_key *key, struct str value,
    enum db_engine engine, struct db_q *q, int *param);

/* "owner 4, mailbox 7": for people. */
struct str site_key_text(struct arena *arena, const struct site_table *table,
    const struct site_key *key, struct str value);

/* "2026-11-21T07:00:00.0" as "2026-11-21 07:00:00"; what is no time stays. `out` has room for 19. */
struct str site_time(struct str text, char out[19]);

/* ---- one run ---- */

struct site_copy_run {
	const struct site_copy_settings *settings;
	struct arena *arena;
	struct str source; /* the source's url as people may see it */
	struct db_pool *from, *to;
	struct db *reader; /* of the source; with `online` in its snapshot */
	enum db_engine from_engine, to_engine;
	int schema; /* of the source */
	const struct site_table *tables;
	size_t count;
	const struct site_sql **from_sql, **to_sql; /* NULL where the table is not copied */
	uint64_t *table_about;			    /* rows */
	struct site_batch batch;
	struct site_copy_progress progress;
	bool resumed;
};

struct deadline site_copy_deadline(void);
void site_copy_count(struct site_copy_run *run, const struct site_batch *batch);
void site_copy_tell(struct site_copy_run *run);

/* The rows behind a key (empty: from the first), as many as a batch takes. */
NODISCARD enum errc site_copy_read(struct db *db, const struct site_table *table,
    const struct site_sql *sql, struct str behind, struct site_batch *batch, struct err *err);

/* site_copy_verify.c: both sides read again, counted and hashed. ERR_CORRUPT: a table differs. */
NODISCARD enum errc site_copy_verify(
    struct site_copy_run *run, struct site_copy_report *report_out, struct err *err);

/* site_copy_open.c: both sides, and what is to be known of the tables; the caller closes what is open. */
NODISCARD enum errc site_copy_open(struct site_copy_run *run, struct err *err);
/* ERR_STATE: somebody works on the source, and `online` was not asked for. */
NODISCARD enum errc site_copy_refuse_nodes(struct site_copy_run *run, struct err *err);
struct db_settings site_copy_database(const struct site_copy_run *run, struct str url);

/* site_copy_nodes.c */
NODISCARD enum errc site_copy_numbers(struct site_copy_run *run, struct err *err);
