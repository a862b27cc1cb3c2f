/*
 * store/sweep_removed.c - expunged mail whose time is over, and the objects that nothing refers to any more.
 */
#include "base/arena.h"
#include "db/pool.h"
#include "store/expunge.h"
#include "store/sweep.h"

#define REMOVED_ROWS 100
#define KEY_ROWS 200
#define KEY_LIFE_S INT64_C(432000) /* 5 days */

struct removed_row {
	int64_t owner, mailbox, uid, object;
};

struct removed_list {
	struct removed_row rows[REMOVED_ROWS];
	size_t count;
};

/* Those of one transaction. */
struct removed_work {
	int64_t before; /* unix seconds */
	const struct removed_row *rows;
	size_t count;
};

static enum errc list_removed(
    struct store *store, int64_t before, struct removed_list *list, struct err *err)
{
	struct db *db;
	struct db_q *q = NULL;
	enum errc rc = sweep_lease(store, &db, err);

	if (rc != OK)
		return rc;
	list->count = 0;
	rc = rows_open(db, &sql_sweep_removed, INTS(before, REMOVED_ROWS), &q, err);
	while (rc == OK && (rc = db_step(q, err)) == OK && list->count < REMOVED_ROWS)
		list->rows[list->count++] = (struct removed_row){ db_i64(q, 0), db_i64(q, 1),
			db_i64(q, 2), db_i64(q, 3) };
	db_done(&q);
	db_return(&db);
	return rows_end(rc);
}

enum errc object_drop_unused(struct db *db, int64_t owner, int64_t object, struct err *err)
{
	int64_t used;
	enum errc rc = rows_one(
	    db, &sql_sweep_object_used, INTS(object, owner, object, owner), &used, 1, err);

	if (rc != ERR_END)
		return rc;
	rc = rows_run(db, &sql_sweep_refs_delete, INTS(object, owner), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_sweep_content_delete, INTS(object, owner), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_sweep_object_delete, INTS(object, owner), NULL, err);
	return rc;
}

static int compare_owners(const void *a, const void *b)
{
	const struct removed_row *x = a, *y = b;

	return x->owner < y->owner ? -1 : x->owner > y->owner;
}

static enum errc removed_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct removed_work *w = arg;
	int64_t locked = 0;
	enum errc rc = OK;

	(void)arena;
	for (size_t i = 0; rc == OK && i < w->count; i++) {
		const struct removed_row *row = &w->rows[i];
		int64_t deleted = 0;

		if (row->owner != locked)
			rc = rows_run(db, &sql_sweep_account_lock, INTS(row->owner), NULL, err);
		locked = row->owner;
		if (rc == OK)
			rc = rows_run(db, &sql_sweep_removed_delete,
			    INTS(row->owner, row->mailbox, row->uid, row->object, w->before),
			    &deleted, err);
		if (rc == OK && deleted > 0)
			rc = object_drop_unused(db, row->owner, row->object, err);
	}
	return rc;
}

/*
 * Who has the database for himself takes all at once. Elsewhere an account that is busy would be waited for with the locks
 * of others, and in a cluster any delivery to one of them would undo the whole: one account, one transaction.
 */
static size_t rows_together(
    const struct store *store, const struct removed_row *rows, size_t count)
{
	size_t n = 1;

	if (db_pool_engine(store->settings.pool) == DB_SQLITE)
		return count;
	while (n < count && rows[n].owner == rows[0].owner)
		n++;
	return n;
}

enum errc sweep_removed(struct store *store, int64_t *did_out, struct err *err)
{
	struct removed_work w = { .before = clock_unix_s() - store->settings.removed_keep_s };
	struct removed_list list;
	enum errc rc = list_removed(store, w.before, &list, err);

	*did_out = 0;
	if (rc != OK)
		return rc;
	*did_out = (int64_t)list.count;
	qsort(list.rows, list.count, sizeof(list.rows[0]), compare_owners);
	for (size_t at = 0; rc == OK && at < list.count; at += w.count) {
		w.rows = list.rows + at;
		w.count = rows_together(store, w.rows, list.count - at);
		rc = db_transact(
		    store->settings.pool, store_deadline(store), removed_body, &w, err);
	}
	return rc;
}

struct key_row {
	int64_t owner, session, serial;
	uint8_t key[32];
};

struct keys_work {
	int64_t before;
	struct key_row rows[KEY_ROWS];
	size_t count;
};

static enum errc list_keys(struct store *store, struct keys_work *w, struct err *err)
{
	struct db *db;
	struct db_q *q = NULL;
	enum errc rc = sweep_lease(store, &db, err);

	if (rc != OK)
		return rc;
	w->count = 0;
	rc = rows_open(db, &sql_sweep_keys, INTS(w->before, KEY_ROWS), &q, err);
	while (rc == OK && (rc = db_step(q, err)) == OK && w->count < KEY_ROWS) {
		struct key_row *row = &w->rows[w->count++];
		struct str key = db_blob(q, 3);

		*row = (struct key_row){ db_i64(q, 0), db_i64(q, 1), db_i64(q, 2), { 0 } };
		if (key.n == sizeof(row->key))
			memcpy(row->key, key.p, key.n);
	}
	db_done(&q);
	db_return(&db);
	return rows_end(rc);
}

static enum errc keys_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct keys_work *w = arg;
	enum errc rc = OK;

	(void)arena;
	for (size_t i = 0; rc == OK && i < w->count; i++) {
		const struct key_row *row = &w->rows[i];
		struct db_q *q;

		rc = rows_open(db, &sql_sweep_key_delete,
		    INTS(row->owner, row->session, row->serial, w->before), &q, err);
		if (rc != OK)
			break;
		db_bind_blob(q, 5, (struct str){ (const char *)row->key, sizeof(row->key) });
		rc = db_run(&q, NULL, err);
	}
	return rc;
}

enum errc sweep_keys(struct store *store, int64_t *did_out, struct err *err)
{
	struct keys_work w = { .before = clock_unix_s() - KEY_LIFE_S };
	enum errc rc = list_keys(store, &w, err);

	*did_out = (int64_t)w.count;
	if (rc != OK || w.count == 0)
		return rc;
	return db_transact(store->settings.pool, store_deadline(store), keys_body, &w, err);
}
