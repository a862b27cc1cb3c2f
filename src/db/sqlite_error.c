/*
 * db/sqlite_error.c - SQLite's codes in our words.
 */
#include "db/sqlite_int.h"

static enum errc classify_constraint(int code)
{
	switch (code) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return ERR_EXISTS;
	case SQLITE_CONSTRAINT_TRIGGER: /* our triggers stand for foreign keys */
	case SQLITE_CONSTRAINT_FOREIGNKEY:
		return ERR_NOTFOUND;
	default:
		return ERR_ARG;
	}
}

enum errc sqlite_classify(int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
		return classify_constraint(code);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ERR_CONFLICT;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_FORMAT:
		return ERR_CORRUPT;
	case SQLITE_FULL:
	case SQLITE_IOERR:
	case SQLITE_NOMEM:
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
	case SQLITE_PROTOCOL:
	case SQLITE_ABORT:
	case SQLITE_NOLFS:
		return ERR_UNAVAIL;
	case SQLITE_INTERRUPT:
		return ERR_TIMEOUT;
	case SQLITE_TOOBIG:
		return ERR_LIMIT;
	case SQLITE_MISMATCH:
		return ERR_ARG;
	default:
		return ERR_INTERNAL;
	}
}

static const char *advice(int code)
{
	switch (code & 0xff) {
	case SQLITE_FULL:
		return ": no space is left, free some or move the database to a larger disk";
	case SQLITE_IOERR:
		return ": the disk does not do what it should, look at the system's log";
	case SQLITE_NOMEM:
		return ": out of memory";
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return ": the file, its folder and the -wal and -shm files beside it must "
		       "belong to, "
		       "and be writable for, the user that runs this program";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return ": the file is damaged, restore a backup or use `sqlite3 FILE .recover`";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return ": another process holds it";
	default:
		return "";
	}
}

enum errc sqlite_error(const struct sqlite_conn *conn, struct err *err)
{
	int code = sqlite3_extended_errcode(conn->handle);
	enum errc rc = sqlite_classify(code);

	if (conn->role == DB_READER) {
		/* a reader's refusal is our own mistake; being busy lasted as long as it may */
		if (code == SQLITE_READONLY)
			return err_set(err, ERR_STATE, "writing outside a transaction");
		if (rc == ERR_CONFLICT)
			rc = ERR_UNAVAIL;
	}
	if (rc == ERR_UNAVAIL || rc == ERR_CORRUPT || rc == ERR_CONFLICT)
		return err_set(err, rc, "%s: %s (%d)%s", conn->driver->path,
		    sqlite3_errmsg(conn->handle), code, advice(code));
	return err_set(err, rc, "%s (%d)", sqlite3_errmsg(conn->handle), code);
}
