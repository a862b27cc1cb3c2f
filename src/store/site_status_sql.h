/*
 * store/site_status_sql.h - inside src/store: what a database is asked about itself.
 */
#pragma once

#include "db/db.h"

extern const struct db_sql sql_site_nodes, sql_site_nodes_old;
/* One row: version, bytes on disk. */
extern const struct db_sql sql_site_engine;
/* Rows: name, rows (negative: not known), bytes (negative: not known). */
extern const struct db_sql sql_site_tables;
/* Rows: name, value. */
extern const struct db_sql sql_site_facts, sql_site_settings, sql_site_standbys;
extern const struct db_sql sql_site_messages;
