/*
 * db/schema/scripts.h - the numbered schema files, as embed.py put them into the program.
 */
#pragma once

#include "db/driver.h"

extern const struct db_migration sqlite_scripts[5];
extern const struct db_migration pgsql_scripts[3];
extern const struct db_migration mariadb_scripts[3];
