#include "base/civil.h"

#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"

#define DAY_S INT64_C(86400)
#define YEAR_MAX 9999

static const char month_names[12][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
	"Sep", "Oct", "Nov", "Dec" };
static const char weekday_names[7][4] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool civil_is_valid(const struct civil *civil)
{
	if (civil->year < 1 || civil->year > YEAR_MAX || civil->month < 1 || civil->month > 12)
		return false;
	if (civil->day < 1 || civil->day > month_days(civil->year, civil->month))
		return false;
	if (civil->hour < 0 || civil->hour > 23 || civil->minute < 0 || civil->minute > 59)
		return false;
	return civil->second >= 0 && civil->second <= 60 && civil->zone_min > -24 * 60 &&
	    civil->zone_min < 24 * 60;
}

/*
 * The year is taken to begin in March, so that the leap day is its last; then eras of 400 years, 146,097 days
 * each, are all alike. 719,468 days lie between 0000-03-01 and 1970-01-01.
 */
int64_t civil_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = y / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
	int64_t day_of_era =
	    year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * 146097 + day_of_era - 719468;
}

static void set_date(struct civil *civil, int64_t days)
{
	int64_t z = days + 719468;
	int64_t era = z / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	civil->day = (int)(doy - (153 * mp + 2) / 5 + 1);
	civil->month = (int)(mp < 10 ? mp + 3 : mp - 9);
	civil->year = (int)(yoe + era * 400 + (civil->month <= 2));
}

int civil_weekday(int64_t days)
{
	int64_t weekday = (days + 4) % 7; /* 1970-01-01 was a Thursday */

	return (int)(weekday < 0 ? weekday + 7 : weekday);
}

int64_t civil_to_unix(const struct civil *civil)
{
	return civil_days(civil->year, civil->month, civil->day) * DAY_S +
	    (int64_t)civil->hour * 3600 + (int64_t)(civil->minute - civil->zone_min) * 60 +
	    civil->second;
}

struct civil civil_from_unix(int64_t unix_s, int zone_min)
{
	struct civil civil = { .zone_min = zone_min };
	int64_t first = civil_days(1, 1, 1) * DAY_S;
	int64_t last = civil_days(YEAR_MAX + 1, 1, 1) * DAY_S - 1;
	int64_t local, days, rest;

	/* clamped before the zone is added, so that nothing overflows, and after it */
	local = unix_s < first ? first : unix_s > last ? last : unix_s;
	local += (int64_t)zone_min * 60;
	local = local < first ? first : local > last ? last : local;
	rest = local % DAY_S;
	days = local / DAY_S;
	if (rest < 0) {
		rest += DAY_S;
		days--;
	}
	set_date(&civil, days);
	civil.hour = (int)(rest / 3600);
	civil.minute = (int)(rest / 60 % 60);
	civil.second = (int)(rest % 60);
	return civil;
}

const char *civil_month_name(int month)
{
	return month_names[month - 1];
}

const char *civil_weekday_name(int weekday)
{
	return weekday_names[weekday];
}

int civil_month_of(struct str name)
{
	for (int i = 0; i < 12; i++)
		if (str_equal_nocase(name, (struct str){ month_names[i], 3 }))
			return i + 1;
	return 0;
}

static void add_digits(struct buf *out, int value, int width)
{
	char text[4];

	for (int i = width - 1; i >= 0; i--) {
		text[i] = (char)('0' + value % 10);
		value /= 10;
	}
	buf_add(out, text, (size_t)width);
}

static void add_clock(struct buf *out, const struct civil *civil)
{
	add_digits(out, civil->hour, 2);
	buf_add_char(out, ':');
	add_digits(out, civil->minute, 2);
	buf_add_char(out, ':');
	add_digits(out, civil->second, 2);
}

static void add_zone(struct buf *out, int zone_min)
{
	int minutes = zone_min < 0 ? -zone_min : zone_min;

	buf_add_char(out, zone_min < 0 ? '-' : '+');
	add_digits(out, minutes / 60, 2);
	add_digits(out, minutes % 60, 2);
}

void civil_add_rfc3339(struct buf *out, int64_t unix_ms)
{
	int64_t seconds = unix_ms / 1000;
	int64_t ms = unix_ms % 1000;
	struct civil civil;

	if (ms < 0) {
		ms += 1000;
		seconds--;
	}
	civil = civil_from_unix(seconds, 0);
	add_digits(out, civil.year, 4);
	buf_add_char(out, '-');
	add_digits(out, civil.month, 2);
	buf_add_char(out, '-');
	add_digits(out, civil.day, 2);
	buf_add_char(out, 'T');
	add_clock(out, &civil);
	buf_add_char(out, '.');
	add_digits(out, (int)ms, 3);
	buf_add_char(out, 'Z');
}

void civil_add_rfc5322(struct buf *out, const struct civil *civil)
{
	int64_t days = civil_days(civil->year, civil->month, civil->day);

	buf_add(out, civil_weekday_name(civil_weekday(days)), 3);
	BUF_ADD(out, ", ");
	buf_add_u64(out, (uint64_t)civil->day);
	buf_add_char(out, ' ');
	buf_add(out, civil_month_name(civil->month), 3);
	buf_add_char(out, ' ');
	add_digits(out, civil->year, 4);
	buf_add_char(out, ' ');
	add_clock(out, civil);
	buf_add_char(out, ' ');
	add_zone(out, civil->zone_min);
}

void civil_add_imap(struct buf *out, const struct civil *civil)
{
	if (civil->day < 10)
		buf_add_char(out, ' ');
	buf_add_u64(out, (uint64_t)civil->day);
	buf_add_char(out, '-');
	buf_add(out, civil_month_name(civil->month), 3);
	buf_add_char(out, '-');
	add_digits(out, civil->year, 4);
	buf_add_char(out, ' ');
	add_clock(out, civil);
	buf_add_char(out, ' ');
	add_zone(out, civil->zone_min);
}

/* Exactly `width` digits. */
static bool take_digits(struct cursor *c, size_t width, int *value_out)
{
	int value = 0;
	struct str digits;

	if (!cursor_take_n(c, width, &digits))
		return false;
	for (size_t i = 0; i < width; i++) {
		if (!ascii_is_digit(digits.p[i]))
			return false;
		value = value * 10 + (digits.p[i] - '0');
	}
	*value_out = value;
	return true;
}

/* "-" date-month "-" date-year */
static bool take_month_year(struct cursor *c, struct civil *civil)
{
	struct str name;

	if (!cursor_take(c, '-') || !cursor_take_n(c, 3, &name))
		return false;
	civil->month = civil_month_of(name);
	return civil->month != 0 && cursor_take(c, '-') && take_digits(c, 4, &civil->year);
}

/* zone: ("+" / "-") 4DIGIT */
static bool take_zone(struct cursor *c, int *zone_min_out)
{
	bool west = cursor_take(c, '-');
	int hours, minutes;

	if (!west && !cursor_take(c, '+'))
		return false;
	if (!take_digits(c, 2, &hours) || !take_digits(c, 2, &minutes) || minutes > 59)
		return false;
	*zone_min_out = (west ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

/* time: 2DIGIT ":" 2DIGIT ":" 2DIGIT */
static bool take_clock(struct cursor *c, struct civil *civil)
{
	return take_digits(c, 2, &civil->hour) && cursor_take(c, ':') &&
	    take_digits(c, 2, &civil->minute) && cursor_take(c, ':') &&
	    take_digits(c, 2, &civil->second);
}

enum errc civil_parse_imap(struct str in, struct civil *out, struct err *err)
{
	struct cursor c = cursor_of(in);
	struct civil civil = { 0 };
	/* date-day-fixed: (SP DIGIT) / 2DIGIT */
	size_t day_width = cursor_take(&c, ' ') ? 1 : 2;

	if (!take_digits(&c, day_width, &civil.day) || !take_month_year(&c, &civil) ||
	    !cursor_take(&c, ' ') || !take_clock(&c, &civil) || !cursor_take(&c, ' ') ||
	    !take_zone(&c, &civil.zone_min) || !cursor_at_end(&c))
		return err_set(
		    err, ERR_SYNTAX, "date-time: dd-Mon-yyyy hh:mm:ss +zzzz expected");
	if (!civil_is_valid(&civil))
		return err_set(err, ERR_SYNTAX, "date-time: no such moment");
	*out = civil;
	return OK;
}

enum errc civil_parse_imap_date(struct str in, struct civil *out, struct err *err)
{
	struct cursor c = cursor_of(in);
	struct civil civil = { 0 };
	/* date-day: 1*2DIGIT */
	size_t day_width = in.n > 1 && in.p[1] == '-' ? 1 : 2;

	if (!take_digits(&c, day_width, &civil.day) || !take_month_year(&c, &civil) ||
	    !cursor_at_end(&c))
		return err_set(err, ERR_SYNTAX, "date: d-Mon-yyyy expected");
	if (!civil_is_valid(&civil))
		return err_set(err, ERR_SYNTAX, "date: no such day");
	*out = civil;
	return OK;
}
