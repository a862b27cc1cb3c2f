/*
 * store/deliver.c - one message into the mailboxes of its recipients, in one commit.
 */
#include "base/arena.h"
#include "base/str.h"
#include "store/blob.h"
#include "store/book.h"
#include "store/delivery_keys.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/resolve.h"
#include "store/store_int.h"

#include <string.h>

/* One run of one delivery. `before` is the delivery in front of it if that went to the same account and was stored. */
struct delivery_run {
	struct store *store;
	const struct delivery_batch *batch;
	const struct delivery *before;
	struct delivery *d;
	struct arena *arena;
};

struct delivery_work {
	struct store *store;
	struct delivery_batch *batch;
};

struct target {
	int64_t mailbox, quota_bytes;
};

static enum errc target_ask(
    struct db *db, int64_t owner, struct str name, struct db_q **q_out, struct err *err)
{
	enum errc rc = db_query(db, &sql_target_find, q_out, err);

	if (rc != OK)
		return rc;
	db_bind_str(*q_out, 1, name);
	db_bind_i64(*q_out, 2, owner);
	db_send(*q_out);
	return OK;
}

static enum errc target_take(struct db_q **qp, struct target *target_out, struct err *err)
{
	bool active = false;
	enum errc rc = db_step(*qp, err);

	*target_out = (struct target){ 0 };
	if (rc == OK) {
		active = db_i64(*qp, 0) != 0;
		target_out->quota_bytes = db_i64(*qp, 1);
		if (db_i64(*qp, 3) == 0)
			target_out->mailbox = db_i64(*qp, 2);
	}
	db_done(qp);
	if (rc == ERR_END || (rc == OK && !active))
		return err_set(err, ERR_NOTFOUND, "no such account, or not active");
	return rc;
}

/* A new one, unless there is one in other letters. */
static enum errc make_inbox(struct db *db, int64_t owner, int64_t *mailbox_out, struct err *err)
{
	enum errc rc = rows_one(db, &sql_target_inbox_nocase, INTS(owner), mailbox_out, 1, err);

	if (rc != OK || *mailbox_out != 0)
		return rc;
	rc = rows_run(db, &sql_target_inbox, INTS(owner), NULL, err);
	if (rc == ERR_EXISTS)
		return err_set(err, ERR_CORRUPT, "INBOX is marked as no place for mail");
	if (rc == OK)
		rc = db_last_id(db, mailbox_out, err);
	if (rc == OK)
		db_notify(db, (struct change){ owner, 0, 0, CHANGE_FOLDERS });
	return rc;
}

/* The folder by name; INBOX where it is gone or no place for mail; a new INBOX where there is none. */
static enum errc find_target(struct db *db, const struct delivery *d, struct db_q **qp,
    struct target *target_out, struct err *err)
{
	enum errc rc = target_take(qp, target_out, err);

	if (rc == OK && target_out->mailbox == 0 && !str_equal(d->mailbox, STR("INBOX"))) {
		rc = target_ask(db, d->owner, STR("INBOX"), qp, err);
		if (rc == OK)
			rc = target_take(qp, target_out, err);
	}
	if (rc == OK && target_out->mailbox == 0)
		rc = make_inbox(db, d->owner, &target_out->mailbox, err);
	return rc;
}

/* What a delivery asks at once, so that a server that is far is waited for once. */
struct questions {
	struct db_q *account, *key, *target, *thread;
};

/* The delivery in front has stored the same bytes in the same account. */
static bool shares_object(const struct delivery_run *run)
{
	return run->before && str_equal(run->before->trace, run->d->trace);
}

static int64_t size_of(const struct delivery_run *run)
{
	return (int64_t)(run->batch->message->bytes.n + run->d->trace.n);
}

/* The account first: what is asked behind its lock sees what was committed before it was got. */
static enum errc ask(
    struct db *db, const struct delivery_run *run, struct questions *asked, struct err *err)
{
	const struct delivery *d = run->d;
	enum errc rc = account_ask(db, d->owner, size_of(run), 1, &asked->account, err);

	if (rc == OK && !run->before)
		rc = delivery_key_ask(db, d, &asked->key, err);
	if (rc == OK)
		rc = target_ask(db, d->owner, d->mailbox, &asked->target, err);
	if (rc == OK && !shares_object(run))
		rc = thread_ask(
		    db, d->owner, &run->batch->message->parsed.thread, &asked->thread, err);
	return rc;
}

/* The object of the same bytes that this account has just got, or a new one. */
static enum errc deliver_object(
    struct db *db, const struct delivery_run *run, struct questions *asked, struct err *err)
{
	struct new_object new = {
		.message = run->batch->message,
		.owner = run->d->owner,
		.trace = run->d->trace,
	};
	enum errc rc;

	if (shares_object(run)) {
		run->d->object = run->before->object;
		return OK;
	}
	new.object = run->d->object = store_new_id(run->store);
	rc = thread_take(db, new.owner, &new.message->parsed.thread, &asked->thread, new.object,
	    &new.thread, err);
	return rc == OK ? object_insert(db, run->arena, &new, err) : rc;
}

static enum errc deliver_entry(struct db *db, const struct delivery_run *run,
    const struct entry *entry, const struct keyword_set *keywords, struct err *err)
{
	enum errc rc = entry_insert(db, entry, err);

	if (rc == OK)
		rc = extra_keywords_insert(
		    db, entry->owner, entry->mailbox, entry->uid, keywords, err);
	if (rc == OK && !run->before)
		rc = delivery_key_insert(run->store, db, run->batch, run->d, err);
	if (rc == OK)
		db_notify(db,
		    (struct change){
			entry->owner, entry->mailbox, entry->modseq, CHANGE_MAIL });
	return rc;
}

/* Where one goes: what is known of it when the questions have been answered. */
struct place {
	struct account_row account;
	struct target target;
};

static enum errc put_in(struct db *db, const struct delivery_run *run, struct place *place,
    struct questions *asked, struct err *err)
{
	struct delivery *d = run->d;
	struct entry entry = {
		.owner = d->owner,
		.mailbox = place->target.mailbox,
		.modseq = place->account.modseq,
		.internal_date = run->batch->internal_date,
		.size = size_of(run),
	};
	struct keyword_scope scope = { d->owner, entry.mailbox, run->arena, true };
	struct keyword_set keywords;
	struct mailbox_delta delta = { 0 };
	struct mailbox_arrival arrival;
	enum errc rc = keywords_resolve(
	    db, &scope, d->flags.keywords, d->flags.keyword_count, &keywords, err);

	if (rc != OK)
		return rc;
	entry.flags = (d->flags.system & FLAG_SYSTEM) | keyword_set_mask(&keywords);
	delta_add(&delta, entry.flags, entry.size);
	rc = mailbox_arrive(db, &place->account, entry.mailbox, &delta, &arrival, err);
	if (rc == OK)
		rc = deliver_object(db, run, asked, err);
	if (rc != OK)
		return rc;
	entry.id = store_new_id(run->store);
	entry.object = d->object;
	entry.uid = arrival.uid_first;
	d->mailbox_id = entry.mailbox;
	d->uid = arrival.uid_first;
	d->uidvalidity = arrival.uidvalidity;
	return deliver_entry(db, run, &entry, &keywords, err);
}

/* It was stored by an earlier session: what was booked for it now is taken back. */
static enum errc is_repeat(
    struct db *db, const struct delivery_run *run, struct questions *asked, struct err *err)
{
	struct delivery *d = run->d;
	enum errc rc = OK;

	if (run->before)
		d->repeated = run->before->repeated;
	else
		rc = delivery_find_repeat(
		    run->store, db, run->batch, d, &asked->key, &d->repeated, err);
	if (rc == OK && d->repeated)
		rc = account_book(db, d->owner, -size_of(run), -1, err);
	return rc;
}

/* Statements whose answers are not wanted any more are closed by the layer below. */
static enum errc deliver_one(struct db *db, void *arg, struct err *err)
{
	struct delivery_run *run = arg;
	const struct delivery *d = run->d;
	struct questions asked = { .account = NULL };
	struct place place;
	enum errc rc = ask(db, run, &asked, err);

	if (rc == OK)
		rc = account_take(
		    db, &asked.account, d->owner, size_of(run), 1, &place.account, err);
	if (rc == OK)
		rc = is_repeat(db, run, &asked, err);
	if (rc == OK && !d->repeated)
		rc = find_target(db, d, &asked.target, &place.target, err);
	if (rc == OK && !d->repeated)
		rc = quota_check(&place.account, place.target.quota_bytes, err);
	if (rc == OK && !d->repeated)
		rc = put_in(db, run, &place, &asked, err);
	db_done(&asked.target);
	db_done(&asked.thread);
	return rc;
}

/* The delivery in front, if it shares account and key with this one and was stored. */
static const struct delivery *stored_before(const struct delivery_batch *batch, size_t i)
{
	const struct delivery *d = &batch->deliveries[i];

	if (i == 0 || d[-1].owner != d->owner || d[-1].rc != OK ||
	    memcmp(d[-1].key, d->key, sizeof(d->key)) != 0)
		return NULL;
	return d - 1;
}

/* These are the transaction's trouble, not the recipient's. */
static bool breaks_batch(enum errc rc)
{
	return rc == ERR_CONFLICT || rc == ERR_UNAVAIL || rc == ERR_CLOSED ||
	    rc == ERR_UNCERTAIN || rc == ERR_MORE;
}

static void clear_result(struct delivery *d)
{
	d->rc = OK;
	d->err.code = OK;
	d->err.text[0] = '\0';
	d->repeated = false;
	d->object = d->mailbox_id = 0;
	d->uid = d->uidvalidity = 0;
}

static enum errc deliver_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct delivery_work *work = arg;
	struct delivery_batch *batch = work->batch;
	bool single = batch->count == 1 && !batch->also;
	enum errc rc = blobs_ensure(db, batch->message, err);

	for (size_t i = 0; rc == OK && i < batch->count; i++) {
		struct delivery *d = &batch->deliveries[i];
		struct delivery_run run = { work->store, batch, stored_before(batch, i), d,
			arena };

		clear_result(d);
		/* alone, its failure undoes the transaction, which comes to the same */
		d->rc = single ? deliver_one(db, &run, &d->err)
			       : db_savepoint(db, deliver_one, &run, &d->err);
		if (d->rc != OK && (single || breaks_batch(d->rc)))
			rc = err_set(err, d->rc, "%s", d->err.text);
	}
	if (rc == OK && batch->also)
		rc = batch->also(db, arena, batch->also_arg, err);
	return rc;
}

/* Insertion sort: few, and mostly in order already. */
static void sort_by_owner(struct delivery_batch *batch)
{
	for (size_t i = 1; i < batch->count; i++) {
		struct delivery moving = batch->deliveries[i];
		size_t to = i;

		if (batch->deliveries[i - 1].owner <= moving.owner)
			continue;
		for (; to > 0 && batch->deliveries[to - 1].owner > moving.owner; to--)
			batch->deliveries[to] = batch->deliveries[to - 1];
		batch->deliveries[to] = moving;
	}
}

/* Who has no room is refused before a large message's blobs are stored. ERR_END: that is everybody. */
static enum errc room_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct delivery_work *work = arg;
	struct delivery_batch *batch = work->batch;
	bool any = false;

	(void)arena;
	for (size_t i = 0; i < batch->count; i++) {
		struct delivery *d = &batch->deliveries[i];

		clear_result(d);
		d->rc = account_has_room(
		    db, d->owner, (int64_t)(batch->message->bytes.n + d->trace.n), &d->err);
		if (breaks_batch(d->rc))
			return err_set(err, d->rc, "%s", d->err.text);
		any = any || d->rc == OK;
	}
	return any ? OK : ERR_END;
}

enum errc store_deliver(struct store *store, struct delivery_batch *batch, struct err *err)
{
	struct delivery_work work = { store, batch };
	bool stored = false;
	enum errc rc;

	if (batch->count == 0 || batch->count > STORE_RECIPIENTS_MAX)
		return err_set(err, ERR_LIMIT, "%zu recipients in one batch", batch->count);
	sort_by_owner(batch);
	if (prepared_is_staged(batch->message) && !batch->also) {
		rc = store_transact(store, room_body, &work, 0, err);
		if (rc != OK)
			return rows_end(rc);
	}
	rc = blobs_transact(store, &batch->message, 1, deliver_body, &work, err);
	if (rc == ERR_UNCERTAIN) {
		rc = delivery_resolve(store, batch, &stored, err);
		if (rc == OK && !stored)
			rc = err_set(err, ERR_UNAVAIL, "the commit was lost");
	}
	if (rc == OK)
		delivery_note_unread(store, batch);
	for (size_t i = 0; rc == OK && i < batch->count; i++)
		if (batch->deliveries[i].rc == OK && !batch->deliveries[i].repeated)
			store_count(store, STORE_STORED, 1);
	/* a single recipient's own failure is its result, not the batch's */
	if (rc != OK && batch->count == 1 && !batch->also && !breaks_batch(rc) &&
	    batch->deliveries[0].rc == rc)
		return OK;
	return rc;
}
