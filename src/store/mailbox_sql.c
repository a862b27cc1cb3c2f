/* store/mailbox_sql.c - the statements of dbmail_mailboxes, and of mail_mailboxes where a folder begins or ends. */
#include "store/admin_int.h"

#include "base/str.h"

/* The rights of one ACL row as enum right; what was typed by hand may be any number. */
#define BIT(t, flag, value) "CASE WHEN " t "." flag " <> 0 THEN " value " ELSE 0 END"
#define ACL_BITS(t)                                                                            \
	BIT(t, "lookup_flag", "1")                                                             \
	" + " BIT(t, "read_flag", "2") " + " BIT(t, "seen_flag", "4") " + " BIT(               \
	    t, "write_flag", "8") " + " BIT(t, "insert_flag", "16") " + " BIT(t, "post_flag",  \
	    "32") " + " BIT(t, "create_flag", "64") " + " BIT(t, "delete_flag",                \
	    "128") " + " BIT(t, "deleted_flag", "256") " + " BIT(t, "expunge_flag",            \
	    "512") " + " BIT(t, "administer_flag", "1024")

#define FOLDER_COLUMNS                                                                         \
	"m.mailbox_idnr, m.owner_idnr, m.name, m.no_select, m.no_inferiors, m.permission, "

#define ROW_COLUMNS FOLDER_COLUMNS "CASE WHEN s.user_id IS NULL THEN 0 ELSE 1 END"

#define JOIN_SUBSCRIPTION                                                                      \
	"LEFT JOIN dbmail_subscription s ON s.mailbox_id = m.mailbox_idnr AND s.user_id = ? "

#define STATE_COLUMNS                                                                          \
	"x.uidvalidity, x.uidnext, x.messages, x.unseen, x.deleted, x.size, x.highestmodseq, " \
	"x.expunged_floor, x.first_recent "

#define FROM_FOLDER                                                                            \
	"FROM dbmail_mailboxes m LEFT JOIN mail_mailboxes x "                                  \
	"ON x.owner = m.owner_idnr AND x.mailbox = m.mailbox_idnr "

/* The first parameter: the user whose rights they are; everybody's have id 2. */
#define ONE_ROW                                                                                \
	"SELECT " FOLDER_COLUMNS "0, " ACL_BITS("u") ", " ACL_BITS(                            \
	    "e") ", " STATE_COLUMNS FROM_FOLDER                                                \
		 "LEFT JOIN dbmail_acl u ON u.mailbox_id = m.mailbox_idnr AND u.user_id = ? "  \
		 "LEFT JOIN dbmail_acl e ON e.mailbox_id = m.mailbox_idnr AND e.user_id = 2 "

static const struct db_sql GET = {
	.name = "mailbox.get",
	.text = ONE_ROW "WHERE m.owner_idnr = ? AND m.name = ?",
};

/* An owner's rights are in no row: without two of the joins it costs a server half as much. */
static const struct db_sql GET_OWN = {
	.name = "mailbox.get_own",
	.text = "SELECT " FOLDER_COLUMNS "0, 0, 0, " STATE_COLUMNS FROM_FOLDER
		"WHERE m.owner_idnr = ? AND m.name = ?",
};

static const struct db_sql INBOX_NOCASE = {
	.name = "mailbox.inbox_nocase",
	.text = ONE_ROW "WHERE m.owner_idnr = ? AND lower(m.name) = 'inbox' "
			"ORDER BY m.mailbox_idnr LIMIT 1",
};

static const struct db_sql OWN = {
	.name = "mailbox.own",
	.text = "SELECT " ROW_COLUMNS
		", 0, 0, '', x.value FROM dbmail_mailboxes m " JOIN_SUBSCRIPTION
		"LEFT JOIN mailbox_settings x ON x.mailbox_idnr = m.mailbox_idnr "
		"AND x.name = 'special_use' WHERE m.owner_idnr = ?",
};

static const struct db_sql SHARED = {
	.name = "mailbox.shared",
	.text = "SELECT " ROW_COLUMNS ", " ACL_BITS(
	    "a") ", 0, o.userid, NULL "
		 "FROM dbmail_acl a "
		 "JOIN dbmail_mailboxes m ON m.mailbox_idnr = a.mailbox_id "
		 "JOIN dbmail_users o ON o.user_idnr = m.owner_idnr " JOIN_SUBSCRIPTION
		 "WHERE a.user_id IN (?, 2) AND m.owner_idnr <> ? "
		 "ORDER BY m.mailbox_idnr",
};

static const struct db_sql BELOW = {
	.name = "mailbox.below",
	.text = "SELECT mailbox_idnr, name FROM dbmail_mailboxes "
		"WHERE owner_idnr = ? AND name > ? AND name < ? ORDER BY name",
};

static const struct db_sql HAS_BELOW = {
	.name = "mailbox.has_below",
	.text = "SELECT 1 FROM dbmail_mailboxes "
		"WHERE owner_idnr = ? AND name > ? AND name < ? LIMIT 1",
};

static const struct db_sql COUNT_ROWS = {
	.name = "mailbox.count",
	.text = "SELECT count(*) FROM dbmail_mailboxes WHERE owner_idnr = ?",
};

static const struct db_sql INSERT = {
	.name = "mailbox.insert",
	.text = "INSERT INTO dbmail_mailboxes (owner_idnr, name, seq) VALUES (?, ?, ?)",
};

static const struct db_sql INSERT_STATE = {
	.name = "mailbox.insert_state",
	.text = "INSERT INTO mail_mailboxes (owner, mailbox, uidvalidity, highestmodseq) "
		"VALUES (?, ?, ?, ?)",
};

static const struct db_sql RENAME = {
	.name = "mailbox.rename",
	.text = "UPDATE dbmail_mailboxes SET name = ? WHERE mailbox_idnr = ?",
};

static const struct db_sql SET_NO_SELECT = {
	.name = "mailbox.set_no_select",
	.text = "UPDATE dbmail_mailboxes SET no_select = ? WHERE mailbox_idnr = ?",
};

static const struct db_sql SETTING_DELETE = {
	.name = "mailbox.setting_delete",
	.text = "DELETE FROM mailbox_settings WHERE mailbox_idnr = ? AND name = ?",
};

static const struct db_sql SETTING_INSERT = {
	.name = "mailbox.setting_insert",
	.text = "INSERT INTO mailbox_settings (mailbox_idnr, name, value) VALUES (?, ?, ?)",
};

static const struct db_sql DELETE = {
	.name = "mailbox.delete",
	.text = "DELETE FROM dbmail_mailboxes WHERE mailbox_idnr = ?",
};

static const struct db_sql SUMS = {
	.name = "mailbox.sums",
	.text = "SELECT size, messages FROM mail_mailboxes WHERE owner = ? AND mailbox = ?",
};

static const struct db_sql EMPTY_STATE = {
	.name = "mailbox.empty_state",
	.text = "UPDATE mail_mailboxes SET size = 0, messages = 0, unseen = 0, deleted = 0 "
		"WHERE owner = ? AND mailbox = ?",
};

/* The row's name is borrowed until the next step. */
static struct mailbox_row read_row(const struct db_q *q)
{
	return (struct mailbox_row){
		.id = db_i64(q, 0),
		.owner = db_i64(q, 1),
		.name = db_str(q, 2),
		.no_select = db_i64(q, 3) != 0,
		.no_inferiors = db_i64(q, 4) != 0,
		.read_only = db_i64(q, 5) == 1,
		.subscribed = db_i64(q, 6) != 0,
		.acl = (unsigned)(db_i64(q, 7) | db_i64(q, 8)),
	};
}

static struct mailbox_state read_state(const struct db_q *q, int column)
{
	return (struct mailbox_state){
		.uidvalidity = (uint32_t)db_i64(q, column),
		.uidnext = (uint32_t)db_i64(q, column + 1),
		.messages = (uint32_t)db_i64(q, column + 2),
		.unseen = (uint32_t)db_i64(q, column + 3),
		.deleted = (uint32_t)db_i64(q, column + 4),
		.size = (uint64_t)db_i64(q, column + 5),
		.highestmodseq = db_i64(q, column + 6),
		.expunged_floor = db_i64(q, column + 7),
		.first_recent = (uint32_t)db_i64(q, column + 8),
	};
}

static enum errc get_row(
    struct db_q *q, struct arena *arena, struct mailbox_row *row_out, struct err *err)
{
	enum errc rc = db_step(q, err);

	if (rc == OK) {
		*row_out = read_row(q);
		row_out->name = str_dup(arena, row_out->name);
		row_out->state = read_state(q, 9);
	}
	db_done(&q);
	return rc == ERR_END ? err_set(err, ERR_NOTFOUND, "no such folder") : rc;
}

enum errc mailbox_row_get(struct db *db, const struct mailbox_key *key, struct arena *arena,
    struct mailbox_row *row_out, struct err *err)
{
	bool is_own = key->user == key->owner;
	int param = 0;
	struct db_q *q = NULL;
	enum errc rc = db_query(db, is_own ? &GET_OWN : &GET, &q, err);

	if (rc != OK)
		return rc;
	if (!is_own)
		db_bind_i64(q, ++param, key->user);
	db_bind_i64(q, ++param, key->owner);
	db_bind_str(q, ++param, key->name);
	return get_row(q, arena, row_out, err);
}

enum errc mailbox_row_inbox_nocase(struct db *db, const struct mailbox_key *key,
    struct arena *arena, struct mailbox_row *row_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INBOX_NOCASE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, key->user);
	db_bind_i64(q, 2, key->owner);
	return get_row(q, arena, row_out, err);
}

static enum errc each_row(struct db_q **qp, mailbox_row_fn *each, void *arg, struct err *err)
{
	enum errc rc;

	while ((rc = db_step(*qp, err)) == OK) {
		struct mailbox_row row = read_row(*qp);

		row.special_use_set = !db_is_null(*qp, 10);
		row.special_use = db_str(*qp, 10);
		rc = each(arg, &row, db_str(*qp, 9), err);
		if (rc != OK)
			break;
	}
	db_done(qp);
	return rc == ERR_END ? OK : rc;
}

enum errc mailbox_rows_own(
    struct db *db, int64_t user, mailbox_row_fn *each, void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &OWN, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, user);
	db_bind_i64(q, 2, user);
	return each_row(&q, each, arg, err);
}

enum errc mailbox_rows_shared(
    struct db *db, int64_t user, mailbox_row_fn *each, void *arg, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SHARED, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, user);
	db_bind_i64(q, 2, user);
	db_bind_i64(q, 3, user);
	return each_row(&q, each, arg, err);
}

/* Everything below "a" lies between "a/" and "a0": '0' follows '/' in every binary order. */
static void bind_below(struct db_q *q, struct arena *arena, int64_t owner, struct str name)
{
	db_bind_i64(q, 1, owner);
	db_bind_str(q, 2, str_printf(arena, "%.*s/", STR_ARG(name)));
	db_bind_str(q, 3, str_printf(arena, "%.*s0", STR_ARG(name)));
}

static struct mailbox_row *rows_add(struct mailbox_rows *rows, struct arena *arena)
{
	if (rows->count == rows->room) {
		size_t room = rows->room == 0 ? 16 : 2 * rows->room;
		struct mailbox_row *larger = ARENA_NEW(arena, struct mailbox_row, room);

		if (rows->count > 0)
			memcpy(larger, rows->row, rows->count * sizeof(*larger));
		rows->row = larger;
		rows->room = room;
	}
	return &rows->row[rows->count++];
}

enum errc mailbox_rows_below(struct db *db, int64_t owner, struct str name, struct arena *arena,
    struct mailbox_rows *rows_out, struct err *err)
{
	struct mailbox_rows rows = { .count = 0 };
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &BELOW, &q, err);

	if (rc != OK)
		return rc;
	bind_below(q, arena, owner, name);
	while ((rc = db_step(q, err)) == OK) {
		if (rows.count == STORE_MAILBOXES_MAX) {
			rc = err_set(
			    err, ERR_LIMIT, "more than %d folders below", STORE_MAILBOXES_MAX);
			break;
		}
		*rows_add(&rows, arena) = (struct mailbox_row){
			.id = db_i64(q, 0), .owner = owner, .name = str_dup(arena, db_str(q, 1))
		};
	}
	db_done(&q);
	if (rc != ERR_END)
		return rc;
	*rows_out = rows;
	return OK;
}

enum errc mailbox_has_below(
    struct db *db, int64_t owner, struct str name, bool *has_out, struct err *err)
{
	struct arena *arena = arena_new("mailbox");
	struct db_q *q = NULL;
	enum errc rc = mailbox_below_ask(db, arena, owner, name, &q, err);

	if (rc == OK)
		rc = mailbox_below_take(&q, has_out, err);
	arena_free(&arena);
	return rc;
}

enum errc mailbox_below_ask(struct db *db, struct arena *arena, int64_t owner, struct str name,
    struct db_q **q_out, struct err *err)
{
	enum errc rc = db_query(db, &HAS_BELOW, q_out, err);

	if (rc != OK)
		return rc;
	bind_below(*q_out, arena, owner, name);
	db_send(*q_out);
	return OK;
}

enum errc mailbox_below_take(struct db_q **qp, bool *has_out, struct err *err)
{
	enum errc rc = db_step(*qp, err);

	db_done(qp);
	*has_out = rc == OK;
	return rc == ERR_END ? OK : rc;
}

enum errc mailbox_rows_count(struct db *db, int64_t owner, int64_t *count_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &COUNT_ROWS, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	rc = db_step(q, err);
	if (rc == OK)
		*count_out = db_i64(q, 0);
	db_done(&q);
	return rc;
}

static enum errc insert_state(
    struct db *db, int64_t owner, int64_t id, int64_t modseq, struct err *err)
{
	struct db_q *q = NULL;
	int64_t uidvalidity = 0;
	enum errc rc = account_next_uidvalidity(db, owner, &uidvalidity, err);

	if (rc == OK)
		rc = db_query(db, &INSERT_STATE, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	db_bind_i64(q, 2, id);
	db_bind_i64(q, 3, uidvalidity);
	db_bind_i64(q, 4, modseq);
	return db_run(&q, NULL, err);
}

enum errc mailbox_row_make(struct db *db, int64_t owner, struct str name, int64_t modseq,
    int64_t *id_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INSERT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	db_bind_str(q, 2, name);
	db_bind_i64(q, 3, modseq);
	rc = db_run(&q, NULL, err);
	if (rc == OK)
		rc = db_last_id(db, id_out, err);
	if (rc != OK)
		return rc;
	return insert_state(db, owner, *id_out, modseq, err);
}

enum errc mailbox_row_rename(struct db *db, int64_t id, struct str name, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &RENAME, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, name);
	db_bind_i64(q, 2, id);
	return db_run(&q, NULL, err);
}

enum errc mailbox_row_select(struct db *db, int64_t id, bool no_select, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SET_NO_SELECT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, no_select);
	db_bind_i64(q, 2, id);
	return db_run(&q, NULL, err);
}

enum errc mailbox_setting_put(
    struct db *db, int64_t id, struct str name, struct str value, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SETTING_DELETE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, id);
	db_bind_str(q, 2, name);
	rc = db_run(&q, NULL, err);
	if (rc == OK)
		rc = db_query(db, &SETTING_INSERT, &q, err);
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, id);
	db_bind_str(q, 2, name);
	db_bind_str(q, 3, value);
	return db_run(&q, NULL, err);
}

static enum errc read_sums(struct db *db, int64_t owner, int64_t id, int64_t *bytes_out,
    int64_t *messages_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &SUMS, &q, err);

	*bytes_out = *messages_out = 0; /* a folder that was never used has no state row */
	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, owner);
	db_bind_i64(q, 2, id);
	rc = db_step(q, err);
	if (rc == OK) {
		*bytes_out = db_i64(q, 0);
		*messages_out = db_i64(q, 1);
	}
	db_done(&q);
	return rc == ERR_END ? OK : rc;
}

static enum errc run_for_ids(
    struct db *db, const struct db_sql *sql, const int64_t *ids, int count, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, sql, &q, err);

	if (rc != OK)
		return rc;
	for (int i = 0; i < count; i++)
		db_bind_i64(q, i + 1, ids[i]);
	return db_run(&q, NULL, err);
}

enum errc mailbox_row_delete(struct db *db, int64_t owner, int64_t id, struct err *err)
{
	const int64_t key[] = { owner, id };
	int64_t bytes, messages;
	enum errc rc = read_sums(db, owner, id, &bytes, &messages, err);

	if (rc == OK)
		rc = account_book_out(db, owner, bytes, messages, err);
	if (rc == OK)
		rc = run_for_ids(db, &EMPTY_STATE, key, 2, err);
	if (rc == OK)
		rc = run_for_ids(db, &DELETE, &id, 1, err);
	return rc;
}

enum errc mailbox_row_inbox(struct db *db, int64_t owner, int64_t modseq, struct arena *arena,
    int64_t *id_out, struct err *err)
{
	const struct mailbox_key key = { .owner = owner, .name = STR("INBOX") };
	struct mailbox_row row;
	enum errc rc = mailbox_row_get(db, &key, arena, &row, err);

	if (rc == ERR_NOTFOUND)
		rc = mailbox_row_inbox_nocase(db, &key, arena, &row, err);
	if (rc == ERR_NOTFOUND)
		return mailbox_row_make(db, owner, STR("INBOX"), modseq, id_out, err);
	if (rc == OK)
		*id_out = row.id;
	return rc;
}
