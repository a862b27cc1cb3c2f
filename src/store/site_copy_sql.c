/*
 * store/site_copy_sql.c - statements of `db copy`. Those over the tables are put together from the constant names of
 * site_tables.c: forty tables times six statements, in which a forgotten column would be a lost one.
 */
#include "base/arena.h"
#include "base/str.h"
#include "store/site_copy_int.h"

#include <string.h>

#define TEXT_MAX ((size_t)64 * 1024)

const struct db_sql sql_copy_reset = { .name = "copy.reset",
	.text = "DELETE FROM mail_copy WHERE name <> ''" };
const struct db_sql sql_copy_begin = { .name = "copy.begin",
	.text = "INSERT INTO mail_copy (name, source) VALUES (?, '')" };
const struct db_sql sql_copy_get = { .name = "copy.get",
	.text = "SELECT copied, done, last_key FROM mail_copy WHERE name = ?" };
const struct db_sql sql_copy_put = { .name = "copy.put",
	.text = "UPDATE mail_copy SET copied = ?, done = ?, last_key = ? WHERE name = ?" };
const struct db_sql sql_copy_finish = { .name = "copy.finish",
	.text = "DELETE FROM mail_copy" };

/* What a site that was only just made does not have. */
const struct db_sql sql_copy_has_accounts = { .name = "copy.has_accounts",
	.text = "SELECT count(*) FROM dbmail_users WHERE user_idnr > 3" };
const struct db_sql sql_copy_has_addresses = { .name = "copy.has_addresses",
	.text = "SELECT count(*) FROM dbmail_aliases" };
const struct db_sql sql_copy_has_mail = { .name = "copy.has_mail",
	.text = "SELECT count(*) FROM (SELECT 1 FROM mail_entries LIMIT 1) e" };

const struct db_sql sql_copy_numbers = { .name = "copy.numbers",
	.text = "SELECT number, incarnation, renewed, ids_below FROM mail_nodes" };
const struct db_sql sql_copy_numbers_clear = { .name = "copy.numbers_clear",
	.text = "DELETE FROM mail_nodes" };
const struct db_sql sql_copy_number_put = { .name = "copy.number_put",
	.text = "INSERT INTO mail_nodes (number, incarnation, renewed, ids_below)"
		" VALUES (?, ?, ?, ?)" };

/* The columns of every table of the database, without those that the engine computes. */
const struct db_sql sql_copy_columns = { .name = "copy.columns",
	.text = "SELECT c.table_name, c.column_name FROM information_schema.columns c"
		" JOIN information_schema.tables t"
		" ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
		" WHERE c.table_schema = current_schema() AND t.table_type = 'BASE TABLE'"
		" AND c.is_generated = 'NEVER' ORDER BY 1, 2",
	.mariadb = "SELECT c.table_name, c.column_name FROM information_schema.columns c"
		   " JOIN information_schema.tables t"
		   " ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
		   " WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE'"
		   " AND coalesce(c.generation_expression, '') = '' ORDER BY 1, 2",
	.sqlite = "SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c"
		  " WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' ORDER BY 1, 2" };

static const char *own_text(struct arena *arena, struct buf *text)
{
	const char *own = str_cstr(arena, buf_str(text));

	buf_clear(text);
	return own;
}

static void add_columns(struct buf *out, const struct site_table *table)
{
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", table->columns[i].name);
}

static void add_key(struct buf *out, const struct site_table *table, const struct site_key *key)
{
	for (size_t i = 0; i < key->count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "", table->columns[key->column[i]].name);
}

/* A dialect of these statements: PostgreSQL's times come and go as text when they are told to. */
struct dialect {
	struct str time_in;	  /* a parameter that is a time */
	struct str before, after; /* around a column that is one, when it is read */
	bool spelt;		  /* see add_behind_spelt */
};

static const struct dialect common = { STR_INIT("?"), STR_INIT(""), STR_INIT(""), false };
static const struct dialect pgsql = { STR_INIT("CAST(CAST(? AS TEXT) AS TIMESTAMP)"),
	STR_INIT("to_char("), STR_INIT(", 'YYYY-MM-DD HH24:MI:SS')"), false };
static const struct dialect mariadb = { STR_INIT("?"), STR_INIT(""), STR_INIT(""), true };

static void add_values(
    struct buf *out, const struct site_table *table, const struct dialect *dialect)
{
	for (size_t i = 0; i < table->column_count; i++) {
		buf_add_str(out, i > 0 ? STR(", ") : STR("("));
		buf_add_str(
		    out, table->columns[i].kind == SITE_TIME ? dialect->time_in : STR("?"));
	}
	BUF_ADD(out, ")");
}

static void add_select(
    struct buf *out, const struct site_table *table, const struct dialect *dialect)
{
	BUF_ADD(out, "SELECT ");
	for (size_t i = 0; i < table->column_count; i++) {
		bool time = table->columns[i].kind == SITE_TIME;

		buf_printf(out, "%s%.*s%s%.*s", i > 0 ? ", " : "",
		    STR_ARG(time ? dialect->before : STR_EMPTY), table->columns[i].name,
		    STR_ARG(time ? dialect->after : STR_EMPTY));
	}
	buf_printf(out, " FROM %s", table->name);
}

static void add_order(
    struct buf *out, const struct site_table *table, const struct site_key *key)
{
	BUF_ADD(out, " ORDER BY ");
	add_key(out, table, key);
	BUF_ADD(out, " LIMIT ?");
}

/* (a, b) > (?, ?) */
static void add_behind(
    struct buf *out, const struct site_table *table, const struct site_key *key)
{
	BUF_ADD(out, " WHERE (");
	add_key(out, table, key);
	BUF_ADD(out, ") > ");
	for (size_t i = 0; i < key->count; i++)
		buf_add_str(out, i > 0 ? STR(", ?") : STR("(?"));
	BUF_ADD(out, ")");
}

/* MariaDB reads a whole index for (a, b) > (?, ?); it finds its place by a > ? OR (a = ? AND b > ?). */
static void add_behind_spelt(
    struct buf *out, const struct site_table *table, const struct site_key *key)
{
	for (size_t i = 0; i < key->count; i++) {
		buf_add_str(out, i > 0 ? STR(" OR (") : STR(" WHERE ("));
		for (size_t k = 0; k < i; k++)
			buf_printf(out, "%s = ? AND ", table->columns[key->column[k]].name);
		buf_printf(out, "%s > ?)", table->columns[key->column[i]].name);
	}
}

static void add_insert(
    struct buf *out, const struct site_table *table, size_t rows, const struct dialect *dialect)
{
	buf_printf(out, "INSERT INTO %s (", table->name);
	add_columns(out, table);
	BUF_ADD(out, ") VALUES ");
	for (size_t i = 0; i < rows; i++) {
		if (i > 0)
			BUF_ADD(out, ", ");
		add_values(out, table, dialect);
	}
}

static struct str key_columns(const struct site_table *table, enum db_engine engine)
{
	const char *own = NULL;

	if (engine == DB_SQLITE)
		own = table->sqlite_key;
	else if (engine == DB_MARIADB)
		own = table->mariadb_key;
	return str_from(own ? own : table->key);
}

struct site_key site_key_of(const struct site_table *table, enum db_engine engine)
{
	struct str rest = key_columns(table, engine), name;
	struct site_key key = { .count = 0 };

	while (key.count < SITE_KEYS_MAX && str_split(&rest, ',', &name)) {
		for (size_t i = 0; i < table->column_count; i++) {
			if (str_equal(str_from(table->columns[i].name), name))
				key.column[key.count] = i;
		}
		key.count++;
	}
	return key;
}

/* One text of each statement. */
struct texts {
	const char *first, *next, *insert, *insert_many;
};

static struct texts texts_in(struct arena *arena, const struct site_table *table,
    const struct site_key *key, const struct dialect *dialect)
{
	struct buf text = BUF_INIT(TEXT_MAX);
	struct texts texts;

	add_select(&text, table, dialect);
	add_order(&text, table, key);
	texts.first = own_text(arena, &text);
	add_select(&text, table, dialect);
	if (dialect->spelt)
		add_behind_spelt(&text, table, key);
	else
		add_behind(&text, table, key);
	add_order(&text, table, key);
	texts.next = own_text(arena, &text);
	add_insert(&text, table, 1, dialect);
	texts.insert = own_text(arena, &text);
	add_insert(&text, table, COPY_MANY, dialect);
	texts.insert_many = own_text(arena, &text);
	buf_release(&text);
	return texts;
}

static const struct dialect *dialect_of(enum db_engine engine)
{
	switch (engine) {
	case DB_PGSQL:
		return &pgsql;
	case DB_MARIADB:
		return &mariadb;
	case DB_SQLITE:
		break;
	}
	return &common;
}

const struct site_sql *site_sql_new(
    struct arena *arena, const struct site_table *table, enum db_engine engine)
{
	struct site_sql *sql = ARENA_NEW(arena, struct site_sql, 1);
	struct site_key key = site_key_of(table, engine);
	struct texts texts = texts_in(arena, table, &key, dialect_of(engine));
	struct str name = str_from(table->name);

	*sql = (struct site_sql){
		.count = { .name = "copy.count",
		    .text = str_cstr(
			arena, str_printf(arena, "SELECT count(*) FROM %.*s", STR_ARG(name))) },
		.clear = { .name = "copy.clear",
		    .text =
			str_cstr(arena, str_printf(arena, "DELETE FROM %.*s", STR_ARG(name))) },
		.first = { .name = "copy.first", .text = texts.first },
		.next = { .name = "copy.next", .text = texts.next },
		.insert = { .name = "copy.insert", .text = texts.insert },
		.insert_many = { .name = "copy.insert_many", .text = texts.insert_many },
	};
	return sql;
}
