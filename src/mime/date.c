#include "mime/date.h"

#include "mime/lex.h"

#include "base/civil.h"
#include "base/cursor.h"
#include "base/str.h"

#include <stdio.h>
#include <string.h>

/* Bytes of a date that are looked at, without comments and needless blanks. */
#define DATE_MAX 120

static const struct {
	struct str name;
	int minutes;
} zones[] = {
	/* RFC 5322 4.3; the military letters were used in both senses and mean nothing */
	{ STR_INIT("EST"), -5 * 60 },
	{ STR_INIT("EDT"), -4 * 60 },
	{ STR_INIT("CST"), -6 * 60 },
	{ STR_INIT("CDT"), -5 * 60 },
	{ STR_INIT("MST"), -7 * 60 },
	{ STR_INIT("MDT"), -6 * 60 },
	{ STR_INIT("PST"), -8 * 60 },
	{ STR_INIT("PDT"), -7 * 60 },
};

struct date {
	int year, month, day; /* -1: not seen yet */
	int hour, minute, second;
	int zone_min;
	bool has_zone;
};

/*
 * Without comments and folding, one blank for many and none beside a colon: RFC 5322 4.3 allows them anywhere. What
 * follows a comment that is never closed, or more bytes than a date has, is not read.
 */
static size_t flatten(struct str value, char out[DATE_MAX])
{
	struct cursor c = cursor_of(value);
	size_t n = 0;

	while (n < DATE_MAX - 1) {
		const char *start = c.p;

		c.p = lex_skip_cfws(c.p, c.end);
		if (c.p == c.end || *c.p == '(')
			break;
		if (c.p > start && n > 0 && *c.p != ':' && out[n - 1] != ':')
			out[n++] = ' ';
		out[n++] = *c.p++;
	}
	return n;
}

static bool is_separator(char c, bool has_time)
{
	return c == ' ' || c == ',' || (c == '-' && !has_time);
}

/* The next word; "1-Jan-2001" is three, since '-' is no sign in front of the time. */
static bool next_word(const char **pp, const char *end, bool has_time, struct str *word_out)
{
	const char *p = *pp, *start;

	while (p < end && is_separator(*p, has_time))
		p++;
	if (p == end)
		return false;
	start = p++;
	while (p < end && !is_separator(*p, has_time)) {
		/* "GMT+0100": the zone's name says nothing then */
		if (has_time && ascii_is_alpha(*start) && (*p == '+' || *p == '-'))
			break;
		p++;
	}
	*word_out = (struct str){ start, (size_t)(p - start) };
	*pp = p;
	return true;
}

static bool take_number(const char **pp, const char *end, size_t digits_max, int *out)
{
	const char *p = *pp;
	int value = 0;

	while (p < end && ascii_is_digit(*p) && (size_t)(p - *pp) < digits_max)
		value = value * 10 + (*p++ - '0');
	if (p == *pp || (p < end && ascii_is_digit(*p)))
		return false;
	*pp = p;
	*out = value;
	return true;
}

/* hour ":" minute [":" second], with a fraction that is skipped. */
static bool read_time(struct str word, struct date *date)
{
	const char *p = word.p, *end = p + word.n;

	if (!take_number(&p, end, 2, &date->hour) || p == end || *p++ != ':' ||
	    !take_number(&p, end, 2, &date->minute))
		return false;
	if (p == end)
		return true;
	if (*p++ != ':' || !take_number(&p, end, 2, &date->second))
		return false;
	return p == end || *p == '.';
}

/* RFC 5322 4.3: two digits are 1950 to 2049, three are counted from 1900. */
static int full_year(int year, size_t digits)
{
	if (digits <= 2)
		return year < 50 ? year + 2000 : year + 1900;
	return digits == 3 ? year + 1900 : year;
}

static bool read_number(struct str word, struct date *date)
{
	const char *p = word.p, *end = p + word.n;
	int value;

	if (!take_number(&p, end, 4, &value) || p != end)
		return false;
	if (date->day < 0 && word.n <= 2) {
		date->day = value;
		return true;
	}
	if (date->year >= 0)
		return false;
	date->year = full_year(value, word.n);
	return true;
}

/* ("+" / "-") and four digits, with a colon among them or less of them as found. What is out of range is 0. */
static void read_offset(struct str word, struct date *date)
{
	const char *p = word.p + 1, *end = word.p + word.n;
	int hours = 0, minutes = 0, number = 0;
	const char *start = p;

	date->has_zone = true;
	if (!take_number(&p, end, 4, &number))
		return;
	if (p < end && *p == ':') {
		p++;
		hours = number;
		if (!take_number(&p, end, 2, &minutes))
			return;
	} else if (p - start <= 2) {
		hours = number;
	} else {
		hours = number / 100;
		minutes = number % 100;
	}
	if (hours > 23 || minutes > 59)
		return;
	date->zone_min = (hours * 60 + minutes) * (*word.p == '-' ? -1 : 1);
}

static void read_zone_name(struct str word, struct date *date)
{
	for (size_t i = 0; i < COUNT(zones); i++) {
		if (str_equal_nocase(word, zones[i].name)) {
			date->zone_min = zones[i].minutes;
			date->has_zone = true;
		}
	}
}

/* Words come in RFC 5322's order or in asctime's; which one it is shows in the words. */
static bool read_word(struct str word, struct date *date)
{
	char c = word.p[0];

	if (date->hour < 0 && ascii_is_digit(c) && memchr(word.p, ':', word.n))
		return read_time(word, date);
	if (ascii_is_digit(c))
		return date->hour >= 0 && date->year >= 0 ? true : read_number(word, date);
	if (date->hour >= 0 && (c == '+' || c == '-')) {
		if (!date->has_zone)
			read_offset(word, date);
		return true;
	}
	if (!ascii_is_alpha(c))
		return false;
	if (date->month < 0) {
		int month = civil_month_of(str_first(word, 3));

		if (month > 0)
			date->month = month;
	} else if (date->hour >= 0 && !date->has_zone) {
		read_zone_name(word, date);
	}
	return true;
}

enum errc mime_date_parse(
    struct str value, int64_t *unix_out, int *zone_min_out, struct err *err)
{
	struct date date = { .year = -1, .month = -1, .day = -1, .hour = -1 };
	struct civil civil;
	char flat[DATE_MAX];
	const char *p = flat, *end = flat + flatten(value, flat);
	struct str word;

	while (next_word(&p, end, date.hour >= 0, &word))
		if (!read_word(word, &date))
			return err_set(err, ERR_SYNTAX, "date: \"%.*s\" has no place in it",
			    STR_ARG(word));
	if (date.day < 0 || date.month < 0 || date.year < 0)
		return err_set(err, ERR_SYNTAX, "date: no day, month or year");
	civil = (struct civil){ date.year, date.month, date.day, date.hour < 0 ? 0 : date.hour,
		date.minute, date.second, date.zone_min };
	if (!civil_is_valid(&civil))
		return err_set(err, ERR_SYNTAX, "date: no calendar has it");
	*unix_out = civil_to_unix(&civil);
	*zone_min_out = date.zone_min;
	return OK;
}

void mime_date_format(int64_t unix_s, int zone_min, char out[MIME_DATE_SIZE])
{
	struct civil c = civil_from_unix(unix_s, zone_min);
	int zone = zone_min < 0 ? -zone_min : zone_min;

	(void)snprintf(out, MIME_DATE_SIZE, "%s, %d %s %04d %02d:%02d:%02d %c%02d%02d",
	    civil_weekday_name(civil_weekday(civil_days(c.year, c.month, c.day))), c.day,
	    civil_month_name(c.month), c.year, c.hour, c.minute, c.second,
	    zone_min < 0 ? '-' : '+', zone / 60 % 100, zone % 60);
}
