/*
 * db/pgsql_driver.c - the PostgreSQL driver: its table of functions, its birth and its end.
 */
#include "base/heap.h"
#include "db/pgsql_int.h"

static void pgsql_free(struct db_driver *base)
{
	struct pgsql_driver *driver = (struct pgsql_driver *)base;

	pgsql_target_release(&driver->target);
	xfree(driver);
}

static void pgsql_stats(struct db_driver *base, struct db_driver_stats *stats_out)
{
	struct pgsql_driver *driver = (struct pgsql_driver *)base;

	*stats_out =
	    (struct db_driver_stats){ .round_trips = atomic_load(&driver->round_trips) };
}

static const struct db_ops pgsql_ops = {
	.engine = DB_PGSQL,
	.free = pgsql_free,
	.migrations = pgsql_migrations,
	.stats = pgsql_stats,
	.connect = pgsql_connect,
	.disconnect = pgsql_disconnect,
	.lease = pgsql_lease,
	.prepare = pgsql_prepare,
	.finalize = pgsql_finalize,
	.bind_i64 = pgsql_bind_i64,
	.bind_str = pgsql_bind_str,
	.bind_blob = pgsql_bind_str,
	.bind_null = pgsql_bind_null,
	.step = pgsql_step,
	.reset = pgsql_reset,
	.send = pgsql_send,
	.hurry = pgsql_hurry,
	.post = pgsql_post,
	.flush = pgsql_flush,
	.column_i64 = pgsql_column_i64,
	.column_str = pgsql_column_str,
	.column_blob = pgsql_column_blob,
	.column_is_null = pgsql_column_is_null,
	.changes = pgsql_changes,
	.last_id = pgsql_last_id,
	.begin = pgsql_begin,
	.commit = pgsql_commit,
	.rollback = pgsql_rollback,
	.in_transaction = pgsql_in_transaction,
	.savepoint = pgsql_savepoint,
	.savepoint_keep = pgsql_savepoint_keep,
	.savepoint_undo = pgsql_savepoint_undo,
	.snapshot_begin = pgsql_snapshot_begin,
	.snapshot_end = pgsql_snapshot_end,
	.listen = pgsql_listen,
	.tell = pgsql_tell,
	.hear = pgsql_hear,
	.schema_version = pgsql_schema_version,
	.set_schema_version = pgsql_set_schema_version,
	.run_script = pgsql_run_script,
};

enum errc pgsql_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	struct pgsql_driver *driver = xcalloc(1, sizeof(*driver));
	enum errc rc = pgsql_target_init(&driver->target, settings->url, err);

	if (rc != OK) {
		xfree(driver);
		return rc;
	}
	driver->base = (struct db_driver){ .ops = &pgsql_ops };
	driver->settings = settings;
	*driver_out = &driver->base;
	return OK;
}
