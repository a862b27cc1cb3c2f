/*
 * store/map.h - a hash table over pairs of 64-bit numbers. Its nodes stand inside what is kept; it allocates only
 * its array. The owner locks.
 */
#pragma once

#include "base/base.h"

struct map_node {
	struct map_node *next;
	int64_t a, b;
};

struct map {
	struct map_node **slots;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

#define MAP_INIT ((struct map){ NULL, 0, 0 })

/* Frees the array only. */
void map_release(struct map *map);

struct map_node *map_find(const struct map *map, int64_t a, int64_t b);

/* The pair must not be there yet. */
void map_add(struct map *map, struct map_node *node, int64_t a, int64_t b);
void map_remove(struct map *map, struct map_node *node);

/* The next node in no particular order; NULL starts, and ends. Nothing may be added or removed meanwhile. */
struct map_node *map_next(const struct map *map, const struct map_node *node);

/* The structure around a node. */
#define MAP_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))
