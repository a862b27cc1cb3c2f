/* store/acl_sql.c - the statements of dbmail_acl and dbmail_subscription. */
#include "store/admin_int.h"

#define FLAG_COLUMNS                                                                           \
	"lookup_flag, read_flag, seen_flag, write_flag, insert_flag, post_flag, create_flag, " \
	"delete_flag, deleted_flag, expunge_flag, administer_flag"

/* In the order of the columns, which is that of enum right. */
#define RIGHT_COUNT 11

static const struct db_sql ACL_DELETE = {
	.name = "acl.delete",
	.text = "DELETE FROM dbmail_acl WHERE mailbox_id = ? AND user_id = ?",
};

static const struct db_sql ACL_INSERT = {
	.name = "acl.insert",
	.text = "INSERT INTO dbmail_acl (user_id, mailbox_id, " FLAG_COLUMNS
		") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
};

static const struct db_sql ACL_GET = {
	.name = "acl.get",
	.text = "SELECT 0, '', " FLAG_COLUMNS
		" FROM dbmail_acl WHERE mailbox_id = ? AND user_id = ?",
};

static const struct db_sql ACL_EACH = {
	.name = "acl.each",
	.text = "SELECT a.user_id, u.userid, " FLAG_COLUMNS
		" FROM dbmail_acl a JOIN dbmail_users u ON u.user_idnr = a.user_id"
		" WHERE a.mailbox_id = ? ORDER BY u.userid",
};

static const struct db_sql ACL_COPY = {
	.name = "acl.copy",
	.text = "INSERT INTO dbmail_acl (user_id, mailbox_id, " FLAG_COLUMNS
		") SELECT user_id, ?, " FLAG_COLUMNS " FROM dbmail_acl WHERE mailbox_id = ?",
};

static const struct db_sql ACL_DELETE_ALL = {
	.name = "acl.delete_all",
	.text = "DELETE FROM dbmail_acl WHERE mailbox_id = ?",
};

static const struct db_sql SUBSCRIBE = {
	.name = "subscription.add",
	.text = "INSERT INTO dbmail_subscription (user_id, mailbox_id) VALUES (?, ?)",
};

static const struct db_sql UNSUBSCRIBE = {
	.name = "subscription.remove",
	.text = "DELETE FROM dbmail_subscription WHERE user_id = ? AND mailbox_id = ?",
};

static const struct db_sql SUBSCRIPTION_MOVE = {
	.name = "subscription.move",
	.text = "UPDATE dbmail_subscription SET mailbox_id = ? WHERE mailbox_id = ?",
};

static const struct db_sql SUBSCRIBERS = {
	.name = "subscription.users",
	.text = "SELECT user_id FROM dbmail_subscription WHERE mailbox_id = ?",
};

/* The name stands behind "subscribed/" in account_settings.name. */
static const struct db_sql KEEP_NAME = {
	.name = "subscription.keep_name",
	.text = "INSERT INTO account_settings (user_idnr, name, value) VALUES (?, ?, '')",
};

static const struct db_sql FORGET_NAME = {
	.name = "subscription.forget_name",
	.text = "DELETE FROM account_settings WHERE user_idnr = ? AND name = ?",
};

static const struct db_sql NAMES = {
	.name = "subscription.names",
	.text = "SELECT substr(name, 12) FROM account_settings "
		"WHERE user_idnr = ? AND name > 'subscribed/' AND name < 'subscribed0'",
};

static enum errc run_pair(
    struct db *db, const struct db_sql *sql, int64_t first, int64_t second, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, first);
	db_bind_i64(q, 2, second);
	return db_run(&q, NULL, err);
}

enum errc acl_row_delete(struct db *db, int64_t mailbox, int64_t user, struct err *err)
{
	return run_pair(db, &ACL_DELETE, mailbox, user, err);
}

enum errc acl_row_set(
    struct db *db, int64_t mailbox, int64_t user, unsigned rights, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = acl_row_delete(db, mailbox, user, err);

	if (rc == OK)
		rc = db_query(db, &ACL_INSERT, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, user);
	db_bind_i64(q, 2, mailbox);
	for (int i = 0; i < RIGHT_COUNT; i++)
		db_bind_i64(q, 3 + i, (rights >> i) & 1);
	return db_run(&q, NULL, err);
}

/* What was typed by hand may be any number. */
static unsigned read_rights(const struct db_q *q)
{
	unsigned rights = 0;

	for (int i = 0; i < RIGHT_COUNT; i++)
		rights |= db_i64(q, 2 + i) != 0 ? 1U << i : 0;
	return rights;
}

enum errc acl_row_get(
    struct db *db, int64_t mailbox, int64_t user, unsigned *rights_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &ACL_GET, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, mailbox);
	db_bind_i64(q, 2, user);
	rc = db_step(q, err);
	*rights_out = rc == OK ? read_rights(q) : 0;
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

enum errc acl_rows_each(struct db *db, int64_t mailbox,
    enum errc (*each)(
	void *arg, int64_t user, struct str login, unsigned rights, struct err *err),
    void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &ACL_EACH, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, mailbox);
	while ((rc = db_step(q, err)) == OK) {
		rc = each(arg, db_i64(q, 0), db_str(q, 1), read_rights(q), err);
		if (rc != OK)
			break;
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

enum errc acl_rows_copy(struct db *db, int64_t from, int64_t to, struct err *err)
{
	return run_pair(db, &ACL_COPY, to, from, err);
}

enum errc acl_rows_delete(struct db *db, int64_t mailbox, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &ACL_DELETE_ALL, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, mailbox);
	return db_run(&q, NULL, err);
}

enum errc subscription_row_add(struct db *db, int64_t user, int64_t mailbox, struct err *err)
{
	enum errc rc = run_pair(db, &SUBSCRIBE, user, mailbox, err);

	return rc == ERR_EXISTS ? OK : rc;
}

enum errc subscription_row_remove(struct db *db, int64_t user, int64_t mailbox, struct err *err)
{
	return run_pair(db, &UNSUBSCRIBE, user, mailbox, err);
}

enum errc subscription_rows_move(struct db *db, int64_t from, int64_t to, struct err *err)
{
	return run_pair(db, &SUBSCRIPTION_MOVE, to, from, err);
}

enum errc subscription_rows_users(struct db *db, int64_t mailbox, struct arena *arena,
    int64_t **users_out, size_t *count_out, struct err *err)
{
	int64_t *users = NULL;
	size_t count = 0, room = 0;
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SUBSCRIBERS, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, mailbox);
	while ((rc = db_step(q, err)) == OK) {
		if (count == room) {
			int64_t *larger;

			room = room == 0 ? 8 : 2 * room;
			larger = ARENA_NEW(arena, int64_t, room);
			if (count > 0)
				memcpy(larger, users, count * sizeof(*users));
			users = larger;
		}
		users[count++] = db_i64(q, 0);
	}
	db_done(&q);
	if (rc != ERR_END)
		return rc;
	*users_out = users;
	*count_out = count;
	return OK;
}

static enum errc run_name(struct db *db, const struct db_sql *sql, int64_t user,
    struct str name, int64_t *changes_out, struct err *err)
{
	struct arena *arena = arena_new("subscription");
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc == OK) {
		db_bind_i64(q, 1, user);
		db_bind_str(q, 2, str_printf(arena, "subscribed/%.*s", STR_ARG(name)));
		rc = db_run(&q, changes_out, err);
	}
	arena_free(&arena);
	return rc;
}

enum errc subscription_name_keep(struct db *db, int64_t user, struct str name, struct err *err)
{
	enum errc rc = run_name(db, &KEEP_NAME, user, name, NULL, err);

	return rc == ERR_EXISTS ? OK : rc;
}

enum errc subscription_name_forget(
    struct db *db, int64_t user, struct str name, bool *was_out, struct err *err)
{
	int64_t changes = 0;
	enum errc rc = run_name(db, &FORGET_NAME, user, name, &changes, err);

	*was_out = rc == OK && changes > 0;
	return rc;
}

enum errc subscription_names(struct db *db, int64_t user,
    enum errc (*each)(void *arg, struct str name), void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &NAMES, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, user);
	while ((rc = db_step(q, err)) == OK) {
		rc = each(arg, db_str(q, 0));
		if (rc != OK)
			break;
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}
