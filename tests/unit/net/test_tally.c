#include "tests/cm.h"

#include "net/tally.h"

#include <stdio.h>

static void counts_up_to_the_maximum(void **state)
{
	struct tally *tally = tally_new();

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(tally_add(tally, STR("ann"), 3), OK);
	assert_int_equal(tally_add(tally, STR("ann"), 3), ERR_LIMIT);
	assert_int_equal(tally_add(tally, STR("ann\0"), 3), OK); /* another key */
	assert_int_equal(tally_add(tally, STR("bob"), 0), ERR_LIMIT);
	assert_int_equal(tally_count(tally, STR("bob")), 0);
	tally_drop(tally, STR("ann"));
	assert_int_equal(tally_add(tally, STR("ann"), 3), OK);
	assert_int_equal(tally_count(tally, STR("ann")), 3);
	for (unsigned i = 0; i < 3; i++)
		tally_drop(tally, STR("ann"));
	assert_int_equal(tally_count(tally, STR("ann")), 0);
	assert_int_equal(tally_count(tally, STR("ann\0")), 1);
	tally_free(&tally);
}

static void tells_many_apart(void **state)
{
	struct tally *tally = tally_new();
	char key[16];

	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 5000; i++) {
			int n = snprintf(key, sizeof(key), "%d", i);

			assert_int_equal(
			    tally_add(tally, (struct str){ key, (size_t)n }, 2), OK);
		}
	}
	for (int i = 0; i < 5000; i++) {
		int n = snprintf(key, sizeof(key), "%d", i);

		assert_int_equal(tally_count(tally, (struct str){ key, (size_t)n }), 2);
		tally_drop(tally, (struct str){ key, (size_t)n });
	}
	tally_free(&tally); /* with entries left */
}

static void gives_each_key_a_budget(void **state)
{
	struct tally *tally = tally_new();
	struct tally_stats stats;
	struct budget process;
	struct budget *ann, *bob;

	(void)state;
	budget_init(&process, NULL, 150);
	tally_set_budgets(tally, &process, 100);
	assert_int_equal(tally_add(tally, STR("ann"), 1), OK);
	assert_int_equal(tally_add(tally, STR("ann"), 1), ERR_LIMIT);
	assert_int_equal(tally_add(tally, STR("bob"), 1), OK);
	ann = tally_budget(tally, STR("ann"));
	bob = tally_budget(tally, STR("bob"));
	assert_true(budget_book(ann, 100));
	assert_false(budget_book(ann, 1));
	assert_true(budget_book(bob, 50));
	assert_false(budget_book(bob, 1)); /* the process's */
	stats = tally_stats(tally);
	assert_int_equal(stats.keys, 2);
	assert_int_equal(stats.count_max, 1);
	assert_int_equal(stats.memory_max, 100);
	assert_int_equal(stats.refused, 1);
	assert_int_equal(stats.memory_refused, 1);
	budget_return(ann, 100);
	tally_drop(tally, STR("ann"));
	stats = tally_stats(tally);
	assert_int_equal(stats.keys, 1);
	assert_int_equal(stats.memory_refused, 1);
	assert_int_equal(budget_used(&process), 50);
	tally_free(&tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_up_to_the_maximum),
		cmocka_unit_test(tells_many_apart),
		cmocka_unit_test(gives_each_key_a_budget),
	};

	return cmocka_run_group_tests_name("net/tally", tests, NULL, NULL);
}
