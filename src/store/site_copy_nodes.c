/*
 * store/site_copy_nodes.c - the numbers of the source's processes in the target: none of them lives there, but ids that they
 * have made must not be made again, even if the clock is set back.
 */
#include "base/arena.h"
#include "store/mail_sql.h"
#include "store/node.h"
#include "store/site_copy_int.h"

struct numbers {
	struct {
		int64_t number, incarnation, renewed, ids_below;
	} item[NODE_NUMBERS];
	size_t count;
};

static enum errc read_numbers(struct db *db, struct numbers *numbers, struct err *err)
{
	struct db_q *q = NULL;
	int64_t newest = 0, below;
	enum errc rc =
	    rows_one(db, &sql_object_newest, (struct ints){ NULL, 0 }, &newest, 1, err);

	rc = rows_end(rc);
	below = newest > 0 ? (store_id_time(newest) + 1) * 1000 : 0;
	if (rc == OK)
		rc = db_query(db, &sql_copy_numbers, &q, err);
	while (rc == OK && numbers->count < NODE_NUMBERS && (rc = db_step(q, err)) == OK) {
		size_t i = numbers->count++;

		numbers->item[i].number = db_i64(q, 0);
		numbers->item[i].incarnation = db_i64(q, 1);
		numbers->item[i].renewed = db_i64(q, 2);
		numbers->item[i].ids_below = db_i64(q, 3) > below ? db_i64(q, 3) : below;
	}
	db_done(&q);
	return rows_end(rc);
}

static enum errc write_numbers(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct numbers *numbers = arg;
	enum errc rc =
	    rows_run(db, &sql_copy_numbers_clear, (struct ints){ NULL, 0 }, NULL, err);

	(void)arena;
	for (size_t i = 0; rc == OK && i < numbers->count; i++)
		rc = rows_run(db, &sql_copy_number_put,
		    INTS(numbers->item[i].number, numbers->item[i].incarnation,
			numbers->item[i].renewed, numbers->item[i].ids_below),
		    NULL, err);
	return rc;
}

enum errc site_copy_numbers(struct site_copy_run *run, struct err *err)
{
	struct numbers *numbers = ARENA_NEW(run->arena, struct numbers, 1);
	enum errc rc = read_numbers(run->reader, numbers, err);

	return rc == OK
	    ? db_transact(run->to, site_copy_deadline(), write_numbers, numbers, err)
	    : rc;
}
