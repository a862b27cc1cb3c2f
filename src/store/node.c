/*
 * store/node.c - the lives of this process as a node, the thread that keeps the newest one, and ids.
 */
#include "store/node.h"

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "base/thread.h"
#include "db/pool.h"
#include "store/bus_int.h"
#include "store/mail_sql.h"
#include "store/resolve.h"

#include <assert.h>
#include <unistd.h>

#define EPOCH_2020_MS INT64_C(1577836800000)
#define BEAT_MS 1000

struct nodes {
	struct store *store;
	_Atomic(struct node *) now; /* NULL: none was needed yet */
	int sweep_fd;		    /* -1; the scheduler's thread alone */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t wake;
	struct lease_list list;
	struct store_beat beat;
	bool taking;  /* somebody takes a number */
	bool beating; /* the thread is in beat.beat */
	bool stopping, has_thread;
	pthread_t thread;
};

bool node_is_leased(const struct store *store)
{
	return store->settings.node_leases || db_pool_engine(store->settings.pool) != DB_SQLITE;
}

struct nodes *nodes_new(struct store *store)
{
	struct nodes *nodes = xcalloc(1, sizeof(*nodes));

	nodes->store = store;
	nodes->sweep_fd = -1;
	(void)pthread_mutex_init(&nodes->lock, NULL);
	thread_cond_init(&nodes->wake);
	return nodes;
}

/* ---- numbers by locked files ---- */

static enum errc write_row(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct node *node = arg;
	int64_t now_s = clock_unix_s(), changes = 0, newest = 0;
	enum errc rc = rows_run(db, &sql_node_lock_update,
	    INTS(node->incarnation, now_s, now_s, getpid(), node->number), &changes, err);

	(void)arena;
	if (rc == OK && changes == 0)
		rc = rows_run(db, &sql_node_lock_insert,
		    INTS(node->incarnation, now_s, now_s, getpid(), node->number), NULL, err);
	if (rc == OK)
		rc =
		    rows_one(db, &sql_object_newest, (struct ints){ NULL, 0 }, &newest, 1, err);
	if (rc != OK)
		return rc;
	/* a clock that was set back must not make an id twice */
	atomic_store(&node->last_tick, ((newest >> 22) << 12) | 0xfff);
	return OK;
}

static enum errc take_locked(struct store *store, struct node *node, struct err *err)
{
	enum errc rc = node_lock_lowest(store, node, err);

	if (rc != OK)
		return rc;
	node->incarnation = (int64_t)(random_u64() >> 1) | 1;
	atomic_store(&node->ids_below_ms, INT64_MAX);
	atomic_store(&node->write_until_ms, INT64_MAX);
	return store_transact(store, write_row, node, 0, err);
}

/* ---- the newest life ---- */

static void node_free(struct node *node)
{
	if (node->lock_fd >= 0)
		(void)close(node->lock_fd);
	xfree(node);
}

/* One at a time: a second one is served by what the first has got. False: the number is there already. */
static bool begin_taking(struct nodes *nodes, const struct node *had)
{
	bool is_needed;

	(void)pthread_mutex_lock(&nodes->lock);
	while (nodes->taking)
		(void)pthread_cond_wait(&nodes->wake, &nodes->lock);
	is_needed = atomic_load(&nodes->now) == had;
	nodes->taking = is_needed;
	(void)pthread_mutex_unlock(&nodes->lock);
	return is_needed;
}

static void end_taking(struct nodes *nodes)
{
	(void)pthread_mutex_lock(&nodes->lock);
	nodes->taking = false;
	(void)pthread_cond_broadcast(&nodes->wake);
	(void)pthread_mutex_unlock(&nodes->lock);
}

static enum errc take_new(struct nodes *nodes, struct err *err)
{
	struct store *store = nodes->store;
	struct node *node = xcalloc(1, sizeof(*node));
	enum errc rc;

	node->lock_fd = -1;
	rc = node_is_leased(store) ? node_lease_take(store, node, err)
				   : take_locked(store, node, err);
	if (rc != OK) {
		node_free(node);
		return rc;
	}
	node->before = atomic_load(&nodes->now);
	atomic_store(&nodes->now, node);
	return OK;
}

/* A number in place of the one of `had`, or of none. */
static enum errc take(struct nodes *nodes, const struct node *had, struct err *err)
{
	enum errc rc = OK;

	if (!begin_taking(nodes, had))
		return OK;
	rc = take_new(nodes, err);
	end_taking(nodes);
	return rc;
}

struct node *node_now(const struct store *store)
{
	struct node *node = atomic_load(&store->nodes->now);

	assert(node);
	return node;
}

bool node_is_own(const struct store *store, int64_t incarnation)
{
	const struct node *node = atomic_load(&store->nodes->now);

	while (node && node->incarnation != incarnation)
		node = node->before;
	return node != NULL;
}

enum errc node_ready(struct store *store, struct err *err)
{
	const struct node *node = atomic_load(&store->nodes->now);

	if (!node) {
		enum errc rc = nodes_register(store->nodes, err);

		if (rc != OK)
			return rc;
		node = node_now(store);
	}
	if (clock_mono_ms() > atomic_load(&node->write_until_ms))
		return err_set(
		    err, ERR_UNAVAIL, "the database did not renew this node's lease in time");
	return OK;
}

enum errc node_is_dead(
    struct store *store, struct db *db, int64_t incarnation, bool *dead_out, struct err *err)
{
	int64_t row[2] = { 0 };
	enum errc rc;

	*dead_out = true;
	if (incarnation == 0)
		return OK;
	if (node_is_leased(store))
		return node_lease_is_over(store, db, incarnation, dead_out, err);
	rc = rows_one(db, &sql_node_find, INTS(incarnation), row, COUNT(row), err);
	if (rc != OK || row[0] < 0 || row[0] >= NODE_NUMBERS)
		return rows_end(rc);
	return node_lock_is_free(store, (int)row[0], dead_out);
}

/* ---- keeping a lease ---- */

/* NULL: a node that cannot write sweeps nothing. */
static void keep_list(struct nodes *nodes, const struct lease_list *list)
{
	(void)pthread_mutex_lock(&nodes->lock);
	if (list)
		nodes->list = *list;
	else
		nodes->list.is_lowest = false;
	(void)pthread_mutex_unlock(&nodes->lock);
}

static void renew(struct nodes *nodes)
{
	struct store *store = nodes->store;
	struct node *node = node_now(store);
	struct lease_list list;
	struct err err;
	enum errc rc = node_lease_renew(store, node, &list, &err);

	if (rc == ERR_NOTFOUND)
		rc = take(nodes, node, &err);
	else if (rc == OK || node_ready(store, NULL) != OK)
		keep_list(nodes, rc == OK ? &list : NULL);
	if (rc != OK)
		log_warn(store->settings.log, "node-lease", F_INT("node", node->number),
		    F_ERR(&err));
	else if (node != node_now(store))
		log_warn(store->settings.log, "node-number-lost", F_INT("node", node->number),
		    F_INT("now", node_now(store)->number));
}

static int64_t beat_ms(const struct store *store)
{
	return store->settings.node_lease_ms > 0 ? store->settings.node_lease_ms / 12 : BEAT_MS;
}

/* True when it is to end. */
static bool wait_for_beat(struct nodes *nodes, int64_t until_ms)
{
	bool stopping;

	(void)pthread_mutex_lock(&nodes->lock);
	while (!nodes->stopping && clock_mono_ms() < until_ms)
		thread_cond_wait_until(&nodes->wake, &nodes->lock, until_ms);
	stopping = nodes->stopping;
	(void)pthread_mutex_unlock(&nodes->lock);
	return stopping;
}

static void call_beat(struct nodes *nodes)
{
	struct store_beat beat;

	(void)pthread_mutex_lock(&nodes->lock);
	beat = nodes->beat;
	nodes->beating = beat.beat != NULL;
	(void)pthread_mutex_unlock(&nodes->lock);
	if (!beat.beat)
		return;
	beat.beat(beat.arg);
	(void)pthread_mutex_lock(&nodes->lock);
	nodes->beating = false;
	(void)pthread_cond_broadcast(&nodes->wake);
	(void)pthread_mutex_unlock(&nodes->lock);
}

void store_on_beat(struct store *store, struct store_beat beat)
{
	struct nodes *nodes = store->nodes;

	(void)pthread_mutex_lock(&nodes->lock);
	while (nodes->beating)
		(void)pthread_cond_wait(&nodes->wake, &nodes->lock);
	nodes->beat = beat;
	(void)pthread_mutex_unlock(&nodes->lock);
}

static void *keep_lease(void *arg)
{
	struct nodes *nodes = arg;
	int64_t renew_ms = 0;

	while (!wait_for_beat(nodes, clock_mono_ms() + beat_ms(nodes->store))) {
		if (clock_mono_ms() >= renew_ms) {
			renew(nodes);
			renew_ms = clock_mono_ms() + 2 * beat_ms(nodes->store) - 1;
		}
		bus_look(nodes->store);
		call_beat(nodes);
	}
	return NULL;
}

static enum errc start_thread(struct nodes *nodes, struct err *err)
{
	enum errc rc = OK;

	(void)pthread_mutex_lock(&nodes->lock);
	if (!nodes->has_thread)
		rc = thread_start(
		    "node lease", THREAD_STACK_SIZE, keep_lease, nodes, &nodes->thread, err);
	nodes->has_thread = nodes->has_thread || rc == OK;
	(void)pthread_mutex_unlock(&nodes->lock);
	return rc;
}

enum errc nodes_register(struct nodes *nodes, struct err *err)
{
	enum errc rc = take(nodes, NULL, err);

	return rc == OK && node_is_leased(nodes->store) ? start_thread(nodes, err) : rc;
}

static void stop_thread(struct nodes *nodes)
{
	(void)pthread_mutex_lock(&nodes->lock);
	nodes->stopping = true;
	(void)pthread_cond_broadcast(&nodes->wake);
	(void)pthread_mutex_unlock(&nodes->lock);
	if (nodes->has_thread)
		thread_join(nodes->thread);
}

void nodes_free(struct nodes **nodesp)
{
	struct nodes *nodes = *nodesp;
	struct node *node, *before;

	if (!nodes)
		return;
	stop_thread(nodes);
	node = atomic_load(&nodes->now);
	if (node && node_is_leased(nodes->store))
		node_lease_end(nodes->store, node);
	for (; node; node = before) {
		before = node->before;
		node_free(node);
	}
	if (nodes->sweep_fd >= 0)
		(void)close(nodes->sweep_fd);
	(void)pthread_cond_destroy(&nodes->wake);
	(void)pthread_mutex_destroy(&nodes->lock);
	xfree(nodes);
	*nodesp = NULL;
}

/* ---- others ---- */

bool node_sweeps(struct store *store)
{
	struct nodes *nodes = store->nodes;
	bool sweeps;

	if (!node_is_leased(store))
		return node_lock_sweeping(store, &nodes->sweep_fd);
	(void)pthread_mutex_lock(&nodes->lock);
	sweeps = nodes->list.is_lowest;
	(void)pthread_mutex_unlock(&nodes->lock);
	return sweeps;
}

void node_others(struct store *store, struct node_others *others_out)
{
	(void)pthread_mutex_lock(&store->nodes->lock);
	*others_out = store->nodes->list.others;
	(void)pthread_mutex_unlock(&store->nodes->lock);
}

/* ---- ids ---- */

int64_t store_new_id(struct store *store)
{
	struct node *node = node_now(store);
	int64_t now_ms =
	    node->lock_fd >= 0 ? clock_unix_ms() : clock_mono_ms() + node->clock_ms;
	int64_t below_ms = atomic_load(&node->ids_below_ms), now, last, next;

	/* a transaction that began in time may end late: its ids still belong to the lease */
	if (now_ms >= below_ms)
		now_ms = below_ms - 1;
	now = (now_ms - EPOCH_2020_MS) << 12;
	last = atomic_load(&node->last_tick);
	do
		next = last + 1 > now ? last + 1 : now;
	while (!atomic_compare_exchange_weak(&node->last_tick, &last, next));
	return (next >> 12) << 22 | (int64_t)node->number << 12 | (next & 0xfff);
}
