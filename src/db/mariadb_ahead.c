/*
 * db/mariadb_ahead.c - one statement that the server runs while the caller does something else.
 *
 * The protocol has one question at a time, so whatever else is asked of the connection takes the answer first. The client
 * library sends the statement, and comes back where it would have to wait.
 */
#include "base/heap.h"
#include "db/mariadb_int.h"

#include <errno.h>
#include <poll.h>

enum errc mariadb_send(struct db_stmt *base, struct err *err)
{
	struct mariadb_stmt *stmt = mariadb_stmt_of(base);
	struct mariadb_conn *conn = mariadb_conn_of(base->conn);
	bool is_new = !stmt->rows && !stmt->is_done && !stmt->is_answered;

	(void)err;
	/* a second one is run by its first step, and so is a text of two statements */
	if (!conn->asked && !conn->running && stmt->part_count == 1 && is_new)
		conn->asked = stmt;
	return OK;
}

/* What the library waits for, as it names it: it came, or the time is over. */
static int wait_for(MYSQL *handle, int what)
{
	struct pollfd fd = { .fd = mysql_get_socket(handle) };
	int timeout_ms =
	    what & MYSQL_WAIT_TIMEOUT ? (int)mysql_get_timeout_value_ms(handle) : -1;
	int n;

	if (what & MYSQL_WAIT_READ)
		fd.events |= POLLIN;
	if (what & MYSQL_WAIT_WRITE)
		fd.events |= POLLOUT;
	if (what & MYSQL_WAIT_EXCEPT)
		fd.events |= POLLPRI;
	do
		n = poll(&fd, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	/* a failed poll has no other end either */
	if (n <= 0)
		return MYSQL_WAIT_TIMEOUT;
	return ((fd.revents & (POLLIN | POLLHUP | POLLERR)) ? MYSQL_WAIT_READ : 0) |
	    ((fd.revents & POLLOUT) ? MYSQL_WAIT_WRITE : 0) |
	    ((fd.revents & POLLPRI) ? MYSQL_WAIT_EXCEPT : 0);
}

/* Its rows, too: until they are read the connection is good for nothing else. */
static void take_answer(struct mariadb_conn *conn, struct mariadb_stmt *stmt)
{
	MYSQL_STMT *handle = stmt->parts[0].handle;
	enum errc rc = conn->execute_rc != 0 ? mariadb_stmt_failed(conn, handle, &stmt->answer)
					     : mariadb_part_answer(stmt, handle, &stmt->answer);

	stmt->answer.code = rc;
	stmt->is_answered = true;
}

void mariadb_hurry(struct db_conn *base)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	struct mariadb_stmt *stmt = conn->asked;

	conn->asked = NULL;
	if (!stmt || conn->lost)
		return;
	stmt->answer.code = mariadb_part_bind(stmt, &stmt->parts[0], &stmt->answer);
	if (stmt->answer.code != OK) {
		stmt->is_answered = true;
		return;
	}
	mariadb_waited(conn);
	stmt->changes = 0;
	conn->waits_for = mysql_stmt_execute_start(&conn->execute_rc, stmt->parts[0].handle);
	if (conn->waits_for == 0)
		take_answer(conn, stmt);
	else
		conn->running = stmt;
}

void mariadb_await(struct mariadb_conn *conn)
{
	struct mariadb_stmt *stmt = conn->running;

	if (!stmt)
		return;
	while (conn->waits_for != 0)
		conn->waits_for = mysql_stmt_execute_cont(&conn->execute_rc,
		    stmt->parts[0].handle, wait_for(conn->handle, conn->waits_for));
	conn->running = NULL;
	take_answer(conn, stmt);
}

void mariadb_forget(struct mariadb_conn *conn, struct mariadb_stmt *stmt)
{
	if (conn->asked == stmt)
		conn->asked = NULL;
	if (conn->running == stmt)
		mariadb_await(conn);
	stmt->is_answered = false;
}
