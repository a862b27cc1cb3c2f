/*
 * tests/contract/pgsql_site.h - what the tests of PostgreSQL's own share: a scratch database for each, statements of an
 * administrator, the url with something changed.
 */
#pragma once

#include "db/url.h"
#include "tests/contract/scratch.h"

#define PGSQL_ONLY()                                                                           \
	do {                                                                                   \
		if (scratch_engine() != DB_PGSQL)                                              \
			skip();                                                                \
	} while (0)

int pgsql_set_up(void **state); /* *state is a struct scratch */
int pgsql_tear_down(void **state);

#define PGSQL_TEST(name) cmocka_unit_test_setup_teardown(name, pgsql_set_up, pgsql_tear_down)

/* A statement at a database of the server's; %s in it is the scratch database. */
void administer_at(const struct scratch *scratch, const char *url, const char *format);
/* The same at the administrator's own. */
void administer(const struct scratch *scratch, const char *format);

/* `out` gets the scratch database's url, changed. */
void change_url(
    const struct scratch *scratch, void (*change)(struct db_url *url), struct buf *out);
void nothing(struct db_url *url);

/* In one line. */
void assert_says(const struct err *err, const char *what);
