#include "tests/cm.h"

#include "base/counter.h"

#include <pthread.h>

#define ROUNDS 10000

static void *count(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		counter_add(arg, 1);
	return NULL;
}

static void loses_nothing_between_threads(void **state)
{
	struct counter counter = { 0 };
	pthread_t threads[4];

	(void)state;
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count, &counter), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(counter_read(&counter), COUNT(threads) * ROUNDS);
	counter_sub(&counter, ROUNDS);
	assert_int_equal(counter_read(&counter), (COUNT(threads) - 1) * ROUNDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loses_nothing_between_threads),
	};

	return cmocka_run_group_tests_name("base/counter", tests, NULL, NULL);
}
