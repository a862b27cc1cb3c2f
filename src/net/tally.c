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
	size_t n;
	char key[];
};

struct tally {
	uint64_t seed;	      /* peers choose the keys, not the buckets */
	pthread_mutex_t lock; /* bucket and the entries */
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
	} else if (*at) {
		(*at)->count++;
	} else {
		*at = xcalloc(1, sizeof(**at) + key.n);
		(*at)->count = 1;
		(*at)->n = key.n;
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
