/* What comes from the database. Properties: an index that is read is written the same; BODY is its own BODY. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/index.h"
#include "mime/message.h"
#include "mime/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct buf out = BUF_INIT(SIZE_MAX), again = BUF_INIT(SIZE_MAX);
	struct mime_part *root;

	if (mime_index_read(in, 0, arena, &root, NULL) == OK) {
		mime_index_write(root, &out);
		require(str_equal(buf_str(&out), in));
	}
	buf_clear(&out);
	if (imap_body_from_structure(in, &out, NULL) == OK) {
		require(out.n <= in.n);
		require(imap_body_from_structure(buf_str(&out), &again, NULL) == OK);
		require(str_equal(buf_str(&out), buf_str(&again)));
	}
	buf_release(&out);
	buf_release(&again);
	arena_free(&arena);
	return 0;
}
