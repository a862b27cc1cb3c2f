/*
 * store/store.c - opening and closing, ids.
 */
#include "store/store.h"

#include "base/heap.h"
#include "base/metric.h"
#include "store/bus_int.h"
#include "store/codec.h"
#include "store/delivery_keys.h"
#include "store/index_int.h"
#include "store/journal.h"
#include "store/node.h"
#include "store/store_int.h"
#include "store/sweep.h"

#define EPOCH_2020_MS INT64_C(1577836800000)

static const struct metric rows[] = {
	[STORE_STORED] = { "tabella_messages_stored_total",
	    "Messages that came into mailboxes by delivery and APPEND.", METRIC_COUNTER,
	    .bounds = NULL },
	[STORE_COPIED] = { "tabella_messages_copied_total",
	    "Messages that were copied or moved.", METRIC_COUNTER, .bounds = NULL },
	[STORE_EXPUNGED] = { "tabella_messages_expunged_total", "Messages that were expunged.",
	    METRIC_COUNTER, .bounds = NULL },
	[STORE_FLAGGED] = { "tabella_messages_flagged_total",
	    "Messages that had their flags changed.", METRIC_COUNTER, .bounds = NULL },
	[STORE_READ] = { "tabella_messages_read_total",
	    "Messages that were opened for their bytes.", METRIC_COUNTER, .bounds = NULL },
};

static void free_parts(struct store **storep)
{
	struct store *store = *storep;

	nodes_free(&store->nodes);
	sweeper_free(&store->sweeper);
	journal_free(&store->journal);
	index_cache_free(&store->index);
	bus_free(&store->bus);
	sessions_free(&store->sessions);
	codec_free(&store->codec);
	metrics_free(&store->metrics);
	xfree(store->lock_directory);
	xfree(store);
	*storep = NULL;
}

enum errc store_open(
    const struct store_settings *settings, struct store **store_out, struct err *err)
{
	struct store *store = xcalloc(1, sizeof(*store));
	enum errc rc = OK;

	store->settings = *settings;
	store->lock_directory =
	    xstrdup(settings->lock_directory ? settings->lock_directory : ".");
	store->settings.lock_directory = store->lock_directory;
	store->nodes = nodes_new(store);
	store->codec = codec_new(settings->zstd_level);
	store->sessions = sessions_new(store);
	store->bus = bus_new();
	store->index = index_cache_new(settings->index_cache_bytes);
	store->journal = journal_new();
	store->sweeper = sweeper_new();
	store->metrics = metrics_new(
	    (struct metric_table){ rows, COUNT(rows) }, (struct metric_own){ .label = NULL });
	if (settings->serves)
		rc = nodes_register(store->nodes, err);
	if (rc != OK)
		free_parts(&store);
	*store_out = store;
	return rc;
}

void store_close(struct store **storep)
{
	if (!*storep)
		return;
	sessions_finish((*storep)->sessions);
	free_parts(storep);
}

struct db_pool *store_pool(struct store *store)
{
	return store->settings.pool;
}

const struct metrics *store_metrics(const struct store *store)
{
	return store->metrics;
}

void store_count(struct store *store, enum store_metric what, uint64_t n)
{
	metric_add(store->metrics, what, 0, 0, n);
}

struct deadline store_deadline(const struct store *store)
{
	return deadline_in_ms(store->settings.write_deadline_ms);
}

int64_t store_id_time(int64_t id)
{
	return ((id >> 22) + EPOCH_2020_MS) / 1000;
}

int64_t store_id_at(int64_t unix_s)
{
	int64_t ms = unix_s * 1000 - EPOCH_2020_MS;

	return ms > 0 ? ms << 22 : 0;
}

void store_on_change(void *store, const struct change *changes, size_t count)
{
	struct store *self = store;

	sweeper_note(self->sweeper, changes, count);
	bus_tell(self->bus, changes, count);
}

void store_on_news(void *store, const struct change *changes, size_t count)
{
	struct store *self = store;

	bus_tell(self->bus, changes, count);
}
