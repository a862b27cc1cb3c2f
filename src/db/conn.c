/*
 * db/conn.c - a connection: its statement cache, its statements, its savepoints and what it will tell.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "db/db_int.h"

#include <assert.h>
#include <string.h>

#define TABLE_START ((size_t)64)

/* While the program starts nothing is held back: who opens the database hears why it cannot. */
enum errc db_connect(
    struct db_pool *pool, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	const struct db_ops *ops = pool->driver->ops;
	struct err own;
	enum errc rc;

	if (!err)
		err = &own;
	if (!pool->is_open || ops->engine == DB_SQLITE) {
		rc = ops->connect(pool->driver, role, conn_out, err);
		return rc == ERR_LIMIT ? db_unreachable(rc, err) : rc;
	}
	rc = reach_ask(&pool->reach, err);
	if (rc != OK)
		return rc;
	rc = ops->connect(pool->driver, role, conn_out, err);
	reach_tell(&pool->reach, rc, err);
	return rc;
}

enum errc db_conn_new(
    struct db_pool *pool, enum db_role role, struct db **db_out, struct err *err)
{
	struct db_conn *conn;
	struct db *db;
	enum errc rc = db_connect(pool, role, &conn, err);

	if (rc != OK)
		return rc;
	db = xcalloc(1, sizeof(*db));
	db->ops = pool->driver->ops;
	db->pool = pool;
	db->conn = conn;
	*db_out = db;
	return OK;
}

enum errc db_unreachable(enum errc rc, struct err *err)
{
	if (rc == OK)
		return OK;
	if (err)
		err->code = ERR_UNAVAIL;
	return ERR_UNAVAIL;
}

static void forget_statements(struct db *db)
{
	for (size_t i = 0; i < db->table_size; i++) {
		if (!db->table[i])
			continue;
		db->ops->finalize(&db->table[i]->stmt);
		xfree(db->table[i]);
	}
	xfree(db->table);
	db->table = NULL;
	db->table_size = db->statement_count = 0;
}

void db_conn_free(struct db **dbp)
{
	struct db *db = *dbp;

	if (!db)
		return;
	db_close_statements(db);
	db_count_statements(db);
	forget_statements(db);
	db->ops->disconnect(&db->conn);
	xfree(db->changes.items);
	xfree(db);
	*dbp = NULL;
}

enum errc db_conn_renew(struct db *db, enum db_role role, struct err *err)
{
	struct db_conn *conn;
	enum errc rc = db_connect(db->pool, role, &conn, err);

	if (rc != OK)
		return rc;
	db_close_statements(db);
	forget_statements(db);
	db->ops->disconnect(&db->conn);
	db->conn = conn;
	return OK;
}

void db_count_statements(struct db *db)
{
	counter_add(&db->pool->statements, db->statements);
	db->statements = 0;
}

/* Addresses of constants are at least 8 apart; the multiplication spreads them. */
static size_t slot_of(const struct db_sql *sql, size_t table_size)
{
	uint64_t key = (uint64_t)(uintptr_t)sql * UINT64_C(0x9e3779b97f4a7c15);

	return (size_t)(key >> 32) & (table_size - 1);
}

static struct db_q **find_slot(struct db_q **table, size_t size, const struct db_sql *sql)
{
	size_t i = slot_of(sql, size);

	while (table[i] && table[i]->sql != sql)
		i = (i + 1) & (size - 1);
	return &table[i];
}

static void grow_table(struct db *db)
{
	size_t size = db->table_size > 0 ? db->table_size * 2 : TABLE_START;
	struct db_q **table = xcalloc(size, sizeof(struct db_q *));

	for (size_t i = 0; i < db->table_size; i++) {
		if (db->table[i])
			*find_slot(table, size, db->table[i]->sql) = db->table[i];
	}
	xfree(db->table);
	db->table = table;
	db->table_size = size;
}

static enum errc prepare(
    struct db *db, const struct db_sql *sql, struct db_stmt **stmt_out, struct err *err)
{
	struct str text = db_sql_text(sql, db->ops->engine);
	struct arena *arena;
	enum errc rc;

	if (!db->pool->rewrites_names)
		return db->ops->prepare(db->conn, text, stmt_out, err);
	arena = arena_new("db prepare");
	text = db_rewrite_prefix(arena, text, db->pool->settings.table_prefix);
	rc = db->ops->prepare(db->conn, text, stmt_out, err);
	arena_free(&arena);
	return rc;
}

static enum errc cached(
    struct db *db, const struct db_sql *sql, struct db_q **q_out, struct err *err)
{
	struct db_stmt *stmt;
	struct db_q **slot;
	enum errc rc;

	if ((db->statement_count + 1) * 2 > db->table_size)
		grow_table(db);
	slot = find_slot(db->table, db->table_size, sql);
	if (!*slot) {
		rc = prepare(db, sql, &stmt, err);
		if (rc != OK)
			return rc;
		*slot = xcalloc(1, sizeof(**slot));
		**slot = (struct db_q){ .sql = sql, .db = db, .stmt = stmt };
		db->statement_count++;
	}
	*q_out = *slot;
	return OK;
}

enum errc db_query(
    struct db *db, const struct db_sql *sql, struct db_q **q_out, struct err *err)
{
	struct err own;
	enum errc rc;

	if (!err)
		err = &own;
	rc = cached(db, sql, q_out, err);
	if (rc != OK) {
		*q_out = NULL;
		return db_mark_broken(db, rc, err);
	}
	if ((*q_out)->is_open) {
		*q_out = NULL;
		return err_set(err, ERR_STATE, "%s: is open already", sql->name);
	}
	(*q_out)->is_open = true;
	(*q_out)->next_open = db->open;
	db->open = *q_out;
	db->statements++;
	return OK;
}

void db_done(struct db_q **qp)
{
	struct db_q *q = *qp, **link;

	if (!q)
		return;
	*qp = NULL;
	for (link = &q->db->open; *link != q; link = &(*link)->next_open)
		assert(*link);
	*link = q->next_open;
	q->db->ops->reset(q->stmt);
	q->is_open = q->is_timed = false;
	q->bad.code = OK;
}

void db_close_statements(struct db *db)
{
	while (db->open) {
		struct db_q *q = db->open;

		db_done(&q);
	}
}

enum errc db_mark_broken(struct db *db, enum errc rc, const struct err *err)
{
	if (rc == ERR_CLOSED)
		db->dead = true;
	if (rc != ERR_CONFLICT && rc != ERR_CLOSED && rc != ERR_UNAVAIL)
		return rc;
	if (!db->in_body || db->broken.code != OK)
		return rc;
	db->broken = (struct err){ .code = rc };
	if (err)
		db->broken = *err;
	return rc;
}

/* Whatever the reason: what the part wrote is still in the transaction, or all of it is gone. */
static void undo_part(struct db *db, int depth)
{
	struct err why;
	enum errc rc = db->ops->savepoint_undo(db->conn, depth, &why);

	if (rc == OK)
		return;
	(void)db_mark_broken(db, rc, &why);
	if (db->broken.code == OK)
		db->broken = why;
}

enum errc db_last_id(struct db *db, int64_t *id_out, struct err *err)
{
	struct err own;

	if (!err)
		err = &own;
	return db_mark_broken(db, db->ops->last_id(db->conn, id_out, err), err);
}

enum db_engine db_engine_of(const struct db *db)
{
	return db->ops->engine;
}

bool db_is_far(const struct db *db)
{
	return db->ops->engine != DB_SQLITE;
}

enum errc db_flush(struct db *db, struct err *err)
{
	struct err own;

	if (!db->ops->flush)
		return OK;
	if (!err)
		err = &own;
	return db_mark_broken(db, db->ops->flush(db->conn, err), err);
}

enum errc db_snapshot_begin(struct db *db, struct err *err)
{
	enum errc rc;

	if (db->in_body || db->in_snapshot)
		return err_set(err, ERR_STATE, "a snapshot inside a transaction or a snapshot");
	rc = db->ops->snapshot_begin(db->conn, err);
	db->in_snapshot = rc == OK;
	return db_mark_broken(db, rc, err);
}

void db_snapshot_end(struct db *db)
{
	if (!db->in_snapshot)
		return;
	db_close_statements(db);
	db->ops->snapshot_end(db->conn);
	db->in_snapshot = false;
}

void db_notify(struct db *db, struct change change)
{
	struct change_list *list = &db->changes;

	assert(db->in_body);
	if (list->count == list->room) {
		list->room = list->room > 0 ? list->room * 2 : 16;
		list->items = xrealloc(list->items, list->room * sizeof(struct change));
	}
	list->items[list->count++] = change;
}

void db_changes_cut(struct db *db, size_t count)
{
	db->changes.count = count;
}

/* Statements opened by the part must not outlive it; those open before stay. */
static void close_statements_until(struct db *db, const struct db_q *until)
{
	while (db->open != until) {
		struct db_q *q = db->open;

		assert(q);
		db_done(&q);
	}
}

enum errc db_savepoint(struct db *db,
    enum errc (*part)(struct db *db, void *arg, struct err *err), void *arg, struct err *err)
{
	const struct db_q *open_before = db->open;
	size_t changes_before = db->changes.count;
	int depth = db->savepoints;
	enum errc rc;

	assert(db->in_body);
	if (depth == DB_SAVEPOINTS_MAX)
		return err_set(err, ERR_LIMIT, "%d nested savepoints", depth);
	if (db->broken.code != OK)
		return err_set(err, db->broken.code, "%s", db->broken.text);
	rc = db->ops->savepoint(db->conn, depth, err);
	if (rc != OK)
		return db_mark_broken(db, rc, err);
	db->savepoints++;
	rc = part(db, arg, err);
	db->savepoints--;
	close_statements_until(db, open_before);
	if (!db->ops->in_transaction(db->conn)) {
		/* the engine undid everything, this savepoint with it */
		db_changes_cut(db, changes_before);
		return rc != OK ? rc : err_set(err, ERR_UNAVAIL, "%s", db->broken.text);
	}
	if (rc == OK) {
		rc = db->ops->savepoint_keep(db->conn, depth, err);
		if (rc != OK) /* something that was posted in it: the engine undid it */
			db_changes_cut(db, changes_before);
		return db_mark_broken(db, rc, err);
	}
	db_changes_cut(db, changes_before);
	undo_part(db, depth);
	return rc;
}
