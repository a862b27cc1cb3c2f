/*
 * store/verify_rows.c - sums and bounds: an account against its mailboxes, a mailbox against its entries.
 */
#include "base/arena.h"
#include "store/keywords.h"
#include "store/verify_int.h"

static enum errc check_account(struct verify *v, int64_t owner, struct err *err)
{
	int64_t row[4] = { 0 }, sums[5] = { 0 }, twice = 0, lost = 0;
	long long o = (long long)owner;
	enum errc rc = rows_one(v->db, &sql_verify_account, INTS(owner), row, COUNT(row), err);

	if (rc == ERR_END)
		verify_say(v, "account %lld: mailboxes without a row in mail_accounts", o);
	if (rc != OK)
		return rows_end(rc);
	rc = rows_one(v->db, &sql_verify_account_sums, INTS(owner), sums, COUNT(sums), err);
	if (rc == OK)
		rc = rows_one(v->db, &sql_verify_account_ids, INTS(owner), &twice, 1, err);
	if (rc == OK)
		rc = rows_one(v->db, &sql_verify_removed, INTS(owner), &lost, 1, err);
	if (rc != OK)
		return rc;
	if (sums[0] > row[0])
		verify_say(v, "account %lld: a mailbox's modseq is over the account's", o);
	if (sums[1] != row[1] || sums[2] != row[2])
		verify_say(v,
		    "account %lld: %lld bytes in %lld messages are booked, %lld in %lld are "
		    "there",
		    o, (long long)row[1], (long long)row[2], (long long)sums[1],
		    (long long)sums[2]);
	if (sums[3] > row[3])
		verify_say(v, "account %lld: a uidvalidity is over the last one given", o);
	if (sums[4] != 0)
		verify_say(v, "account %lld: a uidvalidity is there twice", o);
	if (twice != 0)
		verify_say(
		    v, "account %lld: %lld entry ids are there twice", o, (long long)twice);
	if (lost != 0)
		verify_say(v, "account %lld: %lld removed messages without an object", o,
		    (long long)lost);
	return OK;
}

enum errc verify_accounts(struct verify *v, struct err *err)
{
	int64_t owner = INT64_MIN;

	for (;;) {
		int64_t next = 0;
		enum errc rc = db_snapshot_begin(v->db, err);

		if (rc != OK)
			return rc;
		rc = rows_one(v->db, &sql_verify_accounts, INTS(owner, owner), &next, 1, err);
		/* no account has the number 0: that is NULL */
		if (rc == OK && next != 0)
			rc = check_account(v, next, err);
		db_snapshot_end(v->db);
		if (rc != OK || next == 0)
			return rc;
		owner = next;
		v->report.accounts++;
	}
}

struct mailbox_check {
	struct verify *v;
	int64_t owner, mailbox;
	int64_t row[9];	  /* as sql_verify_mailbox */
	int64_t sums[10]; /* as sql_verify_entry_sums */
};

static void say(const struct mailbox_check *c, const char *what, int64_t have, int64_t want)
{
	verify_say(c->v, "account %lld, mailbox %lld: %s: %lld in the row, %lld by its entries",
	    (long long)c->owner, (long long)c->mailbox, what, (long long)have, (long long)want);
}

static void compare_sums(const struct mailbox_check *c)
{
	static const char *const names[] = { "messages", "unseen", "deleted", "size" };

	for (size_t i = 0; i < COUNT(names); i++) {
		if (c->row[2 + i] != c->sums[i])
			say(c, names[i], c->row[2 + i], c->sums[i]);
	}
	if (c->sums[5] >= c->row[0] || c->sums[4] < 1)
		say(c, "uidnext", c->row[0], c->sums[5]);
	if (c->sums[6] > c->row[1])
		say(c, "highestmodseq", c->row[1], c->sums[6]);
	if (c->row[6] > c->row[1])
		say(c, "expunged_floor", c->row[6], c->row[1]);
	if (c->row[7] > c->row[0])
		say(c, "first_recent", c->row[7], c->row[0]);
	if (c->row[8] > c->sums[8])
		say(c, "first_unseen", c->row[8], c->sums[8]);
}

/* Bits that flags may have in this mailbox. */
static enum errc known_bits(const struct mailbox_check *c, uint64_t *bits_out, struct err *err)
{
	struct arena *arena = arena_new("verify");
	struct keyword_table *table = ARENA_NEW(arena, struct keyword_table, 1);
	enum errc rc = keyword_table_read(c->v->db, c->owner, c->mailbox, arena, table, err);

	*bits_out = FLAG_SYSTEM;
	for (size_t i = 0; i < table->count && i < FLAG_KEYWORDS_IN_MASK; i++) {
		if (table->names[i].n > 0)
			*bits_out |= UINT64_C(1) << (FLAG_KEYWORD_SHIFT + i);
	}
	arena_free(&arena);
	return rc;
}

static enum errc expect_none(const struct mailbox_check *c, const struct db_sql *sql,
    struct ints params, const char *what, struct err *err)
{
	int64_t count = 0;
	enum errc rc = rows_one(c->v->db, sql, params, &count, 1, err);

	if (rc == OK && count != 0)
		verify_say(c->v, "account %lld, mailbox %lld: %lld %s", (long long)c->owner,
		    (long long)c->mailbox, (long long)count, what);
	return rc;
}

static enum errc check_mailbox(struct mailbox_check *c, struct err *err)
{
	uint64_t bits = 0;
	enum errc rc = rows_one(c->v->db, &sql_verify_mailbox, INTS(c->owner, c->mailbox),
	    c->row, COUNT(c->row), err);

	if (rc == OK)
		rc = rows_one(c->v->db, &sql_verify_entry_sums, INTS(c->owner, c->mailbox),
		    c->sums, COUNT(c->sums), err);
	if (rc == OK)
		rc = known_bits(c, &bits, err);
	if (rc != OK)
		return rc;
	compare_sums(c);
	c->v->report.entries += (uint64_t)c->sums[0];
	rc = expect_none(c, &sql_verify_keywords, INTS(c->owner, c->mailbox, (int64_t)~bits),
	    "entries with a flag that has no name", err);
	if (rc == OK)
		rc = expect_none(c, &sql_verify_entry_objects, INTS(c->owner, c->mailbox),
		    "entries without their object, or of another size", err);
	if (rc == OK)
		rc = expect_none(c, &sql_verify_extra, INTS(c->owner, c->mailbox),
		    "rows of keywords that belong to nothing", err);
	if (rc == OK)
		rc = expect_none(c, &sql_verify_expunged,
		    INTS(c->owner, c->mailbox, c->row[0], c->row[1], c->row[6]),
		    "rows of the expunge log that cannot be", err);
	if (rc == OK)
		rc = expect_none(c, &sql_verify_expunged_there, INTS(c->owner, c->mailbox),
		    "messages that are expunged and there", err);
	return rc;
}

static enum errc check_rows_exist(struct verify *v, struct err *err)
{
	int64_t row[3] = { INT64_MIN, INT64_MIN, 1 };
	enum errc rc = OK;

	while (rc == OK) {
		rc = rows_one(
		    v->db, &sql_verify_entry_mailbox, INTS(row[0], row[1]), row, 3, err);
		if (rc == OK && row[2] == 0)
			verify_say(v, "account %lld, mailbox %lld: entries without a row",
			    (long long)row[0], (long long)row[1]);
	}
	return rows_end(rc);
}

enum errc verify_mailboxes(struct verify *v, struct err *err)
{
	int64_t at[2] = { INT64_MIN, INT64_MIN };

	for (;;) {
		struct mailbox_check c = { .v = v };
		enum errc rc = db_snapshot_begin(v->db, err);

		if (rc != OK)
			return rc;
		rc = rows_one(v->db, &sql_verify_mailboxes, INTS(at[0], at[1]), at, 2, err);
		c.owner = at[0];
		c.mailbox = at[1];
		if (rc == OK)
			rc = check_mailbox(&c, err);
		db_snapshot_end(v->db);
		if (rc == ERR_END)
			return check_rows_exist(v, err);
		if (rc != OK)
			return rc;
		v->report.mailboxes++;
	}
}
