#include "tests/cm.h"

#include "base/str.h"
#include "mime/date.h"

#include <string.h>

static const struct {
	const char *in;
	int64_t unix_s;
	int zone_min;
} good[] = {
	/* RFC 5322 appendix A */
	{ "Fri, 21 Nov 1997 09:55:06 -0600", 880127706, -360 },
	{ "Tue, 1 Jul 2003 10:52:37 +0200", 1057049557, 120 },
	{ "Thu, 13 Feb 1969 23:32:54 -0330", -27723426, -210 },
	{ "Thu,\r\n      13\r\n        Feb\r\n          1969\r\n      23:32\r\n"
	  "               -0330 (Newfoundland Time)",
	    -27723480, -210 },
	{ "21 Nov 97 09:55:06 GMT", 880106106, 0 },
	{ "Fri, 21 Nov 1997 09(comment):   55  :  06 -0600", 880127706, -360 },
	/* 3.3: no day of the week, no seconds, a leap second, -0000 */
	{ "1 Jan 1970 00:00 +0000", 0, 0 },
	{ "1 Jan 1970 00:00:60 -0000", 60, 0 },
	{ "1 Jan 1970 01:00:00 +0100", 0, 60 },
	/* 4.3: two and three digits of a year, zones with names */
	{ "1 Jan 49 00:00:00 GMT", 2493072000, 0 },
	{ "1 Jan 50 00:00:00 GMT", -631152000, 0 },
	{ "1 Jan 102 00:00:00 GMT", 1009843200, 0 },
	{ "1 Jan 2001 00:00:00 EST", 978325200, -300 },
	{ "1 Jan 2001 00:00:00 pdt", 978332400, -420 },
	{ "1 Jan 2001 00:00:00 UT", 978307200, 0 },
	{ "1 Jan 2001 00:00:00 A", 978307200, 0 },
	{ "1 Jan 2001 00:00:00 CEST", 978307200, 0 },
	/* found in the wild */
	{ "Mon Jan  1 00:00:00 2001", 978307200, 0 },
	{ "Mon Jan  1 00:00:00 EST 2001", 978325200, -300 },
	{ "Mon, 1-Jan-2001 00:00:00 +0000", 978307200, 0 },
	{ "Monday, 01 January 2001 00:00:00 +0000", 978307200, 0 },
	{ "1 Jan 2001 00:00:00 GMT+0100", 978303600, 60 },
	{ "1 Jan 2001 00:00:00 +01:00", 978303600, 60 },
	{ "1 Jan 2001 00:00:00 +1", 978303600, 60 },
	{ "1 Jan 2001 00:00:00.123 +0100 (CET)", 978303600, 60 },
	{ "1 Jan 2001 00:00:00 +9999", 978307200, 0 },
	{ "1 Jan 2001 00:00:00", 978307200, 0 },
	{ "1 Jan 2001", 978307200, 0 },
	{ "1 Jan 2001 00:00:00 +0000 (not closed", 978307200, 0 },
	{ "29 Feb 2000 12:00:00 GMT", 951825600, 0 },
};

static const char *const bad[] = { "", " ", "x", "Mon, 2001", "32 Jan 2001 00:00:00 GMT",
	"0 Jan 2001 00:00:00 GMT", "29 Feb 2001 00:00:00 GMT", "1 Jan 2001 24:00:00 GMT",
	"1 Jan 2001 00:60:00 GMT", "1 Jan 2001 00:00:61 GMT", "1 Jam 2001 00:00:00 GMT",
	"1 Jan 99999 00:00:00 GMT", "1 Jan 2001 0:0:0:0", "1 Jan 2001 1x:00:00", "@ 1 Jan 2001",
	"1 2 3 Jan 2001 00:00:00" };

static void reads_dates(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		int64_t unix_s = -1;
		int zone_min = -1;

		if (mime_date_parse(str_from(good[i].in), &unix_s, &zone_min, NULL) != OK ||
		    unix_s != good[i].unix_s || zone_min != good[i].zone_min)
			fail_msg("%s: %lld %d", good[i].in, (long long)unix_s, zone_min);
	}
}

static void refuses_what_is_no_date(void **state)
{
	int64_t unix_s;
	int zone_min;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct err err = { .code = OK };

		if (mime_date_parse(str_from(bad[i]), &unix_s, &zone_min, &err) != ERR_SYNTAX)
			fail_msg("%s was taken", bad[i]);
		assert_int_equal(err.code, ERR_SYNTAX);
	}
	assert_int_equal(
	    mime_date_parse(STR("\0001 Jan 2001"), &unix_s, &zone_min, NULL), ERR_SYNTAX);
}

static void writes_what_it_reads(void **state)
{
	char text[MIME_DATE_SIZE];
	int64_t unix_s;
	int zone_min;

	(void)state;
	mime_date_format(-27723426, -210, text);
	assert_string_equal(text, "Thu, 13 Feb 1969 23:32:54 -0330");
	mime_date_format(0, 330, text);
	assert_string_equal(text, "Thu, 1 Jan 1970 05:30:00 +0530");
	assert_int_equal(mime_date_parse(str_from(text), &unix_s, &zone_min, NULL), OK);
	assert_int_equal(unix_s, 0);
	mime_date_format(INT64_MAX, 0, text);
	assert_string_equal(text, "Fri, 31 Dec 9999 23:59:59 +0000");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_dates),
		cmocka_unit_test(refuses_what_is_no_date),
		cmocka_unit_test(writes_what_it_reads),
	};

	return cmocka_run_group_tests_name("mime/date", tests, NULL, NULL);
}
