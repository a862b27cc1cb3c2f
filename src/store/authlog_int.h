/*
 * store/authlog_int.h - the rows of dbmail_authlog.
 */
#pragma once

#include "db/db.h"

struct authlog_row {
	struct str user, service, source, target, status;
	uint16_t source_port, target_port;
	int64_t login_s, logout_s; /* unix seconds */
	uint64_t received, sent;
};

NODISCARD enum errc authlog_row_insert(struct db *db, struct arena *arena,
    const struct authlog_row *row, int64_t *id_out, struct err *err);
/* Status, logout time and bytes. A row that is gone meanwhile stays so. */
NODISCARD enum errc authlog_row_close(struct db *db, struct arena *arena,
    const struct authlog_row *row, int64_t id, struct err *err);

/* The last of the rows, at most `max` from the front, that are older than `before_s`; 0: the first is not. */
NODISCARD enum errc authlog_rows_old(
    struct db *db, int64_t before_s, int max, int64_t *id_out, struct err *err);
NODISCARD enum errc authlog_rows_delete(
    struct db *db, int64_t up_to, int64_t *changes_out, struct err *err);
