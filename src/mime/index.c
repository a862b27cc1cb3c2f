#include "mime/index.h"

#include "mime/limits.h"
#include "mime/message.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"

/* More than any message has, so that sums do not overflow. */
#define SIZE_LIMIT (UINT64_C(1) << 48)

/*
 * version, then each part before its children:
 * kind and encoding in a byte, then numbers of 7 bits a byte, the lowest first: bytes between the end of the part
 * before it (or the beginning of the parent's body) and its header, size of the header, size of the body, lines of
 * the body, and for a multipart the number of children.
 */

static void write_number(struct buf *out, uint64_t value)
{
	while (value >= 0x80) {
		buf_add_char(out, (char)(unsigned char)(0x80 | (value & 0x7f)));
		value >>= 7;
	}
	buf_add_char(out, (char)value);
}

static void write_part(const struct mime_part *part, uint64_t before, struct buf *out)
{
	write_number(out, (uint64_t)part->kind | (uint64_t)part->encoding << 3);
	write_number(out, part->header_offset - before);
	write_number(out, part->header_size);
	write_number(out, part->body_size);
	write_number(out, part->body_lines);
	if (part->kind == MIME_MULTIPART)
		write_number(out, part->child_count);
	before = part->body_offset;
	for (const struct mime_part *child = part->child; child; child = child->next) {
		write_part(child, before, out);
		before = child->body_offset + child->body_size;
	}
}

void mime_index_write(const struct mime_part *root, struct buf *out)
{
	write_number(out, MIME_PARSER_VERSION);
	write_part(root, 0, out);
}

struct reader {
	struct cursor c;
	struct arena *arena;
	size_t part_count;
	struct err *err;
};

static enum errc corrupt(struct reader *r, const char *what)
{
	return err_set(r->err, ERR_CORRUPT, "part index: bad %s, %zu bytes before its end",
	    what, (size_t)(r->c.end - r->c.p));
}

/* The shortest form only, below SIZE_LIMIT. */
static enum errc read_number(struct reader *r, const char *what, uint64_t *value_out)
{
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 49; shift += 7) {
		int byte = cursor_peek(&r->c);

		if (byte < 0 || (byte == 0 && shift > 0))
			return corrupt(r, what);
		r->c.p++;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			if (value >= SIZE_LIMIT)
				return corrupt(r, what);
			*value_out = value;
			return OK;
		}
	}
	return corrupt(r, what);
}

static enum errc read_kind(struct reader *r, struct mime_part *part)
{
	uint64_t value = 0;
	enum errc rc = read_number(r, "kind", &value);

	if (rc != OK)
		return rc;
	if ((value & 7) >= MIME_KIND_COUNT || value >> 3 >= MIME_ENCODING_COUNT)
		return corrupt(r, "kind");
	part->kind = (enum mime_kind)(value & 7);
	part->encoding = (enum mime_encoding)(value >> 3);
	return OK;
}

/* Offsets are those of the parsed bytes here; they are moved when the tree is whole. `end` is the parent's. */
static enum errc read_ranges(
    struct reader *r, uint64_t before, uint64_t end, struct mime_part *part)
{
	uint64_t gap = 0, children = 0;
	enum errc rc = read_number(r, "gap", &gap);

	if (rc == OK)
		rc = read_number(r, "header size", &part->header_size);
	if (rc == OK)
		rc = read_number(r, "body size", &part->body_size);
	if (rc == OK)
		rc = read_number(r, "lines", &part->body_lines);
	if (rc == OK && part->kind == MIME_MULTIPART)
		rc = read_number(r, "number of children", &children);
	if (rc != OK)
		return rc;
	if (gap > 0 && !part->parent)
		return corrupt(r, "gap");
	if (part->body_lines > part->body_size)
		return corrupt(r, "lines");
	part->header_offset = before + gap;
	part->body_offset = part->header_offset + part->header_size;
	if (part->body_offset + part->body_size > end)
		return corrupt(r, "size");
	if (part->kind == MIME_MULTIPART && (children == 0 || children > MIME_PARTS_MAX))
		return corrupt(r, "number of children");
	part->child_count = part->kind == MIME_MESSAGE ? 1 : (uint32_t)children;
	return OK;
}

static enum errc read_part(
    struct reader *r, struct mime_part *part, uint64_t before, uint64_t end);

static enum errc read_children(struct reader *r, struct mime_part *part)
{
	struct mime_part **tail = &part->child;
	uint64_t before = part->body_offset, end = part->body_offset + part->body_size;

	for (uint32_t i = 0; i < part->child_count; i++) {
		struct mime_part *child = ARENA_NEW(r->arena, struct mime_part, 1);
		enum errc rc;

		child->parent = part;
		child->is_message = part->kind == MIME_MESSAGE;
		rc = read_part(r, child, before, end);
		if (rc != OK)
			return rc;
		before = child->body_offset + child->body_size;
		*tail = child;
		tail = &child->next;
	}
	return OK;
}

static enum errc read_part(
    struct reader *r, struct mime_part *part, uint64_t before, uint64_t end)
{
	const struct mime_part *above = part->parent;
	size_t depth = 0;
	enum errc rc;

	for (; above; above = above->parent)
		depth++;
	if (depth > MIME_DEPTH_MAX || ++r->part_count > MIME_PARTS_MAX)
		return corrupt(r, "number of parts");
	rc = read_kind(r, part);
	if (rc == OK)
		rc = read_ranges(r, before, end, part);
	return rc == OK ? read_children(r, part) : rc;
}

static void move(struct mime_part *part, uint64_t shift)
{
	for (; part; part = part->next) {
		part->header_offset += shift;
		part->body_offset += shift;
		move(part->child, shift);
	}
}

enum errc mime_index_read(struct str index, uint64_t shift, struct arena *arena,
    struct mime_part **root_out, struct err *err)
{
	struct reader r = { .c = cursor_of(index), .arena = arena, .err = err };
	struct mime_part *root = ARENA_NEW(arena, struct mime_part, 1);
	uint64_t version = 0;
	enum errc rc = read_number(&r, "version", &version);

	if (rc != OK)
		return rc;
	if (version != MIME_PARSER_VERSION)
		return err_set(err, ERR_UNSUPPORTED, "part index: version %llu, this is %d",
		    (unsigned long long)version, MIME_PARSER_VERSION);
	if (shift >= SIZE_LIMIT)
		return corrupt(&r, "shift");
	root->is_message = true;
	rc = read_part(&r, root, 0, SIZE_LIMIT);
	if (rc == OK && !cursor_at_end(&r.c))
		rc = corrupt(&r, "end");
	if (rc != OK)
		return rc;
	move(root, shift);
	root->header_offset = 0;
	root->header_size += shift;
	*root_out = root;
	return OK;
}
