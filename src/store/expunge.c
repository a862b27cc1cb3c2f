/*
 * store/expunge.c - taking messages out of a mailbox.
 *
 * They go to mail_removed, also where nothing is to be kept: the sweeper empties that, and an expunge stays small.
 */
#include "store/expunge.h"

#include "base/arena.h"
#include "base/heap.h"
#include "store/index.h"
#include "store/mail_sql.h"
#include "store/pick.h"
#include "store/resolve.h"
#include "store/rights.h"
#include "store/store_int.h"

/* Rows that one transaction looks at for \Deleted. */
#define SCAN_ROWS 4000

/* [first, last] of the mailbox. */
static enum errc remove_range(
    struct db *db, const struct removal *r, int64_t first, int64_t last, struct err *err)
{
	int64_t owner = r->account->owner, now = clock_unix_s();
	enum errc rc = OK;

	if (r->keep)
		rc = rows_post(
		    db, &sql_entry_keep_range, INTS(now, owner, r->mailbox, first, last), err);
	if (rc == OK)
		rc = rows_post(
		    db, &sql_entry_delete_range, INTS(owner, r->mailbox, first, last), err);
	if (rc == OK)
		rc = rows_post(
		    db, &sql_extra_delete_range, INTS(owner, r->mailbox, first, last), err);
	if (rc == OK)
		rc = rows_post(db, &sql_expunged_insert,
		    INTS(owner, r->mailbox, r->account->modseq, first, last, now), err);
	return rc;
}

enum errc entries_remove(
    struct db *db, const struct removal *r, int64_t *left_deleted_out, struct err *err)
{
	struct mailbox_delta delta = { .first_unseen = INT64_MAX };
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < r->count;) {
		int64_t first = r->entries[i].uid, last = first;

		for (; i < r->count && r->entries[i].uid <= last + 1;
		     last = r->entries[i++].uid) {
			delta.messages--;
			delta.unseen -= !(r->entries[i].flags & FLAG_SEEN);
			delta.deleted -= (r->entries[i].flags & FLAG_DELETED) != 0;
			delta.size -= r->entries[i].size;
		}
		rc = remove_range(db, r, first, last, err);
	}
	if (rc == OK)
		rc = account_book(db, r->account->owner, delta.size, delta.messages, err);
	if (rc == OK)
		rc = mailbox_adjust(db, r->account, r->mailbox, &delta, left_deleted_out, err);
	return rc;
}

struct expunge_work {
	struct actor actor;
	int64_t owner, mailbox;
	const uint32_t *uids; /* NULL: whatever is \Deleted */
	size_t count;
	bool recent; /* of the rows that changed last, for as long as some are found there */
	uint32_t scan_after; /* else: from here on */
	/* results of one transaction */
	uint32_t *removed; /* room for STORE_TRANSACTION_ENTRIES */
	size_t removed_count;
	uint32_t scanned;
	bool at_end; /* nothing is left to be found */
	/* what lost commits were to remove; a run puts those that are gone to the front */
	uint32_t *lost;
	size_t lost_count, gone_count;
};

static int compare_uids(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static enum errc open_scan(
    struct db *db, const struct expunge_work *w, struct db_q **q_out, struct err *err)
{
	if (w->recent)
		return rows_open(
		    db, &sql_entry_recent, INTS(w->owner, w->mailbox, SCAN_ROWS), q_out, err);
	return rows_open(db, &sql_entry_scan,
	    INTS(w->owner, w->mailbox, w->scan_after, SCAN_ROWS), q_out, err);
}

/*
 * Uids that are \Deleted, ascending: a bounded number of rows is looked at, and none when all that the mailbox counts
 * are found. What was marked is mostly what changed last.
 */
static enum errc scan(struct db *db, struct expunge_work *w, struct arena *arena,
    uint32_t **uids_out, size_t *count_out, struct err *err)
{
	int64_t deleted = 0;
	size_t rows = 0, count = 0, max;
	struct db_q *q = NULL;
	enum errc rc =
	    rows_one(db, &sql_mailbox_deleted, INTS(w->owner, w->mailbox), &deleted, 1, err);

	*count_out = 0;
	w->at_end = deleted <= 0;
	if (w->at_end)
		return rows_end(rc);
	max = deleted < STORE_TRANSACTION_ENTRIES ? (size_t)deleted : STORE_TRANSACTION_ENTRIES;
	*uids_out = ARENA_NEW(arena, uint32_t, max);
	rc = open_scan(db, w, &q, err);
	while (rc == OK && count < max && (rc = db_step(q, err)) == OK) {
		w->scanned = (uint32_t)db_i64(q, 0);
		if (db_i64(q, 1) & FLAG_DELETED)
			(*uids_out)[count++] = w->scanned;
		rows++;
	}
	db_done(&q);
	w->at_end = rc == ERR_END && rows < SCAN_ROWS;
	if (count > 1)
		qsort(*uids_out, count, sizeof(uint32_t), compare_uids);
	*count_out = count;
	return rows_end(rc);
}

static size_t keep_deleted(struct picked *entries, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		if (entries[i].flags & FLAG_DELETED)
			entries[kept++] = entries[i];
	}
	return kept;
}

/* Of what a lost commit was to remove, moves to the front what is not there any more; the rest stays behind it. */
static enum errc sort_lost(
    struct db *db, struct expunge_work *w, struct arena *arena, struct err *err)
{
	struct pick pick = { w->owner, w->mailbox, w->lost, w->lost_count };
	struct picked *there;
	uint32_t *left;
	size_t count = 0, at = 0, left_count = 0;
	enum errc rc;

	w->gone_count = 0;
	if (w->lost_count == 0)
		return OK;
	/* the run before has moved them */
	qsort(w->lost, w->lost_count, sizeof(uint32_t), compare_uids);
	rc = pick_entries(db, &pick, arena, &there, &count, err);
	if (rc != OK)
		return rc;
	left = ARENA_NEW(arena, uint32_t, w->lost_count);
	for (size_t i = 0; i < w->lost_count; i++) {
		while (at < count && there[at].uid < w->lost[i])
			at++;
		if (at < count && there[at].uid == w->lost[i])
			left[left_count++] = w->lost[i];
		else
			w->lost[w->gone_count++] = w->lost[i];
	}
	if (left_count > 0)
		memcpy(w->lost + w->gone_count, left, left_count * sizeof(uint32_t));
	return OK;
}

/* ERR_END: nothing was there to be removed. */
static enum errc expunge_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct expunge_work *w = arg;
	struct pick pick = { w->owner, w->mailbox, w->uids, w->count };
	struct account_row account;
	struct picked *entries;
	uint32_t *found = NULL;
	size_t count = 0;
	int64_t left = 0;
	enum errc rc = account_touch(db, w->owner, 0, 0, &account, err);

	w->removed_count = 0;
	w->scanned = w->scan_after;
	w->at_end = false;
	if (rc == OK)
		rc = rights_need(db, w->actor, w->owner, w->mailbox, RIGHT_EXPUNGE, err);
	if (rc == OK)
		rc = sort_lost(db, w, arena, err);
	if (rc == OK && !w->uids) {
		rc = scan(db, w, arena, &found, &pick.count, err);
		pick.uids = found;
	}
	if (rc == OK)
		rc = pick_entries(db, &pick, arena, &entries, &count, err);
	if (rc != OK)
		return rc;
	count = keep_deleted(entries, count);
	if (count == 0)
		return ERR_END;
	rc = entries_remove(
	    db, &(struct removal){ &account, w->mailbox, entries, count, true }, &left, err);
	if (left == 0)
		w->at_end = true;
	for (size_t i = 0; i < count; i++)
		w->removed[w->removed_count++] = entries[i].uid;
	db_notify(db, (struct change){ w->owner, w->mailbox, account.modseq, CHANGE_MAIL });
	return rc;
}

/* Removed uids as they come; they are put into the caller's arena at the end. */
struct uid_list {
	uint32_t *uids;
	size_t count, room;
};

static void list_add(struct uid_list *list, const uint32_t *uids, size_t count)
{
	if (list->count + count > list->room) {
		list->room = 2 * (list->count + count);
		list->uids = xrealloc(list->uids, list->room * sizeof(uint32_t));
	}
	if (count > 0)
		memcpy(list->uids + list->count, uids, count * sizeof(uint32_t));
	list->count += count;
}

static void list_give(struct uid_list *list, struct arena *arena, uint32_t **uids_out)
{
	*uids_out = ARENA_NEW(arena, uint32_t, list->count);
	if (list->count > 1)
		qsort(list->uids, list->count, sizeof(uint32_t), compare_uids);
	if (list->count > 0)
		memcpy(*uids_out, list->uids, list->count * sizeof(uint32_t));
	xfree(list->uids);
}

/* The next run says which of them are gone. */
static void keep_lost(struct expunge_work *w)
{
	size_t count = 0;

	w->lost = xrealloc(w->lost, (w->lost_count + w->removed_count + 1) * sizeof(uint32_t));
	memcpy(w->lost + w->lost_count, w->removed, w->removed_count * sizeof(uint32_t));
	w->lost_count += w->removed_count;
	qsort(w->lost, w->lost_count, sizeof(uint32_t), compare_uids);
	for (size_t i = 0; i < w->lost_count; i++) {
		if (count == 0 || w->lost[count - 1] != w->lost[i])
			w->lost[count++] = w->lost[i];
	}
	w->lost_count = count;
}

/* A lost commit removed these, or did not; the same is asked for again, and both are reported. */
static enum errc run(
    struct store *store, struct expunge_work *w, struct uid_list *list, struct err *err)
{
	struct resolver r = resolver_of(store);
	enum errc rc;

	do {
		rc = db_transact(
		    store->settings.pool, store_deadline(store), expunge_body, w, err);
		if (rc == ERR_UNCERTAIN)
			keep_lost(w);
	} while (resolver_again(&r, &rc, err));
	if (rc == OK || rc == ERR_END) {
		list_add(list, w->removed, w->removed_count);
		list_add(list, w->lost, w->gone_count);
	}
	xfree(w->lost);
	w->lost = NULL;
	w->lost_count = 0;
	return rows_end(rc);
}

static enum errc expunge_listed(struct store *store, struct expunge_work *w,
    const uint32_t *uids, size_t count, struct uid_list *list, struct err *err)
{
	enum errc rc = OK;

	for (size_t at = 0; rc == OK && at < count; at += STORE_TRANSACTION_ENTRIES) {
		w->uids = uids + at;
		w->count = count - at < STORE_TRANSACTION_ENTRIES ? count - at
								  : STORE_TRANSACTION_ENTRIES;
		rc = run(store, w, list, err);
	}
	return rc;
}

/* What the cached index knows to be \Deleted spares a search through the whole mailbox. */
static struct uid_list known_deleted(struct store *store, const struct expunge_work *w)
{
	struct index_version *v = index_cached(store, w->owner, w->mailbox);
	struct uid_list list = { 0 };
	uint32_t seq = v && index_count(v) > 0 ? index_next_deleted(v, 1) : 0;

	while (seq != 0) {
		list_add(&list, &index_at(v, seq)->uid, 1);
		seq = seq < index_count(v) ? index_next_deleted(v, seq + 1) : 0;
	}
	index_release(&v);
	return list;
}

static enum errc expunge_all(
    struct store *store, struct expunge_work *w, struct uid_list *list, struct err *err)
{
	struct uid_list known = known_deleted(store, w);
	enum errc rc = expunge_listed(store, w, known.uids, known.count, list, err);

	w->uids = NULL;
	w->recent = true;
	while (rc == OK && !w->at_end) {
		rc = run(store, w, list, err);
		if (!w->recent)
			w->scan_after = w->scanned;
		w->recent = w->recent && w->removed_count > 0;
	}
	xfree(known.uids);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): who, where, which, and a list as result */
enum errc store_expunge(struct store *store, struct actor actor, int64_t owner, int64_t mailbox,
    const uint32_t *uids, size_t count, struct arena *arena, uint32_t **removed_out,
    size_t *removed_count_out, struct err *err)
{
	uint32_t *room = xmalloc(STORE_TRANSACTION_ENTRIES * sizeof(uint32_t));
	struct expunge_work work = { actor, owner, mailbox, .removed = room };
	struct uid_list list = { 0 };
	enum errc rc = uids ? expunge_listed(store, &work, uids, count, &list, err)
			    : expunge_all(store, &work, &list, err);

	xfree(room);
	store_count(store, STORE_EXPUNGED, list.count);
	*removed_count_out = list.count;
	list_give(&list, arena, removed_out);
	return rc;
}
