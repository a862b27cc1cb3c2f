/*
 * store/sweep_blobs.c - blobs that no message uses and no delivery has touched for a while: from the last chunk to the
 * first, so that what is left is at any time a blob in staging.
 */
#include "base/arena.h"
#include "store/sweep.h"

#include <string.h>

#define WALK_ROWS 200
#define CHUNKS 200 /* of one transaction: up to 13 MB of rows that are freed */

struct blob_work {
	int64_t before; /* unix seconds */
	uint8_t hash[32];
	int64_t did;
};

static enum errc run_on_hash(struct db *db, const struct db_sql *sql, struct ints params,
    const uint8_t hash[32], int64_t *changes_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, sql, params, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, (int)params.n + 1, (struct str){ (const char *)hash, 32 });
	return db_run(&q, changes_out, err);
}

/* ERR_END: it is used, or was touched. */
static enum errc free_chunks(
    struct db *db, const struct blob_work *w, int64_t *chunks_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_sweep_blob_is_free, INTS(w->before), &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 2, (struct str){ (const char *)w->hash, sizeof(w->hash) });
	rc = db_step(q, err);
	if (rc == OK)
		*chunks_out = db_i64(q, 0);
	db_done(&q);
	return rc;
}

/* ERR_END: nobody does. */
static enum errc is_used(struct db *db, const uint8_t hash[32], struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, &sql_sweep_blob_used, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 1, (struct str){ (const char *)hash, 32 });
	rc = db_step(q, err);
	db_done(&q);
	return rc;
}

/* ERR_STATE: a message has come to use it. */
static enum errc blob_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct blob_work *w = arg;
	int64_t chunks = 0, keep, changes = 0;
	enum errc rc = free_chunks(db, w, &chunks, err);

	(void)arena;
	w->did = 0;
	if (rc != OK)
		return rows_end(rc);
	keep = chunks > CHUNKS ? chunks - CHUNKS : 0;
	rc = keep > 0
	    ? run_on_hash(
		  db, &sql_sweep_blob_shrink, INTS(keep, w->before), w->hash, &changes, err)
	    : run_on_hash(db, &sql_sweep_blob_delete, INTS(w->before), w->hash, &changes, err);
	/* where writers do not wait for one another, a delivery may have taken it since */
	if (rc != OK || changes == 0)
		return rc;
	/* at a node whose clock is behind, even: behind the lock the references count, not the time */
	rc = is_used(db, w->hash, err);
	if (rc == OK)
		return err_set(err, ERR_STATE, "the blob is in use again");
	if (rc != ERR_END)
		return rc;
	w->did = 1;
	return run_on_hash(db, &sql_sweep_chunks_delete, INTS(keep), w->hash, NULL, err);
}

/* Hashes from the cursor on, and which of them may go. */
struct blob_list {
	uint8_t hashes[WALK_ROWS][32];
	bool unused[WALK_ROWS];
	size_t count;
};

static enum errc list_blobs(struct db *db, const struct sweep_cursor *cursor, int64_t before,
    struct blob_list *list, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, &sql_sweep_blobs, &q, err);

	list->count = 0;
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, before);
	db_bind_blob(q, 2, (struct str){ (const char *)cursor->blob, sizeof(cursor->blob) });
	db_bind_i64(q, 3, WALK_ROWS);
	while ((rc = db_step(q, err)) == OK && list->count < WALK_ROWS) {
		struct str hash = db_blob(q, 0);

		if (hash.n != 32)
			continue;
		memcpy(list->hashes[list->count], hash.p, 32);
		list->unused[list->count++] = db_i64(q, 1) != 0;
	}
	db_done(&q);
	return rows_end(rc);
}

enum errc sweep_blobs(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err)
{
	struct blob_work w = { .before = clock_unix_s() - store->settings.blob_keep_s };
	struct blob_list list;
	struct db *db;
	enum errc rc = sweep_lease(store, &db, err);

	*did_out = 0;
	if (rc != OK)
		return rc;
	rc = list_blobs(db, cursor, w.before, &list, err);
	db_return(&db);
	for (size_t i = 0; rc == OK && i < list.count; i++) {
		if (!list.unused[i])
			continue;
		memcpy(w.hash, list.hashes[i], sizeof(w.hash));
		rc = db_transact(
		    store->settings.pool, store_deadline(store), blob_body, &w, err);
		if (rc == OK)
			*did_out += w.did;
		else if (rc == ERR_STATE)
			rc = OK;
	}
	if (rc == OK && list.count == WALK_ROWS)
		memcpy(cursor->blob, list.hashes[WALK_ROWS - 1], sizeof(cursor->blob));
	else
		memset(cursor->blob, 0, sizeof(cursor->blob));
	return rc;
}
