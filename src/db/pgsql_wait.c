/*
 * db/pgsql_wait.c - what was sent, what was answered, and how long that may take.
 *
 * A server that does not answer in time is given up with its connection: nothing waits for ever.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

/* ---- failures ---- */

static struct str password_of(const struct pgsql_conn *conn)
{
	struct str password = secret_view(&conn->driver->target.password);

	return str_first(password, password.n > 0 ? password.n - 1 : 0);
}

enum errc pgsql_result_error(
    const struct pgsql_conn *conn, const PGresult *result, struct err *err)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	const char *words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
	struct buf text = BUF_INIT(sizeof(err->text));
	enum errc rc;

	if (!state)
		state = "08006"; /* libpq's own: the connection is lost */
	if (!words)
		words = PQresultErrorMessage(result);
	rc = pgsql_classify(state, conn->in_transaction ? PGSQL_WRITES : PGSQL_READS);
	pgsql_add_words(&text, str_first(str_from(words), 160), password_of(conn));
	(void)err_set(
	    err, rc, "%.*s (%s)%s", STR_ARG(buf_str(&text)), state, pgsql_advice(state));
	buf_release(&text);
	return rc;
}

static struct pgsql_pending *front_of(struct pgsql_conn *conn)
{
	return &conn->queue[conn->first];
}

static void pop(struct pgsql_conn *conn)
{
	conn->first = (conn->first + 1) & (conn->room - 1);
	conn->count--;
}

/* Its failure is the statement's, and if a transaction is open the transaction's. */
static void fail(
    struct pgsql_conn *conn, const struct pgsql_pending *one, const struct err *why)
{
	if (one->what == PGSQL_PARSE && one->stmt)
		one->stmt->prepared[one->way] = false;
	if (one->what == PGSQL_STEP && one->stmt)
		pgsql_stmt_answer(one->stmt, NULL, why);
	if ((conn->in_transaction || conn->in_snapshot) && conn->failure.code == OK) {
		conn->failure = *why;
		conn->failure_depth = one->depth;
	}
}

enum errc pgsql_lose(struct pgsql_conn *conn, const char *why, struct err *err)
{
	struct buf text = BUF_INIT(sizeof(err->text));

	if (!conn->is_lost) {
		pgsql_add_words(&text, str_first(str_from(why), 200), password_of(conn));
		(void)err_set(&conn->loss, ERR_CLOSED,
		    "the connection to the database is lost: %.*s", STR_ARG(buf_str(&text)));
		buf_release(&text);
		conn->is_lost = true;
		while (conn->count > 0) {
			fail(conn, front_of(conn), &conn->loss);
			pop(conn);
		}
		conn->syncs = conn->posts = 0;
		conn->unsynced = false;
		conn->in_transaction = conn->in_snapshot = false;
	}
	return err_set(err, ERR_CLOSED, "%s", conn->loss.text);
}

/* ---- the queue ---- */

static void grow(struct pgsql_conn *conn)
{
	size_t room = conn->room > 0 ? conn->room * 2 : 64;
	struct pgsql_pending *queue = xcalloc(room, sizeof(*queue));

	for (size_t i = 0; i < conn->count; i++)
		queue[i] = conn->queue[(conn->first + i) & (conn->room - 1)];
	xfree(conn->queue);
	conn->queue = queue;
	conn->first = 0;
	conn->room = room;
}

void pgsql_push(
    struct pgsql_conn *conn, enum pgsql_sent what, struct pgsql_stmt *stmt, enum pgsql_way way)
{
	if (conn->count == conn->room)
		grow(conn);
	conn->queue[(conn->first + conn->count++) & (conn->room - 1)] =
	    (struct pgsql_pending){ what, way, stmt, conn->depth };
	conn->syncs += what == PGSQL_SYNC;
	conn->unsynced = what != PGSQL_SYNC;
}

void pgsql_forget(struct pgsql_conn *conn, const struct pgsql_stmt *stmt, bool is_freed)
{
	for (size_t i = 0; i < conn->count; i++) {
		struct pgsql_pending *one = &conn->queue[(conn->first + i) & (conn->room - 1)];

		if (one->stmt == stmt && (is_freed || one->what == PGSQL_STEP))
			one->stmt = NULL;
	}
}

/* ---- answers ---- */

static void take_result(struct pgsql_conn *conn, PGresult *result)
{
	const struct pgsql_pending one = *front_of(conn);

	switch (PQresultStatus(result)) {
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		if (one.what == PGSQL_STEP && one.stmt) {
			pgsql_stmt_answer(one.stmt, result, NULL);
			return;
		}
		break;
	case PGRES_PIPELINE_ABORTED:
		if (one.stmt)
			one.stmt->was_skipped = true;
		fail(conn, &one, &conn->segment);
		break;
	default:
		(void)pgsql_result_error(conn, result, &conn->segment);
		fail(conn, &one, &conn->segment);
		break;
	}
	PQclear(result);
}

int pgsql_poll(const struct pgsql_conn *conn, short events, int wake_fd, int timeout_ms)
{
	struct pollfd fds[2] = { { .fd = PQsocket(conn->handle), .events = events },
		{ .fd = wake_fd, .events = POLLIN } };
	int n;

	do
		n = poll(fds, 2, timeout_ms);
	while (n < 0 && errno == EINTR);
	return n;
}

/* Sends the rest and reads until the next answer is here. */
static enum errc await(struct pgsql_conn *conn, struct deadline deadline, struct err *err)
{
	while (PQisBusy(conn->handle)) {
		/* after a failure to send, the server's reason may still be there to be read */
		short events = PQflush(conn->handle) > 0 ? POLLIN | POLLOUT : POLLIN;

		if (pgsql_poll(conn, events, -1, deadline_left_ms(deadline)) == 0)
			return pgsql_lose(conn, "the server did not answer in time", err);
		if (!PQconsumeInput(conn->handle))
			return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	}
	return OK;
}

/* The first of the queue, and its answer. */
static enum errc take_front(struct pgsql_conn *conn, struct deadline deadline, struct err *err)
{
	enum errc rc = await(conn, deadline, err);
	PGresult *result;
	bool is_sync;

	if (rc != OK)
		return rc;
	result = PQgetResult(conn->handle);
	is_sync = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
	if (!result || is_sync != (front_of(conn)->what == PGSQL_SYNC)) {
		PQclear(result);
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	}
	if (is_sync) {
		PQclear(result);
		conn->segment.code = OK;
		conn->syncs--;
		pop(conn);
		return OK;
	}
	take_result(conn, result);
	pop(conn);
	if (PQstatus(conn->handle) == CONNECTION_BAD)
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	rc = await(conn, deadline, err);
	if (rc == OK && (result = PQgetResult(conn->handle)) != NULL) {
		PQclear(result);
		return pgsql_lose(conn, "the server said more than was asked", err);
	}
	return rc;
}

static enum errc is_alive(const struct pgsql_conn *conn, struct err *err)
{
	return conn->is_lost ? err_set(err, ERR_CLOSED, "%s", conn->loss.text) : OK;
}

enum errc pgsql_sync(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = is_alive(conn, err);

	if (rc != OK)
		return rc;
	if (!PQpipelineSync(conn->handle))
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	pgsql_push(conn, PGSQL_SYNC, NULL, PGSQL_PLAIN);
	if (PQflush(conn->handle) < 0)
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	return OK;
}

static enum errc take_until(struct pgsql_conn *conn, size_t count, struct err *err)
{
	enum errc rc = OK;

	if (conn->count > count)
		(void)atomic_fetch_add(&conn->driver->round_trips, 1);
	/* each answer has the time of one statement */
	while (rc == OK && conn->count > count)
		rc = take_front(conn, deadline_in_ms(conn->query_ms), err);
	if (conn->count == 0)
		conn->posts = 0;
	return rc;
}

enum errc pgsql_settle(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = conn->unsynced ? pgsql_sync(conn, err) : is_alive(conn, err);

	return rc == OK ? take_until(conn, 0, err) : rc;
}

enum errc pgsql_ready(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = is_alive(conn, err);

	/* a Sync is always the last of the queue while one is in it */
	return rc == OK && conn->syncs > 0 ? take_until(conn, 0, err) : rc;
}

enum errc pgsql_take_here(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = is_alive(conn, err);

	if (rc == OK && (PQflush(conn->handle) < 0 || !PQconsumeInput(conn->handle)))
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	while (rc == OK && conn->count > 0 && !PQisBusy(conn->handle))
		rc = take_front(conn, deadline_in_ms(conn->query_ms), err);
	return rc;
}

/* ---- outside of the pipeline ---- */

static enum errc take_simple(struct pgsql_conn *conn, struct err *err)
{
	struct deadline deadline = deadline_in_ms(conn->query_ms);
	enum errc rc, failed = OK;

	for (;;) {
		PGresult *result;
		ExecStatusType status;

		rc = await(conn, deadline, err);
		if (rc != OK)
			return rc;
		result = PQgetResult(conn->handle);
		if (!result)
			return failed;
		status = PQresultStatus(result);
		if (failed == OK && status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK &&
		    status != PGRES_EMPTY_QUERY)
			failed = pgsql_result_error(conn, result, err);
		PQclear(result);
		if (PQstatus(conn->handle) == CONNECTION_BAD)
			return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	}
}

enum errc pgsql_run_simple(struct pgsql_conn *conn, const char *text, struct err *err)
{
	enum errc rc = pgsql_settle(conn, err);

	if (rc != OK)
		return rc;
	if (conn->in_transaction && conn->failure.code != OK)
		return err_set(err, conn->failure.code, "%s", conn->failure.text);
	if (!PQexitPipelineMode(conn->handle) || !PQsendQuery(conn->handle, text))
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	(void)atomic_fetch_add(&conn->driver->round_trips, 1);
	rc = take_simple(conn, err);
	if (rc != OK && conn->in_transaction) {
		(void)err_set(&conn->failure, rc, "%s", err->text);
		conn->failure_depth = conn->depth;
	}
	if (!conn->is_lost && !PQenterPipelineMode(conn->handle))
		return pgsql_lose(conn, PQerrorMessage(conn->handle), err);
	return rc;
}
