/* store/account_sql.c - the statements of dbmail_users and mail_accounts. */
#include "store/admin_int.h"

#include "base/clock.h"
#include "base/str.h"
#include "base/utf8.h"

#define USER_COLUMNS                                                                           \
	"SELECT u.user_idnr, u.userid, u.passwd, u.encryption_type, u.client_idnr, "           \
	"u.maxmail_size, u.active, "
#define ACCOUNT_COLUMNS                                                                        \
	USER_COLUMNS "coalesce(a.bytes, 0), coalesce(a.messages, 0) "                          \
		     "FROM dbmail_users u LEFT JOIN mail_accounts a ON a.owner = u.user_idnr "

#define NEAREST "ORDER BY CASE WHEN u.userid = ? THEN 0 ELSE 1 END, u.user_idnr LIMIT 1"

/*
 * Two rows made by hand may differ in case alone: the one that was asked for wins. What it uses is asked for by its id:
 * a join that does not know the id beforehand would search all shards.
 */
static const struct db_sql BY_NAME = {
	.name = "account.by_name",
	.text = USER_COLUMNS "0, 0 FROM dbmail_users u WHERE lower(u.userid) = ? " NEAREST,
	.mariadb = USER_COLUMNS "0, 0 FROM dbmail_users u WHERE u.lower_userid = ? " NEAREST,
};

static const struct db_sql USED = {
	.name = "account.used",
	.text = "SELECT bytes, messages FROM mail_accounts WHERE owner = ?",
};

static const struct db_sql BY_ID = {
	.name = "account.by_id",
	.text = ACCOUNT_COLUMNS "WHERE u.user_idnr = ?",
};

static const struct db_sql EACH = {
	.name = "account.each",
	.text = ACCOUNT_COLUMNS "ORDER BY u.userid",
};

static const struct db_sql INSERT = {
	.name = "account.make",
	.text = "INSERT INTO dbmail_users "
		"(userid, passwd, encryption_type, client_idnr, maxmail_size) "
		"VALUES (?, ?, ?, ?, ?)",
};

static const struct db_sql RENAME = {
	.name = "account.rename",
	.text = "UPDATE dbmail_users SET userid = ? WHERE user_idnr = ?",
};

static const struct db_sql SET_PASSWD = {
	.name = "account.set_passwd",
	.text = "UPDATE dbmail_users SET passwd = ?, encryption_type = ? WHERE user_idnr = ?",
};

static const struct db_sql SET_QUOTA = {
	.name = "account.set_quota",
	.text = "UPDATE dbmail_users SET maxmail_size = ? WHERE user_idnr = ?",
};

static const struct db_sql SET_CLIENT = {
	.name = "account.set_client",
	.text = "UPDATE dbmail_users SET client_idnr = ? WHERE user_idnr = ?",
};

static const struct db_sql SET_ACTIVE = {
	.name = "account.set_active",
	.text = "UPDATE dbmail_users SET active = ? WHERE user_idnr = ?",
};

static const struct db_sql SET_LAST_LOGIN = {
	.name = "account.set_last_login",
	.text = "UPDATE dbmail_users SET last_login = ? WHERE user_idnr = ?",
	.pgsql = "UPDATE dbmail_users SET last_login = ?::text::timestamp WHERE user_idnr = ?",
};

static const struct db_sql DELETE = {
	.name = "account.delete",
	.text = "DELETE FROM dbmail_users WHERE user_idnr = ?",
};

static const struct db_sql LOCK = {
	.name = "account.lock",
	.text = "UPDATE mail_accounts SET modseq = modseq + 1 WHERE owner = ?",
};

static const struct db_sql LOCK_MAKE = {
	.name = "account.lock_make",
	.text = "INSERT INTO mail_accounts (owner) VALUES (?)",
};

static const struct db_sql LOCKED = {
	.name = "account.locked",
	.text = "SELECT modseq, uidvalidity_last FROM mail_accounts WHERE owner = ?",
};

static const struct db_sql BOOK_OUT = {
	.name = "account.book_out",
	.text =
	    "UPDATE mail_accounts SET bytes = CASE WHEN bytes > ? THEN bytes - ? ELSE 0 END, "
	    "messages = CASE WHEN messages > ? THEN messages - ? ELSE 0 END WHERE owner = ?",
};

static const struct db_sql SET_UIDVALIDITY = {
	.name = "account.set_uidvalidity",
	.text = "UPDATE mail_accounts SET uidvalidity_last = ? WHERE owner = ?",
};

/* The row's texts are borrowed until the next step. */
static struct account read_account(const struct db_q *q)
{
	return (struct account){
		.id = db_i64(q, 0),
		.name = db_str(q, 1),
		.passwd = db_str(q, 2),
		.encryption = db_str(q, 3),
		.client = db_i64(q, 4),
		.quota_bytes = db_i64(q, 5),
		.active = db_i64(q, 6) != 0,
		.used_bytes = db_i64(q, 7),
		.messages = db_i64(q, 8),
	};
}

static enum errc step_to_account(
    struct db_q *q, struct arena *arena, struct account *account_out, struct err *err)
{
	enum errc rc = db_step(q, err);

	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "no such account");
	if (rc != OK)
		return rc;
	*account_out = read_account(q);
	account_out->name = str_dup(arena, account_out->name);
	account_out->passwd = str_dup(arena, account_out->passwd);
	account_out->encryption = str_dup(arena, account_out->encryption);
	return OK;
}

/* No row: nothing was ever delivered. */
static enum errc read_used(struct db *db, struct account *account, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &USED, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, account->id);
	rc = db_step(q, err);
	if (rc == OK) {
		account->used_bytes = db_i64(q, 0);
		account->messages = db_i64(q, 1);
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

enum errc account_by_name(struct db *db, struct str name, struct arena *arena,
    struct account *account_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc;

	/* PostgreSQL takes no such text, not even to look for it */
	if (!utf8_is_valid(name) || str_find_char(name, '\0') < name.n)
		return err_set(err, ERR_NOTFOUND, "no such account");
	rc = db_query(db, &BY_NAME, &q, err);
	if (rc != OK)
		return rc;
	db_bind_str(q, 1, ascii_fold(arena, name));
	db_bind_str(q, 2, name);
	rc = step_to_account(q, arena, account_out, err);
	db_done(&q);
	return rc == OK ? read_used(db, account_out, err) : rc;
}

enum errc account_by_id(struct db *db, int64_t id, struct arena *arena,
    struct account *account_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &BY_ID, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, id);
	rc = step_to_account(q, arena, account_out, err);
	db_done(&q);
	return rc;
}

enum errc account_each(struct db *db,
    enum errc (*each)(const struct account *account, void *arg), void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &EACH, &q, err);

	if (rc != OK)
		return rc;
	while ((rc = db_step(q, err)) == OK) {
		struct account account = read_account(q);

		rc = each(&account, arg);
		if (rc != OK)
			break;
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

enum errc account_row_insert(
    struct db *db, const struct account_new *account, int64_t *id_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INSERT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, account->name);
	db_bind_str(q, 2, account->passwd);
	db_bind_str(q, 3, account->encryption);
	db_bind_i64(q, 4, account->client);
	db_bind_i64(q, 5, account->quota_bytes);
	rc = db_run(&q, NULL, err);
	return rc == OK ? db_last_id(db, id_out, err) : rc;
}

/* An UPDATE or DELETE of one account's row, bound but for the account's id at `param`. */
static enum errc run_for_account(struct db_q *q, int param, int64_t id, struct err *err)
{
	int64_t changes = 0;
	enum errc rc;

	db_bind_i64(q, param, id);
	rc = db_run(&q, &changes, err);
	if (rc == OK && changes == 0)
		return err_set(err, ERR_NOTFOUND, "no account %lld", (long long)id);
	return rc;
}

enum errc account_row_rename(struct db *db, int64_t id, struct str name, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &RENAME, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, name);
	return run_for_account(q, 2, id, err);
}

enum errc account_row_passwd(
    struct db *db, int64_t id, struct str passwd, struct str encryption, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SET_PASSWD, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, passwd);
	db_bind_str(q, 2, encryption);
	return run_for_account(q, 3, id, err);
}

static enum errc set_number(
    struct db *db, const struct db_sql *sql, int64_t id, int64_t value, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, value);
	return run_for_account(q, 2, id, err);
}

enum errc account_row_quota(struct db *db, int64_t id, int64_t quota_bytes, struct err *err)
{
	return set_number(db, &SET_QUOTA, id, quota_bytes, err);
}

enum errc account_row_client(struct db *db, int64_t id, int64_t client, struct err *err)
{
	return set_number(db, &SET_CLIENT, id, client, err);
}

enum errc account_row_active(struct db *db, int64_t id, bool active, struct err *err)
{
	return set_number(db, &SET_ACTIVE, id, active, err);
}

enum errc account_row_last_login(struct db *db, int64_t id, struct str time, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SET_LAST_LOGIN, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, time);
	return run_for_account(q, 2, id, err);
}

enum errc account_row_delete(struct db *db, int64_t id, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &DELETE, &q, err);

	return rc == OK ? run_for_account(q, 1, id, err) : rc;
}

static enum errc run_for_owner(struct db *db, const struct db_sql *sql, int64_t owner,
    int64_t *changes_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	return db_run(&q, changes_out, err);
}

static enum errc read_locked(struct db *db, int64_t owner, int64_t *modseq_out,
    int64_t *uidvalidity_last_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &LOCKED, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	rc = db_step(q, err);
	if (rc == OK) {
		*modseq_out = db_i64(q, 0);
		*uidvalidity_last_out = db_i64(q, 1);
	}
	db_done(&q);
	if (rc == ERR_END)
		return err_set(
		    err, ERR_CORRUPT, "mail_accounts has no row %lld", (long long)owner);
	return rc;
}

enum errc account_lock(struct db *db, int64_t owner, int64_t *modseq_out, struct err *err)
{
	int64_t uidvalidity_last, changes = 0;
	enum errc rc = run_for_owner(db, &LOCK, owner, &changes, err);

	if (rc == OK && changes == 0)
		rc = run_for_owner(db, &LOCK_MAKE, owner, NULL, err);
	if (rc == ERR_EXISTS) /* another transaction made it between the two */
		return err_set(err, ERR_CONFLICT, "mail_accounts row made meanwhile");
	if (rc == OK)
		rc = read_locked(db, owner, modseq_out, &uidvalidity_last, err);
	return rc;
}

enum errc account_book_out(
    struct db *db, int64_t owner, int64_t bytes, int64_t messages, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &BOOK_OUT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, bytes);
	db_bind_i64(q, 2, bytes);
	db_bind_i64(q, 3, messages);
	db_bind_i64(q, 4, messages);
	db_bind_i64(q, 5, owner);
	return db_run(&q, NULL, err);
}

enum errc account_next_uidvalidity(
    struct db *db, int64_t owner, int64_t *uidvalidity_out, struct err *err)
{
	int64_t modseq, last = 0, now = clock_unix_s();
	struct db_q *q = NULL;
	enum errc rc = read_locked(db, owner, &modseq, &last, err);

	if (rc == OK)
		rc = db_query(db, &SET_UIDVALIDITY, &q, err);
	if (rc != OK)
		return rc;
	*uidvalidity_out = now > last ? now : last + 1;
	db_bind_i64(q, 1, *uidvalidity_out);
	db_bind_i64(q, 2, owner);
	return db_run(&q, NULL, err);
}
