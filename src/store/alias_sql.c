/* store/alias_sql.c - the statements of dbmail_aliases. */
#include "store/admin_int.h"

#include "base/utf8.h"

#define ALIAS_COLUMNS "SELECT alias_idnr, alias, deliver_to, client_idnr FROM dbmail_aliases "

static const struct db_sql LOOKUP = {
	.name = "alias.lookup",
	.text = ALIAS_COLUMNS "WHERE lower(alias) = ? ORDER BY alias_idnr",
	.mariadb = ALIAS_COLUMNS "WHERE lower_alias = ? ORDER BY alias_idnr",
};

static const struct db_sql EACH = {
	.name = "alias.each",
	.text = ALIAS_COLUMNS "ORDER BY lower(alias), alias_idnr",
	.mariadb = ALIAS_COLUMNS "ORDER BY lower_alias, alias_idnr",
};

static const struct db_sql EACH_OF = {
	.name = "alias.each_of",
	.text = ALIAS_COLUMNS "WHERE deliver_to = ? ORDER BY lower(alias), alias_idnr",
	.mariadb = ALIAS_COLUMNS "WHERE deliver_to = ? ORDER BY lower_alias, alias_idnr",
};

static const struct db_sql EXISTS = {
	.name = "alias.exists",
	.text =
	    "SELECT 1 FROM dbmail_aliases WHERE lower(alias) = ? AND deliver_to = ? LIMIT 1",
	.mariadb =
	    "SELECT 1 FROM dbmail_aliases WHERE lower_alias = ? AND deliver_to = ? LIMIT 1",
};

static const struct db_sql INSERT = {
	.name = "alias.insert",
	.text = "INSERT INTO dbmail_aliases (alias, deliver_to, client_idnr) VALUES (?, ?, ?)",
};

static const struct db_sql DELETE = {
	.name = "alias.delete",
	.text = "DELETE FROM dbmail_aliases WHERE lower(alias) = ?",
	.mariadb = "DELETE FROM dbmail_aliases WHERE lower_alias = ?",
};

static const struct db_sql DELETE_PAIR = {
	.name = "alias.delete_pair",
	.text = "DELETE FROM dbmail_aliases WHERE lower(alias) = ? AND deliver_to = ?",
	.mariadb = "DELETE FROM dbmail_aliases WHERE lower_alias = ? AND deliver_to = ?",
};

static const struct db_sql DELETE_TARGET = {
	.name = "alias.delete_target",
	.text = "DELETE FROM dbmail_aliases WHERE deliver_to = ?",
};

/* The row's texts are borrowed until the next step. */
static struct alias read_alias(const struct db_q *q)
{
	return (struct alias){
		.id = db_i64(q, 0),
		.address = db_str(q, 1),
		.target = db_str(q, 2),
		.client = db_i64(q, 3),
	};
}

/* Room for one more row; the array doubles, so that many targets cost their number. */
static struct alias *grow(struct arena *arena, struct alias *rows, size_t count)
{
	struct alias *larger;

	if (count != 0 && (count & (count - 1)) != 0)
		return rows;
	larger = ARENA_NEW(arena, struct alias, count == 0 ? 1 : 2 * count);
	if (count > 0)
		memcpy(larger, rows, count * sizeof(*rows));
	return larger;
}

enum errc alias_lookup(struct db *db, struct str address, struct arena *arena,
    struct alias **rows_out, size_t *count_out, struct err *err)
{
	struct alias *rows = NULL;
	struct db_q *q = NULL;
	size_t count = 0;
	enum errc rc = db_query(db, &LOOKUP, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, ascii_fold(arena, address));
	while ((rc = db_step(q, err)) == OK) {
		struct alias row = read_alias(q);

		rows = grow(arena, rows, count);
		row.address = str_dup(arena, row.address);
		row.target = str_dup(arena, row.target);
		rows[count++] = row;
	}
	db_done(&q);
	if (rc != ERR_END)
		return rc;
	*rows_out = rows;
	*count_out = count;
	return OK;
}

enum errc alias_each(struct db *db, int64_t pointing_to,
    enum errc (*each)(const struct alias *alias, void *arg), void *arg, struct err *err)
{
	struct arena *arena = arena_new("alias");
	struct db_q *q = NULL;
	enum errc rc = db_query(db, pointing_to != 0 ? &EACH_OF : &EACH, &q, err);

	if (rc == OK && pointing_to != 0)
		db_bind_str(q, 1, admin_id_text(arena, pointing_to));
	while (rc == OK && (rc = db_step(q, err)) == OK) {
		struct alias row = read_alias(q);

		rc = each(&row, arg);
	}
	db_done(&q);
	arena_free(&arena);
	return rc == ERR_END ? OK : rc;
}

enum errc alias_row_exists(
    struct db *db, struct str folded, struct str target, bool *exists_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &EXISTS, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, folded);
	db_bind_str(q, 2, target);
	rc = db_step(q, err);
	db_done(&q);
	*exists_out = rc == OK;
	return rc == ERR_END ? OK : rc;
}

enum errc alias_row_insert(
    struct db *db, struct str address, struct str target, int64_t client, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INSERT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, address);
	db_bind_str(q, 2, target);
	db_bind_i64(q, 3, client);
	return db_run(&q, NULL, err);
}

enum errc alias_rows_delete(
    struct db *db, struct str folded, struct str target, int64_t *count_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, target.n > 0 ? &DELETE_PAIR : &DELETE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, folded);
	if (target.n > 0)
		db_bind_str(q, 2, target);
	return db_run(&q, count_out, err);
}

enum errc alias_rows_delete_target(struct db *db, struct str target, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &DELETE_TARGET, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, target);
	return db_run(&q, NULL, err);
}
