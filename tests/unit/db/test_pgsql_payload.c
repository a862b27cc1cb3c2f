#include "tests/cm.h"

#include "base/str.h"
#include "db/pgsql_int.h"

static struct change got[PGSQL_CHANGES_MAX];

static void what_is_told_is_heard(void **state)
{
	static const struct change changes[] = {
		{ 1, 2, 3, CHANGE_MAIL },
		{ INT64_MAX, INT64_MIN, 0, CHANGE_FOLDERS },
		{ 0, 0, 0, CHANGE_ALL },
	};
	struct buf out = BUF_INIT(PGSQL_PAYLOAD_MAX);
	int64_t self;
	size_t count;

	(void)state;
	assert_int_equal(pgsql_payload_add(&out, INT64_MIN, changes, COUNT(changes)), 3);
	assert_int_equal(pgsql_payload_parse(buf_str(&out), &self, got, &count), OK);
	assert_true(self == INT64_MIN);
	assert_int_equal(count, COUNT(changes));
	for (size_t i = 0; i < count; i++) {
		assert_true(got[i].owner == changes[i].owner);
		assert_true(got[i].mailbox == changes[i].mailbox);
		assert_true(got[i].modseq == changes[i].modseq);
		assert_int_equal(got[i].kind, changes[i].kind);
	}
	buf_release(&out);
}

static void many_go_in_several(void **state)
{
	static struct change changes[2 * PGSQL_CHANGES_MAX];
	struct buf out = BUF_INIT(PGSQL_PAYLOAD_MAX);
	size_t told = 0, heard = 0, count;
	int64_t self;

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++)
		changes[i] = (struct change){ INT64_MAX - (int64_t)i, 1, 1, CHANGE_MAIL };
	while (told < COUNT(changes)) {
		size_t n;

		buf_clear(&out);
		n = pgsql_payload_add(&out, 7, changes + told, COUNT(changes) - told);
		assert_true(n > 0);
		assert_false(out.overflow);
		told += n;
		assert_int_equal(pgsql_payload_parse(buf_str(&out), &self, got, &count), OK);
		assert_int_equal(count, n);
		assert_true(got[0].owner == INT64_MAX - (int64_t)heard);
		heard += count;
	}
	buf_release(&out);
}

static const struct {
	struct str in;
	enum errc want;
	size_t count;
} cases[] = {
	{ STR_INIT("1 5"), OK, 0 },
	{ STR_INIT("1 5 1,2,3,1"), OK, 1 },
	{ STR_INIT("1 -5 -1,2,3,3"), OK, 1 },
	{ STR_INIT(""), ERR_SYNTAX, 0 },
	{ STR_INIT("2 5"), ERR_SYNTAX, 0 }, /* another version */
	{ STR_INIT("1 "), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 "), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 1,2,3"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 1,2,3,0"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 1,2,3,4"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 1,2,3,1,"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 9223372036854775808,2,3,1"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 -9223372036854775808,2,3,1"), OK, 1 },
	{ STR_INIT("1 5 -9223372036854775809,2,3,1"), ERR_SYNTAX, 0 },
	{ STR_INIT("1 5 1,2,3,1\0"), ERR_SYNTAX, 0 },
};

static void reads_the_form_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t self;
		size_t count = 0;

		if (pgsql_payload_parse(cases[i].in, &self, got, &count) != cases[i].want ||
		    count != cases[i].count)
			fail_msg("%.*s", STR_ARG(cases[i].in));
	}
}

static void takes_so_many_and_no_more(void **state)
{
	struct buf in = BUF_INIT(SIZE_MAX);
	int64_t self;
	size_t count;

	(void)state;
	BUF_ADD(&in, "1 5");
	for (size_t i = 0; i < PGSQL_CHANGES_MAX; i++)
		BUF_ADD(&in, " 1,2,3,1");
	assert_int_equal(pgsql_payload_parse(buf_str(&in), &self, got, &count), OK);
	assert_int_equal(count, PGSQL_CHANGES_MAX);
	BUF_ADD(&in, " 1,2,3,1");
	assert_int_equal(pgsql_payload_parse(buf_str(&in), &self, got, &count), ERR_LIMIT);
	buf_release(&in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_told_is_heard),
		cmocka_unit_test(many_go_in_several),
		cmocka_unit_test(reads_the_form_and_nothing_else),
		cmocka_unit_test(takes_so_many_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
