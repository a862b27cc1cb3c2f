/*
 * store/bus_sql.h - what the bus asks about other processes' changes.
 */
#pragma once

#include "db/db.h"

extern const struct db_sql sql_bus_modseq;
