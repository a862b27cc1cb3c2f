/*
 * mime/date.h - dates of mail (RFC 5322 section 3.3, the obsolete forms of 4.3, and asctime's).
 */
#pragma once

#include "base/base.h"

/*
 * Seconds since 1970 and the zone, in minutes east of Greenwich, of a raw value. Day of the week, comments and
 * folding are skipped; a missing time is midnight; a zone that is missing or not known is 0.
 *
 * ERR_SYNTAX: no date, or one that no calendar has.
 */
NODISCARD enum errc mime_date_parse(
    struct str value, int64_t *unix_out, int *zone_min_out, struct err *err);

/* "Thu, 13 Feb 1969 23:32:54 -0330", with a NUL behind it. */
#define MIME_DATE_SIZE 40
void mime_date_format(int64_t unix_s, int zone_min, char out[MIME_DATE_SIZE]);
