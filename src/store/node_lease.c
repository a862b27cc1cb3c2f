/*
 * store/node_lease.c - rows of mail_nodes as leases by the database's clock.
 *
 * A number is free again when its lease ended some time ago (a transaction that began in time may still be at work), or was
 * given back. Ids never repeat: their times are those of the database's clock when the number was taken plus what our own
 * monotonic clock has counted since, never past what the row promises, and the next holder begins there.
 */
#include "store/node.h"

#include "base/random.h"
#include "db/pool.h"

#include <unistd.h>

#define EPOCH_2020_MS INT64_C(1577836800000)
#define END_WAIT_MS 2000
#define HOST_MAX 256

static int64_t lease_ms(const struct store *store)
{
	return store->settings.node_lease_ms > 0 ? store->settings.node_lease_ms
						 : NODE_LEASE_MS;
}

/* What a lease is over by before its holder counts as dead. */
static int64_t grace_ms(const struct store *store)
{
	return lease_ms(store) / 4;
}

static struct deadline lease_deadline(const struct store *store)
{
	return deadline_in_ms(lease_ms(store) / 2);
}

struct held {
	int64_t number, incarnation, expires, ids_below, serves;
};

struct lease_work {
	struct store *store;
	struct node *node;
	struct lease_list *list;
	int64_t mono_ms, now_ms; /* of one moment, the first not later than the second */
	int64_t expires, ids_below;
	struct held was; /* who had the number before; incarnation 0: no row */
};

static enum errc read_clock(struct db *db, struct lease_work *w, struct err *err)
{
	w->mono_ms = clock_mono_ms();
	return rows_end(
	    rows_one(db, &sql_node_clock, (struct ints){ NULL, 0 }, &w->now_ms, 1, err));
}

static bool lives(const struct lease_work *w, const struct held *row)
{
	return row->expires + grace_ms(w->store) >= w->now_ms;
}

/* Calls `each` for every row until it says false. */
static enum errc each_row(struct db *db, struct lease_work *w,
    bool (*each)(struct lease_work *w, const struct held *row), struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &sql_node_list, &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		struct held row = { db_i64(q, 0), db_i64(q, 1), db_i64(q, 2), db_i64(q, 3),
			db_i64(q, 4) };

		if (!each(w, &row))
			break;
	}
	db_done(&q);
	return rows_end(rc);
}

/* Rows come in the order of their numbers: the first that is missing is free too. */
static bool find_free(struct lease_work *w, const struct held *row)
{
	/* an earlier run of ours may have been written after all */
	if (row->number == w->node->number && row->incarnation != w->node->incarnation &&
	    lives(w, row)) {
		w->node->number++;
		return true;
	}
	if (row->number == w->node->number)
		w->was = *row;
	return row->number < w->node->number;
}

static void bind_self(struct db_q *q, const struct lease_work *w, const char *host)
{
	const int64_t v[] = { w->node->incarnation, w->now_ms / 1000, w->expires, w->ids_below,
		w->now_ms / 1000, w->store->settings.serves, getpid(),
		db_schema_known(w->store->settings.pool) };

	for (size_t i = 0; i < COUNT(v); i++)
		db_bind_i64(q, (int)i + 1, v[i]);
	db_bind_str(q, COUNT(v) + 1, (struct str){ host, strlen(host) });
	db_bind_str(q, COUNT(v) + 2, STR(TABELLA_VERSION));
	db_bind_i64(q, COUNT(v) + 3, w->node->number);
}

static enum errc write_self(struct db *db, const struct lease_work *w, struct err *err)
{
	bool is_new = w->was.incarnation == 0;
	char host[HOST_MAX] = "";
	struct db_q *q = NULL;
	int64_t changes = 1;
	enum errc rc = db_query(db, is_new ? &sql_node_insert : &sql_node_take, &q, err);

	if (rc != OK)
		return rc;
	(void)gethostname(host, sizeof(host) - 1);
	bind_self(q, w, host);
	if (!is_new)
		db_bind_i64(q, 12, w->was.incarnation);
	rc = db_run(&q, is_new ? NULL : &changes, err);
	if (rc == ERR_EXISTS || (rc == OK && changes == 0))
		rc = err_set(err, ERR_CONFLICT, "another node took the number");
	return rc;
}

static void promise(struct lease_work *w, int64_t ids_now_ms)
{
	w->expires = w->now_ms + lease_ms(w->store);
	w->ids_below = ids_now_ms + lease_ms(w->store);
	if (w->ids_below < w->expires)
		w->ids_below = w->expires;
}

static enum errc take_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct lease_work *w = arg;
	int64_t start_ms;
	enum errc rc = read_clock(db, w, err);

	(void)arena;
	w->was = (struct held){ .incarnation = 0 };
	w->node->number = 0;
	if (rc == OK)
		rc = each_row(db, w, find_free, err);
	if (rc != OK)
		return rc;
	if (w->node->number >= NODE_NUMBERS)
		return err_set(err, ERR_LIMIT,
		    "all %d node numbers are taken by living processes", NODE_NUMBERS);
	start_ms = w->was.ids_below > w->now_ms ? w->was.ids_below : w->now_ms;
	w->node->clock_ms = start_ms - w->mono_ms;
	promise(w, start_ms);
	return write_self(db, w, err);
}

/* The lease is ours from before the question on; a transaction that begins late needs time to end. */
static void keep_promise(const struct lease_work *w)
{
	atomic_store(&w->node->ids_below_ms, w->ids_below);
	atomic_store(
	    &w->node->write_until_ms, w->mono_ms + lease_ms(w->store) - grace_ms(w->store) / 2);
}

enum errc node_lease_take(struct store *store, struct node *node, struct err *err)
{
	struct lease_work w = { .store = store, .node = node };
	enum errc rc = ERR_UNCERTAIN;

	node->lock_fd = -1;
	node->incarnation = (int64_t)(random_u64() >> 1) | 1;
	/* a run whose commit was lost is found by its incarnation */
	for (int run = 0; rc == ERR_UNCERTAIN && run < 3; run++)
		rc = db_transact(
		    store->settings.pool, store_deadline(store), take_body, &w, err);
	if (rc != OK)
		return rc;
	atomic_store(&node->last_tick, (w.mono_ms + node->clock_ms - EPOCH_2020_MS) << 12);
	keep_promise(&w);
	return OK;
}

static bool list_other(struct lease_work *w, const struct held *row)
{
	struct node_others *others = &w->list->others;

	if (row->incarnation == w->node->incarnation || row->serves == 0 || !lives(w, row))
		return true;
	if (row->number < w->node->number)
		w->list->is_lowest = false;
	if (others->count < NODES_LISTED_MAX)
		others->incarnation[others->count++] = row->incarnation;
	return true;
}

static enum errc renew_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct lease_work *w = arg;
	int64_t changes = 0;
	enum errc rc = read_clock(db, w, err);

	(void)arena;
	*w->list = (struct lease_list){ .is_lowest = w->store->settings.serves };
	if (rc != OK)
		return rc;
	promise(w, w->mono_ms + w->node->clock_ms);
	rc = rows_run(db, &sql_node_renew,
	    INTS(w->now_ms / 1000, w->expires, w->ids_below, w->node->number,
		w->node->incarnation),
	    &changes, err);
	if (rc == OK && changes == 0)
		return err_set(
		    err, ERR_NOTFOUND, "another node has number %d by now", w->node->number);
	return rc == OK ? each_row(db, w, list_other, err) : rc;
}

enum errc node_lease_renew(
    struct store *store, struct node *node, struct lease_list *list_out, struct err *err)
{
	struct lease_work w = { .store = store, .node = node, .list = list_out };
	enum errc rc =
	    db_transact(store->settings.pool, lease_deadline(store), renew_body, &w, err);

	if (rc == OK)
		keep_promise(&w);
	return rc;
}

static enum errc end_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct lease_work *w = arg;
	int64_t used = (atomic_load(&w->node->last_tick) >> 12) + EPOCH_2020_MS;

	(void)arena;
	return rows_run(db, &sql_node_end,
	    INTS(used + 1, w->node->number, w->node->incarnation), NULL, err);
}

void node_lease_end(struct store *store, struct node *node)
{
	struct lease_work w = { .store = store, .node = node };

	/* what could not be given back ends by itself */
	if (db_transact(
		store->settings.pool, deadline_in_ms(END_WAIT_MS), end_body, &w, NULL) != OK)
		return;
}

enum errc node_lease_is_over(
    struct store *store, struct db *db, int64_t incarnation, bool *over_out, struct err *err)
{
	struct lease_work w = { .store = store };
	int64_t row[2] = { 0 };
	enum errc rc = rows_one(db, &sql_node_find, INTS(incarnation), row, COUNT(row), err);

	*over_out = rc == ERR_END;
	if (rc != OK)
		return rows_end(rc);
	rc = read_clock(db, &w, err);
	*over_out = rc == OK && !lives(&w, &(struct held){ .expires = row[1] });
	return rc;
}
