/*
 * base/heap.h - the only door to malloc. What cannot be had aborts: sizes from outside are bounded before.
 */
#pragma once

#include "base/base.h"

void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *p, size_t size) __attribute__((returns_nonnull));
void xfree(void *p);
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));

/*
 * Before the first thread: at most `arenas` pools of the C library's own, however many threads there are. Each keeps what its
 * threads once needed, so the memory of a long-lived server creeps up with their number.
 */
void heap_bound_arenas(int arenas);

/* Says on stderr how much could not be had, and aborts. */
_Noreturn void heap_exhausted(size_t size);
