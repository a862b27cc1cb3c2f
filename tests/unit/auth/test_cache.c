#include "tests/cm.h"

#include "auth/auth_int.h"

static void remembers_a_pair_and_nothing_else(void **state)
{
	struct auth_cache *cache = auth_cache_new(64);

	(void)state;
	assert_false(auth_cache_has(cache, STR("hash"), STR("password")));
	auth_cache_add(cache, STR("hash"), STR("password"));
	assert_true(auth_cache_has(cache, STR("hash"), STR("password")));
	assert_false(auth_cache_has(cache, STR("hash"), STR("Password")));
	assert_false(auth_cache_has(cache, STR("hash2"), STR("password")));
	/* where one ends and the other begins counts */
	assert_false(auth_cache_has(cache, STR("hashp"), STR("assword")));
	assert_false(auth_cache_has(cache, STR("has"), STR("hpassword")));
	auth_cache_free(&cache);
	assert_null(cache);
	auth_cache_free(&cache);
}

static void forgets_the_old_where_the_new_takes_its_slot(void **state)
{
	struct auth_cache *cache = auth_cache_new(1);

	(void)state;
	auth_cache_add(cache, STR("a"), STR("1"));
	auth_cache_add(cache, STR("b"), STR("2"));
	assert_false(auth_cache_has(cache, STR("a"), STR("1")));
	assert_true(auth_cache_has(cache, STR("b"), STR("2")));
	auth_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_a_pair_and_nothing_else),
		cmocka_unit_test(forgets_the_old_where_the_new_takes_its_slot),
	};

	return cmocka_run_group_tests_name("auth/cache", tests, NULL, NULL);
}
