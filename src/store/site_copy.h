/*
 * store/site_copy.h - a whole site from one database into another, of the same engine or another.
 *
 * What was done stands in the target (mail_copy), in the transaction that did it: a copy that was cut off goes on where it
 * stood. Until it is verified the target is no site: db_open refuses it.
 */
#pragma once

#include "db/pool.h"

enum site_copy_phase { SITE_COPYING, SITE_VERIFYING };

struct site_copy_progress {
	enum site_copy_phase phase;
	const char *table;
	bool table_done;
	uint64_t table_rows;	   /* of the table, so far */
	uint64_t rows, rows_about; /* of all; how many there are is an estimate */
	uint64_t bytes;		   /* of all, so far */
};

struct site_copy_settings {
	struct str from, to; /* urls */
	struct str table_prefix;
	struct log *log;
	int busy_timeout_ms;
	int64_t wal_limit_bytes;
	bool
	    online; /* FROM may be written meanwhile: it is copied as it is at the beginning, from one snapshot */
	bool restart; /* what an earlier copy left is thrown away */
	void (*progress)(void *arg, const struct site_copy_progress *progress);
	void *arg;
};

struct site_copy_report {
	uint64_t tables, rows, bytes;
	bool resumed;
};

/*
 * Copies and verifies.
 *
 * ERR_EXISTS    the target holds other data, or another copy
 * ERR_STATE     the source has not this program's schema, or has what the program does not know
 * ERR_CORRUPT   the two are not the same in the end: the text says which table
 * otherwise     as db_open and db_transact; the copy can be gone on with
 */
NODISCARD enum errc site_copy(const struct site_copy_settings *settings,
    struct site_copy_report *report_out, struct err *err);
