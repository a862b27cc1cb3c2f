/*
 * base/str.h - comparing and cutting text views. ASCII rules only; Unicode is base/utf8.h and mime/charset.h.
 */
#pragma once

#include "base/base.h"

/* From a NUL-terminated string; NULL gives the empty view. Borrowed. */
struct str str_from(const char *cstr);

bool str_equal(struct str a, struct str b);
bool str_equal_nocase(struct str a, struct str b); /* A-Z as a-z */
bool str_starts(struct str s, struct str prefix);
bool str_starts_nocase(struct str s, struct str prefix);
bool str_ends_nocase(struct str s, struct str suffix);

/* memcmp order, the shorter first when one is the other's beginning. */
int str_compare(struct str a, struct str b);

/* From byte `at` (at most s.n) to the end; the first `n` bytes at the most. */
struct str str_from_at(struct str s, size_t at);
struct str str_first(struct str s, size_t n);

/* Index of a byte or of text, or s.n when it is not in there. */
size_t str_find_char(struct str s, char c);
size_t str_rfind_char(struct str s, char c);
size_t str_find(struct str s, struct str what);

/* Without spaces, tabs, CR and LF at both ends. */
struct str str_trim(struct str s);

/*
 * Take the text up to `sep` off the front of *rest (without the separator). False when *rest was exhausted by
 * an earlier call (p == NULL), so that "a,,b" gives three pieces and "" gives one empty piece.
 */
bool str_split(struct str *rest, char sep, struct str *piece_out);

char ascii_lower(char c);
char ascii_upper(char c);
bool ascii_is_digit(char c);
bool ascii_is_alpha(char c);
bool ascii_is_space(char c); /* space, tab, CR, LF */
bool ascii_is_print(char c); /* 0x20 to 0x7e */

/*
 * The whole of `s` as an unsigned decimal number up to `max`. ERR_SYNTAX if empty or another byte is in there,
 * ERR_LIMIT if larger. Leading zeroes are allowed: grammars that forbid them look for themselves.
 */
NODISCARD enum errc str_to_u64(struct str s, uint64_t max, uint64_t *value_out);
