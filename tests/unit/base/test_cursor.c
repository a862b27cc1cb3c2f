#include "tests/cm.h"

#include "base/cursor.h"
#include "base/str.h"

static void moves_only_on_success(void **state)
{
	struct cursor c = cursor_of(STR("abc 42x"));
	struct str bytes;
	uint64_t value = 7;

	(void)state;
	assert_false(cursor_take(&c, 'b'));
	assert_true(cursor_take(&c, 'a'));
	assert_false(cursor_take_str(&c, STR("bcd")));
	assert_false(cursor_take_n(&c, 7, &bytes));
	assert_true(cursor_take_nocase(&c, STR("BC ")));
	assert_int_equal(cursor_take_u64(&c, 41, &value), ERR_LIMIT);
	assert_int_equal(value, 7);
	assert_int_equal(cursor_take_u64(&c, 42, &value), OK);
	assert_int_equal(value, 42);
	assert_int_equal(cursor_take_u64(&c, 42, &value), ERR_SYNTAX);
	assert_int_equal(cursor_peek(&c), 'x');
	assert_true(cursor_take_n(&c, 1, &bytes));
	assert_true(cursor_at_end(&c));
	assert_int_equal(cursor_peek(&c), -1);
	assert_false(cursor_take(&c, 'x'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moves_only_on_success),
	};

	return cmocka_run_group_tests_name("base/cursor", tests, NULL, NULL);
}
