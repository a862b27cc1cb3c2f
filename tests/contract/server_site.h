/*
 * tests/contract/server_site.h - what the tests of PostgreSQL's own and of MariaDB's own share: a scratch database for each,
 * statements of an administrator, the url with something changed.
 */
#pragma once

#include "db/url.h"
#include "tests/contract/scratch.h"

#define ONLY_ON(engine)                                                                        \
	do {                                                                                   \
		if (scratch_engine() != (engine))                                              \
			skip();                                                                \
	} while (0)
#define PGSQL_ONLY() ONLY_ON(DB_PGSQL)
#define MARIADB_ONLY() ONLY_ON(DB_MARIADB)

int server_set_up(void **state); /* *state is a struct scratch */
int server_tear_down(void **state);

#define SERVER_TEST(name) cmocka_unit_test_setup_teardown(name, server_set_up, server_tear_down)

/* A statement at a database of the server's; %s in it is the scratch database. */
void administer_at(const struct scratch *scratch, const char *url, const char *format);
/* The same at the administrator's own. */
void administer(const struct scratch *scratch, const char *format);

typedef void url_change(struct db_url *url);

url_change nothing, wrong_password, no_server, first_host_is_down;

/* `out` gets the scratch database's url, changed. */
void change_url(const struct scratch *scratch, url_change *change, struct buf *out);

/* Opens with the url changed, and closes; the error's text must not hold the password. */
enum errc open_changed(
    const struct scratch *scratch, bool create, url_change *change, struct err *err);

/* In one line. */
void assert_says(const struct err *err, const char *what);
