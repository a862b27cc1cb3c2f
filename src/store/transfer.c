/*
 * store/transfer.c - entries of one mailbox into another, in the same account or not.
 *
 * Inside an account no bytes are touched. Between accounts the objects are written again under the other owner; a MOVE
 * then takes those of the source away that nothing refers to any more.
 */
#include "store/transfer.h"

#include "base/arena.h"
#include "store/expunge.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/pick.h"
#include "store/rights.h"
#include "store/store_int.h"

/* What is kept for so long is there until a transaction ends that has seen it (at most write_deadline_ms). */
#define REMOVED_OUTLIVES_S 600

/* How the source's keyword numbers read in the target. */
struct keyword_translation {
	uint16_t to[STORE_KEYWORDS_MAX]; /* number + 1; 0: not known there yet */
	struct keyword_table *source, *target;
	bool same; /* source and target are one mailbox */
};

/* What is there of the messages, and what their new entries will have. */
struct batch {
	const struct picked *entries;
	size_t count;
	unsigned rights; /* in the target */
	uint64_t *flags;
	struct keyword_set *keywords;
};

/* All keywords of an entry by the source's numbers. */
static enum errc source_keywords(struct db *db, const struct transfer *t,
    const struct keyword_translation *words, const struct picked *entry,
    struct keyword_set *set_out, struct err *err)
{
	struct db_q *q;
	enum errc rc;

	keyword_set_from_mask(set_out, entry->flags);
	if (words->source->count <= FLAG_KEYWORDS_IN_MASK)
		return OK;
	rc = rows_open(db, &sql_extra_list, INTS(t->owner, t->mailbox, entry->uid), &q, err);
	while (rc == OK && (rc = db_step(q, err)) == OK) {
		int64_t number = db_i64(q, 0);

		if (number >= 0 && number < STORE_KEYWORDS_MAX)
			keyword_set_add(set_out, (unsigned)number);
	}
	db_done(&q);
	return rows_end(rc);
}

/* A keyword that has no room in the target is left behind: the message counts for more. */
static enum errc translate_one(struct db *db, const struct transfer *t, struct arena *arena,
    struct keyword_translation *words, unsigned number, struct err *err)
{
	struct keyword_scope scope = { t->to_owner, t->to_mailbox, arena, true };
	struct keyword_set set;
	enum errc rc;

	if (words->to[number] != 0 || words->source->names[number].n == 0)
		return OK;
	rc = keywords_resolve(db, &scope, &words->source->names[number], 1, &set, err);
	if (rc == ERR_LIMIT)
		return OK;
	for (unsigned i = 0; rc == OK && i < STORE_KEYWORDS_MAX; i++) {
		if (keyword_set_has(&set, i))
			words->to[number] = (uint16_t)(i + 1);
	}
	return rc;
}

static enum errc translate(struct db *db, const struct transfer *t, struct arena *arena,
    struct keyword_translation *words, struct keyword_set *set, struct err *err)
{
	struct keyword_set out = { { 0 } };

	if (words->same)
		return OK;
	for (unsigned i = 0; i < STORE_KEYWORDS_MAX; i++) {
		enum errc rc;

		if (!keyword_set_has(set, i))
			continue;
		rc = translate_one(db, t, arena, words, i, err);
		if (rc != OK)
			return rc;
		if (words->to[i] != 0)
			keyword_set_add(&out, words->to[i] - 1u);
	}
	*set = out;
	return OK;
}

/* The flags that each copy will have. */
static enum errc copy_flags(struct db *db, const struct transfer *t, struct arena *arena,
    struct batch *batch, struct err *err)
{
	struct keyword_translation *words = ARENA_NEW(arena, struct keyword_translation, 1);
	enum errc rc;

	batch->flags = ARENA_NEW(arena, uint64_t, batch->count);
	batch->keywords = ARENA_NEW(arena, struct keyword_set, batch->count);
	words->same = t->mailbox == t->to_mailbox && t->owner == t->to_owner;
	words->source = ARENA_NEW(arena, struct keyword_table, 1);
	rc = keyword_table_read(db, t->owner, t->mailbox, arena, words->source, err);
	for (size_t i = 0; rc == OK && i < batch->count; i++) {
		const struct picked *entry = &batch->entries[i];
		struct keyword_set *keywords = &batch->keywords[i];

		if (batch->rights & RIGHT_WRITE)
			rc = source_keywords(db, t, words, entry, keywords, err);
		if (rc == OK)
			rc = translate(db, t, arena, words, keywords, err);
		batch->flags[i] = (entry->flags & FLAG_SYSTEM & rights_flags(batch->rights)) |
		    keyword_set_mask(keywords);
	}
	return rc;
}

/* Conversation in the other account, by the message's own id. */
static enum errc thread_there(struct db *db, const struct transfer *t, int64_t object,
    int64_t new_object, int64_t *thread_out, struct err *err)
{
	struct thread_keys keys = { .count = 0 };
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_object_thread_keys, INTS(object, t->owner), &q, err);

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
	return thread_assign(db, t->to_owner, &keys, new_object, thread_out, err);
}

/* Object, content and references once more, under the other owner. */
static enum errc copy_object(struct db *db, const struct transfer *t, int64_t object,
    int64_t *object_out, struct err *err)
{
	int64_t new_object, thread, rows = 0;
	enum errc rc;

	if (t->owner == t->to_owner) {
		*object_out = object;
		return OK;
	}
	*object_out = new_object = store_new_id(t->store);
	rc = thread_there(db, t, object, new_object, &thread, err);
	if (rc == OK)
		rc = rows_run(db, &sql_object_copy,
		    INTS(new_object, t->to_owner, thread, object, t->owner), &rows, err);
	if (rc == OK && rows != 1)
		return err_set(err, ERR_CORRUPT, "an entry's object is missing");
	if (rc == OK)
		rc = rows_post(db, &sql_content_copy,
		    INTS(new_object, t->to_owner, object, t->owner), err);
	if (rc == OK)
		rc = rows_post(
		    db, &sql_refs_copy, INTS(t->to_owner, new_object, object, t->owner), err);
	return rc;
}

static enum errc copy_entry(struct db *db, struct transfer *t, const struct picked *source,
    struct entry *entry, const struct keyword_set *keywords, struct err *err)
{
	enum errc rc = copy_object(db, t, source->object, &entry->object, err);

	entry->id = t->last_id = store_new_id(t->store);
	entry->internal_date = source->internal_date;
	entry->internal_zone_min = source->internal_zone_min;
	entry->size = source->size;
	if (rc == OK)
		rc = entry_insert(db, entry, err);
	if (rc == OK)
		rc = extra_keywords_insert(
		    db, entry->owner, entry->mailbox, entry->uid, keywords, err);
	t->from[t->done] = source->uid;
	t->to[t->done++] = entry->uid;
	return rc;
}

static bool is_inside(const struct transfer *t)
{
	return t->owner == t->to_owner;
}

/* The accounts' rows under their locks; `from` is the one of `to` inside an account, and unused by a COPY. */
struct accounts {
	struct account_row from, to;
};

/*
 * Objects that are written again must stay until that is committed: nobody but the sweeper takes them away, long after their
 * entry was expunged. Where expunged mail is not kept, the source's lock keeps him out.
 */
static bool locks_source(const struct transfer *t)
{
	return !is_inside(t) &&
	    (t->move || t->store->settings.removed_keep_s < REMOVED_OUTLIVES_S);
}

/* Several accounts in ascending owner. */
static enum errc lock_accounts(
    struct db *db, const struct transfer *t, struct accounts *accounts_out, struct err *err)
{
	bool both = locks_source(t), from_first = both && t->owner < t->to_owner;
	enum errc rc = OK;

	if (from_first)
		rc = account_touch(db, t->owner, 0, 0, &accounts_out->from, err);
	if (rc == OK)
		rc = account_touch(db, t->to_owner, 0, 0, &accounts_out->to, err);
	if (rc == OK && both && !from_first)
		rc = account_touch(db, t->owner, 0, 0, &accounts_out->from, err);
	if (rc == OK && !both)
		accounts_out->from = accounts_out->to;
	return rc;
}

/* RFC 6851 section 4.3: a MOVE needs what COPY, STORE and EXPUNGE would. */
static enum errc ask_rights(
    struct db *db, const struct transfer *t, unsigned *rights_out, struct err *err)
{
	unsigned needed = RIGHT_READ | (t->move ? RIGHT_DELETED | RIGHT_EXPUNGE : 0);
	struct actor actor = t->put_back ? ACTOR_ADMIN : t->actor;
	enum errc rc = rights_need(db, actor, t->owner, t->mailbox, needed, err);

	if (rc == OK)
		rc = mailbox_rights(db, actor, t->to_owner, t->to_mailbox, rights_out, err);
	if (rc == OK && !(*rights_out & RIGHT_INSERT))
		rc = err_set(err, ERR_DENIED, "no right to put messages there");
	return rc;
}

/* A MOVE inside an account changes nothing of what is used, so whoever is over quota may tidy up. */
static enum errc book(struct db *db, const struct transfer *t, struct account_row *account,
    const struct batch *batch, struct err *err)
{
	struct mailbox_delta delta = { 0 };
	enum errc rc;

	for (size_t i = 0; i < batch->count; i++)
		delta_add(&delta, batch->entries[i].flags, batch->entries[i].size);
	rc = account_book(db, account->owner, delta.size, delta.messages, err);
	account->bytes += delta.size;
	if (rc != OK || t->put_back || (t->move && is_inside(t)))
		return rc;
	return account_check_quota(db, account, err);
}

static enum errc put_copies(struct db *db, struct transfer *t, struct account_row *account,
    const struct batch *batch, struct err *err)
{
	struct entry entry = {
		.owner = t->to_owner, .mailbox = t->to_mailbox, .modseq = account->modseq
	};
	struct mailbox_delta delta = { 0 };
	struct mailbox_arrival arrival;
	enum errc rc;

	for (size_t i = 0; i < batch->count; i++)
		delta_add(&delta, batch->flags[i], batch->entries[i].size);
	rc = mailbox_arrive(db, account, t->to_mailbox, &delta, &arrival, err);
	for (size_t i = 0; rc == OK && i < batch->count; i++) {
		entry.uid = arrival.uid_first + (uint32_t)i;
		entry.flags = batch->flags[i];
		rc = copy_entry(db, t, &batch->entries[i], &entry, &batch->keywords[i], err);
	}
	if (rc == OK)
		t->uidvalidity = arrival.uidvalidity;
	return rc;
}

static enum errc take_out(struct db *db, const struct transfer *t,
    const struct account_row *account, const struct batch *batch, struct err *err)
{
	/*
	 * Inside the account the new entries have the objects. Elsewhere they stay for as long as those of an EXPUNGE: some
	 * session may be reading them.
	 */
	struct removal removal = { .account = account,
		.mailbox = t->mailbox,
		.entries = batch->entries,
		.count = batch->count,
		.keep = !is_inside(t) && !t->put_back };
	enum errc rc = entries_remove(db, &removal, NULL, err);

	/* of what nobody moved in the end nothing is kept where it should have come to */
	for (size_t i = 0; rc == OK && !is_inside(t) && t->put_back && i < batch->count; i++)
		rc = object_drop_unused(db, t->owner, batch->entries[i].object, err);
	return rc;
}

static void notify(struct db *db, const struct transfer *t, const struct accounts *accounts)
{
	db_notify(db,
	    (struct change){ t->to_owner, t->to_mailbox, accounts->to.modseq, CHANGE_MAIL });
	if (t->move && (t->owner != t->to_owner || t->mailbox != t->to_mailbox))
		db_notify(db,
		    (struct change){
			t->owner, t->mailbox, accounts->from.modseq, CHANGE_MAIL });
}

enum errc transfer_entries(
    struct db *db, struct arena *arena, struct transfer *t, struct err *err)
{
	struct pick pick = { t->owner, t->mailbox, t->uids, t->count };
	struct batch batch = { .count = 0 };
	struct picked *entries = NULL;
	struct accounts accounts;
	enum errc rc = lock_accounts(db, t, &accounts, err);

	t->done = 0;
	if (rc == OK)
		rc = ask_rights(db, t, &batch.rights, err);
	if (rc == OK)
		rc = pick_entries(db, &pick, arena, &entries, &batch.count, err);
	if (rc == OK && batch.count == 0)
		return ERR_END;
	batch.entries = entries;
	if (rc == OK)
		rc = book(db, t, &accounts.to, &batch, err);
	if (rc == OK)
		rc = copy_flags(db, t, arena, &batch, err);
	if (rc == OK)
		rc = put_copies(db, t, &accounts.to, &batch, err);
	if (rc == OK && t->move)
		rc = take_out(db, t, &accounts.from, &batch, err);
	if (rc == OK)
		notify(db, t, &accounts);
	return rc;
}
