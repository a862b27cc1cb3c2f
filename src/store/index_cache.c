/*
 * store/index_cache.c - the newest known version of each mailbox, up to a number of bytes; what was used least
 * recently goes first. One thread at a time brings a mailbox up to date, others that want it wait for that.
 */
#include "base/heap.h"
#include "store/index_int.h"
#include "store/map.h"
#include "store/store_int.h"

#include <assert.h>

struct slot {
	struct map_node node; /* owner, mailbox */
	struct slot *newer, *older;
	struct index_version *version; /* NULL: not loaded */
	bool busy;		       /* somebody brings it up to date */
	unsigned waiting;	       /* threads that hold a pointer to it */
};

struct index_cache {
	size_t bytes_max;
	struct counter
	    living; /* bytes of all chunks and versions, cached or held by sessions */
	struct counter hits, loads, updates;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t ready; /* some slot is not busy any more */
	struct map slots;
	struct slot *newest, *oldest;
	size_t bytes; /* of the versions in the slots */
};

struct index_cache *index_cache_new(size_t bytes_max)
{
	struct index_cache *cache = xcalloc(1, sizeof(*cache));

	cache->bytes_max = bytes_max;
	(void)pthread_mutex_init(&cache->lock, NULL);
	(void)pthread_cond_init(&cache->ready, NULL);
	return cache;
}

static void unlink_slot(struct index_cache *cache, struct slot *slot)
{
	if (slot->newer)
		slot->newer->older = slot->older;
	else
		cache->newest = slot->older;
	if (slot->older)
		slot->older->newer = slot->newer;
	else
		cache->oldest = slot->newer;
	slot->newer = slot->older = NULL;
}

static void link_newest(struct index_cache *cache, struct slot *slot)
{
	slot->older = cache->newest;
	slot->newer = NULL;
	if (cache->newest)
		cache->newest->newer = slot;
	else
		cache->oldest = slot;
	cache->newest = slot;
}

/* Takes over `version`. */
static void set_version(
    struct index_cache *cache, struct slot *slot, struct index_version *version)
{
	if (slot->version)
		cache->bytes -= slot->version->bytes;
	index_release(&slot->version);
	slot->version = version;
	if (version)
		cache->bytes += version->bytes;
}

static void drop_slot(struct index_cache *cache, struct slot *slot)
{
	set_version(cache, slot, NULL);
	unlink_slot(cache, slot);
	map_remove(&cache->slots, &slot->node);
	xfree(slot);
}

static void shrink(struct index_cache *cache)
{
	struct slot *slot = cache->oldest;

	while (slot && cache->bytes > cache->bytes_max) {
		struct slot *next = slot->newer;

		if (!slot->busy && slot->waiting == 0)
			drop_slot(cache, slot);
		slot = next;
	}
}

void index_cache_free(struct index_cache **cachep)
{
	struct index_cache *cache = *cachep;

	if (!cache)
		return;
	while (cache->oldest)
		drop_slot(cache, cache->oldest);
	assert(counter_read(&cache->living) == 0);
	map_release(&cache->slots);
	(void)pthread_cond_destroy(&cache->ready);
	(void)pthread_mutex_destroy(&cache->lock);
	xfree(cache);
	*cachep = NULL;
}

static struct slot *find_slot(struct index_cache *cache, struct index_key key)
{
	struct map_node *node = map_find(&cache->slots, key.owner, key.mailbox);

	return node ? MAP_ENTRY(node, struct slot, node) : NULL;
}

static bool is_current(const struct slot *slot, const struct index_row *row)
{
	/* it may have been read after our row was */
	return slot && slot->version && slot->version->uidvalidity == row->uidvalidity &&
	    slot->version->modseq >= row->modseq;
}

static struct index_version *use(struct index_cache *cache, struct slot *slot)
{
	unlink_slot(cache, slot);
	link_newest(cache, slot);
	return index_retain(slot->version);
}

/*
 * Under the lock. Returns the version if the cache has it, waiting for whoever is getting it; NULL: the slot is
 * now ours to fill.
 */
static struct index_version *take_or_claim(struct index_cache *cache, struct index_key key,
    const struct index_row *row, struct slot **slot_out)
{
	struct slot *slot = find_slot(cache, key);

	if (!slot) {
		slot = xcalloc(1, sizeof(*slot));
		map_add(&cache->slots, &slot->node, key.owner, key.mailbox);
		link_newest(cache, slot);
	}
	slot->waiting++;
	while (slot->busy && !is_current(slot, row))
		(void)pthread_cond_wait(&cache->ready, &cache->lock);
	slot->waiting--;
	*slot_out = slot;
	if (is_current(slot, row))
		return use(cache, slot);
	slot->busy = true;
	return NULL;
}

/* Fills a slot that is ours. */
static enum errc fill(struct index_cache *cache, struct db *db, struct index_key key,
    struct slot *slot, struct index_version **version_out, struct err *err)
{
	struct index_version *base, *fresh = NULL;
	enum errc rc;

	/* only who claimed the slot changes its version; it stays while the slot is busy */
	base = slot->version;
	counter_add(base ? &cache->updates : &cache->loads, 1);
	rc = index_bring_up(db, key, &cache->living, base, &fresh, err);
	(void)pthread_mutex_lock(&cache->lock);
	slot->busy = false;
	if (rc == OK) {
		set_version(cache, slot, fresh);
		*version_out = use(cache, slot);
	} else if (rc == ERR_NOTFOUND && slot->waiting == 0) {
		drop_slot(cache, slot);
	}
	shrink(cache);
	(void)pthread_cond_broadcast(&cache->ready);
	(void)pthread_mutex_unlock(&cache->lock);
	return rc;
}

/* The mailbox is no more. */
static void forget(struct index_cache *cache, struct index_key key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&cache->lock);
	slot = find_slot(cache, key);
	if (slot && !slot->busy && slot->waiting == 0)
		drop_slot(cache, slot);
	(void)pthread_mutex_unlock(&cache->lock);
}

enum errc index_newest(struct store *store, struct db *db, int64_t owner, int64_t mailbox,
    struct index_version **version_out, struct err *err)
{
	struct index_key key = { owner, mailbox };
	struct index_row row;
	enum errc rc = index_read_row(db, key, &row, err);

	if (rc == ERR_NOTFOUND)
		forget(store->index, key);
	return rc == OK ? index_newest_at(store, db, key, &row, version_out, err) : rc;
}

enum errc index_newest_at(struct store *store, struct db *db, struct index_key key,
    const struct index_row *row, struct index_version **version_out, struct err *err)
{
	struct index_cache *cache = store->index;
	struct slot *slot;

	(void)pthread_mutex_lock(&cache->lock);
	*version_out = take_or_claim(cache, key, row, &slot);
	(void)pthread_mutex_unlock(&cache->lock);
	if (*version_out) {
		counter_add(&cache->hits, 1);
		return OK;
	}
	return fill(cache, db, key, slot, version_out, err);
}

struct index_version *index_cached(struct store *store, int64_t owner, int64_t mailbox)
{
	struct index_cache *cache = store->index;
	struct index_version *v = NULL;
	struct slot *slot;

	(void)pthread_mutex_lock(&cache->lock);
	slot = find_slot(cache, (struct index_key){ owner, mailbox });
	if (slot)
		v = index_retain(slot->version);
	(void)pthread_mutex_unlock(&cache->lock);
	return v;
}

enum errc index_read_changed(struct store *store, struct db *db, struct index_key key,
    int64_t since, struct index_version **version_out, struct err *err)
{
	return index_load_changed(db, key, since, &store->index->living, version_out, err);
}

void index_cache_stats(struct store *store, struct index_cache_stats *stats_out)
{
	struct index_cache *cache = store->index;
	size_t living = (size_t)counter_read(&cache->living);

	(void)pthread_mutex_lock(&cache->lock);
	stats_out->bytes = cache->bytes;
	(void)pthread_mutex_unlock(&cache->lock);
	stats_out->pinned_bytes = living > stats_out->bytes ? living - stats_out->bytes : 0;
	stats_out->hits = counter_read(&cache->hits);
	stats_out->loads = counter_read(&cache->loads);
	stats_out->updates = counter_read(&cache->updates);
}
