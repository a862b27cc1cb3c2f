/*
 * store/codec.h - how bytes are written into rows: a byte that names the form, then raw bytes or a zstd frame.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"

struct codec;

/* What one coded piece may hold before it is coded. */
#define CODEC_INPUT_MAX ((size_t)256 * 1024)

/* Compressors are kept for reuse, a few only. */
struct codec *codec_new(int zstd_level);
void codec_free(struct codec **codecp);

/* Appends the coded form; never more than raw.n + 1 bytes. raw.n <= CODEC_INPUT_MAX. Any thread. */
void codec_encode(struct codec *codec, struct str raw, struct buf *out);

/* Appends what was coded. ERR_CORRUPT: no form of ours, damaged, or more than `max` bytes. */
NODISCARD enum errc codec_decode(
    struct str coded, size_t max, struct buf *out, struct err *err);

/* Numbers in 7-bit groups, the lowest first; at most 10 bytes. */
void codec_add_number(struct buf *out, uint64_t number);
struct cursor;
bool codec_take_number(struct cursor *c, uint64_t *number_out);
