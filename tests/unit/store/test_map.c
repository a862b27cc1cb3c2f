#include "tests/cm.h"

#include "store/map.h"

#define NODES 1000

static void finds_what_was_added_until_it_is_removed(void **state)
{
	static struct map_node nodes[NODES];
	struct map map = MAP_INIT;

	(void)state;
	assert_null(map_find(&map, 1, 2));
	assert_null(map_next(&map, NULL));
	for (int64_t i = 0; i < NODES; i++)
		map_add(&map, &nodes[i], i % 10, i * INT64_C(4294967296));
	for (int64_t i = 0; i < NODES; i++)
		assert_ptr_equal(map_find(&map, i % 10, i * INT64_C(4294967296)), &nodes[i]);
	assert_null(map_find(&map, 11, 0));
	for (int64_t i = 0; i < NODES; i += 2)
		map_remove(&map, &nodes[i]);
	for (int64_t i = 0; i < NODES; i++)
		assert_ptr_equal(
		    map_find(&map, i % 10, i * INT64_C(4294967296)), i % 2 ? &nodes[i] : NULL);
	assert_int_equal(map.count, NODES / 2);
	map_release(&map);
}

static void goes_over_each_node_once(void **state)
{
	static struct map_node nodes[NODES];
	struct map map = MAP_INIT;
	int64_t sum = 0, seen = 0;

	(void)state;
	for (int64_t i = 0; i < NODES; i++)
		map_add(&map, &nodes[i], i, -i);
	for (struct map_node *node = map_next(&map, NULL); node; node = map_next(&map, node)) {
		sum += node->a;
		seen++;
	}
	assert_int_equal(seen, NODES);
	assert_int_equal(sum, NODES * (NODES - 1) / 2);
	map_release(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_added_until_it_is_removed),
		cmocka_unit_test(goes_over_each_node_once),
	};

	return cmocka_run_group_tests_name("store/map", tests, NULL, NULL);
}
