/*
 * store/book.c - account and mailbox rows, entries.
 *
 * The two statements with RETURNING are run here alone: an engine that lacks it reads the row again under the lock.
 */
#include "store/book.h"

#include "store/mail_sql.h"
#include "store/store_int.h"

static enum errc insert_account(struct db *db, int64_t owner, int64_t bytes, int64_t messages,
    struct account_row *row_out, struct err *err)
{
	enum errc rc =
	    rows_run(db, &sql_account_insert, INTS(owner, bytes, messages), NULL, err);

	/* another process has just made it: this transaction has to see it */
	if (rc == ERR_EXISTS)
		return err_set(err, ERR_CONFLICT, "account row");
	*row_out = (struct account_row){ .owner = owner, .modseq = 2, .bytes = bytes };
	return rc;
}

enum errc account_touch(struct db *db, int64_t owner, int64_t bytes, int64_t messages,
    struct account_row *row_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = account_ask(db, owner, bytes, messages, &q, err);

	return rc == OK ? account_take(db, &q, owner, bytes, messages, row_out, err) : rc;
}

enum errc account_ask(struct db *db, int64_t owner, int64_t bytes, int64_t messages,
    struct db_q **q_out, struct err *err)
{
	return rows_ask(db, &sql_account_touch, INTS(bytes, messages, owner), q_out, err);
}

/* NOLINTNEXTLINE(readability-function-size): what was asked, and its answer */
enum errc account_take(struct db *db, struct db_q **qp, int64_t owner, int64_t bytes,
    int64_t messages, struct account_row *row_out, struct err *err)
{
	int64_t row[3];
	enum errc rc = rows_take(qp, row, COUNT(row), err);

	if (rc == ERR_END)
		return insert_account(db, owner, bytes, messages, row_out, err);
	if (rc == OK)
		*row_out = (struct account_row){ owner, row[0], row[1], row[2] };
	return rc;
}

enum errc account_book(
    struct db *db, int64_t owner, int64_t bytes, int64_t messages, struct err *err)
{
	if (bytes == 0 && messages == 0)
		return OK;
	return rows_post(db, &sql_account_book, INTS(bytes, messages, owner), err);
}

enum errc quota_check(const struct account_row *account, int64_t quota_bytes, struct err *err)
{
	if (quota_bytes > 0 && account->bytes > quota_bytes)
		return err_set(err, ERR_QUOTA, "mailbox is full");
	return OK;
}

enum errc account_check_quota(struct db *db, const struct account_row *account, struct err *err)
{
	int64_t quota_bytes = 0;
	enum errc rc = rows_one(db, &sql_quota_of, INTS(account->owner), &quota_bytes, 1, err);

	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "no such account");
	return rc == OK ? quota_check(account, quota_bytes, err) : rc;
}

enum errc account_has_room(struct db *db, int64_t owner, int64_t bytes, struct err *err)
{
	int64_t row[3];
	struct account_row account = { .owner = owner };
	enum errc rc = rows_one(db, &sql_room_of, INTS(owner), row, COUNT(row), err);

	if (rc == ERR_END || (rc == OK && row[0] == 0))
		return err_set(err, ERR_NOTFOUND, "no such account, or not active");
	if (rc != OK)
		return rc;
	account.bytes = row[2] + bytes;
	return quota_check(&account, row[1], err);
}

enum errc mailbox_make_row(
    struct db *db, struct account_row *account, int64_t mailbox, struct err *err)
{
	int64_t now = clock_unix_s(), uidvalidity = account->uidvalidity_last + 1;
	enum errc rc;

	if (uidvalidity < now)
		uidvalidity = now;
	if (uidvalidity > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "no uidvalidity is left");
	rc = rows_post(db, &sql_account_uidvalidity, INTS(uidvalidity, account->owner), err);
	if (rc != OK)
		return rc;
	account->uidvalidity_last = uidvalidity;
	return rows_post(db, &sql_mailbox_insert,
	    INTS(account->owner, mailbox, uidvalidity, account->modseq), err);
}

static enum errc arrive(struct db *db, const struct account_row *account, int64_t mailbox,
    const struct mailbox_delta *d, int64_t row_out[3], struct err *err)
{
	return rows_one(db, &sql_mailbox_arrive,
	    INTS(d->messages, d->messages, d->unseen, d->deleted, d->size, account->modseq,
		account->owner, mailbox),
	    row_out, 3, err);
}

enum errc mailbox_arrive(struct db *db, struct account_row *account, int64_t mailbox,
    const struct mailbox_delta *delta, struct mailbox_arrival *arrival_out, struct err *err)
{
	int64_t row[3];
	enum errc rc = arrive(db, account, mailbox, delta, row, err);

	if (rc == ERR_END) {
		rc = mailbox_make_row(db, account, mailbox, err);
		if (rc == OK)
			rc = arrive(db, account, mailbox, delta, row, err);
	}
	if (rc == ERR_END)
		return err_set(err, ERR_INTERNAL, "the mailbox row just made is not there");
	if (rc != OK)
		return rc;
	if (row[0] > UINT32_MAX)
		return err_set(err, ERR_LIMIT, "the mailbox has no uids left");
	arrival_out->uid_first = (uint32_t)(row[0] - delta->messages);
	arrival_out->uidvalidity = (uint32_t)row[1];
	return OK;
}

enum errc mailbox_adjust(struct db *db, const struct account_row *account, int64_t mailbox,
    const struct mailbox_delta *d, int64_t *left_deleted_out, struct err *err)
{
	int64_t row[2];
	enum errc rc = rows_one(db, &sql_mailbox_adjust,
	    INTS(d->messages, d->unseen, d->deleted, d->size, account->modseq, d->first_unseen,
		d->first_unseen, account->owner, mailbox),
	    row, COUNT(row), err);

	if (rc == ERR_END)
		return err_set(err, ERR_CORRUPT, "entries without a row of their mailbox");
	if (rc == OK && left_deleted_out)
		*left_deleted_out = row[0];
	return rc;
}

enum errc entry_insert(struct db *db, const struct entry *e, struct err *err)
{
	return rows_post(db, &sql_entry_insert,
	    INTS(e->owner, e->mailbox, e->uid, e->id, e->object, (int64_t)e->flags, e->modseq,
		e->internal_date, e->internal_zone_min, clock_unix_s(), e->size),
	    err);
}

void delta_add(struct mailbox_delta *delta, uint64_t flags, int64_t size)
{
	delta->messages++;
	delta->unseen += !(flags & FLAG_SEEN);
	delta->deleted += (flags & FLAG_DELETED) != 0;
	delta->size += size;
}
