/*
 * db/sqlite_keeper.c - keeps the write-ahead log short and the file without holes.
 *
 * Three hands: the keeper's thread copies the log into the database while the writer goes on (a passive
 * checkpoint); when the log is at its limit the writer, between two groups, copies the little that is
 * left and starts the log anew (readers of the old log are waited for, briefly); when nobody writes, the writer
 * empties the log file and gives pages back to the file system, in small pieces.
 */
#include "base/clock.h"
#include "base/log.h"
#include "base/thread.h"
#include "db/sqlite_int.h"

#define KEEPER_SHARE 8	    /* of the log's limit: written between two copies; 8 MB of 64 */
#define LITTLE_SHARE 64	    /* of it: no further copy is worth its flush */
#define PASSES_MAX 3	    /* of copying, while the writer writes on */
#define RESET_WAIT_MS 50    /* for readers of the old log */
#define RESET_PAUSE_MS 500  /* after they were not done */
#define IDLE_MS 2000	    /* without a commit, before the log is emptied */
#define FREE_PAGES_MIN 2048 /* holes worth the work: these many and an eighth of the file */
#define VACUUM_PIECE "PRAGMA incremental_vacuum(256)"

static int limit_frames(const struct sqlite_driver *driver)
{
	int64_t frames = driver->settings->wal_limit_bytes / SQLITE_PAGE_SIZE;

	return frames < INT32_MAX / 2 ? (int)frames : INT32_MAX / 2;
}

static void ask_keeper(struct sqlite_driver *driver)
{
	pthread_mutex_lock(&driver->lock);
	driver->keeper_asked = true;
	pthread_cond_signal(&driver->wake);
	pthread_mutex_unlock(&driver->lock);
}

/* Called by SQLite after each commit of the writer. */
static int after_commit(void *arg, sqlite3 *handle, const char *name, int frames)
{
	struct sqlite_driver *driver = arg;
	struct sqlite_log *log = &driver->log;
	int asked_at = atomic_load(&log->asked_at);

	(void)handle;
	(void)name;
	atomic_store(&log->frames, frames);
	if (frames < asked_at)
		atomic_store(&log->asked_at, asked_at = 0);
	if (frames - asked_at >= limit_frames(driver) / KEEPER_SHARE) {
		atomic_store(&log->asked_at, frames);
		ask_keeper(driver);
	}
	return SQLITE_OK;
}

void sqlite_watch_log(struct sqlite_conn *writer)
{
	int frames = 0;

	/* a process that was killed left its log behind */
	(void)sqlite3_wal_checkpoint_v2(
	    writer->handle, NULL, SQLITE_CHECKPOINT_PASSIVE, &frames, NULL);
	atomic_store(&writer->driver->log.frames, frames > 0 ? frames : 0);
	(void)sqlite3_wal_hook(writer->handle, after_commit, writer->driver);
}

/* ---- the keeper's thread ---- */

/* Once for each time that it begins to fail: the log then grows until the disk is full. */
static void note_copy(struct sqlite_driver *driver, int code, bool *is_failing)
{
	bool fails = code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY;

	if (fails && !*is_failing)
		log_error(driver->settings->log, "checkpoint-failed",
		    F_CSTR("reason", sqlite3_errstr(code)), F_INT("code", code));
	*is_failing = fails;
}

/* One pass; false if it was not possible. */
static bool copy_once(
    struct sqlite_driver *driver, sqlite3 *handle, int *copied_out, bool *is_failing)
{
	int code = sqlite3_wal_checkpoint_v2(
	    handle, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, copied_out);

	note_copy(driver, code, is_failing);
	if (code == SQLITE_OK)
		atomic_fetch_add(&driver->log.checkpoints, 1);
	return code == SQLITE_OK;
}

/* True when the writer shall start the log anew. */
static bool copy_log(struct sqlite_driver *driver, sqlite3 *handle, bool *is_failing)
{
	int limit = limit_frames(driver), frames = 0, copied = 0;

	for (int pass = 0; pass < PASSES_MAX; pass++) {
		if (!copy_once(driver, handle, &copied, is_failing))
			return false;
		frames = atomic_load(&driver->log.frames);
		if (frames - copied < limit / LITTLE_SHARE)
			break;
	}
	/* while little is left to copy the writer hardly notices; at the limit it must */
	return frames >= limit ||
	    (frames >= limit / 2 && frames - copied < limit / LITTLE_SHARE);
}

static bool wait_for_work(struct sqlite_driver *driver)
{
	bool goes_on;

	pthread_mutex_lock(&driver->lock);
	while ((!driver->keeper_asked || atomic_load(&driver->log.wants_reset)) &&
	    !driver->keeper_ends)
		pthread_cond_wait(&driver->wake, &driver->lock);
	goes_on = !driver->keeper_ends;
	driver->keeper_asked = false;
	driver->keeper_copies = goes_on;
	pthread_mutex_unlock(&driver->lock);
	return goes_on;
}

static void work_done(struct sqlite_driver *driver, bool wants_reset)
{
	pthread_mutex_lock(&driver->lock);
	driver->keeper_copies = false;
	if (wants_reset)
		atomic_store(&driver->log.wants_reset, true);
	pthread_cond_signal(&driver->done);
	pthread_mutex_unlock(&driver->lock);
}

static void *keeper_main(void *arg)
{
	struct sqlite_driver *driver = arg;
	struct db_conn *conn;
	bool is_failing = false;

	if (sqlite_connect(&driver->base, DB_BOTH, &conn, NULL) != OK)
		return NULL;
	while (wait_for_work(driver))
		work_done(driver, copy_log(driver, sqlite_conn_of(conn)->handle, &is_failing));
	sqlite_disconnect(&conn);
	return NULL;
}

enum errc sqlite_keeper_start(struct sqlite_driver *driver, struct err *err)
{
	enum errc rc;

	if (driver->keeper_runs)
		return OK;
	rc = thread_start(
	    "db keeper", THREAD_STACK_SIZE, keeper_main, driver, &driver->keeper, err);
	if (rc != OK)
		return rc;
	driver->keeper_runs = true;
	return OK;
}

void sqlite_keeper_stop(struct sqlite_driver *driver)
{
	if (!driver->keeper_runs)
		return;
	pthread_mutex_lock(&driver->lock);
	driver->keeper_ends = true;
	pthread_cond_signal(&driver->wake);
	pthread_mutex_unlock(&driver->lock);
	thread_join(driver->keeper);
	driver->keeper_runs = false;
}

/* ---- on the writer ---- */

static bool checkpoint(struct sqlite_conn *conn, int mode)
{
	int code;

	sqlite_set_wait(conn, RESET_WAIT_MS);
	code = sqlite3_wal_checkpoint_v2(conn->handle, NULL, mode, NULL, NULL);
	if (code == SQLITE_OK)
		atomic_fetch_add(&conn->driver->log.checkpoints, 1);
	return code == SQLITE_OK;
}

/* Only one can copy at a time, and the writer's turn is short. */
static void hold_keeper(struct sqlite_driver *driver)
{
	pthread_mutex_lock(&driver->lock);
	atomic_store(&driver->log.wants_reset, true);
	while (driver->keeper_copies)
		pthread_cond_wait(&driver->done, &driver->lock);
	pthread_mutex_unlock(&driver->lock);
}

static void let_keeper_go(struct sqlite_driver *driver)
{
	pthread_mutex_lock(&driver->lock);
	atomic_store(&driver->log.wants_reset, false);
	pthread_cond_signal(&driver->wake);
	pthread_mutex_unlock(&driver->lock);
}

void sqlite_between(struct db_conn *base)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	struct sqlite_driver *driver = conn->driver;
	bool done;

	/* at twice the limit the disk cannot keep up with us: then we wait for it */
	if (!atomic_load(&driver->log.wants_reset) &&
	    atomic_load(&driver->log.frames) < 2 * limit_frames(driver))
		return;
	if (clock_mono_ms() < conn->reset_again_ms)
		return;
	hold_keeper(driver);
	done = checkpoint(conn, SQLITE_CHECKPOINT_RESTART);
	if (done)
		atomic_store(&driver->log.frames, 1); /* the file keeps its length */
	conn->reset_again_ms = done ? 0 : clock_mono_ms() + RESET_PAUSE_MS;
	let_keeper_go(driver);
}

static bool has_holes(struct sqlite_conn *conn)
{
	int64_t free_pages = 0, pages = 0;

	if (sqlite_number(conn, "PRAGMA freelist_count", &free_pages, NULL) != OK ||
	    sqlite_number(conn, "PRAGMA page_count", &pages, NULL) != OK)
		return false;
	return free_pages >= FREE_PAGES_MIN && free_pages >= pages / 8;
}

int sqlite_idle(struct db_conn *base, int64_t idle_ms)
{
	struct sqlite_conn *conn = sqlite_conn_of(base);
	struct sqlite_log *log = &conn->driver->log;
	int frames = atomic_load(&log->frames);

	if (idle_ms < IDLE_MS)
		return (int)(IDLE_MS - idle_ms);
	if (frames < limit_frames(conn->driver) / KEEPER_SHARE && has_holes(conn)) {
		sqlite_set_wait(conn, RESET_WAIT_MS);
		return sqlite_exec(conn, VACUUM_PIECE, NULL) == OK ? 20 : IDLE_MS;
	}
	if (frames == 0)
		return -1;
	if (conn->idle_frames != frames) {
		/* the bulk is the keeper's, so that a commit which comes now does not wait for it */
		conn->idle_frames = frames;
		ask_keeper(conn->driver);
		return 300;
	}
	if (!checkpoint(conn, SQLITE_CHECKPOINT_TRUNCATE))
		return IDLE_MS;
	atomic_store(&log->frames, 0);
	atomic_store(&log->asked_at, 0);
	conn->idle_frames = 0;
	return 0;
}
