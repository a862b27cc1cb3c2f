#include "net/tally.h"

#include "base/heap.h"
#include "base/random.h"
#include "base/str.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

#define BUCKETS 1024

struct entry {
	struct entry *next;
	unsigned count;
	struct budget budget;
	size_t n;
	char key[];
};

struct tally {
	uint64_t seed; /* peers choose the keys, not the buckets */
	struct budget *budget_parent;
	uint64_t budget_max;
	pthread_mutex_t lock; /* all below, and the entries but for their budgets */
	uint64_t refused;
	uint64_t memory_refused; /* by keys that are gone */
	struct entry *bucket[BUCKETS];
};

struct tally *tally_new(void)
{
	struct tally *tally = xcalloc(1, sizeof(*tally));

	tally->seed = random_u64();
	(void)pthread_mutex_init(&tally->lock, NULL);
	return tally;
}

void tally_free(struct tally **tallyp)
{
	if (!*tallyp)
		return;
	for (size_t i = 0; i < BUCKETS; i++) {
		while ((*tallyp)->bucket[i]) {
			struct entry *entry = (*tallyp)->bucket[i];

			(*tallyp)->bucket[i] = entry->next;
			xfree(entry);
		}
	}
	(void)pthread_mutex_destroy(&(*tallyp)->lock);
	xfree(*tallyp);
	*tallyp = NULL;
}

/* FNV-1a from a secret start, mixed once more. */
static struct entry **find(struct tally *tally, struct str key)
{
	uint64_t hash = tally->seed;
	struct entry **at;

	for (size_t i = 0; i < key.n; i++)
		hash = (hash ^ (unsigned char)key.p[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	at = &tally->bucket[hash % BUCKETS];
	while (*at && !str_equal((struct str){ (*at)->key, (*at)->n }, key))
		at = &(*at)->next;
	return at;
}

enum errc tally_add(struct tally *tally, struct str key, unsigned max)
{
	struct entry **at;
	enum errc rc = OK;

	(void)pthread_mutex_lock(&tally->lock);
	at = find(tally, key);
	if (*at ? (*at)->count >= max : max == 0) {
		rc = ERR_LIMIT;
		tally->refused++;
	} else if (*at) {
		(*at)->count++;
	} else {
		*at = xcalloc(1, sizeof(**at) + key.n);
		(*at)->count = 1;
		(*at)->n = key.n;
		budget_init(&(*at)->budget, tally->budget_parent, tally->budget_max);
		if (key.n > 0)
			memcpy((*at)->key, key.p, key.n);
	}
	(void)pthread_mutex_unlock(&tally->lock);
	return rc;
}

void tally_drop(struct tally *tally, struct str key)
{
	struct entry **at;

	(void)pthread_mutex_lock(&tally->lock);
	at = find(tally, key);
	assert(*at && (*at)->count > 0);
	if (--(*at)->count == 0) {
		struct entry *entry = *at;

		*at = entry->next;
		tally->memory_refused += counter_read(&entry->budget.refused);
		xfree(entry);
	}
	(void)pthread_mutex_unlock(&tally->lock);
}

unsigned tally_count(struct tally *tally, struct str key)
{
	struct entry **at;
	unsigned count;

	(void)pthread_mutex_lock(&tally->lock);
	at = find(tally, key);
	count = *at ? (*at)->count : 0;
	(void)pthread_mutex_unlock(&tally->lock);
	return count;
}

void tally_set_budgets(struct tally *tally, struct budget *parent, uint64_t max)
{
	tally->budget_parent = parent;
	tally->budget_max = max;
}

struct budget *tally_budget(struct tally *tally, struct str key)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&tally->lock);
	entry = *find(tally, key);
	(void)pthread_mutex_unlock(&tally->lock);
	assert(entry);
	return &entry->budget;
}

static void add_entry(struct tally_stats *stats, const struct entry *entry)
{
	uint64_t used = budget_used(&entry->budget);

	stats->keys++;
	if (entry->count > stats->count_max)
		stats->count_max = entry->count;
	if (used > stats->memory_max)
		stats->memory_max = used;
	stats->memory_refused += counter_read(&entry->budget.refused);
}

struct tally_stats tally_stats(struct tally *tally)
{
	struct tally_stats stats = { .keys = 0 };

	(void)pthread_mutex_lock(&tally->lock);
	stats.refused = tally->refused;
	stats.memory_refused = tally->memory_refused;
	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct entry *entry = tally->bucket[i]; entry; entry = entry->next)
			add_entry(&stats, entry);
	(void)pthread_mutex_unlock(&tally->lock);
	return stats;
}
