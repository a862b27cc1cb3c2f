/*
 * store/store_int.h - shared inside src/store: what a store is made of, and small helpers over db.h.
 */
#pragma once

#include "db/db.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>

struct bus;
struct codec;
struct delivery_sessions;
struct index_cache;
struct journal;
struct nodes;
struct sweeper;

struct store {
	struct store_settings settings;
	char *lock_directory;
	struct nodes *nodes;
	_Atomic int64_t failure_serial; /* of the last row of login_failures */
	struct codec *codec;
	struct delivery_sessions *sessions;
	struct bus *bus;
	struct index_cache *index;
	struct journal *journal;
	struct sweeper *sweeper;
	struct metrics *metrics;
};

/* The integers that a statement is bound to, or gives. */
struct ints {
	const int64_t *v;
	size_t n;
};

#define INTS(...)                                                                              \
	((struct ints){ (const int64_t[]){ __VA_ARGS__ },                                      \
	    sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t) })

/* Opens a statement whose parameters are all integers. */
NODISCARD enum errc rows_open(struct db *db, const struct db_sql *sql, struct ints params,
    struct db_q **q_out, struct err *err);
/* Runs one that gives no rows. `changes_out` may be NULL. */
NODISCARD enum errc rows_run(struct db *db, const struct db_sql *sql, struct ints params,
    int64_t *changes_out, struct err *err);
/* Opens one and sends it ahead (db_send): rows_take has its answer. */
NODISCARD enum errc rows_ask(struct db *db, const struct db_sql *sql, struct ints params,
    struct db_q **q_out, struct err *err);
/* Takes the first row, or that there is none (ERR_END), and ends the statement. NULL is 0. */
NODISCARD enum errc rows_take(
    struct db_q **qp, int64_t *row_out, size_t columns, struct err *err);
/* db_post of one that gives no rows. */
NODISCARD enum errc rows_post(
    struct db *db, const struct db_sql *sql, struct ints params, struct err *err);
/* Runs one that gives at most one row of `columns` integers (NULL is 0). ERR_END: no row. */
NODISCARD enum errc rows_one(struct db *db, const struct db_sql *sql, struct ints params,
    int64_t *row_out, size_t columns, struct err *err);

/* ERR_END of a loop over rows is its good end. */
static inline enum errc rows_end(enum errc rc)
{
	return rc == ERR_END ? OK : rc;
}

/* A 64-bit hash that is the same everywhere and always: the first bytes of SHA-256. */
int64_t hash_to_i64(const uint8_t *sha256);
