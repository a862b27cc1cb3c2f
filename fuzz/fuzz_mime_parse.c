/*
 * Properties: the root is all bytes; children lie inside of their parents, one behind the other; the index gives the
 * same tree; BODYSTRUCTURE is what its own reader takes, and BODY is not longer.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/index.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/structure.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static size_t check_part(const struct mime_part *part, struct str bytes, size_t depth)
{
	uint64_t before = part->body_offset, end = part->body_offset + part->body_size;
	uint32_t children = 0;
	size_t parts = 1;

	require(depth <= MIME_DEPTH_MAX && end <= bytes.n);
	require(part->body_offset == part->header_offset + part->header_size);
	require(part->body_lines <= part->body_size);
	for (const struct mime_part *child = part->child; child; child = child->next) {
		require(child->parent == part && child->header_offset >= before);
		require(child->body_offset + child->body_size <= end);
		before = child->body_offset + child->body_size;
		parts += check_part(child, bytes, depth + 1);
		children++;
	}
	require(children == part->child_count);
	return parts;
}

static void check_index(const struct mime_part *root, struct arena *arena)
{
	struct buf first = BUF_INIT(SIZE_MAX), second = BUF_INIT(SIZE_MAX);
	struct mime_part *again;

	mime_index_write(root, &first);
	require(mime_index_read(buf_str(&first), 0, arena, &again, NULL) == OK);
	mime_index_write(again, &second);
	require(str_equal(buf_str(&first), buf_str(&second)));
	buf_release(&first);
	buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str bytes = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct buf text = BUF_INIT(SIZE_MAX), body = BUF_INIT(SIZE_MAX);
	struct mime_part *root;

	mime_parse(bytes, arena, &root);
	require(root->header_offset == 0 && root->header_size + root->body_size == size);
	require(check_part(root, bytes, 0) <= MIME_PARTS_MAX);
	check_index(root, arena);
	(void)mime_envelope(root, arena, bytes, &text);
	buf_clear(&text);
	(void)mime_bodystructure(root, arena, bytes, &text);
	require(imap_body_from_structure(buf_str(&text), &body, NULL) == OK);
	require(body.n <= text.n);
	buf_release(&text);
	buf_release(&body);
	arena_free(&arena);
	return 0;
}
