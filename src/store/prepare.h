/*
 * store/prepare.h - inside src/store: what prepare_message made of a message.
 *
 * A message is kept as a skeleton (header and body, in the row) and extents (ranges that are blobs). Offsets are
 * those of the bytes that were prepared, which are without trace headers.
 */
#pragma once

#include "base/sha256.h"
#include "store/message.h"
#include "store/parse.h"

struct buf;

#define LEAF_BLOB_MIN 32768 /* encoded bytes of a leaf part that make it a blob */
#define LEAF_BLOBS_MAX 64   /* of one message; more stay in what lies between */
#define WHOLE_MAX 8192	    /* header and body up to this are one piece */
#define SKELETON_MAX 16384  /* bytes of header or body in the row, after zstd */
#define GAP_BLOB_MIN 240    /* smaller gaps between extents stay in the skeleton */
#define BLOB_CHUNK 65536    /* raw bytes of a chunk */
#define STAGED_MIN 262144   /* a larger message's blobs are stored before its transaction */
#define STAGE_BYTES (1024 * 1024) /* of chunks in one staging transaction */
#define STORED_MESSAGE_MAX ((uint64_t)1 << 30)
#define EXTENTS_MAX (2 * LEAF_BLOBS_MAX + 2)

struct extent {
	uint64_t offset, size;
	uint8_t hash[SHA256_SIZE];
};

struct prepared {
	struct arena *arena;
	struct str bytes;
	uint8_t sha256[SHA256_SIZE];
	struct parsed parsed;
	struct extent *extents; /* ascending, apart */
	size_t extent_count;
	struct str header, body; /* coded skeletons */
	bool is_whole;		 /* `header` is both of them in one piece */
	struct str extents_row;	 /* as mail_contents has them; empty without extents */
	struct str *
	    chunks; /* coded chunks of all extents, in order; NULL when the message is staged */
	uint64_t blob_bytes;
};

/* Are the blobs stored before the transaction? */
static inline bool prepared_is_staged(const struct prepared *prepared)
{
	return prepared->extent_count > 0 && !prepared->chunks;
}

static inline uint64_t blob_chunks(uint64_t size)
{
	return (size + BLOB_CHUNK - 1) / BLOB_CHUNK;
}

struct codec;

/* extents.c: the row's form, checked when it is read: ascending, apart, not empty, inside `size`. */
void extents_write(const struct extent *extents, size_t count, struct buf *out);
NODISCARD enum errc extents_read(struct str row, uint64_t size, struct arena *arena,
    struct extent **extents_out, size_t *count_out, struct err *err);
