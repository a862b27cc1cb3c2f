/*
 * mime/charset_pool.h - converters that stay open while a text of many charsets is read: to open one may cost more than
 * to convert a page with it.
 */
#pragma once

#include "mime/charset.h"

/* Converters that are open at a time, and how often one is opened before the text is taken for an attack. */
#define CHARSET_POOL_SIZE 8
#define CHARSET_POOL_OPENS_MAX 64

/* Begins as { 0 }; released with charset_pool_release. Belongs to one thread. */
struct charset_pool {
	struct {
		struct charset charset;
		const char *canonical;
	} slot[CHARSET_POOL_SIZE];
	size_t used, next; /* the slot that is given up next */
	size_t opens;
};

/*
 * The converter of that name, at the beginning of a text; good until the next call. NULL if the name is not supported, or
 * the pool has opened its share.
 */
struct charset *charset_pool_get(struct charset_pool *pool, struct str name);

void charset_pool_release(struct charset_pool *pool);
