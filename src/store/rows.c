/*
 * store/rows.c - statements over integers in one line.
 */
#include "store/store_int.h"

enum errc rows_open(struct db *db, const struct db_sql *sql, struct ints params,
    struct db_q **q_out, struct err *err)
{
	enum errc rc = db_query(db, sql, q_out, err);

	if (rc != OK)
		return rc;
	for (size_t i = 0; i < params.n; i++)
		db_bind_i64(*q_out, (int)i + 1, params.v[i]);
	return OK;
}

enum errc rows_run(struct db *db, const struct db_sql *sql, struct ints params,
    int64_t *changes_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, sql, params, &q, err);

	return rc == OK ? db_run(&q, changes_out, err) : rc;
}

enum errc rows_one(struct db *db, const struct db_sql *sql, struct ints params,
    int64_t *row_out, size_t columns, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, sql, params, &q, err);

	return rc == OK ? rows_take(&q, row_out, columns, err) : rc;
}

enum errc rows_ask(struct db *db, const struct db_sql *sql, struct ints params,
    struct db_q **q_out, struct err *err)
{
	enum errc rc = rows_open(db, sql, params, q_out, err);

	if (rc == OK)
		db_send(*q_out);
	return rc;
}

enum errc rows_take(struct db_q **qp, int64_t *row_out, size_t columns, struct err *err)
{
	enum errc rc = db_step(*qp, err);

	for (size_t i = 0; rc == OK && i < columns; i++)
		row_out[i] = db_i64(*qp, (int)i);
	db_done(qp);
	return rc;
}

enum errc rows_post(
    struct db *db, const struct db_sql *sql, struct ints params, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, sql, params, &q, err);

	return rc == OK ? db_post(&q, err) : rc;
}

int64_t hash_to_i64(const uint8_t *sha256)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | sha256[i];
	return (int64_t)value;
}
