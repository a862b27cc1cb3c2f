/*
 * mime/header.h - the fields of a header, as they stand in the bytes (RFC 5322 section 2.2, RFC 6532).
 *
 * A line ends in LF, with or without a CR before it; a CR elsewhere is data. A header ends before its first empty
 * line or where the bytes end.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

struct mime_field {
	struct str
	    name; /* empty when the line is no field: no colon, or something else than a name before it */
	struct str
	    value;	/* what follows the colon, folding included, the last line's end not */
	struct str raw; /* the whole field with all its line ends */
};

struct mime_fields_iter {
	const char *p, *end;
};

/* Walks over the fields from the top. After the last one `p` is at the empty line, or at the end. */
struct mime_fields_iter mime_fields(struct str header);
bool mime_field_next(struct mime_fields_iter *iter, struct mime_field *field_out);

/* The first field of that name, in either case. */
bool mime_field_find(struct str header, struct str name, struct mime_field *field_out);

/* Does an empty line begin here? */
bool mime_line_is_empty(const char *p, const char *end);

/*
 * A value on one line: line ends removed, as RFC 5322 section 2.2.3 has it, and white space at both ends. `value`
 * itself is borrowed if nothing has to be removed from its middle. Empty is not absent: `p` is never NULL.
 */
struct str mime_unfold(struct arena *arena, struct str value);

/*
 * The bytes of the fields that are named (or, with `exclude`, of all others, lines that are no fields included),
 * and the header's empty line if it has one: IMAP's HEADER.FIELDS and HEADER.FIELDS.NOT (RFC 9051 section 6.4.5).
 */
void mime_header_select(struct str header, const struct str *names, size_t name_count,
    bool exclude, struct buf *out);
