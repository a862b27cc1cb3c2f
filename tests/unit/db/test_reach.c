#include "tests/cm.h"

#include "base/clock.h"
#include "db/reach.h"

#include <string.h>

static void fails(struct reach *reach)
{
	struct err err;

	(void)err_set(&err, ERR_UNAVAIL, "connection refused");
	reach_tell(reach, ERR_UNAVAIL, &err);
}

static void everybody_may_try_while_it_is_there(void **state)
{
	struct reach reach;

	(void)state;
	reach_init(&reach, NULL);
	for (int i = 0; i < 3; i++)
		assert_int_equal(reach_ask(&reach, NULL), OK);
	reach_tell(&reach, OK, NULL);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	assert_int_equal(reach_state(&reach).opened, 1);
	assert_false(reach_state(&reach).lost);
	reach_release(&reach);
}

static void after_a_failure_nobody_tries_for_a_while(void **state)
{
	struct reach reach;
	struct err err;

	(void)state;
	reach_init(&reach, NULL);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	fails(&reach);
	reach.next_at_ms = clock_mono_ms() + 60000;
	assert_int_equal(reach_ask(&reach, &err), ERR_UNAVAIL);
	assert_non_null(strstr(err.text, "connection refused"));
	assert_true(reach_state(&reach).lost);
	assert_int_equal(reach_state(&reach).failed, 1);
	reach_release(&reach);
}

static void then_one_tries_and_the_others_wait_for_what_he_finds(void **state)
{
	struct reach reach;

	(void)state;
	reach_init(&reach, NULL);
	fails(&reach);
	reach.next_at_ms = clock_mono_ms();
	assert_int_equal(reach_ask(&reach, NULL), OK);
	assert_int_equal(reach_ask(&reach, NULL), ERR_UNAVAIL);
	fails(&reach);
	reach.next_at_ms = clock_mono_ms();
	assert_int_equal(reach_ask(&reach, NULL), OK);
	reach_tell(&reach, OK, NULL);
	assert_false(reach_state(&reach).lost);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	reach_release(&reach);
}

static void the_wait_grows_to_a_few_seconds(void **state)
{
	struct reach reach;

	(void)state;
	reach_init(&reach, NULL);
	for (int i = 0; i < 40; i++) {
		int64_t before = clock_mono_ms();

		fails(&reach);
		assert_true(reach.next_at_ms >= before + 100);
		assert_true(reach.next_at_ms <= clock_mono_ms() + 3000);
	}
	assert_true(reach.next_at_ms >= reach.lost_at_ms + 1500);
	reach_release(&reach);
}

static void is_full(struct reach *reach)
{
	struct err err;

	(void)err_set(&err, ERR_LIMIT, "too many clients");
	reach_tell(reach, ERR_LIMIT, &err);
}

static void a_full_server_is_there_and_not_asked_for_a_while(void **state)
{
	struct reach reach;
	struct err err;

	(void)state;
	reach_init(&reach, NULL);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	is_full(&reach);
	assert_true(reach_state(&reach).full);
	assert_false(reach_state(&reach).lost);
	reach.next_at_ms = clock_mono_ms() + 60000;
	assert_int_equal(reach_ask(&reach, &err), ERR_LIMIT);
	assert_non_null(strstr(err.text, "too many clients"));
	reach.next_at_ms = clock_mono_ms();
	assert_int_equal(reach_ask(&reach, NULL), OK);
	assert_int_equal(reach_ask(&reach, NULL), ERR_LIMIT);
	reach_tell(&reach, OK, NULL);
	assert_false(reach_state(&reach).full);
	assert_int_equal(reach_ask(&reach, NULL), OK);
	reach_release(&reach);
}

static void a_lost_server_may_come_back_full_and_a_full_one_be_lost(void **state)
{
	struct reach reach;

	(void)state;
	reach_init(&reach, NULL);
	fails(&reach);
	is_full(&reach);
	assert_false(reach_state(&reach).lost);
	assert_true(reach_state(&reach).full);
	fails(&reach);
	assert_true(reach_state(&reach).lost);
	assert_false(reach_state(&reach).full);
	assert_int_equal(reach_state(&reach).failed, 3);
	reach_release(&reach);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everybody_may_try_while_it_is_there),
		cmocka_unit_test(after_a_failure_nobody_tries_for_a_while),
		cmocka_unit_test(then_one_tries_and_the_others_wait_for_what_he_finds),
		cmocka_unit_test(the_wait_grows_to_a_few_seconds),
		cmocka_unit_test(a_full_server_is_there_and_not_asked_for_a_while),
		cmocka_unit_test(a_lost_server_may_come_back_full_and_a_full_one_be_lost),
	};

	return cmocka_run_group_tests_name("db/reach", tests, NULL, NULL);
}
