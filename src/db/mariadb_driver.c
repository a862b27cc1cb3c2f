/*
 * db/mariadb_driver.c - the MariaDB driver: its table of functions, its end.
 */
#include "base/heap.h"
#include "db/mariadb_int.h"

static void mariadb_free(struct db_driver *base)
{
	struct mariadb_driver *driver = (struct mariadb_driver *)base;

	mariadb_target_release(&driver->target);
	xfree(driver);
}

static void mariadb_stats(struct db_driver *base, struct db_driver_stats *stats_out)
{
	const struct mariadb_driver *driver = (const struct mariadb_driver *)base;

	*stats_out =
	    (struct db_driver_stats){ .round_trips = counter_read(&driver->round_trips) };
}

const struct db_ops mariadb_ops = {
	.engine = DB_MARIADB,
	.free = mariadb_free,
	.migrations = mariadb_migrations,
	.stats = mariadb_stats,
	.connect = mariadb_open,
	.disconnect = mariadb_hang_up,
	.lease = mariadb_lease,
	.prepare = mariadb_prepare,
	.finalize = mariadb_finalize,
	.bind_i64 = mariadb_bind_i64,
	.bind_str = mariadb_bind_str,
	.bind_blob = mariadb_bind_blob,
	.bind_null = mariadb_bind_null,
	.step = mariadb_step,
	.send = mariadb_send,
	.hurry = mariadb_hurry,
	.reset = mariadb_reset,
	.column_i64 = mariadb_column_i64,
	.column_str = mariadb_column_str,
	.column_blob = mariadb_column_str,
	.column_is_null = mariadb_column_is_null,
	.changes = mariadb_changes,
	.last_id = mariadb_last_id,
	.begin = mariadb_begin,
	.commit = mariadb_commit,
	.rollback = mariadb_rollback,
	.in_transaction = mariadb_in_transaction,
	.doubtful = mariadb_doubtful,
	.savepoint = mariadb_savepoint,
	.savepoint_keep = mariadb_savepoint_keep,
	.savepoint_undo = mariadb_savepoint_undo,
	.snapshot_begin = mariadb_snapshot_begin,
	.snapshot_end = mariadb_snapshot_end,
	.schema_version = mariadb_schema_version,
	.set_schema_version = mariadb_set_schema_version,
	.run_script = mariadb_run_script,
};

enum errc mariadb_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	struct mariadb_driver *driver = xcalloc(1, sizeof(*driver));
	enum errc rc = mariadb_target_init(&driver->target, settings->url, err);

	if (rc != OK) {
		xfree(driver);
		return rc;
	}
	driver->base = (struct db_driver){ .ops = &mariadb_ops, .single_writer = false };
	driver->settings = settings;
	*driver_out = &driver->base;
	return OK;
}
