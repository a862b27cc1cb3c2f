/*
 * db/pgsql_connect.c - connections, and the database itself when it is not there yet.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"

#include <poll.h>

/* The server's word about a COMMIT whose standby it could not wait for; all others are nobody's business here. */
static void on_notice(void *arg, const PGresult *result)
{
	struct pgsql_conn *conn = arg;
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	if (conn->commits && state &&
	    (str_equal(str_from(state), STR("01000")) ||
		str_equal(str_from(state), STR("57P01"))))
		conn->warned = true;
}

static struct pgsql_conn *conn_new(
    struct pgsql_driver *driver, enum db_role role, PGconn *handle)
{
	struct pgsql_conn *conn = xcalloc(1, sizeof(*conn));

	conn->base.ops = driver->base.ops;
	conn->driver = driver;
	conn->role = role;
	conn->handle = handle;
	conn->query_ms = db_is_patient(driver->settings, role)
	    ? DB_PATIENT_MS
	    : driver->target.query_ms + PGSQL_GRACE_MS;
	(void)PQsetNoticeReceiver(handle, on_notice, conn);
	return conn;
}

/*
 * A session that reads must not write by mistake. Not in the options it starts with: libpq would take the server for
 * a standby then, if the url asks for one that writes.
 */
static enum errc set_up(struct pgsql_conn *conn, struct err *err)
{
	enum errc rc = OK;

	if (PQsetnonblocking(conn->handle, 1) != 0 || !PQenterPipelineMode(conn->handle))
		return err_set(err, ERR_UNAVAIL, "%s", PQerrorMessage(conn->handle));
	if (conn->driver->target.prepares && (conn->role == DB_READER || conn->role == DB_BOTH))
		rc = pgsql_run_simple(conn, "SET default_transaction_read_only = on", err);
	return rc;
}

/* ---- a database that is not there yet ---- */

static bool is_state(const PGresult *result, const char *state)
{
	const char *own = PQresultErrorField(result, PG_DIAG_SQLSTATE);

	return own && str_equal(str_from(own), str_from(state));
}

/* Rare enough for libpq's own waiting; the server's time-outs bound it. */
static PGresult *create_with(PGconn *handle, const char *name, const char *locale)
{
	struct arena *arena = arena_new("create database");
	PGresult *result = PQexec(handle,
	    str_printf(arena,
		"CREATE DATABASE %s TEMPLATE template0 ENCODING 'UTF8' LOCALE '%s'", name,
		locale)
		.p);

	arena_free(&arena);
	return result;
}

static enum errc created(
    const PGresult *result, const char *name, const PGconn *handle, struct err *err)
{
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		return OK;
	/* 42P04 or 23505: somebody else made it meanwhile */
	if (is_state(result, "42P04") || is_state(result, "23505"))
		return OK;
	if (is_state(result, "42501"))
		return err_set(err, ERR_UNAVAIL,
		    "the user \"%s\" may not make databases: as PostgreSQL's administrator, "
		    "CREATE DATABASE %s OWNER \"%s\" TEMPLATE template0 ENCODING 'UTF8'",
		    PQuser(handle), name, PQuser(handle));
	return err_set(err, ERR_UNAVAIL, "CREATE DATABASE: %s",
	    PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
		? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)
		: "the connection is lost");
}

static enum errc create_database(struct pgsql_driver *driver, struct err *err)
{
	const char *name = driver->target.name;
	PGconn *handle;
	PGresult *result;
	char *quoted;
	enum errc rc = pgsql_open_session(driver, DB_ADMIN, "postgres", &handle, err);

	if (rc == ERR_NOTFOUND)
		rc = pgsql_open_session(driver, DB_ADMIN, "template1", &handle, err);
	if (rc != OK)
		return rc;
	if (!name)
		name = PQuser(handle);
	quoted = PQescapeIdentifier(handle, name, str_from(name).n);
	if (!quoted) {
		rc = err_set(err, ERR_SYNTAX, "\"%s\" is no name for a database", name);
	} else {
		result = create_with(handle, quoted, "C.UTF-8");
		if (is_state(result, "42809") || is_state(result, "22023")) {
			/* this system has no such locale; ours are the bytes in any case */
			PQclear(result);
			result = create_with(handle, quoted, "C");
		}
		rc = created(result, quoted, handle, err);
		PQclear(result);
	}
	PQfreemem(quoted);
	PQfinish(handle);
	return rc;
}

/* ---- what the pool asks for ---- */

enum errc pgsql_connect(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct pgsql_driver *driver = (struct pgsql_driver *)base;
	struct db_conn *conn;
	PGconn *handle;
	struct err own;
	enum errc rc;

	if (!err)
		err = &own;
	rc = pgsql_open_session(driver, role, NULL, &handle, err);
	if (rc == ERR_NOTFOUND && role == DB_ADMIN && driver->settings->create) {
		rc = create_database(driver, err);
		if (rc == OK)
			rc = pgsql_open_session(driver, role, NULL, &handle, err);
	}
	if (rc != OK)
		return rc;
	conn = &conn_new(driver, role, handle)->base;
	rc = set_up(pgsql_conn_of(conn), err);
	if (rc != OK) {
		pgsql_disconnect(&conn);
		return rc == ERR_CLOSED ? err_set(err, ERR_UNAVAIL, "%s", err->text) : rc;
	}
	*conn_out = conn;
	return OK;
}

void pgsql_disconnect(struct db_conn **connp)
{
	struct pgsql_conn *conn = pgsql_conn_of(*connp);

	for (size_t i = 0; i < PGSQL_FIXED_COUNT; i++)
		pgsql_finalize(&conn->fixed[i]);
	for (size_t i = 0; i < PGSQL_POINT_COUNT; i++) {
		for (size_t depth = 0; depth < DB_SAVEPOINTS_MAX; depth++)
			pgsql_finalize(&conn->points[i][depth]);
	}
	/* a transaction that is open ends with it */
	PQfinish(conn->handle);
	xfree(conn->queue);
	xfree(conn);
	*connp = NULL;
}

/* Without a round trip: an idle server says nothing, but when it goes. */
enum errc pgsql_lease(struct db_conn *base, struct err *err)
{
	struct pgsql_conn *conn = pgsql_conn_of(base);
	enum errc rc = OK;

	/* sent ahead, and left there by whoever sent it: it ends here, so that its failure skips nothing of the next */
	if (conn->unsynced && !conn->is_lost)
		rc = pgsql_sync(conn, err);
	/* the answer to what ended the last use */
	if (rc == OK && conn->count > 0 && !conn->is_lost)
		rc = pgsql_take_here(conn, err);
	if (rc != OK || conn->is_lost)
		return err_set(err, ERR_CLOSED, "%s", conn->loss.text);
	if (conn->count > 0 || pgsql_poll(conn, POLLIN, -1, 0) == 0)
		return OK;
	/* news may have come, which are kept until somebody hears them */
	if (conn->role == DB_NEWS)
		return pgsql_take_here(conn, err);
	return err_set(err, ERR_CLOSED, "the server closed an idle connection");
}
