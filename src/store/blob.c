/*
 * store/blob.c - staging, making sure, referring.
 */
#include "store/blob.h"

#include "base/arena.h"
#include "base/buf.h"
#include "store/codec.h"
#include "store/mail_sql.h"
#include "store/node.h"
#include "store/store_int.h"

#include <string.h>

#define STAGE_CHUNKS (STAGE_BYTES / BLOB_CHUNK)
#define STAGE_AGAIN_MAX 5

static struct str hash_of(const struct extent *e)
{
	return (struct str){ (const char *)e->hash, sizeof(e->hash) };
}

/* Chunks that are there; -1: no such blob. */
static enum errc blob_have(
    struct db *db, const struct extent *e, int64_t *have_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, &sql_blob_find, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 1, hash_of(e));
	rc = db_step(q, err);
	*have_out = rc == OK ? db_i64(q, 0) : -1;
	db_done(&q);
	return rows_end(rc);
}

static enum errc insert_chunks(struct db *db, const struct extent *e, int64_t first,
    const struct str *coded, size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		struct db_q *q;
		enum errc rc = db_query(db, &sql_chunk_insert, &q, err);

		if (rc != OK)
			return rc;
		db_bind_i64(q, 1, first + (int64_t)i);
		db_bind_blob(q, 2, hash_of(e));
		db_bind_blob(q, 3, coded[i]);
		rc = db_post(&q, err);
		if (rc != OK)
			return rc;
	}
	return OK;
}

/*
 * The row says that `chunks` are there; `have` -1: there is none yet. Written before the chunks: whoever stores the same
 * blob at the same time waits for this row, and then looks again.
 */
static enum errc set_chunks(
    struct db *db, const struct extent *e, int64_t have, int64_t chunks, struct err *err)
{
	struct db_q *q;
	int64_t changes = 0;
	enum errc rc = db_query(db, have < 0 ? &sql_blob_insert : &sql_blob_grow, &q, err);
	int at = 1;

	if (rc != OK)
		return rc;
	if (have < 0)
		db_bind_i64(q, at++, (int64_t)e->size);
	db_bind_i64(q, at++, chunks);
	db_bind_i64(q, at++, clock_unix_s());
	if (have >= 0)
		db_bind_i64(q, at++, have);
	db_bind_blob(q, at, hash_of(e));
	rc = db_run(&q, &changes, err);
	if (rc == ERR_EXISTS || (rc == OK && changes == 0))
		return err_set(err, ERR_CONFLICT, "another transaction stores the same blob");
	return rc;
}

/* One step of staging: `coded` are the chunks from `first` on. */
struct stage {
	const struct extent *extent;
	int64_t first;
	struct str coded[STAGE_CHUNKS];
	size_t count;
	int64_t have; /* result: chunks that are there now */
};

static enum errc stage_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct stage *stage = arg;
	const struct extent *e = stage->extent;
	int64_t have = 0, total = (int64_t)blob_chunks(e->size);
	enum errc rc = blob_have(db, e, &have, err);

	(void)arena;
	if (rc != OK)
		return rc;
	stage->have = have < 0 ? 0 : have;
	if (have == total)
		return set_chunks(db, e, have, total, err);
	if (stage->have != stage->first)
		return OK; /* others were quicker, or the sweeper: carry on from there */
	rc = set_chunks(db, e, have, stage->first + (int64_t)stage->count, err);
	if (rc == OK)
		rc = insert_chunks(db, e, stage->first, stage->coded, stage->count, err);
	stage->have = stage->first + (int64_t)stage->count;
	return rc;
}

static void encode_stage(
    struct store *store, const struct prepared *p, struct arena *arena, struct stage *stage)
{
	const struct extent *e = stage->extent;
	struct buf out = BUF_INIT(SIZE_MAX);
	uint64_t at = (uint64_t)stage->first * BLOB_CHUNK;

	for (stage->count = 0; stage->count < STAGE_CHUNKS && at < e->size;
	     stage->count++, at += BLOB_CHUNK) {
		uint64_t n = e->size - at < BLOB_CHUNK ? e->size - at : BLOB_CHUNK;

		buf_clear(&out);
		codec_encode(
		    store->codec, (struct str){ p->bytes.p + e->offset + at, (size_t)n }, &out);
		stage->coded[stage->count] = str_dup(arena, buf_str(&out));
	}
	buf_release(&out);
}

static enum errc stage_extent(struct store *store, const struct prepared *p,
    const struct extent *e, struct arena *arena, struct err *err)
{
	struct stage stage = { .extent = e };
	int64_t total = (int64_t)blob_chunks(e->size);
	struct deadline deadline = store_deadline(store);

	while (stage.have < total) {
		enum errc rc;

		arena_clear(arena);
		stage.first = stage.have;
		encode_stage(store, p, arena, &stage);
		rc = db_transact(store->settings.pool, deadline, stage_body, &stage, err);
		if (rc == ERR_UNCERTAIN)
			stage.have = 0; /* the next step says what is there */
		else if (rc != OK)
			return rc;
		if (deadline_passed(deadline))
			return err_set(err, ERR_UNAVAIL, "blobs could not be stored in time");
		if (rc == OK && stage.have > stage.first)
			deadline = store_deadline(store);
	}
	return OK;
}

enum errc blobs_stage(struct store *store, const struct prepared *prepared, struct err *err)
{
	struct arena *arena = arena_new("blob staging");
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < prepared->extent_count; i++)
		rc = stage_extent(store, prepared, &prepared->extents[i], arena, err);
	arena_free(&arena);
	return rc;
}

/* False: not there, or not wholly. */
static enum errc touch(
    struct db *db, const struct extent *e, int64_t total, bool *there_out, struct err *err)
{
	struct db_q *q;
	int64_t changes = 0;
	enum errc rc = db_query(db, &sql_blob_touch, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, clock_unix_s());
	db_bind_i64(q, 2, total);
	db_bind_blob(q, 3, hash_of(e));
	rc = db_run(&q, &changes, err);
	*there_out = changes > 0;
	return rc;
}

static enum errc ensure_extent(
    struct db *db, const struct extent *e, const struct str *coded, struct err *err)
{
	int64_t total = (int64_t)blob_chunks(e->size), have = 0, from;
	bool there = false;
	enum errc rc = touch(db, e, total, &there, err);

	if (rc != OK || there)
		return rc;
	if (!coded)
		return err_set(err, ERR_MORE, "a staged blob has been swept");
	rc = blob_have(db, e, &have, err);
	from = have < 0 ? 0 : have;
	if (rc == OK)
		rc = set_chunks(db, e, have, total, err);
	return rc == OK ? insert_chunks(db, e, from, coded + from, (size_t)(total - from), err)
			: rc;
}

enum errc blobs_ensure(struct db *db, const struct prepared *prepared, struct err *err)
{
	const struct str *coded = prepared->chunks;

	for (size_t i = 0; i < prepared->extent_count; i++) {
		const struct extent *e = &prepared->extents[i];
		enum errc rc = ensure_extent(db, e, coded, err);

		if (rc != OK)
			return rc;
		if (coded)
			coded += blob_chunks(e->size);
	}
	return OK;
}

/* The same part twice in one message is one reference. */
static bool is_referred(const struct prepared *p, size_t i)
{
	for (size_t before = 0; before < i; before++) {
		if (memcmp(p->extents[before].hash, p->extents[i].hash,
			sizeof(p->extents[i].hash)) == 0)
			return true;
	}
	return false;
}

enum errc blobs_refer(struct db *db, const struct prepared *prepared, int64_t owner,
    int64_t object, struct err *err)
{
	for (size_t i = 0; i < prepared->extent_count; i++) {
		struct db_q *q;
		enum errc rc;

		if (is_referred(prepared, i))
			continue;
		rc = db_query(db, &sql_blob_ref_insert, &q, err);
		if (rc != OK)
			return rc;
		db_bind_i64(q, 1, owner);
		db_bind_i64(q, 2, object);
		db_bind_blob(q, 3, hash_of(&prepared->extents[i]));
		rc = db_post(&q, err);
		if (rc != OK)
			return rc;
	}
	return OK;
}

enum errc blobs_transact(struct store *store, const struct prepared *const *messages,
    size_t count, db_body *body, void *arg, struct err *err)
{
	enum errc rc = ERR_MORE;

	for (int run = 0; rc == ERR_MORE && run < STAGE_AGAIN_MAX; run++) {
		rc = node_ready(store, err);
		for (size_t i = 0; rc == OK && i < count; i++) {
			if (prepared_is_staged(messages[i]))
				rc = blobs_stage(store, messages[i], err);
		}
		if (rc == OK)
			rc = db_transact(
			    store->settings.pool, store_deadline(store), body, arg, err);
	}
	return rc == ERR_MORE ? err_set(err, ERR_UNAVAIL, "blobs do not stay") : rc;
}
