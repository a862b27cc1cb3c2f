#include "tests/cm.h"

#include "base/secret.h"
#include "base/str.h"

static void keeps_a_copy_until_it_is_let_go(void **state)
{
	char text[] = "hunter2";
	struct secret secret;

	(void)state;
	secret_init(&secret, (struct str){ text, 7 });
	secret_wipe(text, 7);
	assert_memory_equal(text, "\0\0\0\0\0\0\0", 7);
	assert_true(str_equal(secret_view(&secret), STR("hunter2")));
	secret_release(&secret);
	assert_null(secret.p);
	assert_int_equal(secret_view(&secret).n, 0);
	secret_release(&secret);
}

static void compares_bytes_and_lengths(void **state)
{
	(void)state;
	assert_true(secret_equal(STR("abc"), STR("abc")));
	assert_false(secret_equal(STR("abc"), STR("abd")));
	assert_false(secret_equal(STR("abc"), STR("abcd")));
	assert_false(secret_equal(STR("a\0c"), STR("a\0d")));
	assert_true(secret_equal(STR_EMPTY, STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_a_copy_until_it_is_let_go),
		cmocka_unit_test(compares_bytes_and_lengths),
	};

	return cmocka_run_group_tests_name("base/secret", tests, NULL, NULL);
}
