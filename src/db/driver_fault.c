/*
 * db/driver_fault.c - the driver of db/fault.h.
 */
#include "db/fault.h"

#include "base/heap.h"
#include "db/driver.h"

#include <stdatomic.h>
#include <time.h>

struct fault_driver {
	struct db_driver base;
	struct db_ops ops; /* with the gaps that the inner one has */
	struct db_driver *inner;
	struct fault_plan *plan;
};

struct fault_conn {
	struct db_conn base;
	struct db_conn *inner;
	struct fault_plan *plan;
	bool is_lost, is_doubtful;
};

struct fault_stmt {
	struct db_stmt base;
	struct db_stmt *inner;
};

static struct fault_conn *conn_of(const struct db_conn *conn)
{
	return (struct fault_conn *)(uintptr_t)conn;
}

static struct fault_stmt *stmt_of(const struct db_stmt *stmt)
{
	return (struct fault_stmt *)(uintptr_t)stmt;
}

static const struct db_ops *inner_ops(const struct db_conn *conn)
{
	return conn_of(conn)->inner->ops;
}

/* ---- the plan ---- */

void fault_arm(struct fault_plan *plan, int n)
{
	atomic_store(&plan->fired, false);
	atomic_store(&plan->left, n);
}

bool fault_disarm(struct fault_plan *plan)
{
	atomic_store(&plan->left, 0);
	return atomic_load(&plan->fired);
}

/* Counts the call; true if it is the one that fails. */
static bool is_due(struct fault_plan *plan, enum fault_call call)
{
	int64_t left = atomic_load(&plan->left);

	/* until it is armed the test may change it, while the pool's own threads come by */
	if (left < 1 || !(plan->calls & (unsigned)call))
		return false;
	do {
		if (left < 1)
			return false;
	} while (!atomic_compare_exchange_weak(
	    &plan->left, &left, left > 1 ? left - 1 : (int64_t)plan->again));
	if (left > 1)
		return false;
	atomic_store(&plan->fired, true);
	return true;
}

static enum errc lost(struct err *err)
{
	return err_set(err, ERR_CLOSED, "the connection to the database is lost");
}

static void lose(struct fault_conn *conn)
{
	conn->is_lost = true;
	conn->inner->ops->rollback(conn->inner);
}

/*
 * Before a call: OK if it shall be done, else what it returns instead. *after_out: it shall be done and its
 * connection lost then.
 */
static enum errc before(
    struct fault_conn *conn, enum fault_call call, bool *after_out, struct err *err)
{
	struct fault_plan *plan = conn->plan;
	struct timespec delay = { .tv_sec = plan->delay_ms / 1000,
		.tv_nsec = (long)(plan->delay_ms % 1000) * 1000000 };

	*after_out = false;
	if (conn->is_lost)
		return lost(err);
	if (!is_due(plan, call))
		return OK;
	switch (plan->kind) {
	case FAULT_FAILS:
		return err_set(err, plan->code, "the test's failure");
	case FAULT_UNDOES:
		conn->inner->ops->rollback(conn->inner);
		return err_set(err, plan->code, "the test's failure, all undone");
	case FAULT_DROPS:
		lose(conn);
		return lost(err);
	case FAULT_DROPS_AFTER:
		*after_out = true;
		return OK;
	case FAULT_LOSES:
		lose(conn);
		return err_set(err, ERR_UNCERTAIN, "the answer to COMMIT is lost, and it too");
	case FAULT_DOUBTS:
		conn->is_doubtful = true;
		conn->inner->ops->rollback(conn->inner);
		return err_set(err, ERR_UNAVAIL, "the test's doubtful commit");
	case FAULT_DELAYS:
		(void)nanosleep(&delay, NULL);
		return OK;
	}
	return OK;
}

static enum errc after(
    struct fault_conn *conn, bool is_lost_after, enum errc rc, struct err *err)
{
	if (!is_lost_after)
		return rc;
	lose(conn);
	return lost(err);
}

/* ---- connections ---- */

static enum errc fault_connect(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct fault_driver *driver = (struct fault_driver *)base;
	struct fault_conn *conn;
	struct db_conn *inner;
	enum errc rc;

	if (is_due(driver->plan, FAULT_CONNECT))
		return err_set(err, ERR_UNAVAIL, "the test's failure to connect");
	rc = driver->inner->ops->connect(driver->inner, role, &inner, err);
	if (rc != OK)
		return rc;
	conn = xcalloc(1, sizeof(*conn));
	conn->base.ops = &driver->ops;
	conn->inner = inner;
	conn->plan = driver->plan;
	*conn_out = &conn->base;
	return OK;
}

static void fault_disconnect(struct db_conn **connp)
{
	struct fault_conn *conn = conn_of(*connp);

	conn->inner->ops->disconnect(&conn->inner);
	xfree(conn);
	*connp = NULL;
}

static enum errc fault_lease(struct db_conn *base, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_LEASE, &after_call, err);

	if (rc == OK && inner_ops(base)->lease)
		rc = inner_ops(base)->lease(conn->inner, err);
	return after(conn, after_call, rc, err);
}

/* ---- statements ---- */

static enum errc fault_prepare(
    struct db_conn *base, struct str text, struct db_stmt **stmt_out, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	struct fault_stmt *stmt;
	struct db_stmt *inner;
	bool after_call;
	enum errc rc = before(conn, FAULT_PREPARE, &after_call, err);

	if (rc == OK && after_call)
		return after(conn, true, OK, err);
	if (rc == OK)
		rc = inner_ops(base)->prepare(conn->inner, text, &inner, err);
	if (rc != OK)
		return rc;
	stmt = xcalloc(1, sizeof(*stmt));
	stmt->base.conn = base;
	stmt->inner = inner;
	*stmt_out = &stmt->base;
	return OK;
}

static void fault_finalize(struct db_stmt **stmtp)
{
	struct fault_stmt *stmt = stmt_of(*stmtp);

	inner_ops(stmt->base.conn)->finalize(&stmt->inner);
	xfree(stmt);
	*stmtp = NULL;
}

static enum errc fault_bind_i64(struct db_stmt *stmt, int param, int64_t value, struct err *err)
{
	return inner_ops(stmt->conn)->bind_i64(stmt_of(stmt)->inner, param, value, err);
}

static enum errc fault_bind_str(
    struct db_stmt *stmt, int param, struct str text, struct err *err)
{
	return inner_ops(stmt->conn)->bind_str(stmt_of(stmt)->inner, param, text, err);
}

static enum errc fault_bind_blob(
    struct db_stmt *stmt, int param, struct str bytes, struct err *err)
{
	return inner_ops(stmt->conn)->bind_blob(stmt_of(stmt)->inner, param, bytes, err);
}

static enum errc fault_bind_null(struct db_stmt *stmt, int param, struct err *err)
{
	return inner_ops(stmt->conn)->bind_null(stmt_of(stmt)->inner, param, err);
}

static enum errc fault_step(struct db_stmt *stmt, struct err *err)
{
	struct fault_conn *conn = conn_of(stmt->conn);
	bool after_call;
	enum errc rc = before(conn, FAULT_STEP, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->step(stmt_of(stmt)->inner, err);
	return after(conn, after_call, rc, err);
}

static void fault_reset(struct db_stmt *stmt)
{
	inner_ops(stmt->conn)->reset(stmt_of(stmt)->inner);
}

static int64_t fault_column_i64(const struct db_stmt *stmt, int column)
{
	return inner_ops(stmt->conn)->column_i64(stmt_of(stmt)->inner, column);
}

static struct str fault_column_str(const struct db_stmt *stmt, int column)
{
	return inner_ops(stmt->conn)->column_str(stmt_of(stmt)->inner, column);
}

static struct str fault_column_blob(const struct db_stmt *stmt, int column)
{
	return inner_ops(stmt->conn)->column_blob(stmt_of(stmt)->inner, column);
}

static bool fault_column_is_null(const struct db_stmt *stmt, int column)
{
	return inner_ops(stmt->conn)->column_is_null(stmt_of(stmt)->inner, column);
}

static int64_t fault_changes(const struct db_stmt *stmt)
{
	return inner_ops(stmt->conn)->changes(stmt_of(stmt)->inner);
}

/* Ahead of the step that counts. */
static enum errc fault_send(struct db_stmt *stmt, struct err *err)
{
	if (conn_of(stmt->conn)->is_lost)
		return lost(err);
	return inner_ops(stmt->conn)->send(stmt_of(stmt)->inner, err);
}

static void fault_hurry(struct db_conn *conn)
{
	inner_ops(conn)->hurry(conn_of(conn)->inner);
}

static enum errc fault_post(struct db_stmt *stmt, struct err *err)
{
	struct fault_conn *conn = conn_of(stmt->conn);
	bool after_call;
	enum errc rc = before(conn, FAULT_STEP, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->post(stmt_of(stmt)->inner, err);
	return after(conn, after_call, rc, err);
}

static enum errc fault_last_id(struct db_conn *conn, int64_t *id_out, struct err *err)
{
	return inner_ops(conn)->last_id(conn_of(conn)->inner, id_out, err);
}

/* ---- transactions ---- */

static enum errc fault_begin(struct db_conn *base, int wait_ms, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_BEGIN, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->begin(conn->inner, wait_ms, err);
	return after(conn, after_call, rc, err);
}

static enum errc fault_commit(struct db_conn *base, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_COMMIT, &after_call, err);

	if (rc != OK) {
		conn->inner->ops->rollback(conn->inner);
		return rc;
	}
	rc = conn->inner->ops->commit(conn->inner, err);
	if (rc == OK)
		conn->is_doubtful = false;
	if (!after_call)
		return rc;
	lose(conn);
	return err_set(err, ERR_UNCERTAIN, "the answer to COMMIT is lost");
}

static void fault_rollback(struct db_conn *conn)
{
	inner_ops(conn)->rollback(conn_of(conn)->inner);
}

static bool fault_in_transaction(const struct db_conn *conn)
{
	return !conn_of(conn)->is_lost && inner_ops(conn)->in_transaction(conn_of(conn)->inner);
}

static bool fault_doubtful(const struct db_conn *base)
{
	const struct fault_conn *conn = conn_of(base);

	return conn->is_doubtful ||
	    (conn->inner->ops->doubtful && conn->inner->ops->doubtful(conn->inner));
}

static enum errc fault_savepoint(struct db_conn *base, int depth, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_SAVEPOINT, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->savepoint(conn->inner, depth, err);
	return after(conn, after_call, rc, err);
}

static enum errc fault_savepoint_keep(struct db_conn *base, int depth, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_SAVEPOINT, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->savepoint_keep(conn->inner, depth, err);
	return after(conn, after_call, rc, err);
}

static enum errc fault_savepoint_undo(struct db_conn *base, int depth, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_SAVEPOINT, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->savepoint_undo(conn->inner, depth, err);
	return after(conn, after_call, rc, err);
}

static enum errc fault_snapshot_begin(struct db_conn *base, struct err *err)
{
	struct fault_conn *conn = conn_of(base);
	bool after_call;
	enum errc rc = before(conn, FAULT_BEGIN, &after_call, err);

	if (rc == OK)
		rc = conn->inner->ops->snapshot_begin(conn->inner, err);
	return after(conn, after_call, rc, err);
}

static void fault_snapshot_end(struct db_conn *conn)
{
	inner_ops(conn)->snapshot_end(conn_of(conn)->inner);
}

static enum errc fault_flush(struct db_conn *conn, struct err *err)
{
	return inner_ops(conn)->flush(conn_of(conn)->inner, err);
}

static enum errc fault_listen(struct db_conn *conn, struct err *err)
{
	return inner_ops(conn)->listen(conn_of(conn)->inner, err);
}

static enum errc fault_tell(struct db_conn *conn, int64_t self, const struct change *changes,
    size_t count, struct err *err)
{
	return inner_ops(conn)->tell(conn_of(conn)->inner, self, changes, count, err);
}

static enum errc fault_hear(struct db_conn *conn, int64_t self, const struct db_ear *ear,
    int timeout_ms, struct err *err)
{
	return inner_ops(conn)->hear(conn_of(conn)->inner, self, ear, timeout_ms, err);
}

static bool fault_foreign_changes(struct db_conn *conn)
{
	return inner_ops(conn)->foreign_changes(conn_of(conn)->inner);
}

static void fault_between(struct db_conn *conn)
{
	inner_ops(conn)->between(conn_of(conn)->inner);
}

static int fault_idle(struct db_conn *conn, int64_t idle_ms)
{
	return inner_ops(conn)->idle(conn_of(conn)->inner, idle_ms);
}

/* ---- schema: never fails on purpose, a test opens its database before it arms ---- */

static enum errc fault_schema_version(struct db_conn *conn, int *version_out, struct err *err)
{
	return inner_ops(conn)->schema_version(conn_of(conn)->inner, version_out, err);
}

static enum errc fault_set_schema_version(struct db_conn *conn, int version, struct err *err)
{
	return inner_ops(conn)->set_schema_version(conn_of(conn)->inner, version, err);
}

static enum errc fault_run_script(struct db_conn *conn, struct str script, struct err *err)
{
	return inner_ops(conn)->run_script(conn_of(conn)->inner, script, err);
}

/* ---- the driver ---- */

static const struct db_migration *fault_migrations(struct db_driver *base, size_t *count_out)
{
	struct db_driver *inner = ((struct fault_driver *)base)->inner;

	return inner->ops->migrations(inner, count_out);
}

static void fault_stats(struct db_driver *base, struct db_driver_stats *stats_out)
{
	struct db_driver *inner = ((struct fault_driver *)base)->inner;

	inner->ops->stats(inner, stats_out);
}

static void fault_free(struct db_driver *base)
{
	struct fault_driver *driver = (struct fault_driver *)base;

	driver->inner->ops->free(driver->inner);
	xfree(driver);
}

static struct db_ops ops_around(const struct db_ops *inner)
{
	return (struct db_ops){
		.engine = inner->engine,
		.free = fault_free,
		.migrations = fault_migrations,
		.stats = fault_stats,
		.connect = fault_connect,
		.disconnect = fault_disconnect,
		.lease = fault_lease,
		.prepare = fault_prepare,
		.finalize = fault_finalize,
		.bind_i64 = fault_bind_i64,
		.bind_str = fault_bind_str,
		.bind_blob = fault_bind_blob,
		.bind_null = fault_bind_null,
		.step = fault_step,
		.reset = fault_reset,
		.column_i64 = fault_column_i64,
		.column_str = fault_column_str,
		.column_blob = fault_column_blob,
		.column_is_null = fault_column_is_null,
		.changes = fault_changes,
		.last_id = fault_last_id,
		.begin = fault_begin,
		.commit = fault_commit,
		.rollback = fault_rollback,
		.in_transaction = fault_in_transaction,
		.doubtful = fault_doubtful,
		.savepoint = fault_savepoint,
		.savepoint_keep = fault_savepoint_keep,
		.savepoint_undo = fault_savepoint_undo,
		.snapshot_begin = fault_snapshot_begin,
		.snapshot_end = fault_snapshot_end,
		.send = inner->send ? fault_send : NULL,
		.hurry = inner->hurry ? fault_hurry : NULL,
		.post = inner->post ? fault_post : NULL,
		.flush = inner->flush ? fault_flush : NULL,
		.listen = inner->listen ? fault_listen : NULL,
		.tell = inner->tell ? fault_tell : NULL,
		.hear = inner->hear ? fault_hear : NULL,
		.foreign_changes = inner->foreign_changes ? fault_foreign_changes : NULL,
		.between = inner->between ? fault_between : NULL,
		.idle = inner->idle ? fault_idle : NULL,
		.schema_version = fault_schema_version,
		.set_schema_version = fault_set_schema_version,
		.run_script = fault_run_script,
	};
}

static struct db_driver *wrap(void *arg, struct db_driver *inner)
{
	struct fault_driver *driver = xcalloc(1, sizeof(*driver));

	driver->plan = arg;
	driver->inner = inner;
	driver->ops = ops_around(inner->ops);
	driver->base.ops = &driver->ops;
	driver->base.single_writer = inner->single_writer && !driver->plan->many_writers;
	return &driver->base;
}

void fault_wrap(struct db_settings *settings, struct fault_plan *plan)
{
	settings->wrap_driver = wrap;
	settings->wrap_arg = plan;
}
