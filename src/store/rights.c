/*
 * store/rights.c - the rows of dbmail_mailboxes and dbmail_acl as they are at this moment.
 */
#include "store/rights.h"

#include "store/mail_sql.h"
#include "store/message.h"
#include "store/store_int.h"

#define PERMISSION_READ 1

static const unsigned right_of_column[] = { RIGHT_READ, RIGHT_SEEN, RIGHT_WRITE, RIGHT_INSERT,
	RIGHT_DELETED, RIGHT_EXPUNGE };

/* In front of the rights: what the mailbox allows, and its row of the index. */
#define LOOK_COLUMNS 6

static bool has_all_rights(struct actor actor, int64_t owner)
{
	return actor.is_admin || actor.user == owner;
}

enum errc mailbox_rights(struct db *db, struct actor actor, int64_t owner, int64_t mailbox,
    unsigned *rights_out, struct err *err)
{
	struct mailbox_look look;
	enum errc rc = mailbox_look(db, actor, owner, mailbox, &look, err);

	if (rc == OK)
		*rights_out = look.rights;
	return rc;
}

enum errc mailbox_look(struct db *db, struct actor actor, int64_t owner, int64_t mailbox,
    struct mailbox_look *look_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = look_ask(db, actor, owner, mailbox, &q, err);

	return rc == OK ? look_take(&q, actor, owner, look_out, err) : rc;
}

enum errc look_ask(struct db *db, struct actor actor, int64_t owner, int64_t mailbox,
    struct db_q **q_out, struct err *err)
{
	if (has_all_rights(actor, owner))
		return rows_ask(db, &sql_mailbox_look, INTS(mailbox, owner), q_out, err);
	return rows_ask(db, &sql_mailbox_rights, INTS(actor.user, mailbox, owner), q_out, err);
}

enum errc look_take(struct db_q **qp, struct actor actor, int64_t owner,
    struct mailbox_look *look_out, struct err *err)
{
	bool has_all = has_all_rights(actor, owner);
	int64_t row[LOOK_COLUMNS + COUNT(right_of_column)], *at = row + 2;
	unsigned rights = has_all ? RIGHT_ALL : 0;
	enum errc rc = rows_take(qp, row, has_all ? LOOK_COLUMNS : COUNT(row), err);

	if (rc == ERR_END || (rc == OK && row[1] != 0))
		return err_set(err, ERR_NOTFOUND, "no such mailbox");
	if (rc != OK)
		return rc;
	for (size_t i = 0; !has_all && i < COUNT(right_of_column); i++)
		rights |= row[LOOK_COLUMNS + i] != 0 ? right_of_column[i] : 0;
	if (!actor.is_admin && row[0] == PERMISSION_READ)
		rights &= RIGHT_READ | RIGHT_LOOKUP;
	look_out->rights = rights;
	look_out->index = index_row_of((uint32_t)at[0], (uint32_t)at[1], at[2], at[3]);
	return OK;
}

enum errc account_touch_rights(struct db *db, const struct touch *touch,
    struct account_row *row_out, unsigned *rights_out, struct err *err)
{
	struct db_q *account = NULL, *rights = NULL;
	struct mailbox_look look = { 0 };
	enum errc rc =
	    account_ask(db, touch->owner, touch->bytes, touch->messages, &account, err);

	if (rc == OK)
		rc = look_ask(db, touch->actor, touch->owner, touch->mailbox, &rights, err);
	if (rc == OK)
		rc = account_take(
		    db, &account, touch->owner, touch->bytes, touch->messages, row_out, err);
	if (rc == OK)
		rc = look_take(&rights, touch->actor, touch->owner, &look, err);
	db_done(&account);
	db_done(&rights);
	*rights_out = look.rights;
	return rc;
}

enum errc rights_need(struct db *db, struct actor actor, int64_t owner, int64_t mailbox,
    unsigned needed, struct err *err)
{
	unsigned rights;
	enum errc rc = mailbox_rights(db, actor, owner, mailbox, &rights, err);

	if (rc == OK && (rights & needed) != needed)
		return err_set(err, ERR_DENIED, "no right to do this");
	return rc;
}

uint64_t rights_flags(unsigned rights)
{
	uint64_t flags = 0;

	if (rights & RIGHT_SEEN)
		flags |= FLAG_SEEN;
	if (rights & RIGHT_DELETED)
		flags |= FLAG_DELETED;
	if (rights & RIGHT_WRITE)
		flags |= FLAG_ANSWERED | FLAG_FLAGGED | FLAG_DRAFT;
	return flags;
}
