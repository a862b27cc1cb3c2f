/*
 * db/sql.h - inside src/db: texts of statements. They are ours, so nothing in them is an error.
 */
#pragma once

#include "db/db.h"

/* The text of a statement for one engine. */
struct str db_sql_text(const struct db_sql *sql, enum db_engine engine);

/* Table names as the administrator wants them: `prefix` for each dbmail_ at the front of a name. */
struct str db_rewrite_prefix(struct arena *arena, struct str text, struct str prefix);

/*
 * How much at the front of `rest`, which is not empty, nobody looks into: a literal or name in one of `quotes` (a doubled
 * one inside ends the first and begins a second, which comes to the same), a comment behind `dashes` or in slashes and
 * asterisks. 0: none begins there.
 */
size_t db_sql_opaque(struct str rest, struct str quotes, struct str dashes);
