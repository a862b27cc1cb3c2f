/*
 * store/content.c - an open message: pieces of the row and of blobs, in the order of its bytes.
 */
#include "store/ahead_int.h"
#include "store/content_int.h"

#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "store/codec.h"
#include "store/mail_sql.h"
#include "store/prepare.h"
#include "store/store_int.h"

#include <string.h>

/* A run of bytes, either in memory or in a blob. */
struct piece {
	uint64_t offset, size; /* in the message, trace headers included */
	const char *memory;
	const struct extent *extent;
};

#define PIECES_MAX (2 * EXTENTS_MAX + 3)

struct content {
	struct arena *arena;
	int64_t owner, object;
	uint64_t size, header_size, trace_size;
	bool has_extents;
	bool is_whole;	/* `header` is the message */
	bool is_loaded; /* the pieces are known; else only trace and header are */
	bool has_body;	/* `body` and `extents` are the row's, as they are stored */
	struct str body, extents;
	struct str header; /* trace headers and header skeleton */
	struct str trace;
	struct piece *pieces;
	size_t piece_count;
	/* the chunk that was read last */
	struct buf chunk;
	const struct extent *chunk_extent;
	uint64_t chunk_n;
	struct buf view; /* of content_view */
};

static enum errc corrupt(const struct content *c, struct err *err, const char *what)
{
	return err_set(err, ERR_CORRUPT, "message %lld: %s", (long long)c->object, what);
}

static enum errc decode_kept(
    struct content *c, struct str coded, struct str before, struct str *out, struct err *err)
{
	struct buf raw = BUF_INIT(SIZE_MAX);
	enum errc rc;

	buf_add_str(&raw, before);
	rc = codec_decode(coded, CODEC_INPUT_MAX, &raw, err);
	if (rc == OK)
		*out = str_dup(c->arena, buf_str(&raw));
	buf_release(&raw);
	return rc;
}

static enum errc read_header(struct content *c, struct str column, struct err *err)
{
	struct cursor cur = cursor_of(column);
	struct str marks, trace;
	uint64_t trace_size;
	enum errc rc;

	if (!cursor_take_n(&cur, 1, &marks) || !codec_take_number(&cur, &trace_size) ||
	    trace_size != c->trace_size || trace_size > column.n ||
	    !cursor_take_n(&cur, (size_t)trace_size, &trace))
		return corrupt(c, err, "header column");
	c->has_extents = (marks.p[0] & CONTENT_HAS_EXTENTS) != 0;
	c->is_whole = (marks.p[0] & CONTENT_IS_WHOLE) != 0;
	rc = decode_kept(c, cursor_rest(&cur), trace, &c->header, err);
	if (rc != OK)
		return rc;
	c->trace = str_first(c->header, (size_t)trace_size);
	if (!c->has_extents && c->header.n != (c->is_whole ? c->size : c->header_size))
		return corrupt(c, err, "size of the header");
	return OK;
}

static enum errc take_row(struct content *c, const struct content_row *row, struct err *err)
{
	c->size = row->size;
	c->header_size = row->header_size;
	c->trace_size = row->trace_size;
	if (c->trace_size > c->header_size || c->header_size > c->size)
		return corrupt(c, err, "sizes");
	c->has_body = row->has_body;
	c->body = str_dup(c->arena, row->body);
	c->extents = str_dup(c->arena, row->extents);
	return read_header(c, row->header, err);
}

static enum errc read_sizes(struct content *c, struct db *db, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_content_sizes, INTS(c->object, c->owner), &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK)
		rc = take_row(c,
		    &(const struct content_row){ (uint64_t)db_i64(q, 0), (uint64_t)db_i64(q, 1),
			(uint64_t)db_i64(q, 2), .header = db_blob(q, 3) },
		    err);
	db_done(&q);
	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "the message is gone");
	return rc;
}

enum errc content_open(struct db *db, const struct ahead *ahead, int64_t owner, int64_t object,
    struct content **content_out, struct err *err)
{
	const struct content_row *row = ahead_content(ahead, owner, object);
	struct arena *arena = arena_new("content");
	struct content *c = ARENA_NEW(arena, struct content, 1);
	enum errc rc;

	c->arena = arena;
	c->owner = owner;
	c->object = object;
	buf_init(&c->chunk, BLOB_CHUNK);
	buf_init(&c->view, SIZE_MAX);
	rc = row ? take_row(c, row, err) : read_sizes(c, db, err);
	if (rc != OK)
		content_close(&c);
	*content_out = c;
	return rc;
}

void content_close(struct content **contentp)
{
	struct content *c = *contentp;
	struct arena *arena;

	if (!c)
		return;
	buf_release(&c->chunk);
	buf_release(&c->view);
	arena = c->arena;
	arena_free(&arena);
	*contentp = NULL;
}

uint64_t content_size(const struct content *content)
{
	return content->size;
}

uint64_t content_header_size(const struct content *content)
{
	return content->header_size;
}

/* Bytes [from, to) of the message come from the next `to - from` of the skeleton. */
static bool add_memory(struct content *c, uint64_t from, uint64_t to, struct str *skeleton)
{
	if (to - from > skeleton->n)
		return false;
	if (to > from)
		c->pieces[c->piece_count++] =
		    (struct piece){ from, to - from, skeleton->p, NULL };
	skeleton->p += to - from;
	skeleton->n -= (size_t)(to - from);
	return true;
}

/* Lays out [from, to): skeleton between the extents that lie in there. The skeleton must be used up. */
static bool lay_out(struct content *c, uint64_t from, uint64_t to, struct str skeleton,
    const struct extent *extents, size_t count)
{
	uint64_t at = from;

	for (size_t i = 0; i < count; i++) {
		uint64_t begin = extents[i].offset + c->trace_size;

		if (begin < from || begin >= to)
			continue;
		if (!add_memory(c, at, begin, &skeleton) || extents[i].size > to - begin)
			return false;
		c->pieces[c->piece_count++] =
		    (struct piece){ begin, extents[i].size, NULL, &extents[i] };
		at = begin + extents[i].size;
	}
	return add_memory(c, at, to, &skeleton) && skeleton.n == 0;
}

static enum errc read_body_row(struct content *c, struct db *db, struct str *body_out,
    struct str *extents_out, struct err *err)
{
	struct db_q *q;
	enum errc rc;

	if (c->has_body) {
		*extents_out = c->extents;
		return decode_kept(c, c->body, STR_EMPTY, body_out, err);
	}
	rc = rows_open(db, &sql_content_body, INTS(c->object, c->owner), &q, err);
	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK) {
		rc = decode_kept(c, db_blob(q, 0), STR_EMPTY, body_out, err);
		*extents_out = str_dup(c->arena, db_blob(q, 1));
	}
	db_done(&q);
	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "the message is gone");
	return rc;
}

static enum errc load(struct content *c, struct db *db, struct err *err)
{
	struct str body, row, header = str_from_at(c->header, c->trace.n), trace = c->trace;
	struct extent *extents = NULL;
	size_t count = 0;
	enum errc rc;

	if (c->is_loaded)
		return OK;
	rc = read_body_row(c, db, &body, &row, err);
	if (rc == OK && c->has_extents)
		rc =
		    extents_read(row, c->size - c->trace_size, c->arena, &extents, &count, err);
	if (rc != OK)
		return rc;
	c->piece_count = 0;
	c->pieces = ARENA_NEW(c->arena, struct piece, PIECES_MAX);
	if (!add_memory(c, 0, c->trace_size, &trace) ||
	    !lay_out(c, c->trace_size, c->header_size, header, extents, count) ||
	    !lay_out(c, c->header_size, c->size, body, extents, count))
		return corrupt(c, err, "its pieces do not make it up");
	c->is_loaded = true;
	return OK;
}

static enum errc read_chunk(
    struct content *c, struct db *db, const struct extent *e, uint64_t n, struct err *err)
{
	uint64_t want = e->size - n * BLOB_CHUNK;
	struct db_q *q;
	enum errc rc;

	if (c->chunk_extent == e && c->chunk_n == n)
		return OK;
	c->chunk_extent = NULL;
	buf_clear(&c->chunk);
	rc = rows_open(db, &sql_chunk_get, INTS((int64_t)n), &q, err);
	if (rc != OK)
		return rc;
	db_bind_blob(q, 2, (struct str){ (const char *)e->hash, sizeof(e->hash) });
	rc = db_step(q, err);
	if (rc == OK)
		rc = codec_decode(db_blob(q, 0), BLOB_CHUNK, &c->chunk, err);
	db_done(&q);
	if (rc == ERR_END ||
	    (rc == OK && c->chunk.n != (want < BLOB_CHUNK ? want : BLOB_CHUNK)))
		return corrupt(c, err, "a chunk is missing or short");
	if (rc != OK)
		return rc;
	c->chunk_extent = e;
	c->chunk_n = n;
	return OK;
}

/* Bytes [at, at + n) of a blob. */
/* NOLINTNEXTLINE(readability-function-size): a range of one blob into a buffer */
static enum errc read_blob(struct content *c, struct db *db, const struct extent *e,
    uint64_t at, uint64_t n, struct buf *out, struct err *err)
{
	while (n > 0) {
		uint64_t inside = at % BLOB_CHUNK, take;
		enum errc rc = read_chunk(c, db, e, at / BLOB_CHUNK, err);

		if (rc != OK)
			return rc;
		take = c->chunk.n - inside < n ? c->chunk.n - inside : n;
		buf_add(out, c->chunk.p + inside, (size_t)take);
		at += take;
		n -= take;
	}
	return OK;
}

/* The piece that holds byte `offset`. */
static const struct piece *find_piece(const struct content *c, uint64_t offset)
{
	size_t low = 0, high = c->piece_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (c->pieces[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return &c->pieces[low];
}

enum errc content_read(struct content *c, struct db *db, uint64_t offset, size_t n,
    struct buf *out, struct err *err)
{
	enum errc rc;

	if (offset >= c->size || n == 0)
		return OK;
	if (n > c->size - offset)
		n = (size_t)(c->size - offset);
	if (!c->has_extents && offset + n <= c->header.n) {
		buf_add(out, c->header.p + offset, n);
		return out->overflow ? err_set(err, ERR_LIMIT, "content: no room") : OK;
	}
	rc = load(c, db, err);
	for (const struct piece *p = rc == OK ? find_piece(c, offset) : NULL; rc == OK && n > 0;
	     p++) {
		uint64_t at = offset - p->offset;
		size_t take = (size_t)(p->size - at < n ? p->size - at : n);

		if (p->memory)
			buf_add(out, p->memory + at, take);
		else
			rc = read_blob(c, db, p->extent, at, take, out, err);
		offset += take;
		n -= take;
	}
	if (rc == OK && out->overflow)
		return err_set(err, ERR_LIMIT, "content: no room");
	return rc;
}

enum errc content_view(
    struct content *c, struct db *db, size_t max, struct str *bytes_out, struct err *err)
{
	enum errc rc = OK;

	if (c->size > max)
		return err_set(
		    err, ERR_LIMIT, "message of %llu bytes", (unsigned long long)c->size);
	if (c->view.n != c->size) {
		buf_clear(&c->view);
		rc = content_read(c, db, 0, (size_t)c->size, &c->view, err);
	}
	if (rc == OK)
		*bytes_out = buf_str(&c->view);
	return rc;
}
