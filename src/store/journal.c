/*
 * store/journal.c - each transaction of a big COPY or MOVE writes which uids it took; the last one deletes that.
 */
#include "store/journal.h"

#include "base/arena.h"
#include "base/heap.h"
#include "store/expunge.h"
#include "store/mail_sql.h"
#include "store/node.h"
#include "store/resolve.h"
#include "store/store_int.h"
#include "store/sweep.h"
#include "store/transfer.h"

#define SWEEP_ROWS 100 /* as sql_journal_list reads */

struct journal {
	pthread_mutex_t lock; /* guards `living` */
	size_t living;
};

struct journal *journal_new(void)
{
	struct journal *journal = xcalloc(1, sizeof(*journal));

	(void)pthread_mutex_init(&journal->lock, NULL);
	return journal;
}

void journal_free(struct journal **journalp)
{
	if (!*journalp)
		return;
	(void)pthread_mutex_destroy(&(*journalp)->lock);
	xfree(*journalp);
	*journalp = NULL;
}

static size_t count_living(struct journal *journal, int change)
{
	size_t living;

	(void)pthread_mutex_lock(&journal->lock);
	journal->living += (size_t)change;
	living = journal->living;
	(void)pthread_mutex_unlock(&journal->lock);
	return living;
}

void journal_begin(struct store *store)
{
	(void)count_living(store->journal, 1);
}

void journal_end(struct store *store)
{
	(void)count_living(store->journal, -1);
}

enum errc journal_write(struct db *db, const struct journal_row *row, struct err *err)
{
	return rows_run(db, &sql_journal_insert,
	    INTS(row->owner, row->id, row->node, row->mailbox, row->uid_first, row->uid_last,
		clock_unix_s(), row->from_owner, row->from_mailbox),
	    NULL, err);
}

struct journal_work {
	struct store *store;
	const struct journal_row *rows;
	size_t count;
};

/*
 * The row is gone: by a run of ours that was lost, and then its entries are there, or because another node took this one
 * for dead and has undone the command, and then they are not.
 */
static enum errc look_for_entries(struct db *db, const struct journal_row *row, struct err *err)
{
	int64_t id;
	enum errc rc = rows_one(
	    db, &sql_entry_id, INTS(row->owner, row->mailbox, row->uid_last), &id, 1, err);

	return rc == ERR_END ? err_set(err, ERR_END, "another node has undone this") : rc;
}

/* ERR_END: another node has undone the command. */
static enum errc finish_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct journal_work *w = arg;
	enum errc rc = OK;

	(void)arena;
	for (size_t i = 0; rc == OK && i < w->count; i++) {
		int64_t deleted = 0;

		rc = rows_run(db, &sql_journal_delete, INTS(w->rows[i].owner, w->rows[i].id),
		    &deleted, err);
		if (rc == OK && deleted == 0)
			rc = look_for_entries(db, &w->rows[i], err);
	}
	return rc;
}

enum errc journal_finish(
    struct store *store, const struct journal_row *rows, size_t count, struct err *err)
{
	struct journal_work work = { store, rows, count };
	enum errc rc = OK;

	if (count > 0)
		rc = store_transact(store, finish_body, &work, 0, err);
	return rc == ERR_END ? ERR_UNAVAIL : rc;
}

/* The copies of one transaction, gone without a trace but the expunge log. */
static enum errc take_out(struct db *db, struct arena *arena, const struct account_row *account,
    const struct pick *pick, struct err *err)
{
	struct removal removal = { .account = account, .mailbox = pick->mailbox };
	struct picked *entries;
	enum errc rc = pick_entries(db, pick, arena, &entries, &removal.count, err);

	removal.entries = entries;
	if (rc == OK && removal.count > 0)
		rc = entries_remove(db, &removal, NULL, err);
	/* in an account of their own they have objects of their own */
	for (size_t i = 0; rc == OK && i < removal.count; i++)
		rc = object_drop_unused(db, account->owner, entries[i].object, err);
	db_notify(
	    db, (struct change){ account->owner, pick->mailbox, account->modseq, CHANGE_MAIL });
	return rc;
}

/* Back into the mailbox that they came from. Where that is gone they stay: nothing is lost. */
static enum errc put_back(struct store *store, struct db *db, struct arena *arena,
    const struct journal_row *row, const struct pick *pick, struct err *err)
{
	struct transfer back = { .store = store,
		.owner = row->owner,
		.mailbox = row->mailbox,
		.to_owner = row->from_owner,
		.to_mailbox = row->from_mailbox,
		.move = true,
		.put_back = true,
		.uids = pick->uids,
		.count = pick->count,
		.from = ARENA_NEW(arena, uint32_t, pick->count),
		.to = ARENA_NEW(arena, uint32_t, pick->count) };
	enum errc rc = transfer_entries(db, arena, &back, err);

	return rc == ERR_NOTFOUND ? OK : rows_end(rc);
}

/* The locks of a MOVE back come in its own order: which accounts, the row says, and nobody changes it. */
static enum errc undo_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct journal_work *w = arg;
	const struct journal_row *row = w->rows;
	uint32_t *uids = ARENA_NEW(arena, uint32_t, STORE_TRANSACTION_ENTRIES);
	struct pick pick = { row->owner, row->mailbox, uids, 0 };
	struct account_row account;
	int64_t rows = 0;
	enum errc rc = OK;

	for (int64_t uid = row->uid_first;
	     uid <= row->uid_last && pick.count < STORE_TRANSACTION_ENTRIES; uid++)
		uids[pick.count++] = (uint32_t)uid;
	if (row->from_owner == 0)
		rc = account_touch(db, row->owner, 0, 0, &account, err);
	if (rc == OK)
		rc = rows_run(db, &sql_journal_delete, INTS(row->owner, row->id), &rows, err);
	if (rc != OK || rows == 0)
		return rc;
	return row->from_owner == 0 ? take_out(db, arena, &account, &pick, err)
				    : put_back(w->store, db, arena, row, &pick, err);
}

enum errc journal_undo(
    struct store *store, const struct journal_row *rows, size_t count, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < count; i++) {
		struct journal_work work = { store, &rows[i], 1 };

		rc = node_ready(store, err);
		if (rc == OK)
			rc = store_transact(store, undo_body, &work, 0, err);
	}
	return rc;
}

static enum errc list_rows(
    struct db *db, struct journal_row *rows, size_t *count_out, struct err *err)
{
	struct db_q *q;
	size_t count = 0;
	enum errc rc = db_query(db, &sql_journal_list, &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK && count < SWEEP_ROWS)
		rows[count++] = (struct journal_row){ db_i64(q, 0), db_i64(q, 1), db_i64(q, 2),
			db_i64(q, 3), db_i64(q, 4), db_i64(q, 5), db_i64(q, 6), db_i64(q, 7) };
	db_done(&q);
	*count_out = count;
	return rows_end(rc);
}

/* The rows are read first: a copy that ends well after that has deleted them, and undoing finds nothing. */
static enum errc is_abandoned(struct store *store, struct db *db, const struct journal_row *row,
    bool others, bool *abandoned_out, struct err *err)
{
	*abandoned_out = false;
	if (node_is_own(store, row->node))
		*abandoned_out = count_living(store->journal, 0) == 0;
	else if (others)
		return node_is_dead(store, db, row->node, abandoned_out, err);
	return OK;
}

/* Keeps the abandoned ones. */
static enum errc list_abandoned(struct store *store, struct db *db, bool others,
    struct journal_row *rows, size_t *count_out, struct err *err)
{
	size_t count = 0, kept = 0;
	enum errc rc = list_rows(db, rows, &count, err);

	for (size_t i = 0; rc == OK && i < count; i++) {
		bool abandoned;

		rc = is_abandoned(store, db, &rows[i], others, &abandoned, err);
		if (rc == OK && abandoned)
			rows[kept++] = rows[i];
	}
	*count_out = kept;
	return rc;
}

enum errc journal_sweep(struct store *store, bool others, int64_t *did_out, struct err *err)
{
	struct journal_row rows[SWEEP_ROWS];
	size_t count = 0;
	struct db *db;
	enum errc rc = sweep_lease(store, &db, err);

	*did_out = 0;
	if (rc != OK)
		return rc;
	rc = list_abandoned(store, db, others, rows, &count, err);
	db_return(&db);
	*did_out = (int64_t)count;
	return rc == OK ? journal_undo(store, rows, count, err) : rc;
}
