/*
 * base/base64.h - base 64 as protocols use it (RFC 4648 section 4): strict, one line, with padding.
 *
 * Message bodies, where foreign bytes are skipped, are mime's.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/* Bytes that `n` bytes take when encoded. */
size_t base64_size(size_t n);

void base64_encode(struct buf *out, struct str in);

/*
 * ERR_SYNTAX for a foreign byte, wrong or missing padding, and for bits that are set in what the padding
 * leaves over (RFC 4648 section 3.5): every sequence of bytes has exactly one form that is accepted.
 */
NODISCARD enum errc base64_decode(
    struct arena *arena, struct str in, struct str *out, struct err *err);
