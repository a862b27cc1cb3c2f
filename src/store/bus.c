/*
 * store/bus.c - watchers by (account, mailbox). They are collected under the lock and woken outside of it.
 */
#include "store/bus_int.h"

#include "base/heap.h"
#include "db/pool.h"
#include "store/bus_sql.h"
#include "store/map.h"
#include "store/store_int.h"

#include <string.h>

#define FOREIGN_LOOK_MAX 20000 /* with more mailboxes watched than this all are woken */
#define LOOK_AROUND_MAX 8192   /* at one beat */
#define QUIET_BEATS 5
#define FOREIGN_WAIT_MS 100

struct watched {
	struct map_node node; /* owner, mailbox (0: the account) */
	int64_t modseq; /* the newest that the watchers were told of, or looked at: 0 unknown */
	uint64_t *watchers;
	size_t count, room;
};

struct bus {
	pthread_mutex_t lock; /* guards everything below */
	struct bus_waker waker;
	struct map watched;
	/* the store's thread alone */
	size_t looked; /* up to where, in the order of the map */
	unsigned beats;
};

/* Watchers to be woken; most changes wake few. */
struct wake_list {
	uint64_t few[32], *all;
	size_t count, room;
};

struct bus *bus_new(void)
{
	struct bus *bus = xcalloc(1, sizeof(*bus));

	(void)pthread_mutex_init(&bus->lock, NULL);
	return bus;
}

static void drop_watched(struct bus *bus, struct watched *w)
{
	map_remove(&bus->watched, &w->node);
	xfree(w->watchers);
	xfree(w);
}

void bus_free(struct bus **busp)
{
	struct bus *bus = *busp;
	struct map_node *node;

	if (!bus)
		return;
	while ((node = map_next(&bus->watched, NULL)) != NULL)
		drop_watched(bus, MAP_ENTRY(node, struct watched, node));
	map_release(&bus->watched);
	(void)pthread_mutex_destroy(&bus->lock);
	xfree(bus);
	*busp = NULL;
}

void bus_set_waker(struct store *store, struct bus_waker waker)
{
	(void)pthread_mutex_lock(&store->bus->lock);
	store->bus->waker = waker;
	(void)pthread_mutex_unlock(&store->bus->lock);
}

static struct watched *find(struct bus *bus, int64_t owner, int64_t mailbox)
{
	struct map_node *node = map_find(&bus->watched, owner, mailbox);

	return node ? MAP_ENTRY(node, struct watched, node) : NULL;
}

static size_t find_watcher(const struct watched *w, uint64_t watcher)
{
	size_t i = 0;

	while (i < w->count && w->watchers[i] != watcher)
		i++;
	return i;
}

void bus_watch(struct store *store, uint64_t watcher, int64_t owner, int64_t mailbox)
{
	struct bus *bus = store->bus;
	struct watched *w;

	(void)pthread_mutex_lock(&bus->lock);
	w = find(bus, owner, mailbox);
	if (!w) {
		w = xcalloc(1, sizeof(*w));
		map_add(&bus->watched, &w->node, owner, mailbox);
	}
	if (find_watcher(w, watcher) == w->count) {
		if (w->count == w->room) {
			w->room = w->room > 0 ? w->room * 2 : 2;
			w->watchers = xrealloc(w->watchers, w->room * sizeof(uint64_t));
		}
		w->watchers[w->count++] = watcher;
	}
	(void)pthread_mutex_unlock(&bus->lock);
}

void bus_unwatch(struct store *store, uint64_t watcher, int64_t owner, int64_t mailbox)
{
	struct bus *bus = store->bus;
	struct watched *w;
	size_t at;

	(void)pthread_mutex_lock(&bus->lock);
	w = find(bus, owner, mailbox);
	at = w ? find_watcher(w, watcher) : 0;
	if (w && at < w->count)
		w->watchers[at] = w->watchers[--w->count];
	if (w && w->count == 0)
		drop_watched(bus, w);
	(void)pthread_mutex_unlock(&bus->lock);
}

static void collect(const struct watched *w, struct wake_list *list)
{
	if (list->count + w->count > list->room) {
		uint64_t *more;

		list->room = 2 * (list->count + w->count);
		more = xmalloc(list->room * sizeof(uint64_t));
		memcpy(more, list->all, list->count * sizeof(uint64_t));
		if (list->all != list->few)
			xfree(list->all);
		list->all = more;
	}
	memcpy(list->all + list->count, w->watchers, w->count * sizeof(uint64_t));
	list->count += w->count;
}

static void collect_every(struct bus *bus, struct wake_list *list)
{
	for (struct map_node *node = map_next(&bus->watched, NULL); node;
	     node = map_next(&bus->watched, node))
		collect(MAP_ENTRY(node, struct watched, node), list);
}

static void collect_change(struct bus *bus, const struct change *change, struct wake_list *list)
{
	struct watched *mailbox =
	    change->mailbox != 0 ? find(bus, change->owner, change->mailbox) : NULL;
	struct watched *account = find(bus, change->owner, 0);

	if (mailbox) {
		if (change->modseq > mailbox->modseq)
			mailbox->modseq = change->modseq;
		collect(mailbox, list);
	}
	if (account) {
		if (change->modseq > account->modseq)
			account->modseq = change->modseq;
		collect(account, list);
	}
}

static void wake_listed(struct bus_waker waker, struct wake_list *list)
{
	for (size_t i = 0; waker.wake && i < list->count; i++)
		waker.wake(waker.arg, list->all[i]);
	if (list->all != list->few)
		xfree(list->all);
}

void bus_tell(struct bus *bus, const struct change *changes, size_t count)
{
	struct wake_list list = { .room = COUNT(list.few) };
	struct bus_waker waker;

	list.all = list.few;
	(void)pthread_mutex_lock(&bus->lock);
	waker = bus->waker;
	for (size_t i = 0; i < count && bus->watched.count > 0; i++) {
		if (changes[i].kind == CHANGE_ALL)
			collect_every(bus, &list);
		else
			collect_change(bus, &changes[i], &list);
	}
	(void)pthread_mutex_unlock(&bus->lock);
	wake_listed(waker, &list);
}

struct look {
	int64_t owner, mailbox, modseq;
};

/* What is watched. */
static size_t list_watched(struct bus *bus, struct look **looks_out)
{
	size_t count = 0;
	struct look *looks;

	(void)pthread_mutex_lock(&bus->lock);
	looks = xmalloc((bus->watched.count + 1) * sizeof(*looks));
	for (struct map_node *node = map_next(&bus->watched, NULL); node;
	     node = map_next(&bus->watched, node))
		looks[count++] = (struct look){ node->a, node->b,
			MAP_ENTRY(node, struct watched, node)->modseq };
	(void)pthread_mutex_unlock(&bus->lock);
	*looks_out = looks;
	return count;
}

/* Up to BUS_BATCH of one kind. */
struct look_batch {
	const struct look *items[BUS_BATCH];
	size_t count;
	bool accounts;
};

static enum errc open_batch(
    struct db *db, const struct look_batch *batch, struct db_q **q_out, struct err *err)
{
	enum errc rc =
	    db_query(db, batch->accounts ? &sql_bus_accounts : &sql_bus_mailboxes, q_out, err);
	int param = 1;

	for (size_t i = 0; rc == OK && i < BUS_BATCH; i++) {
		/* nothing has the number 0 */
		const struct look *look = i < batch->count ? batch->items[i] : NULL;

		db_bind_i64(*q_out, param++, look ? look->owner : 0);
		if (!batch->accounts)
			db_bind_i64(*q_out, param++, look ? look->mailbox : 0);
	}
	return rc;
}

static const struct look *look_of(const struct look_batch *batch, const struct db_q *q)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->items[i]->owner == db_i64(q, 0) &&
		    batch->items[i]->mailbox == db_i64(q, 1))
			return batch->items[i];
	}
	return NULL;
}

/* Tells about those whose row is newer than what their watchers know. */
static enum errc look_at_batch(
    struct bus *bus, struct db *db, const struct look_batch *batch, struct err *err)
{
	struct change changes[BUS_BATCH];
	size_t count = 0;
	struct db_q *q = NULL;
	enum errc rc = batch->count > 0 ? open_batch(db, batch, &q, err) : ERR_END;

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		const struct look *look = look_of(batch, q);

		if (!look || db_i64(q, 2) == look->modseq || count == BUS_BATCH)
			continue;
		changes[count++] = (struct change){ look->owner, look->mailbox, db_i64(q, 2),
			batch->accounts ? CHANGE_FOLDERS : CHANGE_MAIL };
	}
	db_done(&q);
	if (count > 0)
		bus_tell(bus, changes, count);
	return rows_end(rc);
}

static enum errc look_at(
    struct bus *bus, struct db *db, const struct look *looks, size_t count, struct err *err)
{
	struct look_batch batches[2] = { { .accounts = false }, { .accounts = true } };
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < count; i++) {
		struct look_batch *batch = &batches[looks[i].mailbox == 0];

		batch->items[batch->count++] = &looks[i];
		if (batch->count < BUS_BATCH)
			continue;
		rc = look_at_batch(bus, db, batch, err);
		batch->count = 0;
	}
	for (size_t i = 0; rc == OK && i < COUNT(batches); i++)
		rc = look_at_batch(bus, db, &batches[i], err);
	return rc;
}

/* Rows of folders and rights that somebody changed by hand have no modseq. */
static void tell_accounts(struct bus *bus, const struct look *looks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct change change = { looks[i].owner, 0, looks[i].modseq, CHANGE_FOLDERS };

		if (looks[i].mailbox == 0)
			bus_tell(bus, &change, 1);
	}
}

void store_poll_foreign(struct store *store)
{
	struct change all = { .kind = CHANGE_ALL };
	struct bus *bus = store->bus;
	struct look *looks;
	struct db *db = NULL;
	size_t count;
	enum errc rc;

	if (!db_foreign_changes(store->settings.pool))
		return;
	count = list_watched(bus, &looks);
	rc = count > FOREIGN_LOOK_MAX
	    ? ERR_LIMIT
	    : db_lease(store->settings.pool, FOREIGN_WAIT_MS, &db, NULL);
	if (rc == OK)
		rc = look_at(bus, db, looks, count, NULL);
	db_return(&db);
	if (rc == OK)
		tell_accounts(bus, looks, count);
	else
		bus_tell(bus, &all, 1);
	xfree(looks);
}

/* Some at a time if there are very many, in turns. */
static void look_around(struct store *store)
{
	struct bus *bus = store->bus;
	struct look *looks;
	struct db *db = NULL;
	size_t count = list_watched(bus, &looks), from = bus->looked, n;

	if (from >= count)
		from = 0;
	n = count - from < LOOK_AROUND_MAX ? count - from : LOOK_AROUND_MAX;
	bus->looked = from + n;
	if (n > 0 && db_lease(store->settings.pool, FOREIGN_WAIT_MS, &db, NULL) == OK &&
	    look_at(bus, db, looks + from, n, NULL) != OK)
		bus->looked = from; /* again at the next beat */
	db_return(&db);
	xfree(looks);
}

void bus_look(struct store *store)
{
	struct bus *bus = store->bus;

	/* who is told looks seldom: news may have been lost */
	bus->beats++;
	if (!db_hears_news(store->settings.pool) || bus->beats % QUIET_BEATS == 0)
		look_around(store);
}
