/*
 * db/mariadb_error.c - the server's and the client library's codes in our words.
 */
#include "base/str.h"
#include "db/mariadb_int.h"

#include <errmsg.h>
#include <mysqld_error.h>

/* Not in every version's header. */
enum {
	CODE_SNAPSHOT_CHANGED = 1020,
	CODE_BINLOG_STATEMENT = 1665,
	CODE_LOCK_ABORTED = 1689,
	CODE_CONNECTION_KILLED = 1927,
	CODE_STATEMENT_TIMEOUT = 1969,
	CODE_READ_ONLY_MODE = 1836,
	CODE_MYSQL_STATEMENT_TIMEOUT = 3024,
	CODE_MYSQL_LOCK_NOWAIT = 3572,
	CODE_CHECK_FAILED = 4025,
	CODE_IDLE_CLOSED = 4031,
};

struct row {
	unsigned code;
	enum errc rc;
};

/* What is not in here goes by its SQLSTATE, and else is a statement that is wrong: our bug. */
static const struct row rows[] = {
	/* run it again */
	{ ER_LOCK_DEADLOCK, ERR_CONFLICT }, /* Galera's certification too */
	{ ER_LOCK_WAIT_TIMEOUT, ERR_CONFLICT },
	{ CODE_SNAPSHOT_CHANGED, ERR_CONFLICT },
	{ CODE_MYSQL_LOCK_NOWAIT, ERR_CONFLICT },
	{ ER_TABLE_DEF_CHANGED, ERR_CONFLICT },
	{ ER_XA_RBDEADLOCK, ERR_CONFLICT },
	{ CODE_LOCK_ABORTED, ERR_CONFLICT },

	/* keys */
	{ ER_DUP_KEY, ERR_EXISTS },
	{ ER_DUP_ENTRY, ERR_EXISTS },
	{ ER_DUP_ENTRY_WITH_KEY_NAME, ERR_EXISTS },
	{ ER_NO_REFERENCED_ROW, ERR_NOTFOUND },
	{ ER_NO_REFERENCED_ROW_2, ERR_NOTFOUND },

	/* values */
	{ ER_BAD_NULL_ERROR, ERR_ARG },
	{ ER_NO_DEFAULT_FOR_FIELD, ERR_ARG },
	{ ER_WARN_DATA_OUT_OF_RANGE, ERR_ARG },
	{ ER_DATA_OUT_OF_RANGE, ERR_ARG },
	{ ER_TRUNCATED_WRONG_VALUE, ERR_ARG },
	{ ER_TRUNCATED_WRONG_VALUE_FOR_FIELD, ERR_ARG },
	{ ER_DATA_TOO_LONG, ERR_ARG },
	{ WARN_DATA_TRUNCATED, ERR_ARG },
	{ CODE_CHECK_FAILED, ERR_ARG },
	{ ER_TOO_BIG_ROWSIZE, ERR_LIMIT },

	/* the connection is gone, or leads to a server that cannot serve: another one may */
	{ CR_SERVER_GONE_ERROR, ERR_CLOSED },
	{ CR_SERVER_LOST, ERR_CLOSED },
	{ CR_SERVER_LOST_EXTENDED, ERR_CLOSED },
	{ CR_MALFORMED_PACKET, ERR_CLOSED },
	{ CR_COMMANDS_OUT_OF_SYNC, ERR_CLOSED },
	{ CR_NEW_STMT_METADATA, ERR_CLOSED },
	{ CR_SSL_CONNECTION_ERROR, ERR_CLOSED },
	{ ER_SERVER_SHUTDOWN, ERR_CLOSED },
	{ ER_NORMAL_SHUTDOWN, ERR_CLOSED },
	{ ER_UNKNOWN_COM_ERROR, ERR_CLOSED }, /* Galera: not in the primary component */
	{ ER_NET_READ_ERROR, ERR_CLOSED },
	{ ER_NET_READ_INTERRUPTED, ERR_CLOSED },
	{ ER_NET_ERROR_ON_WRITE, ERR_CLOSED },
	{ ER_NET_WRITE_INTERRUPTED, ERR_CLOSED },
	{ ER_NET_PACKETS_OUT_OF_ORDER, ERR_CLOSED },
	{ ER_NEED_REPREPARE, ERR_CLOSED },
	{ ER_UNKNOWN_STMT_HANDLER, ERR_CLOSED },      /* a proxy went to another server */
	{ ER_OPTION_PREVENTS_STATEMENT, ERR_CLOSED }, /* became read only */
	{ CODE_READ_ONLY_MODE, ERR_CLOSED },
	{ CODE_CONNECTION_KILLED, ERR_CLOSED },
	{ CODE_IDLE_CLOSED, ERR_CLOSED },

	/* cannot now */
	{ ER_DISK_FULL, ERR_UNAVAIL },
	{ ER_RECORD_FILE_FULL, ERR_UNAVAIL },
	{ ER_ERROR_ON_WRITE, ERR_UNAVAIL },
	{ ER_GET_ERRNO, ERR_UNAVAIL },
	{ ER_OUTOFMEMORY, ERR_UNAVAIL },
	{ ER_OUT_OF_SORTMEMORY, ERR_UNAVAIL },
	{ ER_OUT_OF_RESOURCES, ERR_UNAVAIL },
	{ CR_OUT_OF_MEMORY, ERR_UNAVAIL },
	{ ER_CON_COUNT_ERROR, ERR_LIMIT },
	{ ER_TOO_MANY_USER_CONNECTIONS, ERR_LIMIT },
	{ ER_USER_LIMIT_REACHED, ERR_LIMIT },
	{ ER_MAX_PREPARED_STMT_COUNT_REACHED, ERR_UNAVAIL },
	{ ER_LOCK_TABLE_FULL, ERR_UNAVAIL },
	{ ER_TOO_MANY_CONCURRENT_TRXS, ERR_UNAVAIL },
	{ ER_NET_PACKET_TOO_LARGE, ERR_UNAVAIL },
	{ CR_NET_PACKET_TOO_LARGE, ERR_UNAVAIL },
	{ ER_ERROR_DURING_COMMIT, ERR_UNAVAIL },
	{ ER_QUERY_INTERRUPTED, ERR_UNAVAIL },
	{ CODE_STATEMENT_TIMEOUT, ERR_UNAVAIL },
	{ CODE_MYSQL_STATEMENT_TIMEOUT, ERR_UNAVAIL },
	{ CODE_BINLOG_STATEMENT, ERR_UNAVAIL },
	{ ER_ACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_ACCESS_DENIED_NO_PASSWORD_ERROR, ERR_UNAVAIL },
	{ ER_DBACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_TABLEACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_COLUMNACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_SPECIFIC_ACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_PROCACCESS_DENIED_ERROR, ERR_UNAVAIL },
	{ ER_HOST_IS_BLOCKED, ERR_UNAVAIL },
	{ ER_HOST_NOT_PRIVILEGED, ERR_UNAVAIL },
	{ CR_CONNECTION_ERROR, ERR_UNAVAIL },
	{ CR_CONN_HOST_ERROR, ERR_UNAVAIL },
	{ CR_UNKNOWN_HOST, ERR_UNAVAIL },
	{ CR_AUTH_PLUGIN_CANNOT_LOAD, ERR_UNAVAIL },

	{ ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION, ERR_STATE },
	{ ER_BAD_DB_ERROR, ERR_NOTFOUND },
	{ ER_CRASHED_ON_USAGE, ERR_CORRUPT },
	{ ER_CRASHED_ON_REPAIR, ERR_CORRUPT },
	{ ER_NOT_KEYFILE, ERR_CORRUPT },
	{ ER_INDEX_CORRUPT, ERR_CORRUPT },
};

enum errc mariadb_classify(unsigned code, const char *sqlstate)
{
	struct str state = str_from(sqlstate);

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].code == code)
			return rows[i].rc;
	}
	/* 40003: whether it was done is not known */
	if (str_starts(state, STR("08")) || str_equal(state, STR("40003")))
		return ERR_CLOSED;
	if (str_starts(state, STR("40")))
		return ERR_CONFLICT;
	if (str_starts(state, STR("22")))
		return ERR_ARG;
	return ERR_INTERNAL;
}

enum errc mariadb_classify_commit(unsigned code, const char *sqlstate)
{
	enum errc rc = mariadb_classify(code, sqlstate);

	return rc == ERR_CONFLICT ? rc : ERR_UNCERTAIN;
}

const char *mariadb_advice(unsigned code)
{
	switch (code) {
	case ER_ACCESS_DENIED_ERROR:
	case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
		return ": look at the user and the password in the configuration, and whether "
		       "the server asks for TLS (ssl=on)";
	case ER_HOST_NOT_PRIVILEGED:
		return ": the server does not let this machine in (CREATE USER name@host)";
	case ER_DBACCESS_DENIED_ERROR:
	case ER_TABLEACCESS_DENIED_ERROR:
	case ER_COLUMNACCESS_DENIED_ERROR:
	case ER_SPECIFIC_ACCESS_DENIED_ERROR:
		return ": GRANT ALL ON it to this user, if the name is right";
	case ER_DB_CREATE_EXISTS:
		return ": DROP it, if nobody needs it";
	case ER_BAD_DB_ERROR:
		return ": `tabella db upgrade` makes it";
	case ER_DISK_FULL:
	case ER_RECORD_FILE_FULL:
	case ER_ERROR_ON_WRITE:
		return ": no space is left on the server, free some";
	case ER_CON_COUNT_ERROR:
	case ER_TOO_MANY_USER_CONNECTIONS:
	case ER_USER_LIMIT_REACHED:
		return ": raise the server's max_connections (or this user's), or lower our "
		       "db.connections";
	case ER_MAX_PREPARED_STMT_COUNT_REACHED:
		return ": raise the server's max_prepared_stmt_count, or take fewer "
		       "connections here";
	case ER_NET_PACKET_TOO_LARGE:
		return ": raise the server's max_allowed_packet";
	case CODE_BINLOG_STATEMENT:
		return ": set the server's binlog_format to ROW or MIXED";
	case ER_LOCK_WAIT_TIMEOUT:
		return ": another session holds a lock (SHOW FULL PROCESSLIST tells whose)";
	case CR_SSL_CONNECTION_ERROR:
		return ": look at ssl_ca, ssl_cert, ssl_key and ssl_verify of the database "
		       "url, and at the server's certificate";
	case CODE_STATEMENT_TIMEOUT:
	case CODE_MYSQL_STATEMENT_TIMEOUT:
		return ": the statement took too long (statement_timeout in the database url)";
	case CR_CONNECTION_ERROR:
	case CR_CONN_HOST_ERROR:
	case CR_UNKNOWN_HOST:
		return ": is the server running, and at this address?";
	default:
		return "";
	}
}

/* After these the server has undone the whole transaction, and not the statement alone; before the last one, in fact. */
static bool undoes_all(unsigned code, enum errc rc)
{
	return code == ER_LOCK_DEADLOCK || rc == ERR_CLOSED ||
	    code == ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION;
}

static enum errc failed(struct mariadb_conn *conn, unsigned code, const char *sqlstate,
    const char *text, struct err *err)
{
	enum errc rc = mariadb_classify(code, sqlstate);
	bool was_in_tx = conn->in_tx;

	if (rc == ERR_CLOSED)
		conn->lost = true;
	if (undoes_all(code, rc))
		conn->in_tx = false;
	/* nobody runs a single read again: it waited as long as it may */
	if (rc == ERR_CONFLICT && !was_in_tx)
		rc = ERR_UNAVAIL;
	if (code == ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION && was_in_tx)
		return err_set(err, ERR_CONFLICT, "the server undid the transaction");
	if (code == ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION)
		return err_set(err, rc, "writing outside a transaction");
	return err_set(err, rc, "%s (%u)%s", text, code, mariadb_advice(code));
}

enum errc mariadb_failed(struct mariadb_conn *conn, struct err *err)
{
	return failed(conn, mysql_errno(conn->handle), mysql_sqlstate(conn->handle),
	    mysql_error(conn->handle), err);
}

enum errc mariadb_stmt_failed(struct mariadb_conn *conn, MYSQL_STMT *stmt, struct err *err)
{
	return failed(conn, mysql_stmt_errno(stmt), mysql_stmt_sqlstate(stmt),
	    mysql_stmt_error(stmt), err);
}
