#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/charset_pool.h"

static void keeps_converters_open(void **state)
{
	struct charset_pool pool = { .used = 0 };
	struct charset *koi8 = charset_pool_get(&pool, STR("koi8-r"));

	(void)state;
	assert_non_null(koi8);
	assert_non_null(charset_pool_get(&pool, STR("utf-8")));
	assert_ptr_equal(charset_pool_get(&pool, STR("KOI8-R")), koi8);
	assert_int_equal(pool.opens, 2);
	assert_null(charset_pool_get(&pool, STR("x-none")));
	charset_pool_release(&pool);
	assert_int_equal(pool.used, 0);
}

static void begins_a_new_text_each_time(void **state)
{
	struct charset_pool pool = { .used = 0 };
	struct buf out = BUF_INIT(100);

	(void)state;
	charset_feed(charset_pool_get(&pool, STR("utf-8")), STR("\xc3"), &out);
	charset_feed(charset_pool_get(&pool, STR("utf-8")), STR("a"), &out);
	charset_feed(charset_pool_get(&pool, STR("iso-2022-jp")), STR("\x1b$B"), &out);
	charset_feed(charset_pool_get(&pool, STR("iso-2022-jp")), STR("b"), &out);
	assert_true(str_equal(buf_str(&out), STR("ab")));
	charset_pool_release(&pool);
	buf_release(&out);
}

static void opens_so_many_and_no_more(void **state)
{
	static const char *const names[] = { "koi8-r", "koi8-u", "cp1250", "cp1251", "cp1252",
		"cp1253", "cp1254", "cp1255", "cp1256" };
	struct charset_pool pool = { .used = 0 };
	size_t opened = 0;

	(void)state;
	assert_int_equal(COUNT(names), CHARSET_POOL_SIZE + 1);
	for (size_t i = 0; i < (size_t)2 * CHARSET_POOL_OPENS_MAX; i++)
		opened += charset_pool_get(&pool, str_from(names[i % COUNT(names)])) != NULL;
	assert_int_equal(pool.opens, CHARSET_POOL_OPENS_MAX);
	assert_true(opened >= CHARSET_POOL_OPENS_MAX);
	charset_pool_release(&pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_converters_open),
		cmocka_unit_test(begins_a_new_text_each_time),
		cmocka_unit_test(opens_so_many_and_no_more),
	};

	return cmocka_run_group_tests_name("mime/charset_pool", tests, NULL, NULL);
}
