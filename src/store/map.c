/*
 * store/map.c - chained hashing; the array doubles with the count.
 */
#include "store/map.h"

#include "base/heap.h"

#include <assert.h>

#define MAP_ROOM_START ((size_t)16)

static size_t slot_of(const struct map *map, int64_t a, int64_t b)
{
	uint64_t h = (uint64_t)a * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)b;

	h *= UINT64_C(0xff51afd7ed558ccd);
	return (size_t)(h >> 32) & (map->room - 1);
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->room = old.room > 0 ? old.room * 2 : MAP_ROOM_START;
	map->slots = xcalloc(map->room, sizeof(struct map_node *));
	for (size_t i = 0; i < old.room; i++) {
		while (old.slots[i]) {
			struct map_node *node = old.slots[i];
			size_t slot = slot_of(map, node->a, node->b);

			old.slots[i] = node->next;
			node->next = map->slots[slot];
			map->slots[slot] = node;
		}
	}
	xfree(old.slots);
}

void map_release(struct map *map)
{
	xfree(map->slots);
	*map = MAP_INIT;
}

struct map_node *map_find(const struct map *map, int64_t a, int64_t b)
{
	struct map_node *node;

	if (map->room == 0)
		return NULL;
	node = map->slots[slot_of(map, a, b)];
	while (node && (node->a != a || node->b != b))
		node = node->next;
	return node;
}

void map_add(struct map *map, struct map_node *node, int64_t a, int64_t b)
{
	size_t slot;

	if (map->count >= map->room)
		grow(map);
	slot = slot_of(map, a, b);
	*node = (struct map_node){ map->slots[slot], a, b };
	map->slots[slot] = node;
	map->count++;
}

void map_remove(struct map *map, struct map_node *node)
{
	struct map_node **link = &map->slots[slot_of(map, node->a, node->b)];

	while (*link != node) {
		assert(*link);
		link = &(*link)->next;
	}
	*link = node->next;
	map->count--;
}

struct map_node *map_next(const struct map *map, const struct map_node *node)
{
	size_t slot = 0;

	if (node && node->next)
		return node->next;
	if (node)
		slot = slot_of(map, node->a, node->b) + 1;
	for (; slot < map->room; slot++) {
		if (map->slots[slot])
			return map->slots[slot];
	}
	return NULL;
}
