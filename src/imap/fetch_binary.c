#include "imap/fetch_binary.h"

#include "base/str.h"
#include "mime/section.h"

#include <string.h>

/* Encoded bytes at once: what comes out is no more. */
#define BLOCK ((size_t)32768)

bool fetch_binary_find(const struct mime_part *root, struct str numbers, uint64_t message_size,
    struct fetch_binary_part *out)
{
	const struct mime_part *part;
	struct mime_range range;

	if (numbers.n == 0) {
		*out = (struct fetch_binary_part){ 0, message_size, MIME_BINARY };
		return true;
	}
	part = root ? mime_part_by_section(root, numbers) : NULL;
	if (part == NULL || !mime_section(root, numbers, MIME_SECTION_ALL, &range))
		return false;
	*out = (struct fetch_binary_part){ range.offset, range.size, part->encoding };
	if (part->kind == MIME_MULTIPART || part->kind == MIME_MESSAGE)
		out->encoding = MIME_BINARY;
	/* an index that does not fit its message */
	return range.offset <= message_size && range.size <= message_size - range.offset;
}

bool fetch_binary_is_identity(const struct fetch_binary_part *part)
{
	return part->encoding == MIME_7BIT || part->encoding == MIME_8BIT ||
	    part->encoding == MIME_BINARY;
}

void fetch_binary_begin(
    struct fetch_binary *b, const struct fetch_binary_part *part, const struct fetch_item *item)
{
	*b = (struct fetch_binary){ .part = *part,
		.skip = item->partial ? item->offset : 0,
		.length = item->partial ? item->length : UINT64_MAX };
	mime_decoder_init(&b->decoder, part->encoding);
}

/* Of a decoded block: what is wanted. */
static void take(struct fetch_binary *b, struct str block, struct buf *out)
{
	uint64_t end = b->decoded + block.n;
	struct str wanted = block;

	if (b->decoded < b->skip)
		wanted = str_from_at(
		    block, end <= b->skip ? block.n : (size_t)(b->skip - b->decoded));
	if (wanted.n > b->length - b->count)
		wanted = str_first(wanted, (size_t)(b->length - b->count));
	b->decoded = end;
	b->count += wanted.n;
	b->ended = b->ended || b->count == b->length;
	if (wanted.n == 0)
		return;
	if (out)
		buf_add_str(out, wanted);
	else
		b->has_nul = b->has_nul || memchr(wanted.p, '\0', wanted.n) != NULL;
}

static enum errc read_block(struct fetch_binary *b, struct content *content, struct db *db,
    struct buf *raw, struct err *err)
{
	uint64_t left = b->part.size - b->at;
	size_t n = left < BLOCK ? (size_t)left : BLOCK;
	enum errc rc = content_read(content, db, b->part.offset + b->at, n, raw, err);

	if (rc == OK && raw->n != n)
		rc = err_set(err, ERR_CORRUPT, "message shorter than its size");
	if (rc == OK)
		b->at += n;
	return rc;
}

/* What is not encoded need not be read up to where it begins to be wanted. */
static void jump(struct fetch_binary *b)
{
	if (!fetch_binary_is_identity(&b->part) || b->at > 0)
		return;
	b->at = b->decoded = b->skip < b->part.size ? b->skip : b->part.size;
}

enum errc fetch_binary_step(struct fetch_binary *b, struct content *content, struct db *db,
    struct buf *out, struct err *err)
{
	struct buf raw = BUF_INIT(BLOCK), decoded = BUF_INIT(BLOCK + sizeof(b->decoder.held));
	enum errc rc = OK;

	if (b->ended)
		return ERR_END;
	jump(b);
	if (b->at < b->part.size) {
		rc = read_block(b, content, db, &raw, err);
		if (rc == OK)
			mime_decoder_feed(&b->decoder, buf_str(&raw), &decoded);
	}
	if (rc == OK && b->at == b->part.size)
		mime_decoder_finish(&b->decoder, &decoded);
	if (rc == OK)
		take(b, buf_str(&decoded), out);
	b->ended = b->ended || b->at == b->part.size;
	buf_release(&raw);
	buf_release(&decoded);
	return rc;
}
