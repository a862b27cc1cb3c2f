#include "main/edition.h"

#include "base/heap.h"

#include <assert.h>

struct edition *edition_new(struct conf *conf)
{
	struct edition *edition = xcalloc(1, sizeof(*edition));

	atomic_store(&edition->users, 1);
	edition->conf = conf;
	return edition;
}

void edition_drop(struct edition *edition)
{
	if (!edition || atomic_fetch_sub(&edition->users, 1) > 1)
		return;
	conf_free(&edition->conf);
	xfree(edition);
}

void editions_init(struct editions *editions)
{
	(void)pthread_mutex_init(&editions->lock, NULL);
	editions->newest = NULL;
}

void editions_release(struct editions *editions)
{
	edition_drop(editions->newest);
	editions->newest = NULL;
	(void)pthread_mutex_destroy(&editions->lock);
}

void editions_publish(struct editions *editions, struct edition *edition)
{
	struct edition *old;

	(void)pthread_mutex_lock(&editions->lock);
	old = editions->newest;
	editions->newest = edition;
	(void)pthread_mutex_unlock(&editions->lock);
	edition_drop(old);
}

struct edition *editions_hold(struct editions *editions)
{
	struct edition *edition;

	(void)pthread_mutex_lock(&editions->lock);
	edition = editions->newest;
	assert(edition); /* published before the first session */
	(void)atomic_fetch_add(&edition->users, 1);
	(void)pthread_mutex_unlock(&editions->lock);
	return edition;
}
