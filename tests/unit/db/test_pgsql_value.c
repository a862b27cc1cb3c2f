#include "tests/cm.h"

#include "base/str.h"
#include "db/pgsql_int.h"

/* Integers and numeric as the server sends them: digits, weight, sign, decimals, then digits to the base of 10,000. */
static const struct {
	unsigned type;
	struct str in;
	int64_t want;
} numbers[] = {
	{ PGSQL_BOOL, STR_INIT("\1"), 1 },
	{ PGSQL_BOOL, STR_INIT("\0"), 0 },
	{ PGSQL_BOOL, STR_INIT("\1\1"), 0 },
	{ PGSQL_INT2, STR_INIT("\x7f\xff"), 32767 },
	{ PGSQL_INT2, STR_INIT("\x80\x00"), -32768 },
	{ PGSQL_INT2, STR_INIT("\x01"), 0 },
	{ PGSQL_INT4, STR_INIT("\xff\xff\xff\xfe"), -2 },
	{ PGSQL_OID, STR_INIT("\xff\xff\xff\xfe"), INT64_C(4294967294) },
	{ PGSQL_INT8, STR_INIT("\x7f\xff\xff\xff\xff\xff\xff\xff"), INT64_MAX },
	{ PGSQL_INT8, STR_INIT("\x80\0\0\0\0\0\0\0"), INT64_MIN },
	{ PGSQL_INT8, STR_INIT("\x80\0\0\0\0\0\0"), 0 },
	/* 0; 1; -1; 10,000; 12,345,678 */
	{ PGSQL_NUMERIC, STR_INIT("\0\0\0\0\0\0\0\0"), 0 },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\0\0\0\0\0\0\0\1"), 1 },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\0\0\x40\0\0\0\0\1"), -1 },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\0\1\0\0\0\0\0\1"), 10000 },
	{ PGSQL_NUMERIC, STR_INIT("\0\2\0\1\0\0\0\0\x04\xd2\x16\x2e"), 12345678 },
	/* 0.5 and 1.9999 are cut */
	{ PGSQL_NUMERIC, STR_INIT("\0\1\xff\xff\0\0\0\1\x13\x88"), 0 },
	{ PGSQL_NUMERIC, STR_INIT("\0\2\0\0\0\0\0\4\0\1\x27\x0f"), 1 },
	/* 2^63 - 1 = 922 3372 0368 5477 5807, and one more; 2^64; the other end */
	{ PGSQL_NUMERIC, STR_INIT("\0\5\0\4\0\0\0\0\x03\x9a\x0d\x2c\x01\x70\x15\x65\x16\xaf"),
	    INT64_MAX },
	{ PGSQL_NUMERIC, STR_INIT("\0\5\0\4\0\0\0\0\x03\x9a\x0d\x2c\x01\x70\x15\x65\x16\xb0"),
	    INT64_MAX },
	{ PGSQL_NUMERIC, STR_INIT("\0\5\0\4\x40\0\0\0\x03\x9a\x0d\x2c\x01\x70\x15\x65\x16\xb0"),
	    INT64_MIN },
	{ PGSQL_NUMERIC, STR_INIT("\0\5\0\4\x40\0\0\0\x03\x9a\x0d\x2c\x01\x70\x15\x65\x16\xaf"),
	    -INT64_MAX },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\x7f\xff\0\0\0\0\0\1"), INT64_MAX },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\x7f\xff\x40\0\0\0\0\1"), INT64_MIN },
	/* NaN, the infinities, and what is no value */
	{ PGSQL_NUMERIC, STR_INIT("\0\0\0\0\xc0\0\0\0"), 0 },
	{ PGSQL_NUMERIC, STR_INIT("\0\0\0\0\xd0\0\0\0"), INT64_MAX },
	{ PGSQL_NUMERIC, STR_INIT("\0\0\0\0\xf0\0\0\0"), INT64_MIN },
	{ PGSQL_NUMERIC, STR_INIT("\0\2\0\0\0\0\0\0\0\1"), 0 },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\0\0\0\0\0\0\x27\x10"), 0 },
	{ PGSQL_NUMERIC, STR_INIT("\0\1\0\0\0\0\0"), 0 },
	{ PGSQL_TEXT, STR_INIT("42"), 42 },
	{ PGSQL_TEXT, STR_INIT("-42x"), -42 },
	{ PGSQL_TEXT, STR_INIT("x"), 0 },
	{ PGSQL_TEXT, STR_INIT("99999999999999999999"), INT64_MAX },
	{ PGSQL_TEXT, STR_INIT("-9223372036854775808"), INT64_MIN },
	{ PGSQL_TIMESTAMP, STR_INIT("\0\0\0\0\0\0\0\1"), 0 },
};

static void reads_numbers_of_every_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(numbers); i++) {
		int64_t got = pgsql_value_i64(numbers[i].type, numbers[i].in);

		if (got != numbers[i].want)
			fail_msg("%zu: %lld, not %lld", i, (long long)got,
			    (long long)numbers[i].want);
	}
}

static const struct {
	unsigned type;
	struct str in, want;
} texts[] = {
	{ PGSQL_TEXT, STR_INIT("h\xc3\xa9"), STR_INIT("h\xc3\xa9") },
	{ PGSQL_BYTEA, STR_INIT("\0\1"), STR_INIT("\0\1") },
	{ PGSQL_INT8, STR_INIT("\x80\0\0\0\0\0\0\0"), STR_INIT("-9223372036854775808") },
	{ PGSQL_BOOL, STR_INIT("\1"), STR_INIT("1") },
	/* microseconds since 2000 */
	{ PGSQL_TIMESTAMP, STR_INIT("\0\0\0\0\0\0\0\0"), STR_INIT("2000-01-01 00:00:00") },
	{ PGSQL_TIMESTAMP, STR_INIT("\xff\xff\xff\xff\xff\xff\xff\xff"),
	    STR_INIT("1999-12-31 23:59:59") },
	{ PGSQL_TIMESTAMPTZ, STR_INIT("\0\0\0\0\0\x0f\x42\x40"),
	    STR_INIT("2000-01-01 00:00:01") },
	/* infinity and its opposite: the ends of our calendar */
	{ PGSQL_TIMESTAMP, STR_INIT("\x7f\xff\xff\xff\xff\xff\xff\xff"),
	    STR_INIT("9999-12-31 23:59:59") },
	{ PGSQL_TIMESTAMP, STR_INIT("\x80\0\0\0\0\0\0\0"), STR_INIT("0001-01-01 00:00:00") },
};

static void reads_texts_of_every_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		char scratch[PGSQL_SCRATCH];
		struct str got = pgsql_value_text(texts[i].type, texts[i].in, scratch);

		if (!str_equal(got, texts[i].want))
			fail_msg("%zu: %.*s", i, STR_ARG(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_of_every_type),
		cmocka_unit_test(reads_texts_of_every_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
