#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static void takes_its_maximum_and_not_a_byte_more(void **state)
{
	static const struct {
		size_t first, second, want;
		bool overflow;
	} cases[] = {
		{ 9, 0, 9, false }, { 9, 1, 10, false }, { 10, 0, 10, false },
		{ 9, 2, 9, true },
		{ 11, 1, 0, true }, /* after an overflow nothing more is taken */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf buf = BUF_INIT(10);

		buf_add(&buf, "aaaaaaaaaaaaaaa", cases[i].first);
		buf_add(&buf, "bbbbbbbbbbbbbbb", cases[i].second);
		assert_int_equal(buf.n, cases[i].want);
		assert_int_equal(buf.overflow, cases[i].overflow);
		buf_release(&buf);
	}
}

static void prints_up_to_its_maximum(void **state)
{
	struct buf buf = BUF_INIT(1000);

	(void)state;
	buf_printf(&buf, "%0999d", 1);
	assert_int_equal(buf.n, 999);
	buf_printf(&buf, "%d", 22);
	assert_true(buf.overflow);
	assert_int_equal(buf.n, 999);
	buf_clear(&buf);
	assert_false(buf.overflow);
	buf_add_u64(&buf, 0);
	buf_add_u64(&buf, UINT64_MAX);
	assert_true(str_equal(buf_str(&buf), STR("018446744073709551615")));
	buf_release(&buf);
}

static void consumes_at_the_front(void **state)
{
	struct buf buf = BUF_INIT(100);

	(void)state;
	BUF_ADD(&buf, "hello world");
	buf_consume(&buf, 6);
	assert_true(str_equal(buf_str(&buf), STR("world")));
	buf_consume(&buf, 5);
	assert_int_equal(buf.n, 0);
	buf_release(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_its_maximum_and_not_a_byte_more),
		cmocka_unit_test(prints_up_to_its_maximum),
		cmocka_unit_test(consumes_at_the_front),
	};

	return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
