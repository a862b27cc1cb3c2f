/*
 * db/lease.c - connections lent to who reads (where an engine has many writers, to transactions too), in the order in
 * which they were asked for.
 */
#include "base/thread.h"
#include "db/db_int.h"

/* Under the lock. */
static void remove_waiter(struct db_pool *pool, struct lease_waiter *me)
{
	struct lease_waiter **link = &pool->waiters;

	while (*link != me)
		link = &(*link)->next;
	*link = me->next;
	if (pool->waiters_tail == &me->next)
		pool->waiters_tail = link;
}

/* In the queue until a connection, or the right to open one, is handed over. Called and left under the lock. */
static bool queue_for(struct db_pool *pool, int wait_ms, struct db **db_out)
{
	struct lease_waiter me = { .next = NULL };
	int64_t until_ms = clock_mono_ms() + wait_ms;

	thread_cond_init(&me.ready);
	*pool->waiters_tail = &me;
	pool->waiters_tail = &me.next;
	while (!me.served && clock_mono_ms() < until_ms)
		thread_cond_wait_until(&me.ready, &pool->lock, until_ms);
	if (!me.served)
		remove_waiter(pool, &me);
	(void)pthread_cond_destroy(&me.ready);
	*db_out = me.db;
	return me.served;
}

/* A connection (or NULL with the right to open one); false when none came free in time. */
static bool take_turn(struct db_pool *pool, int wait_ms, struct db **db_out)
{
	bool served = true;

	*db_out = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->idle) {
		*db_out = pool->idle;
		pool->idle = pool->idle->next;
	} else if (pool->connections < pool->settings.readers) {
		pool->connections++;
	} else if (wait_ms > 0) {
		counter_add(&pool->waits, 1);
		served = queue_for(pool, wait_ms, db_out);
	} else {
		served = false;
	}
	pthread_mutex_unlock(&pool->lock);
	return served;
}

/* Under the lock: to the first who waits, `db` or (NULL) the right to open one. */
static bool hand_over(struct db_pool *pool, struct db *db)
{
	struct lease_waiter *first = pool->waiters;

	if (!first)
		return false;
	pool->waiters = first->next;
	if (!pool->waiters)
		pool->waiters_tail = &pool->waiters;
	first->db = db;
	first->served = true;
	(void)pthread_cond_signal(&first->ready);
	return true;
}

static void drop_connection(struct db_pool *pool, struct db *db)
{
	db_conn_free(&db);
	pthread_mutex_lock(&pool->lock);
	if (!hand_over(pool, NULL))
		pool->connections--;
	pthread_mutex_unlock(&pool->lock);
}

/* A connection that died while it was idle is closed and *dbp set to NULL. */
static enum errc check_lease(struct db **dbp, struct err *err)
{
	struct db *db = *dbp;
	enum errc rc = db->ops->lease ? db->ops->lease(db->conn, err) : OK;

	if (rc == ERR_CLOSED) {
		db_conn_free(dbp);
		return OK;
	}
	if (rc != OK)
		db_return(dbp);
	return rc;
}

/*
 * The server has no room for one more. Gives the right to open one back, not on: who waits would find the same. Then one
 * of ours that is used is waited for; ERR_UNAVAIL if there is none, or none came free.
 */
static enum errc wait_for_used(
    struct db_pool *pool, int wait_ms, struct db **db_out, struct err *err)
{
	bool served = false;

	*db_out = NULL;
	pthread_mutex_lock(&pool->lock);
	if (pool->idle) {
		*db_out = pool->idle;
		pool->idle = pool->idle->next;
		pool->connections--;
		served = true;
	} else if (--pool->connections == 0) {
		/* nobody will come back: who waits is to hear it too */
		pool->connections += hand_over(pool, NULL);
	} else if (wait_ms > 0) {
		counter_add(&pool->waits, 1);
		served = queue_for(pool, wait_ms, db_out);
	}
	pthread_mutex_unlock(&pool->lock);
	return served ? OK : db_unreachable(ERR_LIMIT, err);
}

/* A connection that lives, one of ours or a new one. */
static enum errc make_sure(
    struct db_pool *pool, struct deadline deadline, struct db **dbp, struct err *err)
{
	enum errc rc;

	for (;;) {
		rc = *dbp ? check_lease(dbp, err) : OK;
		if (rc != OK || *dbp)
			return rc;
		rc = db_conn_new(pool, pool->reader_role, dbp, err);
		if (rc == OK)
			return OK;
		if (rc != ERR_LIMIT)
			break;
		rc = wait_for_used(pool, deadline_left_ms(deadline), dbp, err);
		if (rc != OK)
			return rc;
	}
	drop_connection(pool, NULL);
	return db_unreachable(rc, err);
}

enum errc db_lease(struct db_pool *pool, int wait_ms, struct db **db_out, struct err *err)
{
	struct deadline deadline = deadline_in_ms(wait_ms);
	struct db *db;
	struct err own;
	enum errc rc;

	if (!take_turn(pool, wait_ms, &db))
		return err_set(err, ERR_UNAVAIL, "all %d database connections are in use",
		    pool->settings.readers);
	rc = make_sure(pool, deadline, &db, err ? err : &own);
	if (rc != OK)
		return rc;
	db->next = NULL;
	*db_out = db;
	return OK;
}

/* Under the lock: takes out the connections that were not used for long; those used last stand first. */
static struct db *take_stale(struct db_pool *pool, int64_t now_ms)
{
	struct db **link = &pool->idle, *stale;

	if (now_ms - pool->reaped_at_ms < DB_READER_IDLE_MS / 4)
		return NULL;
	pool->reaped_at_ms = now_ms;
	while (*link && now_ms - (*link)->idle_since_ms < DB_READER_IDLE_MS)
		link = &(*link)->next;
	stale = *link;
	*link = NULL;
	for (struct db *db = stale; db; db = db->next)
		pool->connections--;
	return stale;
}

static void free_all(struct db *list)
{
	while (list) {
		struct db *db = list;

		list = db->next;
		db_conn_free(&db);
	}
}

void leases_close_stale(struct db_pool *pool)
{
	struct db *stale;

	pthread_mutex_lock(&pool->lock);
	stale = take_stale(pool, clock_mono_ms());
	pthread_mutex_unlock(&pool->lock);
	free_all(stale);
}

void leases_release(struct db_pool *pool)
{
	free_all(pool->idle);
	pool->idle = NULL;
}

void db_return(struct db **dbp)
{
	struct db *db = *dbp;
	struct db_pool *pool;

	if (!db)
		return;
	*dbp = NULL;
	pool = db->pool;
	db_snapshot_end(db);
	db_close_statements(db);
	db_count_statements(db);
	if (db->dead) {
		drop_connection(pool, db);
		return;
	}
	db->idle_since_ms = clock_mono_ms();
	pthread_mutex_lock(&pool->lock);
	if (!hand_over(pool, db)) {
		db->next = pool->idle;
		pool->idle = db;
	}
	pthread_mutex_unlock(&pool->lock);
}

void leases_count(struct db_pool *pool, struct db_stats *stats)
{
	pthread_mutex_lock(&pool->lock);
	stats->connections = stats->connections_used = pool->connections;
	for (const struct db *db = pool->idle; db; db = db->next)
		stats->connections_used--;
	pthread_mutex_unlock(&pool->lock);
}
