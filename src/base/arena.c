#include "base/arena.h"

#include "base/heap.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)4096)
#define ALIGN alignof(max_align_t)

struct block {
	struct block *next;
	size_t used, size;
	alignas(max_align_t) char data[];
};

struct arena {
	const char *name;
	struct block *head; /* the block that is being filled */
	size_t used;
};

struct arena *arena_new(const char *name)
{
	struct arena *arena = xcalloc(1, sizeof(*arena));

	arena->name = name;
	return arena;
}

static void free_blocks(struct block *block)
{
	while (block) {
		struct block *next = block->next;

		xfree(block);
		block = next;
	}
}

void arena_free(struct arena **arenap)
{
	if (!*arenap)
		return;
	free_blocks((*arenap)->head);
	xfree(*arenap);
	*arenap = NULL;
}

void arena_clear(struct arena *arena)
{
	struct block *keep = arena->head;

	arena->used = 0;
	if (!keep)
		return;
	if (keep->size > BLOCK_SIZE) {
		free_blocks(keep);
		arena->head = NULL;
		return;
	}
	free_blocks(keep->next);
	keep->next = NULL;
	keep->used = 0;
}

static struct block *block_new(size_t size)
{
	struct block *block = xmalloc(sizeof(*block) + size);

	block->next = NULL;
	block->used = 0;
	block->size = size;
	return block;
}

/* A block for one big allocation goes behind the head, so that the head goes on being filled. */
static void *alloc_big(struct arena *arena, size_t size)
{
	struct block *block = block_new(size);

	block->used = size;
	if (arena->head) {
		block->next = arena->head->next;
		arena->head->next = block;
	} else {
		arena->head = block;
	}
	return block->data;
}

void *arena_alloc_raw(struct arena *arena, size_t size)
{
	size_t room = (size + ALIGN - 1) & ~(ALIGN - 1);
	void *p;

	assert(room >= size);
	arena->used += room;
	if (room > BLOCK_SIZE / 4)
		return alloc_big(arena, room);
	if (!arena->head || arena->head->size - arena->head->used < room) {
		struct block *block = block_new(BLOCK_SIZE - sizeof(struct block));

		block->next = arena->head;
		arena->head = block;
	}
	p = arena->head->data + arena->head->used;
	arena->head->used += room;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	return memset(arena_alloc_raw(arena, size), 0, size);
}

void *arena_alloc_array(struct arena *arena, size_t size, size_t count)
{
	size_t total;

	if (__builtin_mul_overflow(size, count, &total))
		heap_exhausted(SIZE_MAX);
	return arena_alloc(arena, total);
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}

struct str str_dup(struct arena *arena, struct str s)
{
	char *p;

	if (s.n == 0)
		return STR_EMPTY;
	p = arena_alloc_raw(arena, s.n);
	memcpy(p, s.p, s.n);
	return (struct str){ p, s.n };
}

char *str_cstr(struct arena *arena, struct str s)
{
	char *p;

	if (s.n > 0 && memchr(s.p, '\0', s.n))
		return NULL;
	p = arena_alloc_raw(arena, s.n + 1);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	p[s.n] = '\0';
	return p;
}

struct str str_printf(struct arena *arena, const char *fmt, ...)
{
	va_list args, again;
	char *p;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	assert(n >= 0);
	p = arena_alloc_raw(arena, (size_t)n + 1);
	(void)vsnprintf(p, (size_t)n + 1, fmt, again);
	va_end(again);
	return (struct str){ p, (size_t)n };
}
