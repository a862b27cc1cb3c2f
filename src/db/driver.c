/*
 * db/driver.c - which driver a url means.
 */
#include "db/driver.h"

#include "base/str.h"

static bool has_scheme(struct str url, struct str a, struct str b)
{
	return str_starts_nocase(url, a) || str_starts_nocase(url, b);
}

enum errc db_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	struct str url = settings->url;

	if (has_scheme(url, STR("postgresql:"), STR("postgres:")))
		return pgsql_driver_new(settings, driver_out, err);
	if (has_scheme(url, STR("mariadb:"), STR("mysql:")))
		return mariadb_driver_new(settings, driver_out, err);
	return sqlite_driver_new(settings, driver_out, err);
}
