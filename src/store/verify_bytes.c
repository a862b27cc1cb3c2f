/*
 * store/verify_bytes.c - every message is put together and hashed; every blob too.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/sha256.h"
#include "base/str.h"
#include "store/codec.h"
#include "store/content_int.h"
#include "store/mail_sql.h"
#include "store/prepare.h"
#include "store/verify_int.h"

#include <string.h>

#define READ_BYTES ((size_t)256 * 1024)

struct object_row {
	int64_t object, owner;
	uint64_t size, header_size, trace_size;
	uint8_t sha256[SHA256_SIZE];
};

static enum errc read_row(
    struct verify *v, int64_t after, struct object_row *row_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(v->db, &sql_verify_objects, INTS(after), &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK) {
		struct str hash = db_blob(q, 5);

		*row_out =
		    (struct object_row){ db_i64(q, 0), db_i64(q, 1), (uint64_t)db_i64(q, 2),
			    (uint64_t)db_i64(q, 3), (uint64_t)db_i64(q, 4), { 0 } };
		if (hash.n == SHA256_SIZE)
			memcpy(row_out->sha256, hash.p, SHA256_SIZE);
	}
	db_done(&q);
	return rc;
}

/* The hash of what is behind the trace headers. */
static enum errc hash_content(struct verify *v, const struct object_row *row,
    uint8_t hash_out[SHA256_SIZE], struct err *err)
{
	struct buf part = BUF_INIT(READ_BYTES);
	struct content *content;
	struct sha256 hash;
	enum errc rc = content_open(v->db, NULL, row->owner, row->object, &content, err);

	if (rc != OK)
		return rc;
	sha256_init(&hash);
	for (uint64_t at = row->trace_size; rc == OK && at < row->size; at += part.n) {
		buf_clear(&part);
		rc = content_read(content, v->db, at, READ_BYTES, &part, err);
		if (rc == OK && part.n == 0)
			rc = err_set(err, ERR_CORRUPT, "short");
		if (rc == OK)
			sha256_add(&hash, buf_str(&part));
	}
	sha256_finish(&hash, hash_out);
	sha256_release(&hash);
	buf_release(&part);
	content_close(&content);
	return rc;
}

static bool same_hash(const struct extent *a, const struct extent *b)
{
	return memcmp(a->hash, b->hash, SHA256_SIZE) == 0;
}

/* Different blobs that the object's row of contents names. */
static enum errc count_blobs(
    struct verify *v, const struct object_row *row, int64_t *count_out, struct err *err)
{
	struct arena *arena = arena_new("verify");
	struct extent *extents = NULL;
	size_t count = 0;
	struct db_q *q = NULL;
	enum errc rc =
	    rows_open(v->db, &sql_content_body, INTS(row->object, row->owner), &q, err);

	*count_out = 0;
	if (rc == OK)
		rc = db_step(q, err);
	if (rc == OK && db_blob(q, 1).n > 0)
		rc = extents_read(
		    db_blob(q, 1), row->size - row->trace_size, arena, &extents, &count, err);
	db_done(&q);
	for (size_t i = 0; i < count; i++) {
		size_t k = 0;

		while (!same_hash(&extents[k], &extents[i]))
			k++;
		*count_out += k == i;
	}
	arena_free(&arena);
	return rc;
}

static enum errc check_object(struct verify *v, const struct object_row *row, struct err *err)
{
	long long id = (long long)row->object;
	uint8_t hash[SHA256_SIZE];
	int64_t refs = 0, blobs = 0, used = 0;
	struct err why = { OK, "" };
	enum errc rc = hash_content(v, row, hash, &why);

	if (rc == ERR_CORRUPT || rc == ERR_NOTFOUND)
		verify_say(v, "object %lld: %s", id, why.text);
	else if (rc != OK)
		return err_set(err, rc, "%s", why.text);
	else if (memcmp(hash, row->sha256, SHA256_SIZE) != 0)
		verify_say(v, "object %lld: the bytes are not those that were stored", id);
	rc = rows_one(v->db, &sql_verify_object_used,
	    INTS(row->object, row->owner, row->object, row->owner), &used, 1, err);
	if (rc == OK && used == 0)
		verify_say(v, "object %lld: nothing refers to it", id);
	if (rc == OK)
		rc = rows_one(v->db, &sql_verify_object_refs, INTS(row->object, row->owner),
		    &refs, 1, err);
	if (rc == OK)
		rc = count_blobs(v, row, &blobs, err);
	if (rc == OK && refs != blobs)
		verify_say(v, "object %lld: uses %lld blobs, %lld are said to be used", id,
		    (long long)blobs, (long long)refs);
	/* what is wrong with the row of contents has been said already */
	return rc == ERR_CORRUPT || rc == ERR_END ? OK : rc;
}

static enum errc check_contents(struct verify *v, struct err *err)
{
	int64_t after = INT64_MIN;
	enum errc rc = OK;

	while (rc == OK) {
		struct db_q *q;
		int rows = 0;

		rc = rows_open(v->db, &sql_verify_contents, INTS(after), &q, err);
		while (rc == OK && (rc = db_step(q, err)) == OK) {
			after = db_i64(q, 0);
			rows++;
			if (db_i64(q, 1) == 0)
				verify_say(
				    v, "content %lld: without an object", (long long)after);
		}
		db_done(&q);
		if (rc == ERR_END && rows > 0)
			rc = OK;
	}
	return rows_end(rc);
}

enum errc verify_objects(struct verify *v, struct err *err)
{
	struct object_row row = { .object = INT64_MIN };
	enum errc rc = OK;

	while (rc == OK) {
		rc = db_snapshot_begin(v->db, err);
		if (rc != OK)
			return rc;
		rc = read_row(v, row.object, &row, err);
		if (rc == OK)
			rc = check_object(v, &row, err);
		db_snapshot_end(v->db);
		v->report.objects += rc == OK;
	}
	return rc == ERR_END ? check_contents(v, err) : rc;
}

struct blob_row {
	uint8_t hash[SHA256_SIZE];
	uint64_t size;
	int64_t chunks;
	bool used;
};

static struct str hash_str(const uint8_t hash[SHA256_SIZE])
{
	return (struct str){ (const char *)hash, SHA256_SIZE };
}

static enum errc next_blob(struct verify *v, struct blob_row *row, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(v->db, &sql_verify_blobs, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 1, hash_str(row->hash));
	rc = db_step(q, err);
	if (rc == OK) {
		struct str hash = db_blob(q, 0);

		if (hash.n == SHA256_SIZE)
			memcpy(row->hash, hash.p, SHA256_SIZE);
		row->size = (uint64_t)db_i64(q, 1);
		row->chunks = db_i64(q, 2);
		row->used = db_i64(q, 3) != 0;
	}
	db_done(&q);
	return rc;
}

static enum errc count_chunks(
    struct verify *v, const struct blob_row *row, int64_t counts[2], struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(v->db, &sql_verify_chunk_count, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 1, hash_str(row->hash));
	rc = db_step(q, err);
	counts[0] = rc == OK ? db_i64(q, 0) : 0;
	counts[1] = rc == OK ? db_i64(q, 1) : 0;
	db_done(&q);
	return rc;
}

static enum errc hash_chunks(struct verify *v, const struct blob_row *row,
    uint8_t hash_out[SHA256_SIZE], uint64_t *size_out, struct err *err)
{
	struct buf part = BUF_INIT(BLOB_CHUNK);
	struct sha256 hash;
	enum errc rc = OK;

	*size_out = 0;
	sha256_init(&hash);
	for (int64_t n = 0; rc == OK && n < row->chunks; n++) {
		struct db_q *q;

		buf_clear(&part);
		rc = rows_open(v->db, &sql_chunk_get, INTS(n), &q, err);
		if (rc != OK)
			break;
		db_bind_blob(q, 2, hash_str(row->hash));
		rc = db_step(q, err);
		if (rc == OK)
			rc = codec_decode(db_blob(q, 0), BLOB_CHUNK, &part, err);
		db_done(&q);
		sha256_add(&hash, buf_str(&part));
		*size_out += part.n;
	}
	sha256_finish(&hash, hash_out);
	sha256_release(&hash);
	buf_release(&part);
	return rc;
}

static enum errc check_blob(struct verify *v, const struct blob_row *row, struct err *err)
{
	uint8_t hash[SHA256_SIZE];
	int64_t counts[2];
	uint64_t size = 0;
	unsigned tag =
	    (unsigned)row->hash[0] << 16 | (unsigned)row->hash[1] << 8 | row->hash[2];
	enum errc rc = count_chunks(v, row, counts, err);

	if (rc == OK && (counts[0] != row->chunks || counts[1] != row->chunks - 1))
		verify_say(v, "blob %06x...: %lld chunks in its row, %lld are there", tag,
		    (long long)row->chunks, (long long)counts[0]);
	if (rc != OK || (!row->used && row->chunks != (int64_t)blob_chunks(row->size)))
		return rc; /* being staged, or left behind */
	rc = hash_chunks(v, row, hash, &size, err);
	if (rc == OK && (size != row->size || memcmp(hash, row->hash, SHA256_SIZE) != 0))
		verify_say(v, "blob %06x...: the bytes are not those that were stored", tag);
	if (rc == ERR_CORRUPT || rc == ERR_END)
		verify_say(v, "blob %06x...: a chunk is damaged or missing", tag);
	return rc == ERR_CORRUPT ? OK : rows_end(rc);
}

static enum errc check_chunk_rows(struct verify *v, struct err *err)
{
	uint8_t at[SHA256_SIZE] = { 0 };
	enum errc rc = OK;

	while (rc == OK) {
		struct db_q *q;

		rc = db_query(v->db, &sql_verify_chunk_hash, &q, err);
		if (rc != OK)
			return rc;
		db_bind_blob(q, 1, hash_str(at));
		rc = db_step(q, err);
		if (rc == OK && db_i64(q, 1) == 0)
			verify_say(v, "a chunk belongs to no blob");
		if (rc == OK && db_blob(q, 0).n == SHA256_SIZE)
			memcpy(at, db_blob(q, 0).p, SHA256_SIZE);
		db_done(&q);
	}
	return rows_end(rc);
}

enum errc verify_blobs(struct verify *v, struct err *err)
{
	struct blob_row row = { .size = 0 };
	enum errc rc = OK;

	while (rc == OK) {
		rc = db_snapshot_begin(v->db, err);
		if (rc != OK)
			return rc;
		rc = next_blob(v, &row, err);
		if (rc == OK)
			rc = check_blob(v, &row, err);
		db_snapshot_end(v->db);
		v->report.blobs += rc == OK;
	}
	return rc == ERR_END ? check_chunk_rows(v, err) : rc;
}

struct ref_cursor {
	uint8_t hash[SHA256_SIZE];
	int64_t owner, object;
};

static enum errc check_refs(struct verify *v, struct ref_cursor *at, int *rows, struct err *err)
{
	uint8_t from[SHA256_SIZE];
	struct db_q *q;
	enum errc rc = db_query(v->db, &sql_verify_refs, &q, err);

	*rows = 0;
	if (rc != OK)
		return rc;
	memcpy(from, at->hash, sizeof(from));
	db_bind_blob(q, 1, hash_str(from));
	db_bind_i64(q, 2, at->owner);
	db_bind_i64(q, 3, at->object);
	while ((rc = db_step(q, err)) == OK) {
		if (db_blob(q, 0).n == SHA256_SIZE)
			memcpy(at->hash, db_blob(q, 0).p, SHA256_SIZE);
		at->owner = db_i64(q, 1);
		at->object = db_i64(q, 2);
		++*rows;
		if (db_i64(q, 3) == 0)
			verify_say(v, "object %lld: uses a blob that is not there",
			    (long long)at->object);
		if (db_i64(q, 4) == 0)
			verify_say(v, "a blob is used by object %lld, which is not there",
			    (long long)at->object);
	}
	db_done(&q);
	return rows_end(rc);
}

enum errc verify_refs(struct verify *v, struct err *err)
{
	struct ref_cursor at = { .owner = INT64_MIN, .object = INT64_MIN };
	int rows = 1;
	enum errc rc = OK;

	while (rc == OK && rows > 0)
		rc = check_refs(v, &at, &rows, err);
	return rc;
}
