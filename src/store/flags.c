/*
 * store/flags.c - changing the flags of messages.
 */
#include "base/arena.h"
#include "store/book.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/pick.h"
#include "store/resolve.h"
#include "store/rights.h"
#include "store/store_int.h"

#define KEYWORD_BITS (((UINT64_C(1) << FLAG_KEYWORDS_IN_MASK) - 1) << FLAG_KEYWORD_SHIFT)
#define ATTEMPTS_MAX 3

/* Keywords of one entry, wherever they are kept. */
struct entry_flags {
	uint64_t system;
	struct keyword_set keywords;
};

struct flags_work {
	struct actor actor;
	int64_t owner, mailbox;
	const uint32_t *uids;
	size_t count;
	const struct flag_change *change;
	struct flag_result *results; /* of this transaction; as many as count */
	size_t result_count;
	bool changed;
	int64_t modseq; /* of this transaction */
	/* modseqs of commits that may have happened: what has one of them now was changed by ourselves */
	int64_t attempts[ATTEMPTS_MAX];
	size_t attempt_count;
};

/* What may be changed and what is to be changed, known once per transaction. */
struct flags_plan {
	struct flags_work *work;
	struct account_row account;
	struct keyword_set keywords; /* named by the change */
	uint64_t system;	     /* named by the change */
	uint64_t allowed;	     /* system flags that the actor may change */
	bool keywords_allowed;
	bool has_extra; /* the mailbox has keywords beyond the mask */
	/* what the change does to every mask: keep these bits, then set those */
	uint64_t keep, set;
	/* neighbouring uids whose masks are to be written, by one statement; none: run_last is 0 */
	uint32_t run_first, run_last;
	struct mailbox_delta delta;
};

static enum errc check_rights(struct flags_plan *plan, unsigned rights, struct err *err)
{
	const struct flags_work *w = plan->work;
	const struct flag_list *list = &w->change->flags;
	bool names_keywords = list->keyword_count > 0;

	plan->allowed = rights_flags(rights);
	plan->keywords_allowed = (rights & RIGHT_WRITE) != 0;
	plan->system = list->system & FLAG_SYSTEM;
	/* RFC 4314 section 4: it fails only if nothing of it may be done */
	if (plan->allowed == 0 && !plan->keywords_allowed)
		return err_set(err, ERR_DENIED, "no right to change flags");
	if (w->change->operation != FLAGS_SET && (plan->system || names_keywords) &&
	    !(plan->system & plan->allowed) && !(names_keywords && plan->keywords_allowed))
		return err_set(err, ERR_DENIED, "no right to change these flags");
	return OK;
}

static enum errc resolve(
    struct db *db, struct arena *arena, struct flags_plan *plan, struct err *err)
{
	const struct flags_work *w = plan->work;
	const struct flag_list *list = &w->change->flags;
	struct keyword_scope scope = { w->owner, w->mailbox, arena,
		.make = w->change->operation != FLAGS_REMOVE };
	struct keyword_table *table;
	enum errc rc;

	plan->keywords = (struct keyword_set){ { 0 } };
	if (plan->keywords_allowed)
		rc = keywords_resolve(
		    db, &scope, list->keywords, list->keyword_count, &plan->keywords, err);
	else
		rc = OK;
	if (rc != OK || (list->keyword_count == 0 && w->change->operation != FLAGS_SET))
		return rc;
	table = ARENA_NEW(arena, struct keyword_table, 1);
	rc = keyword_table_read(db, w->owner, w->mailbox, arena, table, err);
	plan->has_extra = table->count > FLAG_KEYWORDS_IN_MASK;
	return rc;
}

static enum errc read_flags(struct db *db, const struct flags_plan *plan,
    const struct picked *entry, struct entry_flags *flags_out, struct err *err)
{
	const struct flags_work *w = plan->work;
	struct db_q *q;
	enum errc rc;

	flags_out->system = entry->flags & FLAG_SYSTEM;
	keyword_set_from_mask(&flags_out->keywords, entry->flags);
	if (!plan->has_extra)
		return OK;
	rc = rows_open(db, &sql_extra_list, INTS(w->owner, w->mailbox, entry->uid), &q, err);
	if (rc != OK)
		return rc;
	while ((rc = db_step(q, err)) == OK) {
		int64_t number = db_i64(q, 0);

		if (number >= 0 && number < STORE_KEYWORDS_MAX)
			keyword_set_add(&flags_out->keywords, (unsigned)number);
	}
	db_done(&q);
	return rows_end(rc);
}

static uint64_t combine(
    enum flag_operation operation, uint64_t old, uint64_t named, uint64_t may)
{
	switch (operation) {
	case FLAGS_SET:
		return (old & ~may) | (named & may);
	case FLAGS_ADD:
		return old | (named & may);
	case FLAGS_REMOVE:
		return old & ~(named & may);
	}
	return old;
}

static struct entry_flags apply(const struct flags_plan *plan, const struct entry_flags *old)
{
	enum flag_operation operation = plan->work->change->operation;
	struct entry_flags new = { .system = combine(
				       operation, old->system, plan->system, plan->allowed) };

	for (size_t i = 0; i < COUNT(new.keywords.bits); i++)
		new.keywords.bits[i] = combine(operation, old->keywords.bits[i],
		    plan->keywords.bits[i], plan->keywords_allowed ? UINT64_MAX : 0);
	return new;
}

/* What `apply` does, for all masks. */
static void plan_masks(struct flags_plan *plan)
{
	uint64_t may = plan->allowed | (plan->keywords_allowed ? KEYWORD_BITS : 0);
	uint64_t named = (plan->system | keyword_set_mask(&plan->keywords)) & may;

	plan->keep = INT64_MAX;
	plan->set = named;
	if (plan->work->change->operation == FLAGS_SET)
		plan->keep &= ~may;
	if (plan->work->change->operation == FLAGS_REMOVE) {
		plan->keep &= ~named;
		plan->set = 0;
	}
}

static enum errc write_run(struct db *db, struct flags_plan *plan, struct err *err)
{
	const struct flags_work *w = plan->work;
	uint32_t last = plan->run_last;

	plan->run_last = 0;
	if (last == 0)
		return OK;
	return rows_post(db, &sql_entry_flags_range,
	    INTS((int64_t)plan->keep, (int64_t)plan->set, plan->account.modseq, w->owner,
		w->mailbox, plan->run_first, last),
	    err);
}

/* The mask of `uid` is to be written: with those before it, or from here on. */
static enum errc add_to_run(
    struct db *db, struct flags_plan *plan, uint32_t uid, struct err *err)
{
	enum errc rc = OK;

	if (plan->run_last == 0 || uid != plan->run_last + 1) {
		rc = write_run(db, plan, err);
		plan->run_first = uid;
	}
	plan->run_last = uid;
	return rc;
}

static enum errc write_extra(struct db *db, const struct flags_plan *plan, uint32_t uid,
    const struct entry_flags *old, const struct entry_flags *new, struct err *err)
{
	const struct flags_work *w = plan->work;
	enum errc rc = OK;

	for (unsigned i = FLAG_KEYWORDS_IN_MASK; rc == OK && i < STORE_KEYWORDS_MAX; i++) {
		bool had = keyword_set_has(&old->keywords, i);
		bool has = keyword_set_has(&new->keywords, i);

		if (had != has)
			rc = rows_post(db, has ? &sql_extra_insert : &sql_extra_delete,
			    INTS(w->owner, w->mailbox, uid, i), err);
	}
	return rc;
}

static bool same_keywords(const struct keyword_set *a, const struct keyword_set *b)
{
	for (size_t i = 0; i < COUNT(a->bits); i++) {
		if (a->bits[i] != b->bits[i])
			return false;
	}
	return true;
}

static void book_change(struct flags_plan *plan, uint32_t uid, uint64_t old, uint64_t new)
{
	struct mailbox_delta *delta = &plan->delta;

	if ((old ^ new) & FLAG_SEEN) {
		delta->unseen += new &FLAG_SEEN ? -1 : 1;
		if (!(new &FLAG_SEEN) && uid < delta->first_unseen)
			delta->first_unseen = uid;
	}
	if ((old ^ new) & FLAG_DELETED)
		delta->deleted += new &FLAG_DELETED ? 1 : -1;
}

/* An uncertain commit has taken place after all. Another one's change of the same modseq and outcome is as good. */
static bool was_ours(const struct flags_work *w, int64_t modseq)
{
	for (size_t i = 0; i < w->attempt_count && i < ATTEMPTS_MAX; i++)
		if (w->attempts[i] == modseq)
			return true;
	return false;
}

static enum errc change_one(struct db *db, struct flags_plan *plan, const struct picked *entry,
    struct flag_result *result_out, struct err *err)
{
	struct flags_work *w = plan->work;
	struct entry_flags old, new;
	uint64_t mask;
	bool same;
	enum errc rc = read_flags(db, plan, entry, &old, err);

	*result_out = (struct flag_result){ entry->uid, entry->flags, entry->modseq,
		entry->modseq, false };
	if (rc != OK)
		return rc;
	new = apply(plan, &old);
	same = same_keywords(&new.keywords, &old.keywords) && new.system == old.system;
	if (entry->modseq > w->change->unchanged_since)
		result_out->failed = !(same && was_ours(w, entry->modseq));
	if (same || result_out->failed)
		return OK;
	mask = new.system | keyword_set_mask(&new.keywords);
	book_change(plan, entry->uid, entry->flags, mask);
	w->changed = true;
	*result_out = (struct flag_result){ entry->uid, mask, plan->account.modseq,
		entry->modseq, false };
	rc = add_to_run(db, plan, entry->uid, err);
	return rc == OK ? write_extra(db, plan, entry->uid, &old, &new, err) : rc;
}

/* ERR_END: nothing changed, so nothing has to be written. */
static enum errc flags_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct flags_work *w = arg;
	struct flags_plan plan = { .work = w, .delta = { .first_unseen = INT64_MAX } };
	struct picked *entries;
	unsigned rights = 0;
	size_t count = 0;
	enum errc rc = account_touch_rights(db,
	    &(const struct touch){ w->actor, w->owner, w->mailbox, 0, 0 }, &plan.account,
	    &rights, err);

	w->result_count = 0;
	w->changed = false;
	w->modseq = plan.account.modseq;
	if (rc == OK)
		rc = check_rights(&plan, rights, err);
	if (rc == OK)
		rc = pick_entries(db, &(struct pick){ w->owner, w->mailbox, w->uids, w->count },
		    arena, &entries, &count, err);
	/* a keyword is numbered only if there is a message for it */
	if (rc == OK && count > 0)
		rc = resolve(db, arena, &plan, err);
	plan_masks(&plan);
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = change_one(db, &plan, &entries[i], &w->results[w->result_count++], err);
	if (rc == OK)
		rc = write_run(db, &plan, err);
	if (rc != OK)
		return rc;
	if (!w->changed)
		return ERR_END;
	db_notify(
	    db, (struct change){ w->owner, w->mailbox, plan.account.modseq, CHANGE_MAIL });
	return mailbox_adjust(db, &plan.account, w->mailbox, &plan.delta, NULL, err);
}

/* All of it is the same when done again, so an uncertain commit is repeated. */
static enum errc run(struct store *store, struct flags_work *work, struct err *err)
{
	struct resolver r = resolver_of(store);
	enum errc rc;

	work->attempt_count = 0;
	do {
		rc = db_transact(
		    store->settings.pool, store_deadline(store), flags_body, work, err);
		if (rc == ERR_UNCERTAIN)
			work->attempts[work->attempt_count++ % ATTEMPTS_MAX] = work->modseq;
	} while (resolver_again(&r, &rc, err));
	return rows_end(rc);
}

/* NOLINTNEXTLINE(readability-function-size): who, where, which, what, and a list as result */
enum errc store_flags(struct store *store, struct actor actor, int64_t owner, int64_t mailbox,
    const uint32_t *uids, size_t count, const struct flag_change *change, struct arena *arena,
    struct flag_result **results_out, size_t *result_count_out, struct err *err)
{
	struct flags_work work = { actor, owner, mailbox, .change = change };
	struct flag_result *results = ARENA_NEW(arena, struct flag_result, count);
	size_t results_count = 0;

	for (size_t at = 0; at < count; at += STORE_TRANSACTION_ENTRIES) {
		enum errc rc;

		work.uids = uids + at;
		work.count = count - at < STORE_TRANSACTION_ENTRIES ? count - at
								    : STORE_TRANSACTION_ENTRIES;
		work.results = results + results_count;
		rc = run(store, &work, err);
		if (rc != OK)
			return rc;
		results_count += work.result_count;
		store_count(store, STORE_FLAGGED, work.result_count);
	}
	*results_out = results;
	*result_count_out = results_count;
	return OK;
}
