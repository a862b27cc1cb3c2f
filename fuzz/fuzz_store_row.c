#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "store/codec.h"
#include "store/prepare.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is stored may be damaged: rows are refused, or they are exactly what would be written. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct buf out = BUF_INIT(SIZE_MAX);
	struct extent *extents;
	size_t count;

	if (extents_read(in, 1 << 20, arena, &extents, &count, NULL) == OK) {
		extents_write(extents, count, &out);
		/* a number may be written in more bytes than it needs, never in fewer */
		if (out.n > in.n)
			__builtin_trap();
		for (size_t i = 0; i < count; i++) {
			if (extents[i].size == 0 ||
			    extents[i].offset + extents[i].size > 1 << 20)
				__builtin_trap();
		}
	}
	buf_clear(&out);
	if (codec_decode(in, 4096, &out, NULL) == OK && out.n > 4096)
		__builtin_trap();
	buf_release(&out);
	arena_free(&arena);
	return 0;
}
