/*
 * imap/cmd_quota.c - GETQUOTA, GETQUOTAROOT, SETQUOTA (RFC 9208; the answers are those of RFC 2087 too).
 *
 * An account with a limit is a quota root, named "" and seen by its owner alone; one without a limit has none. Limits
 * are the administrators' to set.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "store/account.h"
#include "store/mailbox.h"

/* RFC 9208 5.1: STORAGE is counted in units of 1,024 octets. */
#define UNIT 1024

static enum errc read_own(
    struct imap_session *s, struct db *db, struct account *account_out, struct err *err)
{
	return account_by_id(db, s->actor.user, s->arena, account_out, err);
}

static void tell_quota(struct imap_session *s, const struct account *account)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* QUOTA \"\" (STORAGE ");
	buf_add_u64(out, ((uint64_t)account->used_bytes + UNIT - 1) / UNIT);
	buf_add_char(out, ' ');
	buf_add_u64(out, (uint64_t)account->quota_bytes / UNIT);
	BUF_ADD(out, ")\r\n");
}

static enum imap_run answer(struct imap_session *s, enum errc rc, const struct err *err)
{
	if (rc == OK)
		return imap_finish(s, NULL, "quota told");
	imap_reply_error(s, rc, err);
	return RUN_DONE;
}

enum imap_run imap_run_getquota(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct account account;
	struct db *db;
	enum errc rc = imap_lease(s, &db, &err);

	if (rc == OK) {
		rc = read_own(s, db, &account, &err);
		db_return(&db);
	}
	if (rc == OK && (s->command.quota_root.n > 0 || account.quota_bytes <= 0)) {
		imap_reply(s, REPLY_NO, "NONEXISTENT", "no such quota root");
		return RUN_DONE;
	}
	if (rc == OK)
		tell_quota(s, &account);
	return answer(s, rc, &err);
}

static enum errc read_root(struct imap_session *s, struct str name, struct mailbox *mailbox,
    struct account *account, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);
	if (rc == OK)
		rc = read_own(s, db, account, err);
	db_return(&db);
	return rc;
}

enum imap_run imap_run_getquotaroot(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct buf *out = &s->base.out;
	struct mailbox mailbox;
	struct account account;
	struct str name;
	bool has_root;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.mailbox, &name))
		return RUN_DONE;
	rc = read_root(s, name, &mailbox, &account, &err);
	if (rc != OK)
		return answer(s, rc, &err);
	has_root = mailbox.owner == account.id && account.quota_bytes > 0;
	BUF_ADD(out, "* QUOTAROOT ");
	imap_add_mailbox(s, mailbox.name);
	if (has_root)
		BUF_ADD(out, " \"\"");
	BUF_ADD(out, "\r\n");
	if (has_root)
		tell_quota(s, &account);
	return answer(s, OK, &err);
}

enum imap_run imap_run_setquota(struct imap_session *s)
{
	imap_reply(s, REPLY_NO, "NOPERM", "quotas are set by the administrator");
	return RUN_DONE;
}
