#include "tests/cm.h"

#include "base/random.h"

#include <string.h>

static void never_gives_the_same_twice(void **state)
{
	char a[32], b[32];

	(void)state;
	assert_true(random_u64() != random_u64());
	random_bytes(a, sizeof(a));
	random_bytes(b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
}

static void stays_below_the_bound_and_reaches_it(void **state)
{
	bool seen[3] = { false };

	(void)state;
	assert_int_equal(random_below(1), 0);
	for (int i = 0; i < 1000; i++) {
		uint64_t value = random_below(3);

		assert_true(value < 3);
		seen[value] = true;
	}
	assert_true(seen[0] && seen[1] && seen[2]);
	assert_true(random_below(UINT64_MAX) < UINT64_MAX);
}

static void writes_text_that_can_be_read_aloud(void **state)
{
	char text[201];

	(void)state;
	text[200] = '!';
	random_text(text, 200);
	for (size_t i = 0; i < 200; i++)
		assert_non_null(memchr("23456789abcdefghijkmnpqrstuvwxyz", text[i], 32));
	assert_int_equal(text[200], '!');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(never_gives_the_same_twice),
		cmocka_unit_test(stays_below_the_bound_and_reaches_it),
		cmocka_unit_test(writes_text_that_can_be_read_aloud),
	};

	return cmocka_run_group_tests_name("base/random", tests, NULL, NULL);
}
