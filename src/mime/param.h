/*
 * mime/param.h - structured values of MIME fields: types, tokens, parameters (RFC 2045 section 5.1, RFC 2231).
 *
 * Readers take what is found in the wild: missing semicolons, blanks in values without quotes, quotes that are
 * never closed, comments anywhere.
 */
#pragma once

#include "mime/limits.h"

#include "base/base.h"

struct arena;

/*
 * "text/plain; charset=us-ascii" into its words and the rest. False if it has no type and subtype, which RFC
 * 2045 section 5.2 wants to be read as if the field were absent.
 */
bool mime_content_type(
    struct str value, struct str *type_out, struct str *subtype_out, struct str *rest_out);

/* The first token of a value ("attachment", "base64") and what follows it. False if there is none. */
bool mime_token(struct str value, struct str *token_out, struct str *rest_out);

struct mime_param {
	struct str
	    name; /* as it was written; ends in '*' if the value is in RFC 2231's extended form */
	struct str
	    value; /* without quotes and escapes, on one line; pieces put together; nothing decoded */
};

/* Up to `max` parameters of `text`, what mime_content_type or mime_token left. Views of `text` or in `arena`. */
size_t mime_params(struct str text, struct arena *arena, struct mime_param *params, size_t max);

/*
 * The value of a parameter, exactly as the header has it, or decoded to UTF-8 (RFC 2231, or RFC 2047 where it
 * has no business to be). False if it is not there.
 */
bool mime_param_find(
    struct str text, struct str name, struct arena *arena, struct str *value_out);
bool mime_param_text(
    struct str text, struct str name, struct arena *arena, struct str *utf8_out);
