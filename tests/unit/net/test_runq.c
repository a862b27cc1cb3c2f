#include "tests/cm.h"

#include "net/runq.h"

#define PLACES 8

static uint32_t pop(struct runq *runq, enum runq_line line)
{
	struct session_ref ref = { .slot = UINT32_MAX };

	return runq_pop(runq, line, &ref) ? ref.slot : UINT32_MAX;
}

static struct session_ref slot(uint32_t number)
{
	return (struct session_ref){ .slot = number, .generation = 1 };
}

/* Round and round the ring, and full. */
static void gives_them_in_their_order(void **state)
{
	struct runq *runq = runq_new(PLACES);

	(void)state;
	assert_int_equal(pop(runq, RUNQ_FRESH), UINT32_MAX);
	for (uint32_t round = 0; round < 5; round++) {
		for (uint32_t i = 0; i < PLACES; i++)
			runq_push(runq, RUNQ_FRESH, slot(i));
		assert_int_equal(runq_count(runq, RUNQ_FRESH), PLACES);
		for (uint32_t i = 0; i < PLACES; i++)
			assert_int_equal(pop(runq, RUNQ_FRESH), i);
		runq_push(runq, RUNQ_FRESH, slot(9));
		assert_int_equal(pop(runq, RUNQ_FRESH), 9);
		assert_int_equal(runq_count(runq, RUNQ_FRESH), 0);
	}
	runq_free(&runq);
}

static void keeps_two_lines_apart(void **state)
{
	struct runq *runq = runq_new(PLACES);

	(void)state;
	for (uint32_t i = 0; i < PLACES; i++) {
		runq_push(runq, RUNQ_AGAIN, slot(100 + i));
		runq_push(runq, RUNQ_FRESH, slot(i));
	}
	assert_int_equal(runq_count(runq, RUNQ_AGAIN), PLACES);
	for (uint32_t i = 0; i < PLACES; i++) {
		assert_int_equal(pop(runq, RUNQ_FRESH), i);
		assert_int_equal(pop(runq, RUNQ_AGAIN), 100 + i);
	}
	assert_int_equal(pop(runq, RUNQ_FRESH), UINT32_MAX);
	assert_int_equal(pop(runq, RUNQ_AGAIN), UINT32_MAX);
	runq_free(&runq);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_them_in_their_order),
		cmocka_unit_test(keeps_two_lines_apart),
	};

	return cmocka_run_group_tests_name("net/runq", tests, NULL, NULL);
}
