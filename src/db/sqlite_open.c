/*
 * db/sqlite_open.c - connections of the SQLite driver: the file, its making, the settings of each role.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/sqlite_int.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Pages in memory, in KiB: the writer's holds a group, a reader's little more than the inner pages. */
#define WRITER_CACHE "PRAGMA cache_size = -8000"
#define READER_CACHE "PRAGMA cache_size = -1000"

/* SQLite's library-wide settings must come before its first use, and only once. */
static pthread_once_t configured = PTHREAD_ONCE_INIT;

static void configure(void)
{
	/* refused (and not needed) if another library of this process was first */
	(void)sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_initialize();
}

enum errc sqlite_exec(struct sqlite_conn *conn, const char *text, struct err *err)
{
	if (sqlite3_exec(conn->handle, text, NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_error(conn, err);
	return OK;
}

enum errc sqlite_number(
    struct sqlite_conn *conn, const char *text, int64_t *value_out, struct err *err)
{
	sqlite3_stmt *handle = NULL;
	enum errc rc = OK;
	int code = sqlite3_prepare_v2(conn->handle, text, -1, &handle, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(handle);
	if (code == SQLITE_ROW)
		*value_out = sqlite3_column_int64(handle, 0);
	else if (code == SQLITE_DONE)
		*value_out = 0;
	else
		rc = sqlite_error(conn, err);
	(void)sqlite3_finalize(handle);
	return rc;
}

/* ---- the file ---- */

static enum errc exists(const struct sqlite_driver *driver, bool *exists_out, struct err *err)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(driver->settings->sqlite_vfs);
	int found = 0;

	if (!vfs)
		return err_set(
		    err, ERR_ARG, "no SQLite file layer \"%s\"", driver->settings->sqlite_vfs);
	if (vfs->xAccess(vfs, driver->path, SQLITE_ACCESS_EXISTS, &found) != SQLITE_OK)
		return err_set(err, ERR_UNAVAIL, "%s: cannot be looked at", driver->path);
	*exists_out = found != 0;
	return OK;
}

static void sync_folder(const char *path)
{
	size_t slash = str_rfind_char(str_from(path), '/');
	char *folder = xstrdup(path[slash] == '/' ? path : ".");
	int fd;

	if (path[slash] == '/')
		folder[slash > 0 ? slash : 1] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		/* some file systems refuse it, and then order their entries by themselves */
		(void)fsync(fd);
		(void)close(fd);
	}
	xfree(folder);
}

/* Mail is nobody else's: the file is made for its owner alone, and SQLite gives the -wal and -shm files its mode. */
static enum errc make_file(const struct sqlite_driver *driver, struct err *err)
{
	int fd;

	if (driver->settings->sqlite_vfs)
		return OK;
	fd = open(driver->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0 && errno == EEXIST)
		return OK;
	if (fd < 0)
		return err_set(
		    err, ERR_UNAVAIL, "%s: cannot be made: %s", driver->path, strerror(errno));
	(void)close(fd);
	sync_folder(driver->path);
	return OK;
}

static enum errc find_file(
    const struct sqlite_driver *driver, enum db_role role, struct err *err)
{
	bool found = false;
	enum errc rc = exists(driver, &found, err);

	if (rc != OK || found)
		return rc;
	if (role == DB_ADMIN && driver->settings->create)
		return make_file(driver, err);
	return err_set(err, ERR_NOTFOUND, "%s: no such database: make it with `tabella init`",
	    driver->path);
}

/* ---- the connection ---- */

static int open_flags(const struct sqlite_driver *driver, enum db_role role)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;

	if (driver->settings->read_only)
		return flags | SQLITE_OPEN_READONLY;
	if (role == DB_ADMIN && driver->settings->create)
		flags |= SQLITE_OPEN_CREATE;
	return flags | SQLITE_OPEN_READWRITE;
}

static enum errc open_handle(struct sqlite_conn *conn, struct err *err)
{
	struct sqlite_driver *driver = conn->driver;
	int code = sqlite3_open_v2(driver->path, &conn->handle, open_flags(driver, conn->role),
	    driver->settings->sqlite_vfs);

	if (!conn->handle)
		return err_set(err, ERR_UNAVAIL, "out of memory");
	if (code != SQLITE_OK)
		return sqlite_error(conn, err);
	(void)sqlite3_extended_result_codes(conn->handle, 1);
	sqlite_set_wait(conn, driver->settings->busy_timeout_ms);
	return OK;
}

static enum errc exec_all(
    struct sqlite_conn *conn, const char *const *texts, size_t count, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; i < count && rc == OK; i++)
		rc = sqlite_exec(conn, texts[i], err);
	return rc;
}

/* What must be said before the first page is written; no effect on a database that has pages. */
static enum errc set_layout(struct sqlite_conn *conn, struct err *err)
{
	static const char *const texts[] = {
		"PRAGMA page_size = 4096",
		"PRAGMA auto_vacuum = INCREMENTAL",
	};

	return exec_all(conn, texts, COUNT(texts), err);
}

static enum errc use_log(struct sqlite_conn *conn, struct err *err)
{
	sqlite3_stmt *handle = NULL;
	struct str mode = STR_EMPTY;
	enum errc rc = OK;
	int code =
	    sqlite3_prepare_v2(conn->handle, "PRAGMA journal_mode = WAL", -1, &handle, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(handle);
	if (code == SQLITE_ROW)
		mode = str_from((const char *)sqlite3_column_text(handle, 0));
	if (code != SQLITE_ROW)
		rc = sqlite_error(conn, err);
	else if (!str_equal(mode, STR("wal")))
		rc = err_set(err, ERR_UNAVAIL,
		    "%s: no write-ahead log: it must lie on a local file system",
		    conn->driver->path);
	(void)sqlite3_finalize(handle);
	return rc;
}

static enum errc limit_size(struct sqlite_conn *conn, struct err *err)
{
	int64_t pages = conn->driver->settings->size_limit_bytes / SQLITE_PAGE_SIZE;
	char text[64];

	if (pages <= 0)
		return OK;
	(void)snprintf(text, sizeof(text), "PRAGMA max_page_count = %lld", (long long)pages);
	return sqlite_exec(conn, text, err);
}

static enum errc set_up_writer(struct sqlite_conn *conn, struct err *err)
{
	static const char *const texts[] = {
		"PRAGMA synchronous = FULL",
		"PRAGMA foreign_keys = OFF",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA mmap_size = 0",
		"PRAGMA secure_delete = FAST",
		WRITER_CACHE,
	};
	enum errc rc = OK;

	if (sqlite3_db_readonly(conn->handle, "main") == 1)
		return err_set(err, ERR_UNAVAIL,
		    "%s: cannot be written: the file and its folder must belong to the user "
		    "that runs "
		    "this program",
		    conn->driver->path);
	if (conn->role == DB_ADMIN)
		rc = set_layout(conn, err);
	if (rc == OK)
		rc = use_log(conn, err);
	if (rc == OK)
		rc = exec_all(conn, texts, COUNT(texts), err);
	if (rc == OK)
		rc = limit_size(conn, err);
	return rc;
}

static enum errc set_up_reader(struct sqlite_conn *conn, struct err *err)
{
	static const char *const texts[] = {
		"PRAGMA query_only = ON",
		"PRAGMA temp_store = MEMORY",
		"PRAGMA mmap_size = 0",
		READER_CACHE,
	};

	return exec_all(conn, texts, COUNT(texts), err);
}

static enum errc set_up(struct sqlite_conn *conn, struct err *err)
{
	enum errc rc = open_handle(conn, err);
	int version;

	if (rc != OK)
		return rc;
	/* first of all: nothing is changed in another program's database */
	rc = sqlite_schema_version(&conn->base, &version, err);
	if (rc == OK)
		rc = conn->role == DB_READER ? set_up_reader(conn, err)
					     : set_up_writer(conn, err);
	if (rc == OK && conn->role == DB_WRITER) {
		(void)sqlite_foreign_changes(&conn->base);
		sqlite_watch_log(conn);
		rc = sqlite_keeper_start(conn->driver, err);
	}
	return rc;
}

static enum errc connect_once(
    struct sqlite_driver *driver, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct sqlite_conn *conn = xcalloc(1, sizeof(*conn));
	enum errc rc;

	conn->base.ops = driver->base.ops;
	conn->driver = driver;
	conn->role = role;
	conn->wait_ms = -1;
	rc = set_up(conn, err);
	*conn_out = &conn->base;
	if (rc != OK)
		sqlite_disconnect(conn_out);
	return rc;
}

enum errc sqlite_connect(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct sqlite_driver *driver = (struct sqlite_driver *)base;
	struct deadline deadline = deadline_in_ms(driver->settings->busy_timeout_ms);
	struct timespec pause = { .tv_nsec = 5000000 };
	enum errc rc;

	(void)pthread_once(&configured, configure);
	rc = find_file(driver, role, err);
	if (rc != OK)
		return rc;
	rc = connect_once(driver, role, conn_out, err);
	/* while another process makes the database SQLite says busy without waiting */
	while (rc == ERR_CONFLICT && !deadline_passed(deadline)) {
		(void)nanosleep(&pause, NULL);
		rc = connect_once(driver, role, conn_out, err);
	}
	return rc == ERR_CONFLICT ? db_unreachable(rc, err) : rc;
}

void sqlite_disconnect(struct db_conn **connp)
{
	struct sqlite_conn *conn = sqlite_conn_of(*connp);

	for (size_t i = 0; i < FIXED_COUNT; i++)
		(void)sqlite3_finalize(conn->fixed[i]);
	for (size_t i = 0; i < POINT_COUNT; i++) {
		for (size_t depth = 0; depth < DB_SAVEPOINTS_MAX; depth++)
			(void)sqlite3_finalize(conn->points[i][depth]);
	}
	/* the last one to go copies the log into the database and removes it */
	(void)sqlite3_close_v2(conn->handle);
	xfree(conn);
	*connp = NULL;
}
