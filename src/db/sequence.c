/*
 * db/sequence.c - AUTOINCREMENT, sequences, AUTO_INCREMENT.
 */
#include "db/sequence.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/migrate_int.h"

struct sequences {
	struct db_sequence *item;
	size_t count;
};

/* The table's name in the database: it stands in a literal, where no prefix is put in by itself. */
static struct str real_name(
    const struct schema_work *work, struct arena *arena, const char *table)
{
	return db_rewrite_prefix(arena, str_from(table), work->prefix);
}

static struct str question(
    const struct schema_work *work, struct arena *arena, const struct db_sequence *s)
{
	struct str name = real_name(work, arena, s->table);

	switch (work->conn->ops->engine) {
	case DB_SQLITE:
		return str_printf(arena, "SELECT seq FROM sqlite_sequence WHERE name = '%.*s'",
		    STR_ARG(name));
	case DB_PGSQL:
		return str_printf(arena,
		    "SELECT coalesce(pg_sequence_last_value("
		    "pg_get_serial_sequence('%.*s', '%s')::regclass), 0)",
		    STR_ARG(name), s->column);
	case DB_MARIADB:
		break;
	}
	return str_printf(arena,
	    "SELECT auto_increment - 1 FROM information_schema.tables"
	    " WHERE table_schema = database() AND table_name = '%.*s'",
	    STR_ARG(name));
}

static enum errc read_one(const struct schema_work *work, struct arena *arena,
    const struct db_sequence *s, int64_t *last_out, struct err *err)
{
	enum errc rc;

	*last_out = 0;
	rc = conn_ask(work->conn, question(work, arena, s), CONN_NONE, last_out, 1, err);
	return rc == ERR_END ? OK : rc;
}

static enum errc read_body(const struct schema_work *work, void *arg, struct err *err)
{
	const struct sequences *all = arg;
	struct arena *arena = arena_new("sequences");
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < all->count; i++)
		rc = read_one(work, arena, &all->item[i], &all->item[i].last, err);
	arena_free(&arena);
	return rc;
}

static enum errc raise_sqlite(
    const struct schema_work *work, struct str name, int64_t last, struct err *err)
{
	struct arena *arena = arena_new("sequence");
	int64_t changes = 0;
	enum errc rc = conn_run(work->conn,
	    str_printf(
		arena, "UPDATE sqlite_sequence SET seq = ? WHERE name = '%.*s'", STR_ARG(name)),
	    CONN_INTS(last), &changes, err);

	if (rc == OK && changes == 0)
		rc = conn_run(work->conn,
		    str_printf(arena,
			"INSERT INTO sqlite_sequence (seq, name) VALUES (?, '%.*s')",
			STR_ARG(name)),
		    CONN_INTS(last), NULL, err);
	arena_free(&arena);
	return rc;
}

static enum errc raise_to(const struct schema_work *work, struct arena *arena,
    const struct db_sequence *s, struct err *err)
{
	struct str name = real_name(work, arena, s->table);
	int64_t now;

	switch (work->conn->ops->engine) {
	case DB_SQLITE:
		return raise_sqlite(work, name, s->last, err);
	case DB_PGSQL:
		return conn_ask(work->conn,
		    str_printf(arena, "SELECT setval(pg_get_serial_sequence('%.*s', '%s'), ?)",
			STR_ARG(name), s->column),
		    CONN_INTS(s->last), &now, 1, err);
	case DB_MARIADB:
		break;
	}
	return work->conn->ops->run_script(work->conn,
	    str_printf(arena, "ALTER TABLE %.*s AUTO_INCREMENT = %lld", STR_ARG(name),
		(long long)(s->last < INT64_MAX ? s->last + 1 : s->last)),
	    err);
}

static enum errc raise_body(const struct schema_work *work, void *arg, struct err *err)
{
	const struct sequences *all = arg;
	struct arena *arena = arena_new("sequences");
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < all->count; i++) {
		int64_t there;

		rc = read_one(work, arena, &all->item[i], &there, err);
		if (rc == OK && there < all->item[i].last)
			rc = raise_to(work, arena, &all->item[i], err);
	}
	arena_free(&arena);
	return rc;
}

enum errc db_sequences_read(const struct db_settings *settings, struct db_sequence *sequences,
    size_t count, struct err *err)
{
	struct sequences all = { sequences, count };

	return db_administer(settings, read_body, &all, err);
}

enum errc db_sequences_raise(const struct db_settings *settings, struct db_sequence *sequences,
    size_t count, struct err *err)
{
	struct sequences all = { sequences, count };

	return db_administer(settings, raise_body, &all, err);
}
