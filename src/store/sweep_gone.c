/*
 * store/sweep_gone.c - mail of folders and accounts whose rows are gone: first it is removed mail, which is kept for its
 * time, then what described it goes too. On the way old rows of the expunge log are trimmed.
 */
#include "base/arena.h"
#include "store/book.h"
#include "store/expunge.h"
#include "store/mail_sql.h"
#include "store/sweep.h"

#define WALK_ROWS 200
#define ENTRY_ROWS 500
#define THREAD_ROWS 500
#define EXPUNGED_ROWS 500
#define EXPUNGED_LIFE_S INT64_C(2592000) /* 30 days */

struct walked {
	int64_t owner, mailbox;
	int64_t trim_to; /* modseq; 0: nothing to trim */
	bool gone;
};

/* The oldest part of the expunge log that is over its time. */
static enum errc look_at_log(struct db *db, struct walked *row, struct err *err)
{
	enum errc rc = rows_one(db, &sql_sweep_expunged_old,
	    INTS(clock_unix_s() - EXPUNGED_LIFE_S, row->owner, row->mailbox, EXPUNGED_ROWS),
	    &row->trim_to, 1, err);

	return rows_end(rc);
}

/* What another process changed and did not live to refresh. */
static void note_stale(struct store *store, int64_t owner, int64_t mailbox)
{
	sweeper_note(store->sweeper,
	    &(struct change){ .owner = owner, .mailbox = mailbox, .kind = CHANGE_MAIL }, 1);
}

/* NOLINTNEXTLINE(readability-function-size): from where, and a list as result */
static enum errc list_mailboxes(struct store *store, struct db *db, struct sweep_cursor *cursor,
    struct walked *rows, size_t *count_out, struct err *err)
{
	struct db_q *q = NULL;
	size_t count = 0;
	enum errc rc = rows_open(db, &sql_sweep_mailboxes,
	    INTS(cursor->owner, cursor->owner, cursor->mailbox, WALK_ROWS), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK && count < WALK_ROWS) {
		rows[count++] = (struct walked){
			.owner = db_i64(q, 0), .mailbox = db_i64(q, 1), .gone = db_is_null(q, 2)
		};
		if (!db_is_null(q, 2) && db_i64(q, 4) < db_i64(q, 3))
			note_stale(store, db_i64(q, 0), db_i64(q, 1));
	}
	db_done(&q);
	rc = rows_end(rc);
	for (size_t i = 0; rc == OK && i < count; i++) {
		if (!rows[i].gone)
			rc = look_at_log(db, &rows[i], err);
	}
	*count_out = count;
	return rc;
}

static enum errc trim_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct walked *row = arg;
	enum errc rc = rows_run(db, &sql_sweep_account_lock, INTS(row->owner), NULL, err);

	(void)arena;
	if (rc == OK)
		rc = rows_run(db, &sql_sweep_floor,
		    INTS(row->trim_to, row->trim_to, row->owner, row->mailbox), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_sweep_expunged_trim,
		    INTS(row->owner, row->mailbox, row->trim_to), NULL, err);
	return rc;
}

/* What the folder still counts for is taken out of the account's sums. */
static enum errc book_out(struct db *db, const struct walked *row, struct err *err)
{
	int64_t sums[2] = { 0 };
	enum errc rc =
	    rows_one(db, &sql_sweep_mailbox_sums, INTS(row->owner, row->mailbox), sums, 2, err);

	if (rc != OK)
		return rows_end(rc);
	if (sums[0] == 0 && sums[1] == 0)
		return OK;
	rc = account_book(db, row->owner, -sums[0], -sums[1], err);
	if (rc == OK)
		rc = rows_run(
		    db, &sql_sweep_mailbox_zero, INTS(row->owner, row->mailbox), NULL, err);
	return rc;
}

static enum errc drop_rows(struct db *db, const struct walked *row, struct err *err)
{
	static const struct db_sql *const deletes[] = { &sql_sweep_keywords_delete,
		&sql_sweep_expunged_delete, &sql_sweep_seen_delete, &sql_sweep_mailbox_delete };
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < COUNT(deletes); i++)
		rc = rows_run(db, deletes[i], INTS(row->owner, row->mailbox), NULL, err);
	return rc;
}

/* One step towards nothing: sums, some entries, and when there are none, the rows themselves. */
static enum errc gone_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct walked *row = arg;
	int64_t range[2], there;
	enum errc rc = rows_run(db, &sql_sweep_account_lock, INTS(row->owner), NULL, err);

	(void)arena;
	if (rc == OK)
		rc = rows_one(db, &sql_sweep_mailbox_is_gone, INTS(row->mailbox, row->owner),
		    &there, 1, err);
	if (rc != ERR_END)
		return rc; /* it is back */
	rc = book_out(db, row, err);
	if (rc == OK)
		rc = rows_one(db, &sql_sweep_entries,
		    INTS(row->owner, row->mailbox, ENTRY_ROWS), range, 2, err);
	if (rc != OK)
		return rows_end(rc);
	if (range[0] == 0)
		return drop_rows(db, row, err);
	rc = rows_run(db, &sql_entry_keep_range,
	    INTS(clock_unix_s(), row->owner, row->mailbox, range[0], range[1]), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_extra_delete_range,
		    INTS(row->owner, row->mailbox, range[0], range[1]), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_entry_delete_range,
		    INTS(row->owner, row->mailbox, range[0], range[1]), NULL, err);
	return rc;
}

enum errc sweep_mailboxes(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err)
{
	struct walked rows[WALK_ROWS];
	size_t count = 0, i;
	struct db *db;
	enum errc rc = sweep_lease(store, &db, err);

	*did_out = 0;
	if (rc != OK)
		return rc;
	rc = list_mailboxes(store, db, cursor, rows, &count, err);
	db_return(&db);
	for (i = 0; rc == OK && i < count; i++) {
		if (!rows[i].gone && rows[i].trim_to == 0)
			continue;
		rc = db_transact(store->settings.pool, store_deadline(store),
		    rows[i].gone ? gone_body : trim_body, &rows[i], err);
		++*did_out;
		if (rows[i].gone)
			break; /* it is taken on from here */
	}
	if (rc != OK)
		return rc;
	/* a gone one is looked at again until it is no more */
	if (i < count && i == 0)
		return OK;
	if (count == 0)
		cursor->owner = cursor->mailbox = 0;
	else
		cursor->owner = rows[i - 1].owner, cursor->mailbox = rows[i - 1].mailbox;
	return OK;
}

struct account_work {
	int64_t owner;
	int64_t did;
};

static enum errc drop_threads(struct db *db, struct account_work *w, struct err *err)
{
	int64_t hashes[THREAD_ROWS][2];
	struct db_q *q = NULL;
	int64_t count = 0;
	enum errc rc =
	    rows_open(db, &sql_sweep_threads_find, INTS(w->owner, THREAD_ROWS), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK && count < THREAD_ROWS) {
		hashes[count][0] = db_i64(q, 0);
		hashes[count++][1] = db_i64(q, 1);
	}
	db_done(&q);
	rc = rows_end(rc);
	for (int64_t i = 0; rc == OK && i < count; i++)
		rc = rows_run(db, &sql_sweep_thread_delete,
		    INTS(w->owner, hashes[i][0], hashes[i][1]), NULL, err);
	w->did = count;
	return rc;
}

static enum errc account_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct account_work *w = arg;
	int64_t there;
	enum errc rc = rows_run(db, &sql_sweep_account_lock, INTS(w->owner), NULL, err);

	(void)arena;
	w->did = 0;
	if (rc == OK)
		rc = rows_one(db, &sql_sweep_account_is_gone, INTS(w->owner), &there, 1, err);
	if (rc == ERR_END)
		rc = rows_one(
		    db, &sql_sweep_account_used, INTS(w->owner, w->owner), &there, 1, err);
	if (rc != ERR_END)
		return rc; /* it is back, or its mail is still kept */
	rc = drop_threads(db, w, err);
	if (rc != OK || w->did > 0)
		return rc;
	rc = rows_run(db, &sql_sweep_account_keys_delete, INTS(w->owner), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_sweep_account_delete, INTS(w->owner), NULL, err);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): from where, and a list as result */
static enum errc list_gone_accounts(struct store *store, struct db *db,
    struct sweep_cursor *cursor, int64_t *gone, size_t *count_out, struct err *err)
{
	struct db_q *q = NULL;
	int64_t last = 0;
	size_t count = 0;
	enum errc rc =
	    rows_open(db, &sql_sweep_accounts, INTS(cursor->account, WALK_ROWS), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		last = db_i64(q, 0);
		if (db_is_null(q, 1))
			gone[count++] = last;
		else if (db_i64(q, 2) != db_i64(q, 3))
			note_stale(store, last, 0);
	}
	db_done(&q);
	cursor->account = last;
	*count_out = count;
	return rows_end(rc);
}

enum errc sweep_accounts(
    struct store *store, struct sweep_cursor *cursor, int64_t *did_out, struct err *err)
{
	int64_t gone[WALK_ROWS];
	size_t count = 0;
	struct db *db;
	enum errc rc = sweep_lease(store, &db, err);

	*did_out = 0;
	if (rc != OK)
		return rc;
	rc = list_gone_accounts(store, db, cursor, gone, &count, err);
	db_return(&db);
	for (size_t i = 0; rc == OK && i < count; i++) {
		struct account_work w = { .owner = gone[i] };

		rc = db_transact(
		    store->settings.pool, store_deadline(store), account_body, &w, err);
		*did_out += w.did;
	}
	return rc;
}
