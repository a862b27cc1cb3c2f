/*
 * store/mailbox_state.c - what SELECT and STATUS answer from, and who sees \Recent.
 */
#include "store/book.h"
#include "store/index.h"
#include "store/mail_sql.h"
#include "store/mailbox.h"
#include "store/store_int.h"

/* From here on counting row by row is dearer than the index, which stays. */
#define RECENT_COUNT_MAX 10000

#define TAKE_RECENT_MS 2000

struct row_key {
	int64_t owner, mailbox;
};

struct state_row {
	struct mailbox_state state;
	bool is_new; /* nothing was ever stored */
};

static enum errc read_row(
    struct db *db, struct row_key key, struct state_row *row_out, struct err *err)
{
	int64_t v[10];
	enum errc rc =
	    rows_one(db, &sql_mailbox_row, INTS(key.mailbox, key.owner), v, COUNT(v), err);

	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "no such mailbox");
	if (rc != OK)
		return rc;
	*row_out = (struct state_row){
		.state = {
			.uidvalidity = (uint32_t)v[0],
			.uidnext = (uint32_t)v[1],
			.messages = (uint32_t)v[2],
			.unseen = (uint32_t)v[3],
			.deleted = (uint32_t)v[4],
			.size = (uint64_t)v[5],
			.highestmodseq = v[6],
			.expunged_floor = v[7],
			.first_recent = (uint32_t)v[8],
		},
		.is_new = v[0] == 0,
	};
	return OK;
}

static enum errc make_row(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct row_key *key = arg;
	struct account_row account;
	struct state_row row;
	enum errc rc = account_touch(db, key->owner, 0, 0, &account, err);

	(void)arena;
	if (rc == OK)
		rc = read_row(db, *key, &row, err);
	/* another session may have been quicker */
	return rc == OK && row.is_new ? mailbox_make_row(db, &account, key->mailbox, err) : rc;
}

static enum errc count_by_index(struct store *store, struct db *db, struct row_key key,
    struct mailbox_state *s, struct err *err)
{
	struct index_version *v;
	enum errc rc = index_newest(store, db, key.owner, key.mailbox, &v, err);

	if (rc != OK)
		return rc;
	s->recent = index_count(v) + 1 - index_lower_bound(v, s->first_recent);
	index_release(&v);
	return OK;
}

/*
 * How many uids from first_recent on are there. Without gaps it is a subtraction; a range without gaps is known by
 * the mailbox having none at all, or by nothing in front of it.
 */
static enum errc count_recent(struct store *store, struct db *db, struct row_key key,
    struct mailbox_state *s, struct err *err)
{
	int64_t range = (int64_t)s->uidnext - s->first_recent, count = 0;
	enum errc rc;

	s->recent = 0;
	if (range <= 0 || s->messages == 0)
		return OK;
	if (s->messages == s->uidnext - 1)
		s->recent = (uint32_t)range;
	else if (s->first_recent <= 1)
		s->recent = s->messages;
	else if (range > RECENT_COUNT_MAX)
		return count_by_index(store, db, key, s, err);
	else {
		rc = rows_one(db, &sql_mailbox_recent_count,
		    INTS(key.owner, key.mailbox, s->first_recent), &count, 1, err);
		s->recent = (uint32_t)count;
		return rows_end(rc);
	}
	return OK;
}

enum errc mailbox_state(struct store *store, struct db *db, int64_t owner, int64_t mailbox,
    struct mailbox_state *state_out, struct err *err)
{
	struct row_key key = { owner, mailbox };
	struct state_row row;
	enum errc rc = read_row(db, key, &row, err);

	if (rc == OK && row.is_new) {
		rc = db_transact_on(db, store_deadline(store), make_row, &key, err);
		/* a lost commit: the next one who asks finds the row, or makes it */
		if (rc == ERR_UNCERTAIN)
			rc = err_set(err, ERR_UNAVAIL, "the commit was lost");
		if (rc == OK)
			rc = read_row(db, key, &row, err);
		if (rc == OK && row.is_new)
			rc = err_set(err, ERR_UNAVAIL, "the mailbox's row could not be made");
	}
	if (rc == OK)
		rc = count_recent(store, db, key, &row.state, err);
	if (rc == OK)
		*state_out = row.state;
	return rc;
}

enum errc mailbox_state_found(struct store *store, struct db *db, const struct mailbox *mailbox,
    struct mailbox_state *state_out, struct err *err)
{
	if (mailbox->state.uidvalidity == 0)
		return mailbox_state(store, db, mailbox->owner, mailbox->id, state_out, err);
	*state_out = mailbox->state;
	return mailbox_count_recent(store, db, mailbox, state_out, err);
}

enum errc mailbox_count_recent(struct store *store, struct db *db,
    const struct mailbox *mailbox, struct mailbox_state *state, struct err *err)
{
	struct row_key key = { mailbox->owner, mailbox->id };

	return count_recent(store, db, key, state, err);
}

struct take {
	struct row_key key;
	int64_t first_recent, uidnext;
};

/* What is recent, before or inside the transaction that takes it; a mailbox without a row has nothing. */
static enum errc read_recent(struct db *db, struct take *take, struct err *err)
{
	int64_t row[2] = { 1, 1 };
	enum errc rc = rows_one(db, &sql_mailbox_recent_get,
	    INTS(take->key.owner, take->key.mailbox), row, COUNT(row), err);

	take->first_recent = rc == OK ? row[0] : 1;
	take->uidnext = rc == OK ? row[1] : 1;
	return rows_end(rc);
}

static enum errc take_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct take *take = arg;
	int64_t taken = 0;
	enum errc rc = read_recent(db, take, err);

	(void)arena;
	if (rc != OK || take->first_recent >= take->uidnext)
		return rc;
	rc = rows_run(db, &sql_mailbox_recent_take,
	    INTS(take->uidnext, take->key.owner, take->key.mailbox, take->first_recent), &taken,
	    err);
	/* a session at another node was quicker, and has them */
	if (rc == OK && taken == 0)
		return err_set(err, ERR_CONFLICT, "what was recent has been taken");
	return rc;
}

/* Nothing to take is the common case, and needs no transaction. */
static enum errc look_for_recent(struct store *store, struct take *take, struct err *err)
{
	struct db *db = NULL;
	enum errc rc = db_lease(store->settings.pool, TAKE_RECENT_MS, &db, err);

	if (rc == OK)
		rc = read_recent(db, take, err);
	db_return(&db);
	return rc;
}

enum errc mailbox_take_recent(struct store *store, int64_t owner, int64_t mailbox,
    struct recent_uids *recent_out, struct err *err)
{
	struct take take = { .key = { owner, mailbox } };
	struct deadline deadline =
	    deadline_earlier(store_deadline(store), deadline_in_ms(TAKE_RECENT_MS));
	enum errc rc = look_for_recent(store, &take, err);

	if (rc == OK && take.first_recent < take.uidnext) {
		rc = db_transact(store->settings.pool, deadline, take_body, &take, err);
		/* nobody waits for long, or is kept out of a database that cannot be written, for a mark */
		if (rc == ERR_UNAVAIL) {
			take.first_recent = take.uidnext;
			rc = OK;
		}
	}
	/* an uncertain commit may have given them to us: nobody else will show them */
	if (rc == OK || rc == ERR_UNCERTAIN)
		*recent_out =
		    (struct recent_uids){ (uint32_t)take.first_recent, (uint32_t)take.uidnext };
	return rc == ERR_UNCERTAIN ? OK : rc;
}
