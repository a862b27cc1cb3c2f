/*
 * base/civil.h - dates and times of day, in the Gregorian calendar, for the years 1 to 9999; no locale, no
 * zone files.
 */
#pragma once

#include "base/base.h"

struct buf;

struct civil {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
	int hour, minute, second;
	int zone_min; /* minutes east of Greenwich */
};

/* Does the calendar have that moment? A leap second (60) is taken; zones go up to 23:59 either way. */
bool civil_is_valid(const struct civil *civil);

/* Seconds since 1970 (UTC) of a valid moment. A leap second is the first of the next minute. */
int64_t civil_to_unix(const struct civil *civil);

/* A moment as a clock in that zone shows it. What the years 1 to 9999 do not hold becomes their nearest end. */
struct civil civil_from_unix(int64_t unix_s, int zone_min);

/* Days since 1970-01-01 of a date, and the day of the week of such a day: 0 is Sunday. */
int64_t civil_days(int year, int month, int day);
int civil_weekday(int64_t days);

/* "Jan" for 1, "Sun" for 0. */
const char *civil_month_name(int month);
const char *civil_weekday_name(int weekday);

/* 1 to 12 for an English month of three letters in either case, 0 for anything else. */
int civil_month_of(struct str name);

/* 2026-11-20T20:11:36.123Z (RFC 3339). */
void civil_add_rfc3339(struct buf *out, int64_t unix_ms);

/* Fri, 20 Nov 2026 20:11:36 +0000 (RFC 5322 section 3.3). */
void civil_add_rfc5322(struct buf *out, const struct civil *civil);

/* " 7-Nov-2026 20:11:36 +0000" without the quotes (RFC 9051 section 9, date-time). */
void civil_add_imap(struct buf *out, const struct civil *civil);

/* The whole of `in` as IMAP's date-time without its quotes. ERR_SYNTAX also for what no calendar has. */
NODISCARD enum errc civil_parse_imap(struct str in, struct civil *out, struct err *err);

/* IMAP's date: "1-Nov-2026" or "01-Nov-2026" (RFC 9051 section 9, date-text). The rest of `out` is midnight, UTC. */
NODISCARD enum errc civil_parse_imap_date(struct str in, struct civil *out, struct err *err);
