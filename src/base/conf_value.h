/*
 * base/conf_value.h - the text of one option to its field and back. Used by conf*.c only.
 */
#pragma once

#include "base/conf.h"

struct arena;

/*
 * Writes the field of `option` at `field` from `text`, which outlives it. Relative paths start at `folder`
 * (empty: stay as they are). ERR_SYNTAX, ERR_LIMIT: `err` says what was expected; the field is untouched.
 */
NODISCARD enum errc conf_value_parse(const struct conf_option *option, struct str text,
    struct str folder, struct arena *arena, void *field, struct err *err);

bool conf_value_equal(const struct conf_option *option, const void *a, const void *b);

/* Appends `text` as a value that the reader takes back, secrets as "***". */
void conf_value_print(const struct conf_option *option, struct str text, struct buf *out);

/* "a time such as 30s, 10m or 2h (1m to 24h)" */
void conf_value_describe(const struct conf_option *option, struct buf *out);

/* The bytes that a field of the type has. */
size_t conf_value_size(enum conf_type type);
