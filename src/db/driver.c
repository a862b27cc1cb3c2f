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

bool db_is_patient(const struct db_settings *settings, enum db_role role)
{
	return settings->patient || (role == DB_ADMIN && !settings->read_only);
}

enum errc db_check_url(struct str url, struct err *err)
{
	const struct db_settings settings = { .url = url };
	struct db_driver *driver;
	enum errc rc = db_driver_new(&settings, &driver, err);

	if (rc == OK)
		driver->ops->free(driver);
	return rc;
}
