/*
 * store/auth_keys_int.h - the statements of auth_keys and site_secrets.
 */
#pragma once

#include "db/db.h"

extern const struct db_sql sql_auth_keys_read, sql_auth_key_update, sql_auth_key_insert,
    sql_auth_keys_missing, sql_auth_keys_missing_one;
extern const struct db_sql sql_site_secret, sql_site_secret_insert;
