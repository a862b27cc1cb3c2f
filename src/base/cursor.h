/*
 * base/cursor.h - a read position in bytes that are all here. Readers move `p` only on success.
 */
#pragma once

#include "base/base.h"

struct cursor {
	const char *p, *end;
};

struct cursor cursor_of(struct str s);
struct str cursor_rest(const struct cursor *c);
bool cursor_at_end(const struct cursor *c);

/* The next byte as 0 to 255, or -1 at the end. */
int cursor_peek(const struct cursor *c);

bool cursor_take(struct cursor *c, char byte);
bool cursor_take_str(struct cursor *c, struct str s);
bool cursor_take_nocase(struct cursor *c, struct str s); /* ASCII letters in either case */

/* Takes bytes while `is_member` says so; may be empty. */
struct str cursor_take_while(struct cursor *c, bool (*is_member)(char));

/* Takes exactly `n` bytes. */
bool cursor_take_n(struct cursor *c, size_t n, struct str *bytes_out);

/* Decimal digits up to `max`: OK, ERR_SYNTAX (no digit) or ERR_LIMIT (larger). */
NODISCARD enum errc cursor_take_u64(struct cursor *c, uint64_t max, uint64_t *value_out);
