/*
 * mime/section.h - parts by IMAP's numbers: BODY[1.2.HEADER] (RFC 3501 and RFC 9051, section 6.4.5).
 */
#pragma once

#include "base/base.h"

struct mime_part;

/*
 * The part that numbers such as "1.2.3" name; "" is the root. A message that is no multipart has one part, 1: its
 * body; the numbers of a message/rfc822 go on with the parts of the message in it. NULL: there is none.
 */
const struct mime_part *mime_part_by_section(const struct mime_part *root, struct str numbers);

enum mime_section_what {
	MIME_SECTION_ALL,    /* BODY[], or the body of a part: BODY[1] */
	MIME_SECTION_HEADER, /* of the message, or of the one in a message/rfc822 part */
	MIME_SECTION_TEXT,   /* the body of the same */
	MIME_SECTION_MIME    /* the header of a part; needs numbers */
};

struct mime_range {
	uint64_t offset, size;
};

/*
 * Where the bytes of a section are. False if there is no such part, or it has no such section (HEADER and TEXT of
 * what is no message, MIME without numbers).
 */
bool mime_section(const struct mime_part *root, struct str numbers, enum mime_section_what what,
    struct mime_range *range_out);
