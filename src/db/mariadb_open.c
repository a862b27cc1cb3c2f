/*
 * db/mariadb_open.c - connecting: the hosts in turn, the session as we want it, what is asked of the server.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "db/mariadb_int.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#define IDLE_TRANSACTION_S 60 /* a node that vanished lets go of its locks */
#define SETUP_MAX 2048

/* ---- the session ---- */

/*
 * Literals and assignments mean the same on all engines, nothing is cut or made to fit, and || joins texts. An UPDATE, a migration's, may take
 * long: limits are for those that people wait for.
 */
static struct str setup_text(const struct mariadb_conn *conn, struct arena *arena)
{
	bool limited = !db_is_patient(conn->driver->settings, conn->role);
	bool reads = conn->role != DB_ADMIN;

	return str_printf(arena,
	    "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin;"
	    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
	    "ERROR_FOR_DIVISION_BY_ZERO,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,"
	    "SIMULTANEOUS_ASSIGNMENT,"
	    "NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION', autocommit = 1,"
	    " time_zone = '+00:00', sql_auto_is_null = 0, foreign_key_checks = 1,"
	    " unique_checks = 1, sql_select_limit = DEFAULT, innodb_lock_wait_timeout = %d,"
	    " lock_wait_timeout = %d,"
	    " max_statement_time = %d, idle_transaction_timeout = %d;"
	    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, %s;"
	    "SELECT @@version, @@max_allowed_packet, @@global.read_only,"
	    " (SELECT max(variable_value) FROM information_schema.session_variables"
	    " WHERE variable_name = 'wsrep_on')",
	    conn->lock_wait_s, conn->lock_wait_s,
	    limited ? conn->driver->target.statement_timeout_s : 0,
	    limited ? IDLE_TRANSACTION_S : 0, reads ? "READ ONLY" : "READ WRITE");
}

/*
 * A member of a Galera cluster may be told of a commit and apply it a moment later. A client who was answered by another
 * node must see here what it did there, so what is read, or begun, waits for what was committed before. Not in the middle
 * of a transaction: there the cluster's certification sees to it.
 */
#define READ_WHAT_OTHERS_WROTE "SET SESSION wsrep_sync_wait = 1"

/* "10.11.19-MariaDB-..." is 101119; 0 is another server. */
static int version_number(struct str version)
{
	uint64_t parts[3] = { 0, 0, 0 };
	struct str rest = version, piece;
	bool is_mariadb = str_find(version, STR("MariaDB")) < version.n;

	rest = str_first(version, str_find_char(version, '-'));
	for (size_t i = 0; i < COUNT(parts) && str_split(&rest, '.', &piece); i++) {
		if (str_to_u64(piece, 99, &parts[i]) != OK)
			return 0;
	}
	return is_mariadb ? (int)(parts[0] * 10000 + parts[1] * 100 + parts[2]) : 0;
}

static enum errc check_server(
    const struct mariadb_conn *conn, const struct str answer[4], struct err *err)
{
	uint64_t packet = 0;
	int version = version_number(answer[0]);
	bool writes = conn->role != DB_READER && !conn->driver->settings->read_only;

	if (version < MARIADB_VERSION_MIN)
		return err_set(err, ERR_UNSUPPORTED,
		    "the server says it is %.*s: MariaDB 10.6 or newer is needed (MySQL is not "
		    "supported)",
		    STR_ARG(answer[0]));
	if (str_to_u64(answer[1], INT64_MAX, &packet) != OK ||
	    (int64_t)packet < MARIADB_PACKET_MIN)
		return err_set(err, ERR_UNSUPPORTED,
		    "the server's max_allowed_packet is %.*s: set it to %lld or more",
		    STR_ARG(answer[1]), (long long)MARIADB_PACKET_MIN);
	if (writes && !str_equal(answer[2], STR("0")) && !str_equal(answer[2], STR("OFF")))
		return err_set(err, ERR_CLOSED,
		    "the server is read only (read_only = ON): name its primary, or promote "
		    "it");
	return OK;
}

static enum errc set_up(struct mariadb_conn *conn, struct err *err)
{
	struct arena *arena = arena_new("mariadb session");
	struct str answer[4];
	enum errc rc =
	    mariadb_ask(conn, setup_text(conn, arena), arena, answer, COUNT(answer), err);

	/* an unknown variable: a server that is none of ours, or too old */
	if (rc == ERR_INTERNAL)
		rc = err_set(err, ERR_UNSUPPORTED,
		    "the server says it is %s and refuses our settings: MariaDB 10.6 or newer "
		    "is needed (MySQL is not supported)",
		    mysql_get_server_info(conn->handle));
	if (rc == OK)
		rc = check_server(conn, answer, err);
	if (rc == OK && str_equal(answer[3], STR("ON")))
		rc = mariadb_exec(conn, READ_WHAT_OTHERS_WROTE, err);
	arena_free(&arena);
	return rc;
}

/* ---- the connection ---- */

static void set_options(struct mariadb_conn *conn)
{
	const struct mariadb_target *target = &conn->driver->target;
	unsigned connect_s = (unsigned)target->connect_timeout_s;
	/* the server ends a statement by itself; this is for a server that does not answer */
	unsigned answer_s = db_is_patient(conn->driver->settings, conn->role)
	    ? DB_PATIENT_MS / 1000
	    : (unsigned)target->statement_timeout_s + 10;
	unsigned long packet = MARIADB_PACKET_MAX;
	my_bool yes = 1, no = 0, verify = target->tls_verify;
	unsigned no_files = 0;
	MYSQL *handle = conn->handle;

	(void)mysql_options(handle, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
	(void)mysql_options(handle, MYSQL_OPT_READ_TIMEOUT, &answer_s);
	(void)mysql_options(handle, MYSQL_OPT_WRITE_TIMEOUT, &answer_s);
	(void)mysql_options(handle, MYSQL_OPT_RECONNECT, &no);
	/* a server could otherwise ask for our files */
	(void)mysql_options(handle, MYSQL_OPT_LOCAL_INFILE, &no_files);
	(void)mysql_options(handle, MYSQL_SET_CHARSET_NAME, "utf8mb4");
	(void)mysql_options(handle, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
	(void)mysql_options(handle, MYSQL_REPORT_DATA_TRUNCATION, &no);
	(void)mysql_options(handle, MYSQL_OPT_NONBLOCK, NULL); /* mariadb_ahead.c */
	if (!target->tls)
		return;
	(void)mysql_options(handle, MYSQL_OPT_SSL_ENFORCE, &yes);
	(void)mysql_options(handle, MYSQL_OPT_SSL_CA, target->tls_ca);
	(void)mysql_options(handle, MYSQL_OPT_SSL_CERT, target->tls_cert);
	(void)mysql_options(handle, MYSQL_OPT_SSL_KEY, target->tls_key);
	(void)mysql_options(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify);
}

/* A machine that vanished is known after a minute and a half, however long an answer may take. */
static void keep_alive(const struct mariadb_conn *conn)
{
	int fd = mysql_get_socket(conn->handle), on = 1, idle_s = 60, interval_s = 10,
	    count = 3;

	/* a unix socket has none of it */
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

static bool dial(struct mariadb_conn *conn, const char *name)
{
	const struct mariadb_target *target = &conn->driver->target;
	const struct db_url_host *host = &target->url.hosts[conn->host];
	const char *address = target->hosts[conn->host];
	bool is_socket = address[0] == '/';
	struct secret password;
	MYSQL *got;

	/* with a NUL behind it, for this call only */
	password = (struct secret){ xcalloc(1, target->url.password.n + 1),
		target->url.password.n + 1 };
	if (target->url.password.n > 0)
		memcpy(password.p, target->url.password.p, target->url.password.n);
	mariadb_waited(conn);
	got = mysql_real_connect(conn->handle,
	    is_socket		     ? "localhost"
		: address[0] == '\0' ? NULL
				     : address,
	    target->user[0] ? target->user : NULL, password.p, name,
	    is_socket ? 0 : (unsigned)host->port, is_socket ? address : NULL,
	    CLIENT_FOUND_ROWS | CLIENT_MULTI_STATEMENTS);
	secret_release(&password);
	if (got)
		keep_alive(conn);
	return got != NULL;
}

/* Where it was tried, and why it failed. The user's name is in the server's words already. */
static enum errc say_where(const struct mariadb_conn *conn, enum errc rc, struct err *err)
{
	const struct mariadb_target *target = &conn->driver->target;
	const char *address = target->hosts[conn->host];
	int port = target->url.hosts[conn->host].port;
	char port_text[16] = "";
	struct err why = *err;

	if (port > 0 && address[0] != '/')
		(void)snprintf(port_text, sizeof(port_text), ":%d", port);
	return err_set(err, rc, "MariaDB at %s%s: %s", address[0] ? address : "localhost",
	    port_text, why.text);
}

static enum errc refused(struct mariadb_conn *conn, struct err *err)
{
	enum errc rc = mariadb_failed(conn, err);

	if (rc == ERR_NOTFOUND)
		return err_set(err, rc, "no database \"%s\"%s", conn->driver->target.name,
		    mariadb_advice(ER_BAD_DB_ERROR));
	/* before the server has said a word: something else may listen there */
	if (mysql_errno(conn->handle) == CR_SERVER_LOST)
		return err_set(err, rc, "%s (%u): does it answer, and is it MariaDB?",
		    mysql_error(conn->handle), mysql_errno(conn->handle));
	/* codes that the list does not have are no bug of ours here */
	return rc == ERR_INTERNAL ? err_set(err, ERR_UNAVAIL, "%s (%u)",
					mysql_error(conn->handle), mysql_errno(conn->handle))
				  : rc;
}

static void hang_up(struct mariadb_conn *conn)
{
	if (conn->handle) {
		mariadb_await(conn);
		mysql_close(conn->handle);
	}
	conn->handle = NULL;
	conn->lost = false;
}

static enum errc open_named(struct mariadb_conn *conn, const char *name, struct err *err)
{
	conn->handle = mysql_init(NULL);
	if (!conn->handle)
		heap_exhausted(sizeof(MYSQL));
	set_options(conn);
	if (!dial(conn, name))
		return refused(conn, err);
	return set_up(conn, err);
}

/* One host. The database is made if it is missing and that was asked for. */
static enum errc open_host(struct mariadb_conn *conn, struct err *err)
{
	const struct mariadb_driver *driver = conn->driver;
	enum errc rc = open_named(conn, driver->target.name, err);

	if (rc == ERR_NOTFOUND && conn->role == DB_ADMIN && driver->settings->create) {
		hang_up(conn);
		rc = open_named(conn, NULL, err);
		if (rc == OK)
			rc = mariadb_create(conn, err);
	}
	if (rc == OK)
		return OK;
	rc = say_where(conn, rc, err);
	hang_up(conn);
	return rc;
}

/* Another node of a cluster may do what this one does not. */
static bool is_worth_another(enum errc rc)
{
	return rc == ERR_UNAVAIL || rc == ERR_CLOSED || rc == ERR_TIMEOUT || rc == ERR_LIMIT;
}

/* From the host that answered last: one that is down costs its time-out once. */
static enum errc open_any(struct mariadb_conn *conn, struct err *err)
{
	struct mariadb_driver *driver = conn->driver;
	size_t count = driver->target.url.host_count, start = atomic_load(&driver->preferred);
	enum errc rc = ERR_UNAVAIL;

	for (size_t i = 0; i < count; i++) {
		conn->host = (start + i) % count;
		rc = open_host(conn, err);
		if (rc == OK)
			atomic_store(&driver->preferred, conn->host);
		if (rc == OK || !is_worth_another(rc))
			break;
	}
	return rc == ERR_CLOSED ? db_unreachable(rc, err) : rc;
}

enum errc mariadb_open(
    struct db_driver *base, enum db_role role, struct db_conn **conn_out, struct err *err)
{
	struct mariadb_conn *conn = xcalloc(1, sizeof(*conn));
	struct err own;
	enum errc rc;

	conn->base.ops = &mariadb_ops;
	conn->driver = (struct mariadb_driver *)base;
	conn->role = role;
	conn->lock_wait_s = mariadb_lock_seconds(conn, conn->driver->settings->busy_timeout_ms);
	rc = open_any(conn, err ? err : &own);
	if (rc != OK) {
		xfree(conn);
		return rc;
	}
	*conn_out = &conn->base;
	return OK;
}

void mariadb_hang_up(struct db_conn **connp)
{
	struct mariadb_conn *conn = mariadb_conn_of(*connp);

	hang_up(conn);
	xfree(conn);
	*connp = NULL;
}

/* A server says nothing unasked but that it ends the connection. */
enum errc mariadb_lease(struct db_conn *base, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	struct pollfd look = { .fd = mysql_get_socket(conn->handle), .events = POLLIN };

	if (conn->lost || look.fd < 0 || poll(&look, 1, 0) != 0)
		return err_set(err, ERR_CLOSED, "the server closed the connection");
	return OK;
}
