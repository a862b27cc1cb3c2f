#include "base/heap.h"

#include "base/die.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

_Noreturn void heap_exhausted(size_t size)
{
	die("out of memory (%zu bytes asked for)", size);
}

void *xmalloc(size_t size)
{
	void *p = malloc(size > 0 ? size : 1);

	if (!p)
		heap_exhausted(size);
	return p;
}

void *xcalloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);

	if (!p)
		heap_exhausted(size);
	return p;
}

void *xrealloc(void *p, size_t size)
{
	p = realloc(p, size > 0 ? size : 1);
	if (!p)
		heap_exhausted(size);
	return p;
}

void xfree(void *p)
{
	free(p);
}

char *xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(xmalloc(size), s, size);
}

void heap_bound_arenas(int arenas)
{
	(void)mallopt(M_ARENA_MAX, arenas);
}
