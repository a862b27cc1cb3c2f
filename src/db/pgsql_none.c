/*
 * db/pgsql_none.c - in the place of the PostgreSQL driver in a program that is built without it.
 */
#include "db/driver.h"

enum errc pgsql_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	(void)settings;
	(void)driver_out;
	return err_set(err, ERR_UNSUPPORTED,
	    "this program was built without PostgreSQL (meson option pgsql)");
}
