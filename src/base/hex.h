/*
 * base/hex.h - bytes as pairs of hexadecimal digits.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/* Lower-case digits. */
void hex_encode(struct buf *out, struct str in);

/* Digits in either case. ERR_SYNTAX for an odd count or another byte. */
NODISCARD enum errc hex_decode(
    struct arena *arena, struct str in, struct str *out, struct err *err);

/* The value of a hexadecimal digit, or -1. */
int hex_digit(char c);
