#include "tests/cm.h"

#include "base/buf.h"
#include "base/civil.h"
#include "base/str.h"

static void counts_days_like_the_calendar(void **state)
{
	static const struct {
		int year, month, day;
		int64_t days;
		int weekday;
	} cases[] = {
		{ 1970, 1, 1, 0, 4 },
		{ 1969, 12, 31, -1, 3 },
		{ 2000, 2, 29, 11016, 2 },
		{ 2000, 3, 1, 11017, 3 },
		{ 2026, 11, 20, 20777, 5 },
		{ 1900, 3, 1, -25508, 4 },
		{ 1, 1, 1, -719162, 1 },
		{ 9999, 12, 31, 2932896, 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t days = civil_days(cases[i].year, cases[i].month, cases[i].day);
		struct civil back = civil_from_unix(days * 86400, 0);

		if (days != cases[i].days || civil_weekday(days) != cases[i].weekday)
			fail_msg("case %zu: %lld days", i, (long long)days);
		assert_int_equal(back.year, cases[i].year);
		assert_int_equal(back.month, cases[i].month);
		assert_int_equal(back.day, cases[i].day);
	}
}

static void finds_every_day_of_four_centuries_again(void **state)
{
	(void)state;
	for (int64_t days = civil_days(1800, 1, 1); days < civil_days(2200, 1, 2); days++) {
		struct civil civil = civil_from_unix(days * 86400 + 86399, 0);

		assert_true(civil_is_valid(&civil));
		assert_int_equal(civil_to_unix(&civil), days * 86400 + 86399);
	}
}

static void stays_inside_its_years(void **state)
{
	struct civil first = civil_from_unix(INT64_MIN, -600);
	struct civil last = civil_from_unix(INT64_MAX, 600);

	(void)state;
	assert_true(civil_is_valid(&first));
	assert_true(civil_is_valid(&last));
	assert_int_equal(first.year, 1);
	assert_int_equal(last.year, 9999);
}

static void knows_which_moments_exist(void **state)
{
	static const struct {
		struct civil civil;
		bool valid;
	} cases[] = {
		{ { 2024, 2, 29, 0, 0, 0, 0 }, true },
		{ { 2023, 2, 29, 0, 0, 0, 0 }, false },
		{ { 2100, 2, 29, 0, 0, 0, 0 }, false },
		{ { 2000, 2, 29, 0, 0, 0, 0 }, true },
		{ { 2024, 4, 31, 0, 0, 0, 0 }, false },
		{ { 2024, 0, 1, 0, 0, 0, 0 }, false },
		{ { 2024, 13, 1, 0, 0, 0, 0 }, false },
		{ { 2024, 1, 0, 0, 0, 0, 0 }, false },
		{ { 0, 1, 1, 0, 0, 0, 0 }, false },
		{ { 1, 1, 1, 0, 0, 0, 0 }, true },
		{ { 9999, 12, 31, 23, 59, 60, 0 }, true },
		{ { 10000, 1, 1, 0, 0, 0, 0 }, false },
		{ { 2024, 1, 1, 24, 0, 0, 0 }, false },
		{ { 2024, 1, 1, 0, 60, 0, 0 }, false },
		{ { 2024, 1, 1, 0, 0, 61, 0 }, false },
		{ { 2024, 1, 1, 0, 0, 0, 1439 }, true },
		{ { 2024, 1, 1, 0, 0, 0, 1440 }, false },
		{ { 2024, 1, 1, 0, 0, 0, -1439 }, true },
		{ { 2024, 1, 1, 0, 0, 0, -1440 }, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		if (civil_is_valid(&cases[i].civil) != cases[i].valid)
			fail_msg("case %zu", i);
}

static void writes_the_forms_of_the_standards(void **state)
{
	struct buf out = BUF_INIT(200);
	struct civil civil = civil_from_unix(INT64_C(1795205496), 330);

	(void)state;
	civil_add_rfc3339(&out, INT64_C(1795205496123));
	assert_true(str_equal(buf_str(&out), STR("2026-11-20T20:11:36.123Z")));
	buf_clear(&out);
	civil_add_rfc3339(&out, -1);
	assert_true(str_equal(buf_str(&out), STR("1969-12-31T23:59:59.999Z")));
	buf_clear(&out);
	civil_add_rfc5322(&out, &civil);
	assert_true(str_equal(buf_str(&out), STR("Sat, 21 Nov 2026 01:41:36 +0530")));
	buf_clear(&out);
	civil = civil_from_unix(0, -90);
	civil.day = 7;
	civil_add_imap(&out, &civil);
	assert_true(str_equal(buf_str(&out), STR(" 7-Dec-1969 22:30:00 -0130")));
	buf_release(&out);
}

static void reads_the_date_time_of_imap(void **state)
{
	static const struct {
		struct str in;
		enum errc want;
		int64_t unix_s;
	} cases[] = {
		{ STR_INIT("17-Jul-1996 02:44:25 -0700"), OK, 837596665 },
		{ STR_INIT(" 7-Feb-1994 22:43:04 -0800"), OK, 760689784 },
		{ STR_INIT("07-FEB-1994 22:43:04 -0800"), OK, 760689784 },
		{ STR_INIT("01-Jan-1970 00:00:00 +0000"), OK, 0 },
		{ STR_INIT("31-Dec-2016 23:59:60 +0000"), OK, 1483228800 },
		{ STR_INIT("7-Feb-1994 22:43:04 -0800"), ERR_SYNTAX, 0 },
		{ STR_INIT("29-Feb-2023 00:00:00 +0000"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996 24:44:25 -0700"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996 02:44:25 -0760"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996 02:44:25 -2400"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996 02:44:25 0700"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996 02:44:25 -0700 "), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jux-1996 02:44:25 -0700"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-96 02:44:25 -0700"), ERR_SYNTAX, 0 },
		{ STR_INIT("17-Jul-1996"), ERR_SYNTAX, 0 },
		{ STR_INIT(" "), ERR_SYNTAX, 0 },
		{ STR_INIT(""), ERR_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct civil civil;
		enum errc got = civil_parse_imap(cases[i].in, &civil, NULL);

		if (got != cases[i].want ||
		    (got == OK && civil_to_unix(&civil) != cases[i].unix_s))
			fail_msg("case %zu: %s", i, errc_name(got));
	}
}

static void reads_the_date_of_imap(void **state)
{
	static const struct {
		struct str in;
		enum errc want;
		int64_t unix_s;
	} cases[] = {
		{ STR_INIT("1-Feb-1994"), OK, 760060800 },
		{ STR_INIT("01-feb-1994"), OK, 760060800 },
		{ STR_INIT("31-Dec-1969"), OK, -86400 },
		{ STR_INIT(" 1-Feb-1994"), ERR_SYNTAX, 0 },
		{ STR_INIT("001-Feb-1994"), ERR_SYNTAX, 0 },
		{ STR_INIT("30-Feb-1994"), ERR_SYNTAX, 0 },
		{ STR_INIT("1-Feb-1994 "), ERR_SYNTAX, 0 },
		{ STR_INIT("1-Feb-19945"), ERR_SYNTAX, 0 },
		{ STR_INIT("-Feb-1994"), ERR_SYNTAX, 0 },
		{ STR_INIT(""), ERR_SYNTAX, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct civil civil;
		enum errc got = civil_parse_imap_date(cases[i].in, &civil, NULL);

		if (got != cases[i].want ||
		    (got == OK && civil_to_unix(&civil) != cases[i].unix_s))
			fail_msg("case %zu: %s", i, errc_name(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_days_like_the_calendar),
		cmocka_unit_test(finds_every_day_of_four_centuries_again),
		cmocka_unit_test(stays_inside_its_years),
		cmocka_unit_test(knows_which_moments_exist),
		cmocka_unit_test(writes_the_forms_of_the_standards),
		cmocka_unit_test(reads_the_date_time_of_imap),
		cmocka_unit_test(reads_the_date_of_imap),
	};

	return cmocka_run_group_tests_name("base/civil", tests, NULL, NULL);
}
