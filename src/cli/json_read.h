/*
 * cli/json_read.h - reading flat JSON objects (RFC 8259): what the control socket answers, lines of a log.
 *
 * A value is a string, a number, true, false or null; an object or an array inside is refused.
 */
#pragma once

#include "base/cursor.h"

struct arena;

#define JSON_FIELDS_MAX 64

enum json_kind { JSON_KIND_STRING, JSON_KIND_NUMBER, JSON_KIND_WORD };

struct json_field {
	struct str name;
	enum json_kind kind;
	struct str text; /* a string's value; a number or a word as it is written */
};

struct json_flat {
	struct json_field field[JSON_FIELDS_MAX];
	size_t count;
};

/*
 * One object, with the white space around it; the cursor moves on success only. Texts are in the arena or in the input.
 * ERR_SYNTAX; ERR_LIMIT: more fields; ERR_UNSUPPORTED: something nested.
 */
NODISCARD enum errc json_read_flat(
    struct cursor *c, struct arena *arena, struct json_flat *flat_out, struct err *err);

void json_skip_space(struct cursor *c);

/* The text of a field; p == NULL: it is not there. */
struct str json_flat_text(const struct json_flat *flat, const char *name);

/* A whole number that is not negative; 0 if it is not there. */
int64_t json_flat_int(const struct json_flat *flat, const char *name);
