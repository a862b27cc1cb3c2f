#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "db/db_int.h"

static const struct {
	struct str in, want;
} prefix_cases[] = {
	{ STR_INIT("SELECT * FROM dbmail_users"), STR_INIT("SELECT * FROM x_users") },
	{ STR_INIT("dbmail_acl,dbmail_acl"), STR_INIT("x_acl,x_acl") },
	{ STR_INIT("\"dbmail_acl\""), STR_INIT("\"x_acl\"") },
	{ STR_INIT("u.dbmail_acl"), STR_INIT("u.x_acl") },
	{ STR_INIT("dbmail_"), STR_INIT("x_") },
	/* part of another name */
	{ STR_INIT("olddbmail_users"), STR_INIT("olddbmail_users") },
	{ STR_INIT("\xc3\xa9"
		   "dbmail_users"),
	    STR_INIT("\xc3\xa9"
		     "dbmail_users") },
	{ STR_INIT("DBMAIL_users"), STR_INIT("DBMAIL_users") },
	/* text is not looked into */
	{ STR_INIT("'dbmail_users' dbmail_users"), STR_INIT("'dbmail_users' x_users") },
	{ STR_INIT("'it''s dbmail_users'||dbmail_acl"),
	    STR_INIT("'it''s dbmail_users'||x_acl") },
	{ STR_INIT("-- dbmail_users\ndbmail_users"), STR_INIT("-- dbmail_users\nx_users") },
	{ STR_INIT("/* dbmail_users */dbmail_users"), STR_INIT("/* dbmail_users */x_users") },
	/* and may not end */
	{ STR_INIT("'dbmail_users"), STR_INIT("'dbmail_users") },
	{ STR_INIT("-- dbmail_users"), STR_INIT("-- dbmail_users") },
	{ STR_INIT("/* dbmail_users"), STR_INIT("/* dbmail_users") },
	{ STR_INIT("'"), STR_INIT("'") },
	{ STR_INIT(""), STR_INIT("") },
};

static void rewrites_names_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(prefix_cases); i++) {
		struct arena *arena = arena_new("test");
		struct str got = db_rewrite_prefix(arena, prefix_cases[i].in, STR("x_"));

		if (!str_equal(got, prefix_cases[i].want))
			fail_msg("case %zu: %.*s", i, STR_ARG(got));
		arena_free(&arena);
	}
}

static void an_engine_takes_its_own_text_if_there_is_one(void **state)
{
	static const struct db_sql sql = { .name = "x", .text = "T", .pgsql = "P" };

	(void)state;
	assert_true(str_equal(db_sql_text(&sql, DB_PGSQL), STR("P")));
	assert_true(str_equal(db_sql_text(&sql, DB_SQLITE), STR("T")));
	assert_true(str_equal(db_sql_text(&sql, DB_MARIADB), STR("T")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rewrites_names_and_nothing_else),
		cmocka_unit_test(an_engine_takes_its_own_text_if_there_is_one),
	};

	return cmocka_run_group_tests_name("db/sql", tests, NULL, NULL);
}
