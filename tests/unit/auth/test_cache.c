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

static void remembers_keys_with_what_they_were_made_of(void **state)
{
	struct auth_cache *cache = auth_cache_new(64);
	struct scram_keys keys = { .iterations = 4096,
		.salt_size = 4,
		.salt = "salt",
		.stored = "stored",
		.server = "server" };
	struct scram_keys found = { .iterations = 4096, .salt_size = 4, .salt = "salt" };
	struct scram_keys other = { .iterations = 4097, .salt_size = 4, .salt = "salt" };
	struct scram_keys salted = { .iterations = 4096, .salt_size = 4, .salt = "sald" };

	(void)state;
	assert_false(auth_cache_find_keys(cache, SCRAM_SHA1, STR("password"), &found));
	auth_cache_add_keys(cache, SCRAM_SHA1, STR("password"), &keys);
	assert_false(auth_cache_find_keys(cache, SCRAM_SHA256, STR("password"), &found));
	assert_false(auth_cache_find_keys(cache, SCRAM_SHA1, STR("passworD"), &found));
	assert_false(auth_cache_find_keys(cache, SCRAM_SHA1, STR("password"), &other));
	assert_false(auth_cache_find_keys(cache, SCRAM_SHA1, STR("password"), &salted));
	assert_true(auth_cache_find_keys(cache, SCRAM_SHA1, STR("password"), &found));
	assert_memory_equal(found.stored, keys.stored, sizeof(keys.stored));
	assert_memory_equal(found.server, keys.server, sizeof(keys.server));
	auth_cache_free(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(remembers_a_pair_and_nothing_else),
		cmocka_unit_test(remembers_keys_with_what_they_were_made_of),
		cmocka_unit_test(forgets_the_old_where_the_new_takes_its_slot),
	};

	return cmocka_run_group_tests_name("auth/cache", tests, NULL, NULL);
}
