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

/* Says on stderr how much could not be had, and aborts. */
_Noreturn void heap_exhausted(size_t size);
