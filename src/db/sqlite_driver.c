/*
 * db/sqlite_driver.c - the SQLite driver: its url, its table of functions, its end.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/sqlite_int.h"

#include <string.h>
#include <time.h>

/* "sqlite:PATH", "sqlite:///PATH" or a plain path. */
static enum errc path_of_url(struct str url, struct str *path_out, struct err *err)
{
	struct str path = url;

	if (str_starts_nocase(url, STR("sqlite:")))
		path = str_from_at(url, 7);
	else if (str_find_char(url, ':') < str_find_char(url, '/'))
		/* its scheme alone: a password may stand behind it */
		return err_set(err, ERR_UNSUPPORTED,
		    "there is no engine \"%.*s\": sqlite:FILE, postgresql://USER@HOST/NAME or "
		    "mysql://USER@HOST/NAME",
		    STR_ARG(str_first(url, str_find_char(url, ':'))));
	if (str_starts(path, STR("///")))
		path = str_from_at(path, 2);
	else if (str_starts(path, STR("//")))
		return err_set(err, ERR_UNSUPPORTED,
		    "\"%.*s\": SQLite has no hosts: write sqlite:/path/to/file", STR_ARG(url));
	/* names with a colon in front mean other things to SQLite than files */
	if (path.n == 0 || path.p[0] == ':' || str_starts_nocase(path, STR("file:")) ||
	    memchr(path.p, '\0', path.n))
		return err_set(err, ERR_UNSUPPORTED, "\"%.*s\" names no file", STR_ARG(url));
	*path_out = path;
	return OK;
}

static void sqlite_free(struct db_driver *base)
{
	struct sqlite_driver *driver = (struct sqlite_driver *)base;

	sqlite_keeper_stop(driver);
	(void)pthread_mutex_destroy(&driver->lock);
	(void)pthread_cond_destroy(&driver->wake);
	(void)pthread_cond_destroy(&driver->done);
	xfree(driver->path);
	xfree(driver);
}

static void sqlite_stats(struct db_driver *base, struct db_driver_stats *stats_out)
{
	struct sqlite_driver *driver = (struct sqlite_driver *)base;

	*stats_out = (struct db_driver_stats){
		.checkpoints = atomic_load(&driver->log.checkpoints),
		.wal_bytes = (int64_t)atomic_load(&driver->log.frames) * SQLITE_PAGE_SIZE,
	};
}

const struct db_ops sqlite_ops = {
	.engine = DB_SQLITE,
	.free = sqlite_free,
	.migrations = sqlite_migrations,
	.stats = sqlite_stats,
	.connect = sqlite_connect,
	.disconnect = sqlite_disconnect,
	.prepare = sqlite_prepare,
	.finalize = sqlite_finalize,
	.bind_i64 = sqlite_bind_i64,
	.bind_str = sqlite_bind_str,
	.bind_blob = sqlite_bind_blob,
	.bind_null = sqlite_bind_null,
	.step = sqlite_step,
	.reset = sqlite_reset,
	.column_i64 = sqlite_column_i64,
	.column_str = sqlite_column_str,
	.column_blob = sqlite_column_blob,
	.column_is_null = sqlite_column_is_null,
	.changes = sqlite_changes,
	.last_id = sqlite_last_id,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.in_transaction = sqlite_in_transaction,
	.doubtful = sqlite_doubtful,
	.savepoint = sqlite_savepoint,
	.savepoint_keep = sqlite_savepoint_keep,
	.savepoint_undo = sqlite_savepoint_undo,
	.snapshot_begin = sqlite_snapshot_begin,
	.snapshot_end = sqlite_snapshot_end,
	.foreign_changes = sqlite_foreign_changes,
	.between = sqlite_between,
	.idle = sqlite_idle,
	.schema_version = sqlite_schema_version,
	.set_schema_version = sqlite_set_schema_version,
	.run_script = sqlite_run_script,
};

enum errc sqlite_driver_new(
    const struct db_settings *settings, struct db_driver **driver_out, struct err *err)
{
	struct sqlite_driver *driver;
	struct str path = STR_EMPTY;
	enum errc rc = path_of_url(settings->url, &path, err);

	if (rc != OK)
		return rc;
	driver = xcalloc(1, sizeof(*driver));
	driver->base = (struct db_driver){ .ops = &sqlite_ops, .single_writer = true };
	driver->settings = settings;
	driver->path = xmalloc(path.n + 1);
	memcpy(driver->path, path.p, path.n);
	driver->path[path.n] = '\0';
	(void)pthread_mutex_init(&driver->lock, NULL);
	(void)pthread_cond_init(&driver->wake, NULL);
	(void)pthread_cond_init(&driver->done, NULL);
	*driver_out = &driver->base;
	return OK;
}
