/*
 * store/copy.c - entries of one mailbox into another, in the same account or not.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "store/book.h"
#include "store/journal.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/pick.h"
#include "store/rights.h"
#include "store/store_int.h"

#include <string.h>

struct copy_work {
	struct store *store;
	struct actor actor;
	int64_t owner, mailbox;	      /* from */
	int64_t to_owner, to_mailbox; /* to */
	const uint32_t *uids;
	size_t count;
	bool journaled; /* it is one transaction of many */
	/* results of one transaction; room for `count` */
	uint32_t *from, *to;
	size_t copied;
	uint32_t uidvalidity;
	int64_t last_id;	/* of the last entry: proof of an uncertain commit */
	struct journal_row row; /* if journaled */
};

/* How the source's keyword numbers read in the target. */
struct keyword_translation {
	uint16_t to[STORE_KEYWORDS_MAX]; /* number + 1; 0: not known there yet */
	struct keyword_table *source, *target;
	bool same; /* source and target are one mailbox */
};

static enum errc copy_rights(
    struct db *db, const struct copy_work *w, unsigned *rights_out, struct err *err)
{
	enum errc rc = rights_need(db, w->actor, w->owner, w->mailbox, RIGHT_READ, err);

	if (rc == OK)
		rc = rights_in_transaction(
		    db, w->actor, w->to_owner, w->to_mailbox, rights_out, err);
	if (rc == OK && !(*rights_out & RIGHT_INSERT))
		rc = err_set(err, ERR_DENIED, "no right to put messages there");
	return rc;
}

/* All keywords of an entry by the source's numbers. */
static enum errc source_keywords(struct db *db, const struct copy_work *w,
    const struct keyword_translation *t, const struct picked *entry,
    struct keyword_set *set_out, struct err *err)
{
	struct db_q *q;
	enum errc rc;

	keyword_set_from_mask(set_out, entry->flags);
	if (t->source->count <= FLAG_KEYWORDS_IN_MASK)
		return OK;
	rc = rows_open(db, &sql_extra_list, INTS(w->owner, w->mailbox, entry->uid), &q, err);
	while (rc == OK && (rc = db_step(q, err)) == OK) {
		int64_t number = db_i64(q, 0);

		if (number >= 0 && number < STORE_KEYWORDS_MAX)
			keyword_set_add(set_out, (unsigned)number);
	}
	db_done(&q);
	return rows_end(rc);
}

/* A keyword that has no room in the target is left behind: the message counts for more. */
static enum errc translate_one(struct db *db, const struct copy_work *w, struct arena *arena,
    struct keyword_translation *t, unsigned number, struct err *err)
{
	struct keyword_scope scope = { w->to_owner, w->to_mailbox, arena, true };
	struct keyword_set set;
	enum errc rc;

	if (t->to[number] != 0 || t->source->names[number].n == 0)
		return OK;
	rc = keywords_resolve(db, &scope, &t->source->names[number], 1, &set, err);
	if (rc == ERR_LIMIT)
		return OK;
	for (unsigned i = 0; rc == OK && i < STORE_KEYWORDS_MAX; i++) {
		if (keyword_set_has(&set, i))
			t->to[number] = (uint16_t)(i + 1);
	}
	return rc;
}

static enum errc translate(struct db *db, const struct copy_work *w, struct arena *arena,
    struct keyword_translation *t, struct keyword_set *set, struct err *err)
{
	struct keyword_set out = { { 0 } };

	if (t->same)
		return OK;
	for (unsigned i = 0; i < STORE_KEYWORDS_MAX; i++) {
		enum errc rc;

		if (!keyword_set_has(set, i))
			continue;
		rc = translate_one(db, w, arena, t, i, err);
		if (rc != OK)
			return rc;
		if (t->to[i] != 0)
			keyword_set_add(&out, t->to[i] - 1u);
	}
	*set = out;
	return OK;
}

/* The flags that each copy will have. */
/* NOLINTNEXTLINE(readability-function-size): two outputs for a list of entries */
static enum errc copy_flags(struct db *db, const struct copy_work *w, struct arena *arena,
    const struct picked *entries, size_t count, unsigned rights, uint64_t *flags,
    struct keyword_set *keywords, struct err *err)
{
	struct keyword_translation *t = ARENA_NEW(arena, struct keyword_translation, 1);
	enum errc rc;

	t->same = w->mailbox == w->to_mailbox && w->owner == w->to_owner;
	t->source = ARENA_NEW(arena, struct keyword_table, 1);
	rc = keyword_table_read(db, w->owner, w->mailbox, arena, t->source, err);
	for (size_t i = 0; rc == OK && i < count; i++) {
		keywords[i] = (struct keyword_set){ { 0 } };
		if (rights & RIGHT_WRITE)
			rc = source_keywords(db, w, t, &entries[i], &keywords[i], err);
		if (rc == OK)
			rc = translate(db, w, arena, t, &keywords[i], err);
		flags[i] = (entries[i].flags & FLAG_SYSTEM & rights_flags(rights)) |
		    keyword_set_mask(&keywords[i]);
	}
	return rc;
}

/* Conversation in the other account, by the message's own id. */
static enum errc thread_there(struct db *db, const struct copy_work *w, int64_t object,
    int64_t new_object, int64_t *thread_out, struct err *err)
{
	struct thread_keys keys = { .count = 0 };
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_object_thread_keys, INTS(object, w->owner), &q, err);

	if (rc != OK)
		return rc;
	rc = db_step(q, err);
	if (rc == OK && db_str(q, 0).n > 0)
		keys.ids[keys.count++] = thread_hash(db_str(q, 0));
	if (rc == OK)
		keys.subject = thread_hash(db_str(q, 1));
	db_done(&q);
	if (rc == ERR_END)
		return err_set(err, ERR_CORRUPT, "an entry's object is missing");
	if (rc != OK)
		return rc;
	return thread_assign(db, w->to_owner, &keys, new_object, thread_out, err);
}

/* Object, content and references once more, under the other owner. */
static enum errc copy_object(struct db *db, const struct copy_work *w, int64_t object,
    int64_t *object_out, struct err *err)
{
	int64_t new_object, thread, rows = 0;
	enum errc rc;

	if (w->owner == w->to_owner) {
		*object_out = object;
		return OK;
	}
	*object_out = new_object = store_new_id(w->store);
	rc = thread_there(db, w, object, new_object, &thread, err);
	if (rc == OK)
		rc = rows_run(db, &sql_object_copy,
		    INTS(new_object, w->to_owner, thread, object, w->owner), &rows, err);
	if (rc == OK && rows != 1)
		return err_set(err, ERR_CORRUPT, "an entry's object is missing");
	if (rc == OK)
		rc = rows_run(db, &sql_content_copy,
		    INTS(new_object, w->to_owner, object, w->owner), NULL, err);
	if (rc == OK)
		rc = rows_run(db, &sql_refs_copy,
		    INTS(w->to_owner, new_object, object, w->owner), NULL, err);
	return rc;
}

static enum errc copy_entry(struct db *db, struct copy_work *w, const struct picked *source,
    struct entry *entry, const struct keyword_set *keywords, struct err *err)
{
	enum errc rc = copy_object(db, w, source->object, &entry->object, err);

	entry->id = w->last_id = store_new_id(w->store);
	entry->internal_date = source->internal_date;
	entry->internal_zone_min = source->internal_zone_min;
	entry->size = source->size;
	if (rc == OK)
		rc = entry_insert(db, entry, err);
	if (rc == OK)
		rc = extra_keywords_insert(
		    db, entry->owner, entry->mailbox, entry->uid, keywords, err);
	w->from[w->copied] = source->uid;
	w->to[w->copied++] = entry->uid;
	return rc;
}

static enum errc write_journal(
    struct db *db, struct copy_work *w, uint32_t uid_first, size_t count, struct err *err)
{
	if (!w->journaled)
		return OK;
	w->row = (struct journal_row){
		.owner = w->to_owner,
		.id = store_new_id(w->store),
		.node = w->store->node.incarnation,
		.mailbox = w->to_mailbox,
		.uid_first = uid_first,
		.uid_last = (int64_t)uid_first + (int64_t)count - 1,
	};
	return journal_write(db, &w->row, err);
}

static enum errc put_copies(struct db *db, struct arena *arena, struct copy_work *w,
    const struct picked *entries, size_t count, struct err *err)
{
	uint64_t *flags = ARENA_NEW(arena, uint64_t, count);
	struct keyword_set *keywords = ARENA_NEW(arena, struct keyword_set, count);
	struct mailbox_delta delta = { 0 };
	struct mailbox_arrival arrival;
	struct account_row account;
	struct entry entry = { .owner = w->to_owner, .mailbox = w->to_mailbox };
	unsigned rights = 0;
	enum errc rc = copy_rights(db, w, &rights, err);

	for (size_t i = 0; i < count; i++)
		delta_add(&delta, entries[i].flags, entries[i].size);
	if (rc == OK)
		rc = account_touch(db, w->to_owner, delta.size, delta.messages, &account, err);
	if (rc == OK)
		rc = account_check_quota(db, &account, err);
	if (rc == OK)
		rc = copy_flags(db, w, arena, entries, count, rights, flags, keywords, err);
	delta = (struct mailbox_delta){ 0 };
	for (size_t i = 0; i < count; i++)
		delta_add(&delta, flags[i], entries[i].size);
	if (rc == OK)
		rc = mailbox_arrive(db, &account, w->to_mailbox, &delta, &arrival, err);
	if (rc == OK)
		rc = write_journal(db, w, arrival.uid_first, count, err);
	for (size_t i = 0; rc == OK && i < count; i++) {
		entry.uid = arrival.uid_first + (uint32_t)i;
		entry.flags = flags[i];
		entry.modseq = account.modseq;
		rc = copy_entry(db, w, &entries[i], &entry, &keywords[i], err);
	}
	if (rc != OK)
		return rc;
	w->uidvalidity = arrival.uidvalidity;
	db_notify(
	    db, (struct change){ w->to_owner, w->to_mailbox, account.modseq, CHANGE_MAIL });
	return OK;
}

/* ERR_END: none of the messages is there any more. */
static enum errc copy_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct copy_work *w = arg;
	struct picked *entries;
	size_t count;
	unsigned rights;
	enum errc rc =
	    pick_entries(db, &(struct pick){ w->owner, w->mailbox, w->uids, w->count }, arena,
		&entries, &count, err);

	w->copied = 0;
	if (rc == OK && count == 0) {
		rc = copy_rights(db, w, &rights, err);
		return rc == OK ? ERR_END : rc;
	}
	return rc == OK ? put_copies(db, arena, w, entries, count, err) : rc;
}

/* After ERR_UNCERTAIN: is the last entry there? */
static enum errc resolve_copy(const struct copy_work *w, struct err *err)
{
	struct db *db = NULL;
	int64_t id = 0;
	enum errc rc;

	if (w->copied == 0)
		return err_set(err, ERR_UNAVAIL, "the commit was lost");
	rc = db_lease(w->store->settings.pool, 5000, &db, err);
	if (rc == OK)
		rc = rows_one(db, &sql_entry_id,
		    INTS(w->to_owner, w->to_mailbox, w->to[w->copied - 1]), &id, 1, err);
	db_return(&db);
	if (rc == OK && id == w->last_id)
		return OK;
	return err_set(err, ERR_UNAVAIL, "the commit was lost");
}

static enum errc run(struct copy_work *w, struct err *err)
{
	enum errc rc =
	    db_transact(w->store->settings.pool, store_deadline(w->store), copy_body, w, err);

	if (rc == ERR_UNCERTAIN)
		rc = resolve_copy(w, err);
	return rows_end(rc);
}

/* Many transactions; what they put in is taken out again unless all of them succeed. */
static enum errc run_journaled(struct copy_work *w, struct copied *copied, struct err *err)
{
	size_t parts = (w->count + STORE_TRANSACTION_ENTRIES - 1) / STORE_TRANSACTION_ENTRIES;
	struct journal_row *rows = xcalloc(parts, sizeof(*rows));
	const uint32_t *uids = w->uids;
	size_t all = w->count, done = 0;
	enum errc rc = OK;

	w->journaled = true;
	journal_begin(w->store);
	for (size_t at = 0; rc == OK && at < all; at += STORE_TRANSACTION_ENTRIES) {
		w->uids = uids + at;
		w->count =
		    all - at < STORE_TRANSACTION_ENTRIES ? all - at : STORE_TRANSACTION_ENTRIES;
		w->from = copied->from + copied->count;
		w->to = copied->to + copied->count;
		w->copied = 0;
		rc = run(w, err);
		if (rc == OK && w->copied > 0)
			rows[done++] = w->row;
		if (rc == OK)
			copied->count += w->copied;
	}
	if (rc == OK)
		rc = journal_finish(w->store, rows, done, err);
	/* what cannot be undone now is undone by housekeeping, once the copy is no more */
	if (rc != OK && journal_undo(w->store, rows, done, NULL) != OK)
		rc = rc == OK ? ERR_UNAVAIL : rc;
	journal_end(w->store);
	xfree(rows);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): who, from where, which, and to where */
enum errc store_copy(struct store *store, struct actor actor, int64_t owner, int64_t mailbox,
    const uint32_t *uids, size_t count, int64_t to_owner, int64_t to_mailbox,
    struct arena *arena, struct copied *copied_out, struct err *err)
{
	struct copy_work work = { .store = store,
		.actor = actor,
		.owner = owner,
		.mailbox = mailbox,
		.to_owner = to_owner,
		.to_mailbox = to_mailbox,
		.uids = uids,
		.count = count };
	struct copied copied = { .from = ARENA_NEW(arena, uint32_t, count),
		.to = ARENA_NEW(arena, uint32_t, count) };
	enum errc rc;

	work.from = copied.from;
	work.to = copied.to;
	if (count > STORE_COPY_ATOMIC_MAX) {
		rc = run_journaled(&work, &copied, err);
	} else {
		rc = run(&work, err);
		copied.count = rc == OK ? work.copied : 0;
	}
	copied.uidvalidity = work.uidvalidity;
	if (rc == OK)
		*copied_out = copied;
	return rc;
}
