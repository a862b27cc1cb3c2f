/*
 * store/prepare.c - everything about a message that costs time and needs no transaction.
 */
#include "store/prepare.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "store/codec.h"
#include "store/store_int.h"

/*
 * What parsing and compressing one message takes: parts and headers, the skeletons, the chunks of a message that is
 * not staged. A larger message is staged in pieces.
 */
#define PREPARE_MEMORY_MAX (UINT64_C(8) << 20)
#define PREPARE_MEMORY_BESIDE (UINT64_C(64) << 10)

/* Large leaf parts become blobs, whoever else has them. */
static void take_leaves(struct prepared *p)
{
	const struct parsed *parsed = &p->parsed;

	for (size_t i = 0; i < parsed->leaf_count && p->extent_count < LEAF_BLOBS_MAX; i++)
		p->extents[p->extent_count++] = (struct extent){
			.offset = parsed->leaves[i].offset,
			.size = parsed->leaves[i].size,
		};
}

/* A skeleton of more bytes is none; so many are enough to see it. */
#define SKELETON_LOOK (CODEC_INPUT_MAX + 1)

static void add_gap(struct buf *out, struct str gap)
{
	buf_add_str(out, str_first(gap, SKELETON_LOOK - out->n));
}

/* Bytes from `from` to `to` that no extent holds, SKELETON_LOOK at the most; borrowed where nothing has to be cut out. */
static struct str skeleton(struct prepared *p, uint64_t from, uint64_t to)
{
	struct buf out = BUF_INIT(SKELETON_LOOK);
	struct str all;
	uint64_t at = from;

	if (p->extent_count == 0)
		return (struct str){ p->bytes.p + from, (size_t)(to - from) };
	for (size_t i = 0; i < p->extent_count; i++) {
		const struct extent *e = &p->extents[i];

		if (e->offset < at || e->offset >= to)
			continue;
		add_gap(&out, (struct str){ p->bytes.p + at, (size_t)(e->offset - at) });
		at = e->offset + e->size;
	}
	add_gap(&out, (struct str){ p->bytes.p + at, (size_t)(to - at) });
	all = str_dup(p->arena, buf_str(&out));
	buf_release(&out);
	return all;
}

/* False: too large for the row. */
static bool encode_skeleton(
    struct codec *codec, struct prepared *p, struct str raw, struct str *coded_out)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	bool fits = raw.n <= CODEC_INPUT_MAX;

	if (fits) {
		codec_encode(codec, raw, &out);
		fits = out.n <= SKELETON_MAX;
	}
	if (fits)
		*coded_out = str_dup(p->arena, buf_str(&out));
	buf_release(&out);
	return fits;
}

/* What lies between the leaves in [from, to) becomes blobs too. */
static void take_gaps(struct prepared *p, uint64_t from, uint64_t to)
{
	struct extent *old = p->extents;
	size_t count = p->extent_count;
	uint64_t at = from;

	p->extents = ARENA_NEW(p->arena, struct extent, EXTENTS_MAX);
	p->extent_count = 0;
	for (size_t i = 0; i <= count; i++) {
		uint64_t end = i < count ? old[i].offset : to;

		if (end > to)
			end = to;
		if (end > at && end - at >= GAP_BLOB_MIN)
			p->extents[p->extent_count++] =
			    (struct extent){ .offset = at, .size = end - at };
		if (i == count)
			break;
		p->extents[p->extent_count++] = old[i];
		if (old[i].offset + old[i].size > at)
			at = old[i].offset + old[i].size;
	}
}

/* One piece is smaller than two, and made in half of the time. */
static bool make_whole(struct codec *codec, struct prepared *p)
{
	p->is_whole = p->bytes.n <= WHOLE_MAX && p->extent_count == 0 &&
	    encode_skeleton(codec, p, p->bytes, &p->header);
	if (p->is_whole)
		p->body = STR("");
	return p->is_whole;
}

static void make_skeletons(struct codec *codec, struct prepared *p)
{
	uint64_t header = p->parsed.header_size, size = p->bytes.n;

	if (make_whole(codec, p))
		return;
	if (!encode_skeleton(codec, p, skeleton(p, header, size), &p->body)) {
		take_gaps(p, header, size);
		(void)encode_skeleton(codec, p, skeleton(p, header, size), &p->body);
	}
	if (!encode_skeleton(codec, p, skeleton(p, 0, header), &p->header)) {
		take_gaps(p, 0, header);
		(void)encode_skeleton(codec, p, skeleton(p, 0, header), &p->header);
	}
}

static struct str chunk_of(const struct prepared *p, const struct extent *e, uint64_t n)
{
	uint64_t at = n * BLOB_CHUNK, left = e->size - at;

	return (struct str){ p->bytes.p + e->offset + at,
		(size_t)(left < BLOB_CHUNK ? left : BLOB_CHUNK) };
}

static void encode_chunks(struct codec *codec, struct prepared *p)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	size_t total = 0;

	for (size_t i = 0; i < p->extent_count; i++)
		total += (size_t)blob_chunks(p->extents[i].size);
	p->chunks = ARENA_NEW(p->arena, struct str, total);
	total = 0;
	for (size_t i = 0; i < p->extent_count; i++) {
		for (uint64_t n = 0; n < blob_chunks(p->extents[i].size); n++) {
			buf_clear(&out);
			codec_encode(codec, chunk_of(p, &p->extents[i], n), &out);
			p->chunks[total++] = str_dup(p->arena, buf_str(&out));
		}
	}
	buf_release(&out);
}

static void finish_extents(struct codec *codec, struct prepared *p)
{
	struct buf row = BUF_INIT(SIZE_MAX);

	if (p->extent_count == 0)
		return;
	for (size_t i = 0; i < p->extent_count; i++) {
		struct extent *e = &p->extents[i];

		sha256((struct str){ p->bytes.p + e->offset, (size_t)e->size }, e->hash);
		p->blob_bytes += e->size;
	}
	extents_write(p->extents, p->extent_count, &row);
	p->extents_row = str_dup(p->arena, buf_str(&row));
	buf_release(&row);
	if (p->bytes.n <= STAGED_MIN)
		encode_chunks(codec, p);
}

uint64_t prepare_memory(uint64_t size)
{
	return (size < PREPARE_MEMORY_MAX / 3 ? 3 * size : PREPARE_MEMORY_MAX) +
	    PREPARE_MEMORY_BESIDE;
}

enum errc prepare_message(
    struct store *store, struct str bytes, struct prepared **prepared_out, struct err *err)
{
	struct arena *arena;
	struct prepared *p;

	if (bytes.n > STORED_MESSAGE_MAX)
		return err_set(err, ERR_LIMIT, "message of %zu bytes", bytes.n);
	arena = arena_new("prepared message");
	p = ARENA_NEW(arena, struct prepared, 1);
	p->arena = arena;
	p->bytes = bytes;
	sha256(bytes, p->sha256);
	parse_message(bytes, LEAF_BLOB_MIN, arena, &p->parsed);
	if (p->parsed.leaf_count > 0)
		p->extents = ARENA_NEW(arena, struct extent, EXTENTS_MAX);
	take_leaves(p);
	make_skeletons(store->codec, p);
	finish_extents(store->codec, p);
	*prepared_out = p;
	return OK;
}

void prepared_free(struct prepared **preparedp)
{
	struct arena *arena;

	if (!*preparedp)
		return;
	arena = (*preparedp)->arena;
	*preparedp = NULL;
	arena_free(&arena);
}

struct str prepared_message_id(const struct prepared *prepared)
{
	return prepared->parsed.message_id;
}

const uint8_t *prepared_hash(const struct prepared *prepared)
{
	return prepared->sha256;
}
