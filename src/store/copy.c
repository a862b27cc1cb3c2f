/*
 * store/copy.c - COPY and MOVE: in one transaction up to STORE_COPY_ATOMIC_MAX, above that in many under a journal.
 *
 * At every moment a message that moves is in exactly one of the two mailboxes.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "store/journal.h"
#include "store/mail_sql.h"
#include "store/message.h"
#include "store/node.h"
#include "store/resolve.h"
#include "store/store_int.h"
#include "store/transfer.h"

struct copy_work {
	struct transfer transfer;
	bool journaled; /* it is one transaction of many */
	struct journal_row row;
};

static enum errc write_journal(struct db *db, struct copy_work *w, struct err *err)
{
	const struct transfer *t = &w->transfer;

	w->row = (struct journal_row){
		.owner = t->to_owner,
		.id = store_new_id(t->store),
		.node = node_now(t->store)->incarnation,
		.mailbox = t->to_mailbox,
		.uid_first = t->to[0],
		.uid_last = t->to[t->done - 1],
		.from_owner = t->move ? t->owner : 0,
		.from_mailbox = t->move ? t->mailbox : 0,
	};
	return journal_write(db, &w->row, err);
}

/* ERR_END: none of the messages is there any more. */
static enum errc copy_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct copy_work *w = arg;
	enum errc rc = transfer_entries(db, arena, &w->transfer, err);

	return rc == OK && w->journaled ? write_journal(db, w, err) : rc;
}

/* After ERR_UNCERTAIN: is the last entry there? */
static enum errc resolve_copy(const struct transfer *t, struct err *err)
{
	struct lost_entry last = { t->to_owner, t->to_mailbox, 0, t->last_id };

	if (t->done == 0)
		return err_set(err, ERR_UNAVAIL, "the commit was lost");
	last.uid = t->to[t->done - 1];
	return resolve_entry(t->store, &last, err);
}

static enum errc run(struct copy_work *w, struct err *err)
{
	struct store *store = w->transfer.store;
	enum errc rc = node_ready(store, err);

	if (rc == OK)
		rc =
		    db_transact(store->settings.pool, store_deadline(store), copy_body, w, err);
	if (rc == ERR_UNCERTAIN)
		rc = resolve_copy(&w->transfer, err);
	return rows_end(rc);
}

/* Many transactions; what they did is undone unless all of them succeed. */
static enum errc run_journaled(struct copy_work *w, struct copied *copied, struct err *err)
{
	struct transfer *t = &w->transfer;
	size_t parts = (t->count + STORE_TRANSACTION_ENTRIES - 1) / STORE_TRANSACTION_ENTRIES;
	struct journal_row *rows = xcalloc(parts, sizeof(*rows));
	const uint32_t *uids = t->uids;
	size_t all = t->count, done = 0;
	enum errc rc = OK;

	w->journaled = true;
	journal_begin(t->store);
	for (size_t at = 0; rc == OK && at < all; at += STORE_TRANSACTION_ENTRIES) {
		t->uids = uids + at;
		t->count =
		    all - at < STORE_TRANSACTION_ENTRIES ? all - at : STORE_TRANSACTION_ENTRIES;
		t->from = copied->from + copied->count;
		t->to = copied->to + copied->count;
		t->done = 0;
		rc = run(w, err);
		if (rc == OK && t->done > 0)
			rows[done++] = w->row;
		if (rc == OK)
			copied->count += t->done;
	}
	if (rc == OK)
		rc = journal_finish(t->store, rows, done, err);
	/* the rows that stay tell housekeeping, once the command is no more */
	if (rc != OK && journal_undo(t->store, rows, done, NULL) != OK)
		log_warn(t->store->settings.log, "copy-undo-waits", F_INT("owner", t->to_owner),
		    F_INT("rows", (int64_t)done));
	journal_end(t->store);
	xfree(rows);
	return rc;
}

enum errc store_copy(struct store *store, const struct copy_order *order, struct arena *arena,
    struct copied *copied_out, struct err *err)
{
	struct copied copied = { .from = ARENA_NEW(arena, uint32_t, order->count),
		.to = ARENA_NEW(arena, uint32_t, order->count) };
	struct copy_work work = { .transfer = { .store = store,
				      .actor = order->actor,
				      .owner = order->owner,
				      .mailbox = order->mailbox,
				      .to_owner = order->to_owner,
				      .to_mailbox = order->to_mailbox,
				      .move = order->move,
				      .uids = order->uids,
				      .count = order->count,
				      .from = copied.from,
				      .to = copied.to } };
	enum errc rc;

	if (order->count > STORE_COPY_ATOMIC_MAX) {
		rc = run_journaled(&work, &copied, err);
	} else {
		rc = run(&work, err);
		copied.count = work.transfer.done;
	}
	if (rc != OK)
		return rc;
	copied.uidvalidity = work.transfer.uidvalidity;
	store_count(store, STORE_COPIED, copied.count);
	*copied_out = copied;
	return OK;
}
