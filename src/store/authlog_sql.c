/* store/authlog_sql.c - the statements of dbmail_authlog. */
#include "base/arena.h"
#include "base/civil.h"
#include "base/str.h"
#include "store/authlog_int.h"

static const struct db_sql INSERT = {
	.name = "authlog.insert",
	.text = "INSERT INTO dbmail_authlog (userid, service, login_time, logout_time, "
		"src_ip, src_port, dst_ip, dst_port, status, bytes_rx, bytes_tx) "
		"VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	.pgsql = "INSERT INTO dbmail_authlog (userid, service, login_time, logout_time, "
		 "src_ip, src_port, dst_ip, dst_port, status, bytes_rx, bytes_tx) "
		 "VALUES (?, ?, ?::text::timestamp, ?::text::timestamp, ?, ?, ?, ?, ?, ?, ?)",
};

static const struct db_sql CLOSE = {
	.name = "authlog.close",
	.text = "UPDATE dbmail_authlog SET status = ?, logout_time = ?, bytes_rx = ?, "
		"bytes_tx = ? WHERE id = ?",
	.pgsql = "UPDATE dbmail_authlog SET status = ?, logout_time = ?::text::timestamp, "
		 "bytes_rx = ?, bytes_tx = ? WHERE id = ?",
};

/* Ids ascend with time: what is old stands in front. */
static const struct db_sql FIRST = {
	.name = "authlog.first",
	.text = "SELECT id, login_time FROM dbmail_authlog ORDER BY id LIMIT ?",
};

static const struct db_sql DELETE = {
	.name = "authlog.delete",
	.text = "DELETE FROM dbmail_authlog WHERE id <= ?",
};

/* As DBMail's columns have it, in UTC. */
static struct str time_text(struct arena *arena, int64_t unix_s)
{
	struct civil c = civil_from_unix(unix_s, 0);

	return str_printf(arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
	    c.hour, c.minute, c.second);
}

enum errc authlog_row_insert(struct db *db, struct arena *arena, const struct authlog_row *row,
    int64_t *id_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &INSERT, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, row->user);
	db_bind_str(q, 2, row->service);
	db_bind_str(q, 3, time_text(arena, row->login_s));
	db_bind_str(q, 4, time_text(arena, row->logout_s));
	db_bind_str(q, 5, row->source);
	db_bind_i64(q, 6, row->source_port);
	db_bind_str(q, 7, row->target);
	db_bind_i64(q, 8, row->target_port);
	db_bind_str(q, 9, row->status);
	db_bind_i64(q, 10, (int64_t)row->received);
	db_bind_i64(q, 11, (int64_t)row->sent);
	rc = db_run(&q, NULL, err);
	return rc == OK ? db_last_id(db, id_out, err) : rc;
}

enum errc authlog_row_close(struct db *db, struct arena *arena, const struct authlog_row *row,
    int64_t id, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &CLOSE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_str(q, 1, row->status);
	db_bind_str(q, 2, time_text(arena, row->logout_s));
	db_bind_i64(q, 3, (int64_t)row->received);
	db_bind_i64(q, 4, (int64_t)row->sent);
	db_bind_i64(q, 5, id);
	return db_run(&q, NULL, err);
}

enum errc authlog_rows_old(
    struct db *db, int64_t before_s, int max, int64_t *id_out, struct err *err)
{
	struct arena *arena = arena_new("authlog");
	struct str before = time_text(arena, before_s);
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &FIRST, &q, err);

	*id_out = 0;
	if (rc == OK) {
		db_bind_i64(q, 1, max);
		/* a row made by hand without a time is as old as its neighbours */
		while ((rc = db_step(q, err)) == OK && str_compare(db_str(q, 1), before) < 0)
			*id_out = db_i64(q, 0);
	}
	db_done(&q);
	arena_free(&arena);
	return rc == ERR_END ? OK : rc;
}

enum errc authlog_rows_delete(
    struct db *db, int64_t up_to, int64_t *changes_out, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = db_query(db, &DELETE, &q, err);

	if (rc != OK)
		return rc;
	db_bind_i64(q, 1, up_to);
	return db_run(&q, changes_out, err);
}
