#include "tests/cm.h"

#include "base/str.h"
#include "db/driver.h"

#include <string.h>

static void every_scheme_leads_to_its_driver(void **state)
{
	static const struct {
		struct str url;
		enum db_engine engine;
	} cases[] = {
		{ STR_INIT("postgresql://h/mail"), DB_PGSQL },
		{ STR_INIT("postgres://h/mail"), DB_PGSQL },
		{ STR_INIT("PGSQL://h/mail"), DB_PGSQL },
		{ STR_INIT("mysql://h/mail"), DB_MARIADB },
		{ STR_INIT("mariadb://h/mail"), DB_MARIADB },
		{ STR_INIT("sqlite:/mail.db"), DB_SQLITE },
		{ STR_INIT("/pgsql/mail.db"), DB_SQLITE },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct db_settings settings = { .url = cases[i].url };
		struct db_driver *driver;
		struct err err;
		enum errc rc = db_driver_new(&settings, &driver, &err);

		if (rc == ERR_UNSUPPORTED && strstr(err.text, "built without"))
			continue;
		if (rc != OK || driver->ops->engine != cases[i].engine)
			fail_msg("%.*s", STR_ARG(cases[i].url));
		driver->ops->free(driver);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_scheme_leads_to_its_driver),
	};

	return cmocka_run_group_tests_name("db/driver", tests, NULL, NULL);
}
