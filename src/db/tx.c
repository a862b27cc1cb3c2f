/*
 * db/tx.c - transactions: one run of a body, and the rerun loop on a leased connection.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "db/db_int.h"

#include <time.h>

#define JITTER_MS_MAX 200

enum errc db_run_body(
    struct db *db, struct arena *arena, db_body *body, void *arg, struct err *err)
{
	enum errc rc;

	arena_clear(arena);
	db->broken.code = OK;
	db->in_body = true;
	rc = body(db, arena, arg, err);
	db_close_statements(db);
	db->in_body = false;
	if (db->broken.code != OK && rc != db->broken.code)
		rc = err_set(err, db->broken.code, "%s", db->broken.text);
	db->broken.code = OK;
	return rc;
}

int db_jitter_ms(int rerun)
{
	int most = rerun < 8 ? 1 << rerun : JITTER_MS_MAX;

	return 1 + (int)random_below((uint64_t)(most < JITTER_MS_MAX ? most : JITTER_MS_MAX));
}

enum errc db_too_busy(const struct err *why, struct err *err)
{
	struct err last = { .code = OK };

	if (why)
		last = *why;
	return err_set(err, ERR_UNAVAIL, "the database was too busy until the deadline%s%s",
	    last.code != OK ? ": " : "", last.code != OK ? last.text : "");
}

static enum errc run_once(struct db *db, struct deadline deadline, struct arena *arena,
    db_body *body, void *arg, struct err *err)
{
	const struct db_settings *settings = &db->pool->settings;
	int left_ms = deadline_left_ms(deadline);
	int64_t began_us;
	enum errc rc;

	if (left_ms > settings->busy_timeout_ms)
		left_ms = settings->busy_timeout_ms;
	db->savepoints = 0;
	db_changes_cut(db, 0);
	rc = db->ops->begin(db->conn, left_ms, err);
	if (rc != OK)
		return rc;
	rc = db_run_body(db, arena, body, arg, err);
	if (rc == OK && !db->ops->in_transaction(db->conn))
		rc = err_set(err, ERR_UNAVAIL, "the engine undid the transaction");
	if (rc != OK) {
		db->ops->rollback(db->conn);
		return rc;
	}
	began_us = clock_mono_us();
	rc = db->ops->commit(db->conn, err);
	metric_observe(
	    db->pool->metrics, DB_COMMIT_TIME, 0, 0, (uint64_t)(clock_mono_us() - began_us));
	if (rc == ERR_UNAVAIL && db->ops->doubtful && db->ops->doubtful(db->conn))
		rc = ERR_UNCERTAIN;
	if (rc != OK)
		return rc;
	metric_observe(db->pool->metrics, DB_GROUP_SIZE, 0, 0, 1);
	db_committed(db->pool, &db->changes);
	return OK;
}

static enum errc attempt(struct db_pool *pool, struct deadline deadline, struct arena *arena,
    db_body *body, void *arg, struct err *err)
{
	struct db *db;
	enum errc rc = db_lease(pool, deadline_left_ms(deadline), &db, err);

	if (rc != OK)
		return rc;
	rc = run_once(db, deadline, arena, body, arg, err);
	if (rc == ERR_CLOSED || rc == ERR_UNCERTAIN)
		db->dead = true;
	db_return(&db);
	return rc;
}

static void sleep_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
}

static enum errc transact_leased(
    struct db_pool *pool, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	struct arena *arena = arena_new("transaction");
	enum errc rc = OK;

	for (int rerun = 1;; rerun++) {
		if (deadline_passed(deadline)) {
			rc = db_too_busy(rerun > 1 ? err : NULL, err);
			break;
		}
		rc = attempt(pool, deadline, arena, body, arg, err);
		if (rc != ERR_CONFLICT && rc != ERR_CLOSED)
			break;
		counter_add(&pool->reruns, 1);
		sleep_ms(db_jitter_ms(rerun));
	}
	counter_add(rc == OK ? &pool->commits : &pool->rollbacks, 1);
	arena_free(&arena);
	return rc;
}

enum errc db_transact(
    struct db_pool *pool, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	struct err own;

	if (!err)
		err = &own;
	if (pool->settings.read_only)
		return err_set(err, ERR_UNAVAIL, "the database was opened for reading only");
	counter_add(&pool->transactions, 1);
	if (pool->driver->single_writer)
		return writer_run(pool->writer, deadline, body, arg, err);
	return transact_leased(pool, deadline, body, arg, err);
}

void db_transact_later(struct db_pool *pool, int delay_ms, db_body *body,
    void (*done)(void *arg, enum errc rc), void *arg)
{
	if (!pool->settings.read_only) {
		counter_add(&pool->transactions, 1);
		writer_run_later(pool->writer, delay_ms, body, done, arg);
	} else if (done) {
		done(arg, ERR_UNAVAIL);
	}
}
