/*
 * db/query.c - one statement's bindings, steps and columns.
 */
#include "base/clock.h"
#include "base/log.h"
#include "db/db_int.h"

static void note_binding(struct db_q *q, enum errc rc, const struct err *err)
{
	if (rc != OK && q->bad.code == OK)
		q->bad = *err;
}

void db_bind_i64(struct db_q *q, int param, int64_t value)
{
	struct err err;

	note_binding(q, q->db->ops->bind_i64(q->stmt, param, value, &err), &err);
}

void db_bind_str(struct db_q *q, int param, struct str text)
{
	struct err err;

	note_binding(q, q->db->ops->bind_str(q->stmt, param, text, &err), &err);
}

void db_bind_blob(struct db_q *q, int param, struct str bytes)
{
	struct err err;

	note_binding(q, q->db->ops->bind_blob(q->stmt, param, bytes, &err), &err);
}

void db_bind_null(struct db_q *q, int param)
{
	struct err err;

	note_binding(q, q->db->ops->bind_null(q->stmt, param, &err), &err);
}

/* Only the first step of a statement is timed: it does the searching, sorting and writing. */
static enum errc step_timed(struct db_q *q, struct err *err)
{
	int64_t began_us = clock_mono_us(), took_us;
	enum errc rc = q->db->ops->step(q->stmt, err);

	q->is_timed = true;
	took_us = clock_mono_us() - began_us;
	if (took_us >= DB_SLOW_US) {
		counter_add(&q->db->pool->slow, 1);
		log_warn(q->db->pool->settings.log, "slow-statement",
		    F_WORD("stmt", q->sql->name), F_INT("ms", took_us / 1000));
	}
	return rc;
}

/* The name of the statement in front of the engine's words. */
static enum errc with_name(struct db_q *q, enum errc rc, struct err *err)
{
	struct err engine = *err;

	(void)db_mark_broken(q->db, rc, err);
	return err_set(err, rc, "%s: %s", q->sql->name, engine.text);
}

enum errc db_step(struct db_q *q, struct err *err)
{
	struct err own;
	enum errc rc;

	if (!err)
		err = &own;
	if (q->bad.code != OK) {
		*err = q->bad;
		return with_name(q, err->code, err);
	}
	if (q->db->broken.code != OK)
		return err_set(
		    err, q->db->broken.code, "%s: %s", q->sql->name, q->db->broken.text);
	rc = q->is_timed ? q->db->ops->step(q->stmt, err) : step_timed(q, err);
	if (rc == OK || rc == ERR_END)
		return rc;
	return with_name(q, rc, err);
}

/* A failure is kept and told by the first step: nobody looks at it earlier. */
void db_send(struct db_q *q)
{
	struct err err;

	if (!q->db->ops->send || q->bad.code != OK || q->db->broken.code != OK)
		return;
	note_binding(q, q->db->ops->send(q->stmt, &err), &err);
}

void db_hurry(struct db *db)
{
	if (db->ops->hurry && !db->in_body && !db->in_snapshot)
		db->ops->hurry(db->conn);
}

int64_t db_i64(const struct db_q *q, int column)
{
	return q->db->ops->column_i64(q->stmt, column);
}

struct str db_str(const struct db_q *q, int column)
{
	return q->db->ops->column_str(q->stmt, column);
}

struct str db_blob(const struct db_q *q, int column)
{
	return q->db->ops->column_blob(q->stmt, column);
}

bool db_is_null(const struct db_q *q, int column)
{
	return q->db->ops->column_is_null(q->stmt, column);
}

int64_t db_changes(const struct db_q *q)
{
	return q->db->ops->changes(q->stmt);
}

enum errc db_post(struct db_q **qp, struct err *err)
{
	struct db_q *q = *qp;
	struct err own;
	enum errc rc;

	if (!q->db->ops->post || q->bad.code != OK || q->db->broken.code != OK)
		return db_run(qp, NULL, err);
	if (!err)
		err = &own;
	rc = q->db->ops->post(q->stmt, err);
	if (rc != OK)
		rc = with_name(q, rc, err);
	db_done(qp);
	return rc;
}

enum errc db_run(struct db_q **qp, int64_t *changes_out, struct err *err)
{
	enum errc rc;

	do
		rc = db_step(*qp, err);
	while (rc == OK);
	if (rc == ERR_END) {
		rc = OK;
		if (changes_out)
			*changes_out = db_changes(*qp);
	}
	db_done(qp);
	return rc;
}
