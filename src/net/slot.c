#include "net/slot.h"

#include "base/heap.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

/* The low half of a word; the high half is the generation. */
#define RUNNING UINT64_C(0x80000000)
#define FREE UINT64_C(0x40000000)
#define BITS UINT64_C(0x3fffffff)

#define NO_SLOT UINT32_MAX

struct slot {
	_Atomic uint64_t word;
	void *owner; /* written while free, read while RUNNING */
	uint32_t next_free;
};

struct slots {
	uint32_t count;
	pthread_mutex_t lock; /* first_free, last_free, next_free */
	/* the longest unused is given first, so that generations wear evenly */
	uint32_t first_free, last_free;
	struct slot slot[];
};

static uint64_t word_of(uint32_t generation, uint64_t low)
{
	return (uint64_t)generation << 32 | low;
}

static bool is_of(uint64_t word, uint32_t generation)
{
	return word >> 32 == generation && (word & FREE) == 0;
}

struct slots *slots_new(uint32_t count)
{
	struct slots *slots;

	assert(count > 0 && count < NO_SLOT / 64);
	slots = xcalloc(1, sizeof(*slots) + count * sizeof(slots->slot[0]));
	slots->count = count;
	slots->first_free = 0;
	slots->last_free = count - 1;
	(void)pthread_mutex_init(&slots->lock, NULL);
	for (uint32_t i = 0; i < count; i++) {
		atomic_init(&slots->slot[i].word, word_of(1, FREE));
		slots->slot[i].next_free = i + 1 < count ? i + 1 : NO_SLOT;
	}
	return slots;
}

void slots_free(struct slots **slotsp)
{
	if (!*slotsp)
		return;
	(void)pthread_mutex_destroy(&(*slotsp)->lock);
	xfree(*slotsp);
	*slotsp = NULL;
}

uint32_t slots_count(const struct slots *slots)
{
	return slots->count;
}

enum errc slots_take(struct slots *slots, void *owner, struct session_ref *ref_out)
{
	struct slot *slot;
	uint32_t at, generation;

	(void)pthread_mutex_lock(&slots->lock);
	at = slots->first_free;
	if (at != NO_SLOT) {
		slots->first_free = slots->slot[at].next_free;
		if (slots->first_free == NO_SLOT)
			slots->last_free = NO_SLOT;
	}
	(void)pthread_mutex_unlock(&slots->lock);
	if (at == NO_SLOT)
		return ERR_LIMIT;

	slot = &slots->slot[at];
	slot->owner = owner;
	generation = (uint32_t)(atomic_load(&slot->word) >> 32);
	atomic_store(&slot->word, word_of(generation, RUNNING));
	*ref_out = (struct session_ref){ .slot = at, .generation = generation };
	return OK;
}

void slots_give(struct slots *slots, struct session_ref ref)
{
	struct slot *slot = &slots->slot[ref.slot];
	uint32_t next = ref.generation + 1 > 0 ? ref.generation + 1 : 1;

	assert(is_of(atomic_load(&slot->word), ref.generation));
	slot->owner = NULL;
	atomic_store(&slot->word, word_of(next, FREE));
	(void)pthread_mutex_lock(&slots->lock);
	slot->next_free = NO_SLOT;
	if (slots->last_free == NO_SLOT)
		slots->first_free = ref.slot;
	else
		slots->slot[slots->last_free].next_free = ref.slot;
	slots->last_free = ref.slot;
	(void)pthread_mutex_unlock(&slots->lock);
}

bool slots_wake(struct slots *slots, struct session_ref ref, unsigned bits)
{
	struct slot *slot;
	uint64_t word;

	if (ref.slot >= slots->count)
		return false;
	slot = &slots->slot[ref.slot];
	word = atomic_load(&slot->word);
	do {
		if (!is_of(word, ref.generation))
			return false;
		/* written even if the bit is set already: whoever takes it must see what we wrote before */
	} while (!atomic_compare_exchange_weak(
	    &slot->word, &word, word | RUNNING | ((uint64_t)bits & BITS)));
	return (word & RUNNING) == 0;
}

bool slots_wake_any(
    struct slots *slots, uint32_t slot, unsigned bits, struct session_ref *ref_out)
{
	struct session_ref ref = { .slot = slot };
	uint64_t word = atomic_load(&slots->slot[slot].word);

	ref.generation = (uint32_t)(word >> 32);
	*ref_out = ref;
	return (word & FREE) == 0 && slots_wake(slots, ref, bits);
}

void *slots_owner(const struct slots *slots, struct session_ref ref)
{
	return slots->slot[ref.slot].owner;
}

unsigned slots_pending(struct slots *slots, struct session_ref ref)
{
	uint64_t word = atomic_fetch_and(&slots->slot[ref.slot].word, ~BITS);

	assert(is_of(word, ref.generation) && (word & RUNNING) != 0);
	return (unsigned)(word & BITS);
}

bool slots_park(struct slots *slots, struct session_ref ref)
{
	uint64_t running = word_of(ref.generation, RUNNING);

	return atomic_compare_exchange_strong(
	    &slots->slot[ref.slot].word, &running, word_of(ref.generation, 0));
}
