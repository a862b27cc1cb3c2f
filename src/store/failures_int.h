/*
 * store/failures_int.h - inside src/store: the statements of failures.c.
 */
#pragma once

#include "db/db.h"

extern const struct db_sql sql_failure_insert, sql_failures_recent, sql_failures_of,
    sql_failures_old, sql_failures_delete;
