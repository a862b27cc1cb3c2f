/*
 * store/append.c - messages that a client puts into a mailbox.
 */
#include "base/arena.h"
#include "store/blob.h"
#include "store/book.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/resolve.h"
#include "store/rights.h"
#include "store/store_int.h"

struct append_work {
	struct store *store;
	struct actor actor;
	int64_t owner, mailbox;
	const struct append_message *messages;
	size_t count;
	struct appended appended;
	int64_t last_id; /* of the last entry: proof of an uncertain commit */
};

static int64_t total_size(const struct append_work *w)
{
	int64_t total = 0;

	for (size_t i = 0; i < w->count; i++)
		total += (int64_t)w->messages[i].message->bytes.n;
	return total;
}

/* Flags that the actor may not set are left out (RFC 4314 section 4). */
/* NOLINTNEXTLINE(readability-function-size): two outputs of one message */
static enum errc resolve_flags(struct db *db, struct arena *arena, const struct append_work *w,
    const struct flag_list *list, unsigned rights, struct keyword_set *keywords_out,
    uint64_t *flags_out, struct err *err)
{
	struct keyword_scope scope = { w->owner, w->mailbox, arena, true };
	bool keywords = (rights & RIGHT_WRITE) != 0;
	enum errc rc = keywords_resolve(
	    db, &scope, list->keywords, keywords ? list->keyword_count : 0, keywords_out, err);

	*flags_out = (list->system & FLAG_SYSTEM & rights_flags(rights)) |
	    keyword_set_mask(keywords_out);
	return rc;
}

static enum errc put_object(struct db *db, struct arena *arena, struct append_work *w,
    const struct append_message *m, struct entry *entry, struct err *err)
{
	struct new_object new = { .message = m->message, .owner = w->owner };
	enum errc rc;

	new.object = entry->object = store_new_id(w->store);
	entry->id = w->last_id = store_new_id(w->store);
	entry->internal_date = m->internal_date;
	entry->internal_zone_min = m->internal_zone_min;
	entry->size = (int64_t)m->message->bytes.n;
	rc = thread_assign(
	    db, w->owner, &m->message->parsed.thread, new.object, &new.thread, err);
	return rc == OK ? object_insert(db, arena, &new, err) : rc;
}

static enum errc put_messages(struct db *db, struct arena *arena, struct append_work *w,
    struct account_row *account, unsigned rights, struct err *err)
{
	struct keyword_set *keywords = ARENA_NEW(arena, struct keyword_set, w->count);
	uint64_t *flags = ARENA_NEW(arena, uint64_t, w->count);
	struct entry entry = {
		.owner = w->owner, .mailbox = w->mailbox, .modseq = account->modseq
	};
	struct mailbox_delta delta = { 0 };
	struct mailbox_arrival arrival;
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < w->count; i++) {
		rc = resolve_flags(
		    db, arena, w, &w->messages[i].flags, rights, &keywords[i], &flags[i], err);
		delta_add(&delta, flags[i], (int64_t)w->messages[i].message->bytes.n);
	}
	if (rc == OK)
		rc = mailbox_arrive(db, account, w->mailbox, &delta, &arrival, err);
	for (size_t i = 0; rc == OK && i < w->count; i++) {
		entry.uid = arrival.uid_first + (uint32_t)i;
		entry.flags = flags[i];
		rc = put_object(db, arena, w, &w->messages[i], &entry, err);
		if (rc == OK)
			rc = entry_insert(db, &entry, err);
		if (rc == OK)
			rc = extra_keywords_insert(
			    db, w->owner, w->mailbox, entry.uid, &keywords[i], err);
	}
	if (rc == OK)
		w->appended = (struct appended){ arrival.uidvalidity, arrival.uid_first,
			arrival.uid_first + (uint32_t)w->count - 1 };
	return rc;
}

static enum errc append_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct append_work *w = arg;
	struct account_row account;
	unsigned rights = 0;
	enum errc rc = OK;

	/* the locks of blobs before those of accounts, as a delivery takes them */
	for (size_t i = 0; rc == OK && i < w->count; i++)
		rc = blobs_ensure(db, w->messages[i].message, err);
	if (rc == OK)
		rc = account_touch_rights(db,
		    &(const struct touch){
			w->actor, w->owner, w->mailbox, total_size(w), (int64_t)w->count },
		    &account, &rights, err);
	if (rc == OK && !(rights & RIGHT_INSERT))
		rc = err_set(err, ERR_DENIED, "no right to put messages there");
	if (rc == OK)
		rc = account_check_quota(db, &account, err);
	if (rc == OK)
		rc = put_messages(db, arena, w, &account, rights, err);
	if (rc == OK)
		db_notify(
		    db, (struct change){ w->owner, w->mailbox, account.modseq, CHANGE_MAIL });
	return rc;
}

/* After ERR_UNCERTAIN: is the last entry there? */
static enum errc resolve_append(const struct append_work *w, struct err *err)
{
	struct lost_entry last = { w->owner, w->mailbox, w->appended.uid_last, w->last_id };

	return resolve_entry(w->store, &last, err);
}

/* Nothing is stored for who may not append, or has no room. */
static enum errc room_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct append_work *w = arg;
	enum errc rc = rights_need(db, w->actor, w->owner, w->mailbox, RIGHT_INSERT, err);

	(void)arena;
	return rc == OK ? account_has_room(db, w->owner, total_size(w), err) : rc;
}

static bool is_staged(const struct append_work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		if (prepared_is_staged(w->messages[i].message))
			return true;
	}
	return false;
}

static enum errc run(struct store *store, const struct prepared *const *prepared,
    struct append_work *w, struct err *err)
{
	enum errc rc = is_staged(w) ? store_transact(store, room_body, w, 0, err) : OK;

	if (rc != OK)
		return rc;
	rc = blobs_transact(store, prepared, w->count, append_body, w, err);
	return rc == ERR_UNCERTAIN ? resolve_append(w, err) : rc;
}

/* NOLINTNEXTLINE(readability-function-size): who, where, what and two lists */
enum errc store_append(struct store *store, struct actor actor, int64_t owner, int64_t mailbox,
    const struct append_message *messages, size_t count, struct appended *appended_out,
    struct err *err)
{
	struct append_work work = { .store = store,
		.actor = actor,
		.owner = owner,
		.mailbox = mailbox,
		.messages = messages,
		.count = count };
	const struct prepared **prepared;
	struct arena *arena;
	enum errc rc;

	if (count == 0 || count > STORE_TRANSACTION_ENTRIES)
		return err_set(err, ERR_LIMIT, "%zu messages at once", count);
	arena = arena_new("append");
	prepared = ARENA_NEW(arena, const struct prepared *, count);
	for (size_t i = 0; i < count; i++)
		prepared[i] = messages[i].message;
	rc = run(store, prepared, &work, err);
	arena_free(&arena);
	if (rc == OK)
		store_count(store, STORE_STORED, count);
	if (rc == OK)
		*appended_out = work.appended;
	return rc;
}
