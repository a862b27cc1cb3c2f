/*
 * imap/utf7.h - mailbox names between modified UTF-7 (RFC 3501 section 5.1.3) and UTF-8. Strict: a name has exactly
 * one ASCII form that is accepted.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;

/*
 * A name as a client sends it. Bytes over 0x7f that are valid UTF-8 stand for themselves (RFC 3501 5.1: clients send
 * them, whatever they should do). ERR_SYNTAX: bad or needless shifts, stray bits, lone surrogates, NUL, bad UTF-8.
 */
NODISCARD enum errc utf7_decode(
    struct str in, struct arena *arena, struct str *utf8_out, struct err *err);

/* Appends the form that is sent. `utf8` must be valid (names from the store are). */
void utf7_encode(struct buf *out, struct str utf8);
