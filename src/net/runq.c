#include "net/runq.h"

#include "base/heap.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct runq {
	_Atomic uint32_t count;
	pthread_mutex_t lock; /* first and the places; count is written under it */
	uint32_t first, places;
	struct session_ref place[];
};

struct runq *runq_new(uint32_t places)
{
	struct runq *runq = xcalloc(1, sizeof(*runq) + places * sizeof(runq->place[0]));

	runq->places = places;
	(void)pthread_mutex_init(&runq->lock, NULL);
	return runq;
}

void runq_free(struct runq **runqp)
{
	if (!*runqp)
		return;
	(void)pthread_mutex_destroy(&(*runqp)->lock);
	xfree(*runqp);
	*runqp = NULL;
}

void runq_push(struct runq *runq, struct session_ref ref)
{
	uint32_t count;

	(void)pthread_mutex_lock(&runq->lock);
	count = atomic_load_explicit(&runq->count, memory_order_relaxed);
	assert(count < runq->places);
	runq->place[(runq->first + count) % runq->places] = ref;
	atomic_store(&runq->count, count + 1);
	(void)pthread_mutex_unlock(&runq->lock);
}

bool runq_pop(struct runq *runq, struct session_ref *ref_out)
{
	uint32_t count;

	if (atomic_load_explicit(&runq->count, memory_order_relaxed) == 0)
		return false;
	(void)pthread_mutex_lock(&runq->lock);
	count = atomic_load_explicit(&runq->count, memory_order_relaxed);
	if (count > 0) {
		*ref_out = runq->place[runq->first];
		runq->first = (runq->first + 1) % runq->places;
		atomic_store(&runq->count, count - 1);
	}
	(void)pthread_mutex_unlock(&runq->lock);
	return count > 0;
}

uint32_t runq_count(const struct runq *runq)
{
	return atomic_load(&runq->count);
}
