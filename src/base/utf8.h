/*
 * base/utf8.h - UTF-8 (RFC 3629): is it, one character at a time, normal forms and keys for lookups.
 */
#pragma once

#include "base/base.h"

struct arena;
struct cursor;

/* Bytes that one character takes at the most. */
#define UTF8_CHAR_MAX 4

/* Only bytes below 0x80? True for the empty text. */
bool utf8_is_ascii(struct str s);

/* Well-formed: no overlong form, no surrogate, nothing above U+10FFFF (RFC 3629 section 4). */
bool utf8_is_valid(struct str s);

/* Takes one character. False, and nothing is taken, at the end or where the bytes are malformed. */
bool utf8_next(struct cursor *c, uint32_t *code_out);

/* Writes a character (not a surrogate, at most U+10FFFF) and returns how many bytes it took. */
size_t utf8_encode(uint32_t code, char out[UTF8_CHAR_MAX]);

/* Normalisation form C. `out` may be `in` itself when there is nothing to do. ERR_SYNTAX: not UTF-8. */
NODISCARD enum errc utf8_nfc(
    struct arena *arena, struct str in, struct str *out, struct err *err);

/*
 * The key under which names that differ in case alone are one: full case folding in form C, so that É is é
 * and not e. `out` may be `in` itself. ERR_SYNTAX: not UTF-8.
 */
NODISCARD enum errc utf8_fold(
    struct arena *arena, struct str in, struct str *out, struct err *err);

/* A-Z as a-z, every other byte as it is. May be `s` itself when there is nothing to do. */
struct str ascii_fold(struct arena *arena, struct str s);
