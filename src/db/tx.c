/*
 * db/tx.c - transactions: one run of a body, and the rerun loop on a leased connection.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/random.h"
#include "db/db_int.h"

#include <assert.h>
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

/* Who runs what, and until when. */
struct run {
	struct db_pool *pool;
	struct db *held; /* the caller's connection; NULL: each attempt leases one */
	struct deadline deadline;
	db_body *body;
	void *arg;
};

static enum errc attempt(const struct run *run, struct arena *arena, struct err *err)
{
	struct db *db = run->held;
	enum errc rc = OK;

	if (!db)
		rc = db_lease(run->pool, deadline_left_ms(run->deadline), &db, err);
	if (rc != OK)
		return rc;
	rc = run_once(db, run->deadline, arena, run->body, run->arg, err);
	if (rc == ERR_CLOSED || rc == ERR_UNCERTAIN)
		db->dead = true;
	/* the caller has no other */
	if (rc == ERR_CLOSED && run->held)
		rc = db_unreachable(rc, err);
	if (!run->held)
		db_return(&db);
	return rc;
}

static void sleep_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
}

static enum errc transact_leased(const struct run *run, struct err *err)
{
	struct arena *arena = arena_new("transaction");
	enum errc rc = OK;

	for (int rerun = 1;; rerun++) {
		if (deadline_passed(run->deadline)) {
			rc = db_too_busy(rerun > 1 ? err : NULL, err);
			break;
		}
		rc = attempt(run, arena, err);
		if (rc != ERR_CONFLICT && rc != ERR_CLOSED)
			break;
		counter_add(&run->pool->reruns, 1);
		sleep_ms(db_jitter_ms(rerun));
	}
	counter_add(rc == OK ? &run->pool->commits : &run->pool->rollbacks, 1);
	arena_free(&arena);
	return rc;
}

static enum errc transact(const struct run *run, struct err *err)
{
	struct db_pool *pool = run->pool;
	struct err own;

	if (!err)
		err = &own;
	if (pool->settings.read_only)
		return err_set(err, ERR_UNAVAIL, "the database was opened for reading only");
	counter_add(&pool->transactions, 1);
	if (pool->driver->single_writer)
		return writer_run(pool->writer, run->deadline, run->body, run->arg, err);
	return transact_leased(run, err);
}

enum errc db_transact(
    struct db_pool *pool, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	return transact(&(const struct run){ pool, NULL, deadline, body, arg }, err);
}

enum errc db_transact_on(
    struct db *db, struct deadline deadline, db_body *body, void *arg, struct err *err)
{
	assert(!db->in_snapshot && !db->in_body);
	return transact(&(const struct run){ db->pool, db, deadline, body, arg }, err);
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
