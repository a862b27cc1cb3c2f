/*
 * The list of tables that `db copy` takes over, held against what an engine has.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/site_copy_int.h"
#include "tests/contract/scratch.h"

#include <string.h>

static bool has_column(const struct site_table *table, struct str column)
{
	for (size_t i = 0; i < table->column_count; i++) {
		if (str_equal_nocase(str_from(table->columns[i].name), column))
			return true;
	}
	return false;
}

/* Every table of the schema is in the list, with every column, and the list has no others. */
static void the_list_is_the_schema(void **state)
{
	struct scratch scratch;
	struct db_settings settings;
	struct db_pool *pool;
	struct db *db;
	struct db_q *q;
	const struct site_table *tables;
	size_t count, columns = 0, listed = 0;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	pool = scratch_open(&settings);
	assert_int_equal(db_lease(pool, 5000, &db, NULL), OK);
	assert_int_equal(db_query(db, &sql_copy_columns, &q, NULL), OK);
	while (db_step(q, NULL) == OK) {
		struct str name = db_str(q, 0), column = db_str(q, 1);
		const struct site_table *table = site_table_find(name);

		if (!table)
			fail_msg("site_tables.c does not know the table %.*s", STR_ARG(name));
		else if (table->columns && !has_column(table, column))
			fail_msg("site_tables.c does not know %.*s.%.*s", STR_ARG(name),
			    STR_ARG(column));
		else
			columns += table->columns != NULL;
	}
	db_done(&q);
	tables = site_tables(&count);
	for (size_t i = 0; i < count; i++)
		listed += tables[i].column_count;
	assert_int_equal(columns, listed);
	db_return(&db);
	db_close(&pool);
	scratch_release(&scratch);
}

static enum errc prepare_all(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct site_table *table = arg;
	const struct site_sql *sql = site_sql_new(arena, table, db_engine_of(db));
	const struct db_sql *all[] = { &sql->count, &sql->clear, &sql->first, &sql->next,
		&sql->insert, &sql->insert_many };
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < COUNT(all); i++) {
		struct db_q *q;

		rc = db_query(db, all[i], &q, err);
		db_done(&q);
	}
	/* the statements live in the arena: a connection must not meet them again */
	return rc;
}

/* All statements of all tables are right for their engine. */
static void every_statement_fits_its_table(void **state)
{
	struct scratch scratch;
	struct db_settings settings;
	const struct site_table *tables;
	size_t count;

	(void)state;
	scratch_init(&scratch);
	settings = scratch_settings(&scratch);
	tables = site_tables(&count);
	for (size_t i = 0; i < count; i++) {
		struct db_pool *pool;
		struct err err;

		if (!tables[i].columns)
			continue;
		assert_true(tables[i].column_count <= SITE_COLUMNS_MAX);
		pool = scratch_open(&settings);
		if (db_transact(pool, deadline_in_ms(5000), prepare_all,
			(void *)(uintptr_t)&tables[i], &err) != OK)
			fail_msg("%s: %s", tables[i].name, err.text);
		db_close(&pool);
	}
	scratch_release(&scratch);
}

/* A row is the same whichever engine wrote the time. */
static const struct {
	struct str in, want;
} time_cases[] = {
	{ STR_INIT("2026-11-21 07:00:00"), STR_INIT("2026-11-21 07:00:00") },
	{ STR_INIT("2026-11-21T07:00:00"), STR_INIT("2026-11-21 07:00:00") },
	{ STR_INIT("2026-11-21 07:00:00.123456"), STR_INIT("2026-11-21 07:00:00") },
	{ STR_INIT("2026-11-21 07:00:00+00"), STR_INIT("2026-11-21 07:00:00+00") },
	{ STR_INIT("2026-11-21 07:00"), STR_INIT("2026-11-21 07:00") },
	{ STR_INIT("2026-11-21x07:00:00"), STR_INIT("2026-11-21x07:00:00") },
	{ STR_INIT("yesterday"), STR_INIT("yesterday") },
	{ STR_INIT(""), STR_INIT("") },
};

static void times_have_one_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(time_cases); i++) {
		char room[19];
		struct str got = site_time(time_cases[i].in, room);

		if (!str_equal(got, time_cases[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(got));
	}
}

/* What stands in the database as the last key may be anything. */
static void a_damaged_key_is_read_to_its_end(void **state)
{
	static const struct str keys[] = { STR_INIT(""), STR_INIT("\1"), STR_INIT("\1\1\2\3"),
		STR_INIT("\2\xff\xff\xff\xff"
			 "abc"),
		STR_INIT("\2\3\0\0\0a\0b"), STR_INIT("\7\7\7") };
	const struct site_table *table = site_table_find(STR("mail_chunks"));
	struct arena *arena = arena_new("test");
	struct site_key key = site_key_of(table, DB_SQLITE);

	(void)state;
	assert_int_equal(key.count, 2);
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct str text = site_key_text(arena, table, &key, keys[i]);

		assert_true(str_starts(text, STR("hash ")));
	}
	assert_string_equal(
	    str_cstr(arena,
		site_key_text(arena, table, &key, STR("\2\3\0\0\0a\0b\1\7\0\0\0\0\0\0\0"))),
	    "hash a\\x00b, n 7");
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_the_schema),
		cmocka_unit_test(every_statement_fits_its_table),
		cmocka_unit_test(times_have_one_form),
		cmocka_unit_test(a_damaged_key_is_read_to_its_end),
	};

	return scratch_run(tests, NULL);
}
