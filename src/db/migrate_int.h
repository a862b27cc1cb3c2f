/*
 * db/migrate_int.h - shared by the files that change a schema: what the database says of its own, and single statements
 * on a connection that no pool knows.
 */
#pragma once

#include "base/sha256.h"
#include "db/db_int.h"

#define SCHEMA_ROWS_FROM 4 /* from this version on the table mail_schema is there */
#define MIGRATE_WAIT_MS 30000

/* What is worked on: a connection of the role DB_ADMIN. */
struct schema_work {
	struct db_driver *driver;
	struct db_conn *conn;
	struct str prefix;
	const struct db_migration *steps;
	size_t count;
};

struct schema_work schema_work_on(
    struct db_driver *driver, struct db_conn *conn, struct str prefix);

/* The newest schema that the program knows. */
int schema_newest(const struct schema_work *work);

/* Of a database that has a schema: ERR_STATE if its tables have another prefix. */
NODISCARD enum errc schema_check_prefix(const struct schema_work *work, struct err *err);

/* One statement whose parameters are integers. conn_ask: its first row, of `columns` integers; ERR_END: none. */
struct conn_ints {
	const int64_t *v;
	size_t n;
};
#define CONN_INTS(...)                                                                         \
	((struct conn_ints){ (const int64_t[]){ __VA_ARGS__ },                                 \
	    sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t) })
#define CONN_NONE ((struct conn_ints){ NULL, 0 })
NODISCARD enum errc conn_run(struct db_conn *conn, struct str text, struct conn_ints params,
    int64_t *changes_out, struct err *err);
NODISCARD enum errc conn_ask(struct db_conn *conn, struct str text, struct conn_ints params,
    int64_t *row_out, size_t columns, struct err *err);

/* migrate_rows.c: the rows of mail_schema. Only for a database of schema SCHEMA_ROWS_FROM or later. */
struct schema_rows {
	int newest;    /* the newest row */
	int oldest;    /* programs from this schema on can use it */
	int confirmed; /* the newest step that cannot be undone; 0: none */
};
NODISCARD enum errc schema_rows_read(
    struct db_conn *conn, struct schema_rows *rows_out, struct err *err);
NODISCARD enum errc schema_row_add(
    struct db_conn *conn, const struct db_migration *step, bool confirmed, struct err *err);
NODISCARD enum errc schema_row_delete(struct db_conn *conn, int version, struct err *err);
NODISCARD enum errc schema_rows_confirm(struct db_conn *conn, struct err *err);

/* Where a copy of a site into this database comes from, if it is not finished; else empty. */
NODISCARD enum errc schema_copy_source(
    struct db_conn *conn, struct arena *arena, struct str *source_out, struct err *err);
NODISCARD enum errc schema_copy_mark(struct db_conn *conn, struct str source, struct err *err);

/* A hash over the names of all that is in the database: tables, columns, indexes, triggers, views. */
NODISCARD enum errc schema_fingerprint(
    struct db_conn *conn, uint8_t hash_out[SHA256_SIZE], struct err *err);

/* migrate.c: one step in an open transaction; nothing if the database has it already. */
struct step_options {
	bool fresh; /* the database was empty: there is no way back from the step */
	struct str
	    copy_source; /* not empty: with the last step, say that it is being copied into */
};
NODISCARD enum errc schema_apply(const struct schema_work *work,
    const struct db_migration *step, const struct step_options *options, struct err *err);

/* migrate.c: all steps that are missing, each in a transaction. `copy_source`: see db_settings. */
NODISCARD enum errc schema_bring_up(const struct schema_work *work, struct str copy_source,
    int *from_out, int *to_out, struct err *err);

/* migrate.c: what is newer than the program, and not for it. */
NODISCARD enum errc schema_refuse_newer(
    const struct schema_work *work, int version, struct err *err);

/* upgrade.c: what there is; and one step back, in a transaction where the engine has them. */
struct db_schema;
NODISCARD enum errc schema_read(
    const struct schema_work *work, struct db_schema *schema, struct err *err);
NODISCARD enum errc schema_undo(
    const struct schema_work *work, const struct db_migration *step, struct err *err);
