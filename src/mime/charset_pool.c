#include "mime/charset_pool.h"

#include <string.h>

static struct charset *fill_slot(
    struct charset_pool *pool, size_t at, const char *canonical, struct str name)
{
	pool->opens++;
	if (charset_open(&pool->slot[at].charset, name, NULL) != OK) {
		pool->slot[at].canonical = "";
		return NULL;
	}
	pool->slot[at].canonical = canonical;
	return &pool->slot[at].charset;
}

struct charset *charset_pool_get(struct charset_pool *pool, struct str name)
{
	const char *canonical = charset_canonical(name);
	size_t at;

	if (!canonical)
		return NULL;
	for (size_t i = 0; i < pool->used; i++) {
		if (strcmp(pool->slot[i].canonical, canonical) == 0) {
			charset_reset(&pool->slot[i].charset);
			return &pool->slot[i].charset;
		}
	}
	if (pool->opens >= CHARSET_POOL_OPENS_MAX)
		return NULL;
	if (pool->used < CHARSET_POOL_SIZE) {
		at = pool->used++;
	} else {
		at = pool->next;
		pool->next = (pool->next + 1) % CHARSET_POOL_SIZE;
		charset_close(&pool->slot[at].charset);
	}
	return fill_slot(pool, at, canonical, name);
}

void charset_pool_release(struct charset_pool *pool)
{
	for (size_t i = 0; i < pool->used; i++)
		charset_close(&pool->slot[i].charset);
	*pool = (struct charset_pool){ .used = 0 };
}
