/*
 * base/arena.h - memory that dies together: of a connection, a command, a message, a configuration.
 *
 * What an arena gave is not freed singly. Small allocations do not fail (the process aborts): every size that
 * comes from outside is compared with a limit before it gets here.
 */
#pragma once

#include "base/base.h"

struct arena;

/* `name` must be a constant; it names the arena in statistics and asserts. Nothing is allocated yet. */
struct arena *arena_new(const char *name);

/* Frees everything and sets *arenap to NULL; accepts a pointer to NULL. */
void arena_free(struct arena **arenap);

/* Everything given so far is gone; the first block is kept for reuse. */
void arena_clear(struct arena *arena);

/* `size` bytes, aligned for any object, zeroed. A size of 0 gives a valid pointer. */
void *arena_alloc(struct arena *arena, size_t size);

/* The same without zeroing. */
void *arena_alloc_raw(struct arena *arena, size_t size);

/* Bytes handed out since it was made or cleared. */
size_t arena_used(const struct arena *arena);

/* An array of `count` zeroed objects; aborts when the product overflows. */
#define ARENA_NEW(arena, type, count)                                                          \
	((type *)arena_alloc_array((arena), sizeof(type), (count)))
void *arena_alloc_array(struct arena *arena, size_t size, size_t count);

/* A copy that lives as long as the arena. */
struct str str_dup(struct arena *arena, struct str s);

/* The same with a NUL behind it, for system calls and libraries. NULL if `s` holds a NUL byte. */
char *str_cstr(struct arena *arena, struct str s);

struct str str_printf(struct arena *arena, const char *fmt, ...) PRINTF_LIKE(2, 3);
