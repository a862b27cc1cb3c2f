/*
 * mime/index.h - a part tree as a few bytes for a database column: offsets, sizes, kinds; no text.
 */
#pragma once

#include "base/base.h"

struct arena;
struct buf;
struct mime_part;

void mime_index_write(const struct mime_part *root, struct buf *out);

/*
 * The tree again, without heads. `shift` bytes are in front of what was parsed (trace fields): they belong to the
 * root's header, everything else moves by them.
 *
 * ERR_CORRUPT: the bytes are not what mime_index_write wrote. ERR_UNSUPPORTED: another MIME_PARSER_VERSION did; parse
 * the message again.
 */
NODISCARD enum errc mime_index_read(struct str index, uint64_t shift, struct arena *arena,
    struct mime_part **root_out, struct err *err);
