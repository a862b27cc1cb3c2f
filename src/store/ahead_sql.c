/*
 * store/ahead_sql.c - rows of messages that are read together (store/ahead.h): the columns that are wanted and no others,
 * of one message or of AHEAD_MESSAGES.
 */
#include "store/mail_sql.h"

#define ONE " = ?"
#define MANY " IN (" SIXTY_FOUR ")"

#define FROM_OBJECTS(columns, size, hint, which)                                               \
	"SELECT object, parser, " columns " FROM mail_objects" hint                            \
	" WHERE owner = ? AND object" which " AND " size " <= ?"

#define TEXTS(label, suffix, which, columns, size)                                             \
	{                                                                                      \
		.name = label ".ahead" suffix, .text = FROM_OBJECTS(columns, size, "", which), \
		.mariadb = FROM_OBJECTS(columns, size, BY_KEY, which),                         \
	}

#define ENVELOPE_SIZE "length(envelope)"
#define STRUCTURE_SIZE "length(structure)"
#define BOTH_SIZE "length(envelope) + length(structure)"
#define OBJECT_SIZE "length(parts) + length(envelope) + length(structure)"
#define OBJECT                                                                                 \
	"size, header_size, trace_size, thread, encoded, sent_date, sha256, parts, envelope,"  \
	" structure"

const struct db_sql sql_envelope_one =
    TEXTS("envelope", "_one", ONE, "envelope", ENVELOPE_SIZE);
const struct db_sql sql_envelope_ahead = TEXTS("envelope", "", MANY, "envelope", ENVELOPE_SIZE);
const struct db_sql sql_structure_one =
    TEXTS("structure", "_one", ONE, "structure", STRUCTURE_SIZE);
const struct db_sql sql_structure_ahead =
    TEXTS("structure", "", MANY, "structure", STRUCTURE_SIZE);
const struct db_sql sql_texts_one =
    TEXTS("texts", "_one", ONE, "envelope, structure", BOTH_SIZE);
const struct db_sql sql_texts_ahead =
    TEXTS("texts", "", MANY, "envelope, structure", BOTH_SIZE);
const struct db_sql sql_object_one = TEXTS("object", "_one", ONE, OBJECT, OBJECT_SIZE);
const struct db_sql sql_object_ahead = TEXTS("object", "", MANY, OBJECT, OBJECT_SIZE);

#define FROM_CONTENTS(columns, size, hint, join, which)                                        \
	"SELECT o.object, o.size, o.header_size, o.trace_size, " columns                       \
	" FROM mail_objects o" hint join "mail_contents c" hint                                \
	" ON c.object = o.object AND c.owner = o.owner"                                        \
	" WHERE o.owner = ? AND o.object" which " AND " size " <= ?"

#define CONTENTS(label, suffix, which, columns, size)                                          \
	{                                                                                      \
		.name = label ".ahead" suffix,                                                 \
		.text = FROM_CONTENTS(columns, size, "", " JOIN ", which),                     \
		.mariadb = FROM_CONTENTS(columns, size, BY_KEY, " STRAIGHT_JOIN ", which),     \
	}

#define WHOLE_SIZE "length(c.header) + length(c.body)"

const struct db_sql sql_header_one =
    CONTENTS("header", "_one", ONE, "c.header", "length(c.header)");
const struct db_sql sql_header_ahead =
    CONTENTS("header", "", MANY, "c.header", "length(c.header)");
const struct db_sql sql_content_one =
    CONTENTS("content", "_one", ONE, "c.header, c.body, c.extents", WHOLE_SIZE);
const struct db_sql sql_content_ahead =
    CONTENTS("content", "", MANY, "c.header, c.body, c.extents", WHOLE_SIZE);
