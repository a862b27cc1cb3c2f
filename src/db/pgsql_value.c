/*
 * db/pgsql_value.c - values in PostgreSQL's binary form, as numbers and as texts.
 */
#include "base/civil.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <stdio.h>

/* 2000-01-01 in seconds since 1970 */
#define EPOCH_S INT64_C(946684800)
#define NUMERIC_NEGATIVE 0x4000u
#define NUMERIC_SPECIAL 0xc000u /* not a number, infinities */

/* Big-endian, of 2, 4 or 8 bytes, with its sign. */
static int64_t integer_of(struct str bytes, size_t size)
{
	uint64_t value = 0;

	if (bytes.n != size)
		return 0;
	if ((unsigned char)bytes.p[0] & 0x80)
		value = UINT64_MAX;
	for (size_t i = 0; i < size; i++)
		value = value << 8 | (unsigned char)bytes.p[i];
	return (int64_t)value;
}

static unsigned word_at(struct str bytes, size_t i)
{
	return (unsigned)(unsigned char)bytes.p[2 * i] << 8 | (unsigned char)bytes.p[2 * i + 1];
}

/* `magnitude` with its sign, or the end of the range that it is beyond. */
static int64_t with_sign(uint64_t magnitude, bool too_large, bool negative)
{
	if (negative)
		return too_large || magnitude > (uint64_t)INT64_MAX ? INT64_MIN
								    : -(int64_t)magnitude;
	return too_large || magnitude > (uint64_t)INT64_MAX ? INT64_MAX : (int64_t)magnitude;
}

/*
 * Four words (digits, weight, sign, decimals) and the digits to the base of 10,000, the first of them times
 * 10,000 to the power of the weight. Those behind the point are left out.
 */
static int64_t numeric_of(struct str bytes)
{
	uint64_t value = 0;
	unsigned digits, sign;
	int weight;

	if (bytes.n < 8)
		return 0;
	digits = word_at(bytes, 0);
	weight = (int16_t)word_at(bytes, 1);
	sign = word_at(bytes, 2);
	if (bytes.n != 8 + 2 * (size_t)digits)
		return 0;
	if ((sign & NUMERIC_SPECIAL) == NUMERIC_SPECIAL)
		return sign == 0xd000u ? INT64_MAX : sign == 0xf000u ? INT64_MIN : 0;
	for (int i = 0; i <= weight && digits > 0; i++) {
		unsigned digit = i < (int)digits ? word_at(bytes, 4 + (size_t)i) : 0;

		if (digit > 9999)
			return 0;
		if (value > (UINT64_MAX - digit) / 10000)
			return with_sign(0, true, sign == NUMERIC_NEGATIVE);
		value = value * 10000 + digit;
	}
	return with_sign(value, false, sign == NUMERIC_NEGATIVE);
}

static int64_t decimal_of(struct str text)
{
	bool negative = text.n > 0 && text.p[0] == '-';
	uint64_t value = 0;

	for (size_t i = negative; i < text.n && ascii_is_digit(text.p[i]); i++) {
		unsigned digit = (unsigned)(text.p[i] - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return with_sign(0, true, negative);
		value = value * 10 + digit;
	}
	return with_sign(value, false, negative);
}

int64_t pgsql_value_i64(unsigned type, struct str bytes)
{
	switch (type) {
	case PGSQL_BOOL:
		return bytes.n == 1 && bytes.p[0] != 0;
	case PGSQL_INT2:
		return integer_of(bytes, 2);
	case PGSQL_INT4:
		return integer_of(bytes, 4);
	case PGSQL_OID:
		return (int64_t)(uint32_t)integer_of(bytes, 4);
	case PGSQL_INT8:
		return integer_of(bytes, 8);
	case PGSQL_NUMERIC:
		return numeric_of(bytes);
	case PGSQL_FLOAT8:
	case PGSQL_TIMESTAMP:
	case PGSQL_TIMESTAMPTZ:
		return 0;
	default:
		return decimal_of(bytes);
	}
}

static struct str time_text(struct str bytes, char scratch[PGSQL_SCRATCH])
{
	int64_t us = integer_of(bytes, 8);
	/* microseconds, cut downwards; both ends of the range are infinities, and far from overflow */
	int64_t seconds = us / 1000000 - (us % 1000000 < 0);
	struct civil c = civil_from_unix(seconds + EPOCH_S, 0);
	int n = snprintf(scratch, PGSQL_SCRATCH, "%04d-%02d-%02d %02d:%02d:%02d", c.year,
	    c.month, c.day, c.hour, c.minute, c.second);

	return (struct str){ scratch, (size_t)n };
}

struct str pgsql_value_text(unsigned type, struct str bytes, char scratch[PGSQL_SCRATCH])
{
	int n;

	switch (type) {
	case PGSQL_BOOL:
	case PGSQL_INT2:
	case PGSQL_INT4:
	case PGSQL_OID:
	case PGSQL_INT8:
	case PGSQL_NUMERIC:
		n = snprintf(
		    scratch, PGSQL_SCRATCH, "%lld", (long long)pgsql_value_i64(type, bytes));
		return (struct str){ scratch, (size_t)n };
	case PGSQL_TIMESTAMP:
	case PGSQL_TIMESTAMPTZ:
		return time_text(bytes, scratch);
	default:
		return bytes;
	}
}
