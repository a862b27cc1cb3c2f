/*
 * main/settings.h - the whole configuration: which tables there are, and the one that belongs to the program itself.
 */
#pragma once

#include "base/conf.h"
#include "deliver/route.h"

/* Options before any section, and of [db], [store], [tls], [log], [deliver]. */
struct settings {
	struct str hostname;
	struct str run_as;
	struct str spool;   /* folder */
	int sandbox;	    /* enum lockin_mode */
	struct str control; /* unix socket for the command line; empty: none */

	struct str db_url;
	struct str table_prefix;
	int64_t
	    db_connections; /* sessions that use the database at once; 0: see database_connections */
	int64_t db_busy_timeout_ms;
	uint64_t db_wal_limit;
	int64_t db_group_max;
	uint64_t db_size_limit;

	/* DBMail's older way to name a database, used when db.url is not set */
	struct str db_driver, db_host, db_user, db_password, db_name, db_socket;
	int64_t db_port;
	struct str db_password_file;

	uint64_t store_index_cache;
	int64_t store_removed_keep_ms, store_blob_keep_ms;
	int64_t store_zstd_level;

	struct str tls_certificate, tls_key, tls_certificates;

	int log_level, log_format;
	struct str log_file; /* empty: standard error */

	struct str deliver_delimiter;
	bool deliver_subaddress, deliver_create_folder;
	struct str deliver_default_domain;
};

extern const struct conf_table settings_table;

/* All tables of the program, for conf_load. */
const struct conf_table *const *settings_tables(size_t *count_out);

/*
 * Load what `source` names, whose path is absolute. On OK *conf_out is free of errors; otherwise its diagnostics, if it could be read at all, are in
 * `complaints` (FILE:LINE: error: TEXT, a line each), which is the caller's to release, and *conf_out is not set. Warnings are
 * in `complaints` in either case, if `up_to` is CONF_WARNING.
 */
#define SETTINGS_COMPLAINTS_MAX ((size_t)65536)
struct buf;
NODISCARD enum errc settings_load(const struct conf_source *source, enum conf_severity up_to,
    struct conf **conf_out, struct buf *complaints, struct err *err);

const struct settings *settings_of(const struct conf *conf);

/* How addresses are resolved on this site. */
struct route_settings route_settings_of(const struct settings *settings);
