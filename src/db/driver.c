/*
 * db/driver.c - which driver a url means.
 */
#include "db/driver.h"

#include "db/url.h"

enum errc db_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	enum db_engine engine;

	if (!db_url_engine(settings->url, &engine))
		return sqlite_driver_new(settings, driver_out, err);
	if (engine == DB_PGSQL)
		return pgsql_driver_new(settings, driver_out, err);
	return mariadb_driver_new(settings, driver_out, err);
}
