/*
 * db/schema/scripts.h - the numbered schema files, as embed.py put them into the program.
 */
#pragma once

#include "db/driver.h"

extern const struct db_migration sqlite_scripts[4];
extern const struct db_migration pgsql_scripts[2];
extern const struct db_migration mariadb_scripts[2];
