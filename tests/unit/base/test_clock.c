#include "tests/cm.h"

#include "base/clock.h"

#include <limits.h>

static void goes_forward_only(void **state)
{
	int64_t before = clock_mono_us();

	(void)state;
	assert_true(clock_mono_us() >= before);
	assert_true(clock_mono_ms() >= before / 1000);
}

static void shows_the_same_time_in_both_units(void **state)
{
	int64_t before = clock_unix_s();
	int64_t ms = clock_unix_ms();

	(void)state;
	assert_true(before <= ms / 1000 && ms / 1000 <= clock_unix_s());
	assert_true(before > INT64_C(1700000000));
}

static void says_how_long_is_left(void **state)
{
	struct deadline hour = deadline_in_ms(3600000);
	int left = deadline_left_ms(hour);

	(void)state;
	assert_true(left > 3500 * 1000 && left <= 3600 * 1000);
	assert_false(deadline_passed(hour));
	assert_true(deadline_passed(deadline_in_ms(0)));
	assert_true(deadline_passed(deadline_in_ms(-5)));
	assert_int_equal(deadline_left_ms(deadline_in_ms(-5)), 0);
}

static void never_is_never(void **state)
{
	(void)state;
	assert_false(deadline_passed(DEADLINE_NEVER));
	assert_int_equal(deadline_left_ms(DEADLINE_NEVER), INT_MAX);
	assert_int_equal(deadline_in_ms(INT64_MAX).at_ms, INT64_MAX);
	assert_int_equal(deadline_left_ms(deadline_in_ms(INT64_MAX / 2)), INT_MAX);
	assert_int_equal(deadline_earlier(DEADLINE_NEVER, (struct deadline){ 7 }).at_ms, 7);
	assert_int_equal(deadline_earlier((struct deadline){ 7 }, DEADLINE_NEVER).at_ms, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_forward_only),
		cmocka_unit_test(shows_the_same_time_in_both_units),
		cmocka_unit_test(says_how_long_is_left),
		cmocka_unit_test(never_is_never),
	};

	return cmocka_run_group_tests_name("base/clock", tests, NULL, NULL);
}
