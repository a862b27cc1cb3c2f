#include "net/runq.h"

#include "base/heap.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct line {
	_Atomic uint32_t count;
	pthread_mutex_t lock; /* first and the places; count is written under it */
	uint32_t first;
	struct session_ref *place;
};

struct runq {
	uint32_t places; /* of each line */
	struct line line[RUNQ_LINES];
	struct session_ref place[];
};

struct runq *runq_new(uint32_t places)
{
	struct runq *runq =
	    xcalloc(1, sizeof(*runq) + RUNQ_LINES * (size_t)places * sizeof(runq->place[0]));

	runq->places = places;
	for (size_t i = 0; i < RUNQ_LINES; i++) {
		runq->line[i].place = runq->place + i * places;
		(void)pthread_mutex_init(&runq->line[i].lock, NULL);
	}
	return runq;
}

void runq_free(struct runq **runqp)
{
	if (!*runqp)
		return;
	for (size_t i = 0; i < RUNQ_LINES; i++)
		(void)pthread_mutex_destroy(&(*runqp)->line[i].lock);
	xfree(*runqp);
	*runqp = NULL;
}

void runq_push(struct runq *runq, enum runq_line which, struct session_ref ref)
{
	struct line *line = &runq->line[which];
	uint32_t count;

	(void)pthread_mutex_lock(&line->lock);
	count = atomic_load_explicit(&line->count, memory_order_relaxed);
	assert(count < runq->places);
	line->place[(line->first + count) % runq->places] = ref;
	atomic_store(&line->count, count + 1);
	(void)pthread_mutex_unlock(&line->lock);
}

bool runq_pop(struct runq *runq, enum runq_line which, struct session_ref *ref_out)
{
	struct line *line = &runq->line[which];
	uint32_t count;

	if (atomic_load_explicit(&line->count, memory_order_relaxed) == 0)
		return false;
	(void)pthread_mutex_lock(&line->lock);
	count = atomic_load_explicit(&line->count, memory_order_relaxed);
	if (count > 0) {
		*ref_out = line->place[line->first];
		line->first = (line->first + 1) % runq->places;
		atomic_store(&line->count, count - 1);
	}
	(void)pthread_mutex_unlock(&line->lock);
	return count > 0;
}

uint32_t runq_count(const struct runq *runq, enum runq_line which)
{
	return atomic_load(&runq->line[which].count);
}
