/*
 * db/mariadb_schema.c - whose database it is, which version, and the steps to the next.
 *
 * A statement that changes a table commits by itself here, so a step that was killed in the middle is run again from its
 * start: its statements say IF NOT EXISTS, and it is recorded at its end.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "db/mariadb_int.h"
#include "db/schema/scripts.h"

#include <mysqld_error.h>

const struct db_migration *mariadb_migrations(struct db_driver *driver, size_t *count_out)
{
	(void)driver;
	*count_out = COUNT(mariadb_scripts);
	return mariadb_scripts;
}

enum errc mariadb_create(struct mariadb_conn *conn, struct err *err)
{
	struct str name = str_from(conn->driver->target.name);
	struct buf text = BUF_INIT(SIZE_MAX);
	enum errc rc;

	BUF_ADD(&text, "CREATE DATABASE IF NOT EXISTS `");
	for (size_t i = 0; i < name.n; i++) {
		buf_add_char(&text, name.p[i]);
		if (name.p[i] == '`')
			buf_add_char(&text, '`');
	}
	BUF_ADD(&text, "` CHARACTER SET utf8mb4 COLLATE utf8mb4_nopad_bin");
	rc = mariadb_exec_str(conn, buf_str(&text), err);
	buf_release(&text);
	if (rc == OK && mysql_select_db(conn->handle, name.p) != 0)
		rc = mariadb_failed(conn, err);
	return rc;
}

/* A cluster has no such lock; its nodes run changes of tables one after the other, and each step may be run twice. */
enum errc mariadb_lock_schema(struct mariadb_conn *conn, int wait_ms, struct err *err)
{
	struct arena *arena = arena_new("mariadb schema");
	struct str answer = STR_EMPTY;
	enum errc rc = mariadb_ask(conn,
	    str_printf(arena, "SELECT GET_LOCK(CONCAT('tabella ', MD5(DATABASE())), %d)",
		wait_ms / 1000),
	    arena, &answer, 1, err);

	if (rc != OK && mysql_errno(conn->handle) == ER_NOT_SUPPORTED_YET)
		rc = OK;
	else if (rc == OK && !str_equal(answer, STR("1")))
		rc = err_set(err, ERR_CONFLICT, "another process changes the schema");
	arena_free(&arena);
	return rc;
}

static enum errc ask_number(
    struct mariadb_conn *conn, struct str text, uint64_t *value_out, struct err *err)
{
	struct arena *arena = arena_new("mariadb schema");
	struct str answer = STR_EMPTY;
	enum errc rc = mariadb_ask(conn, text, arena, &answer, 1, err);

	if (rc == OK && str_to_u64(answer, INT32_MAX, value_out) != OK)
		rc = err_set(err, ERR_CORRUPT, "a number that is none in the schema");
	arena_free(&arena);
	return rc;
}

enum errc mariadb_schema_version(struct db_conn *base, int *version_out, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	uint64_t tables = 0, own = 0, version = 0;
	enum errc rc = ask_number(conn,
	    STR("SELECT count(*) FROM information_schema.tables WHERE table_schema = "
		"DATABASE()"),
	    &tables, err);

	if (rc == OK && tables > 0)
		rc = ask_number(conn,
		    STR("SELECT count(*) FROM information_schema.tables WHERE table_schema = "
			"DATABASE() AND table_name = 'mail_schema'"),
		    &own, err);
	if (rc == OK && own > 0)
		rc = ask_number(conn, STR("SELECT coalesce(max(version), 0) FROM mail_schema"),
		    &version, err);
	if (rc == OK && tables > 0 && own == 0)
		rc = err_set(err, ERR_UNSUPPORTED,
		    "the database %s is not Tabella's: another program's tables are in it. "
		    "Name an empty one",
		    conn->driver->target.name);
	if (rc == OK)
		*version_out = (int)version;
	return rc;
}

enum errc mariadb_set_schema_version(struct db_conn *base, int version, struct err *err)
{
	struct arena *arena = arena_new("mariadb schema");
	/* backwards, what was above goes; forwards, the step's own row may be there, and says more */
	enum errc rc = mariadb_exec_str(mariadb_conn_of(base),
	    str_printf(arena,
		"DELETE FROM mail_schema WHERE version > %d; "
		"INSERT IGNORE INTO mail_schema (version, oldest, applied, confirmed) VALUES "
		"(%d, %d, UNIX_TIMESTAMP(), UNIX_TIMESTAMP())",
		version, version, version),
	    err);

	arena_free(&arena);
	return rc;
}

enum errc mariadb_run_script(struct db_conn *base, struct str script, struct err *err)
{
	struct mariadb_conn *conn = mariadb_conn_of(base);
	enum errc rc = mariadb_exec_str(conn, script, err);

	/* the first change of a table ended the transaction; what records the step is in one again */
	if (rc == OK && conn->in_tx && !(conn->handle->server_status & SERVER_STATUS_IN_TRANS))
		rc = mariadb_exec(conn, "START TRANSACTION READ WRITE", err);
	return rc;
}
