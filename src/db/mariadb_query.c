/*
 * db/mariadb_query.c - constant texts, by the text protocol: transactions, the session, the schema.
 */
#include "base/arena.h"
#include "base/str.h"
#include "db/mariadb_int.h"

/* The first row, copied; false: there is none. */
static bool copy_row(
    MYSQL_RES *result, struct arena *arena, struct str *values_out, unsigned columns)
{
	MYSQL_ROW row = mysql_fetch_row(result);
	const unsigned long *lengths = mysql_fetch_lengths(result);

	if (!row || mysql_num_fields(result) < columns)
		return false;
	for (unsigned i = 0; i < columns; i++)
		values_out[i] = str_dup(arena, (struct str){ row[i], row[i] ? lengths[i] : 0 });
	return true;
}

/* Takes all answers; a failure ends what the server does of the text. */
enum errc mariadb_ask(struct mariadb_conn *conn, struct str text, struct arena *arena,
    struct str *values_out, unsigned columns, struct err *err)
{
	bool has_row = false;
	int more;

	mariadb_await(conn);
	mariadb_waited(conn);
	if (mysql_real_query(conn->handle, text.p, text.n) != 0)
		return mariadb_failed(conn, err);
	do {
		MYSQL_RES *result = mysql_store_result(conn->handle);

		if (result) {
			has_row = columns > 0 && copy_row(result, arena, values_out, columns);
			mysql_free_result(result);
		} else if (mysql_errno(conn->handle) != 0) {
			return mariadb_failed(conn, err);
		}
		more = mysql_next_result(conn->handle);
	} while (more == 0);
	if (more > 0)
		return mariadb_failed(conn, err);
	return columns == 0 || has_row ? OK : err_set(err, ERR_END, "no row");
}

enum errc mariadb_exec_str(struct mariadb_conn *conn, struct str text, struct err *err)
{
	return mariadb_ask(conn, text, NULL, NULL, 0, err);
}

enum errc mariadb_exec(struct mariadb_conn *conn, const char *text, struct err *err)
{
	return mariadb_exec_str(conn, str_from(text), err);
}
