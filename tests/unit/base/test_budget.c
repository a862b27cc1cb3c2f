#include "tests/cm.h"

#include "base/budget.h"

#include <pthread.h>

static void books_up_to_the_maximum(void **state)
{
	struct budget b;

	(void)state;
	budget_init(&b, NULL, 100);
	assert_true(budget_book(&b, 99));
	assert_true(budget_book(&b, 1));
	assert_false(budget_is_over(&b));
	assert_false(budget_book(&b, 1));
	assert_false(budget_book(&b, UINT64_MAX));
	assert_true(budget_book(&b, 0));
	budget_return(&b, 1);
	assert_false(budget_book(&b, 2));
	assert_true(budget_book(&b, 1));
	assert_int_equal(budget_used(&b), 100);
	assert_int_equal(counter_read(&b.refused), 3);
	budget_return(&b, 100);
	assert_int_equal(budget_used(&b), 0);
	assert_int_equal(b.peak, 100);
}

static void books_nothing_anywhere_if_one_of_the_chain_refuses(void **state)
{
	struct budget process, account, one, other;

	(void)state;
	budget_init(&process, NULL, 100);
	budget_init(&account, &process, 80);
	budget_init(&one, &account, 0);
	budget_init(&other, &account, 50);
	assert_true(budget_book(&one, 60));
	assert_false(budget_book(&other, 21)); /* the account's */
	assert_int_equal(budget_used(&other), 0);
	assert_int_equal(budget_used(&process), 60);
	assert_int_equal(counter_read(&account.refused), 1);
	assert_true(budget_book(&other, 20));
	assert_true(budget_book(&process, 20)); /* somebody else */
	assert_false(budget_book(&process, 1));
	budget_return(&one, 60);
	assert_int_equal(budget_used(&account), 20);
	assert_int_equal(budget_used(&process), 40);
}

static void charges_what_is_there_and_then_refuses(void **state)
{
	struct budget process, one, other;

	(void)state;
	budget_init(&process, NULL, 100);
	budget_init(&one, &process, 0);
	budget_init(&other, &process, 0);
	budget_charge(&one, 150);
	assert_int_equal(budget_used(&process), 150);
	assert_true(budget_is_over(&other));
	assert_false(budget_book(&other, 0));
	budget_return(&one, 50);
	assert_false(budget_is_over(&other));
	assert_true(budget_book(&other, 0));
	assert_false(budget_book(&other, 1));
}

static void *book_and_return(void *arg)
{
	struct budget one;

	budget_init(&one, arg, 0);
	for (int i = 0; i < 20000; i++)
		if (budget_book(&one, 3))
			budget_return(&one, 3);
	return NULL;
}

static void never_loses_a_byte_between_threads(void **state)
{
	struct budget process;
	pthread_t threads[4];

	(void)state;
	budget_init(&process, NULL, 7);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, book_and_return, &process), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(budget_used(&process), 0);
	assert_true(process.peak <= 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(books_up_to_the_maximum),
		cmocka_unit_test(books_nothing_anywhere_if_one_of_the_chain_refuses),
		cmocka_unit_test(charges_what_is_there_and_then_refuses),
		cmocka_unit_test(never_loses_a_byte_between_threads),
	};

	return cmocka_run_group_tests_name("base/budget", tests, NULL, NULL);
}
