/*
 * store/extents.c - mail_contents.extents: count, then distance from the previous end, size and hash of each.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "store/codec.h"
#include "store/prepare.h"

void extents_write(const struct extent *extents, size_t count, struct buf *out)
{
	uint64_t end = 0;

	codec_add_number(out, count);
	for (size_t i = 0; i < count; i++) {
		codec_add_number(out, extents[i].offset - end);
		codec_add_number(out, extents[i].size);
		buf_add(out, extents[i].hash, sizeof(extents[i].hash));
		end = extents[i].offset + extents[i].size;
	}
}

static bool read_one(struct cursor *c, uint64_t end, uint64_t size, struct extent *extent)
{
	uint64_t distance;
	struct str hash;

	if (!codec_take_number(c, &distance) || !codec_take_number(c, &extent->size) ||
	    !cursor_take_n(c, SHA256_SIZE, &hash))
		return false;
	if (distance > size - end || extent->size == 0 || extent->size > size - end - distance)
		return false;
	extent->offset = end + distance;
	memcpy(extent->hash, hash.p, SHA256_SIZE);
	return true;
}

enum errc extents_read(struct str row, uint64_t size, struct arena *arena,
    struct extent **extents_out, size_t *count_out, struct err *err)
{
	struct cursor c = cursor_of(row);
	struct extent *extents;
	uint64_t count, end = 0;

	if (!codec_take_number(&c, &count) || count == 0 || count > EXTENTS_MAX)
		return err_set(err, ERR_CORRUPT, "extents: count");
	extents = ARENA_NEW(arena, struct extent, (size_t)count);
	for (size_t i = 0; i < count; i++) {
		if (!read_one(&c, end, size, &extents[i]))
			return err_set(err, ERR_CORRUPT, "extents: number %zu", i);
		end = extents[i].offset + extents[i].size;
	}
	if (!cursor_at_end(&c))
		return err_set(err, ERR_CORRUPT, "extents: bytes after the end");
	*extents_out = extents;
	*count_out = (size_t)count;
	return OK;
}
