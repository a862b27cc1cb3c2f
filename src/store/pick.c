/*
 * store/pick.c - a range where the uids lie close together, one by one where they do not.
 */
#include "store/pick.h"

#include "base/arena.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#define DENSE 4 /* uids of the range for one that is asked for */

static struct picked picked_of(const struct db_q *q)
{
	return (struct picked){
		.uid = (uint32_t)db_i64(q, 0),
		.flags = (uint64_t)db_i64(q, 1),
		.modseq = db_i64(q, 2),
		.object = db_i64(q, 3),
		.internal_date = db_i64(q, 4),
		.internal_zone_min = (int)db_i64(q, 5),
		.size = db_i64(q, 6),
	};
}

static enum errc pick_range(struct db *db, const struct pick *pick, struct picked *to,
    size_t *count_out, struct err *err)
{
	size_t want = 0, count = 0;
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_entry_range,
	    INTS(pick->owner, pick->mailbox, pick->uids[0], pick->uids[pick->count - 1]), &q,
	    err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		uint32_t uid = (uint32_t)db_i64(q, 0);

		while (want < pick->count && pick->uids[want] < uid)
			want++;
		if (want < pick->count && pick->uids[want] == uid)
			to[count++] = picked_of(q);
	}
	db_done(&q);
	*count_out = count;
	return rows_end(rc);
}

static enum errc pick_single(struct db *db, const struct pick *pick, struct picked *to,
    size_t *count_out, struct err *err)
{
	size_t count = 0;

	for (size_t i = 0; i < pick->count; i++) {
		struct db_q *q;
		enum errc rc = rows_open(db, &sql_entry_get,
		    INTS(pick->owner, pick->mailbox, pick->uids[i]), &q, err);

		if (rc != OK)
			return rc;
		rc = db_step(q, err);
		if (rc == OK)
			to[count++] = picked_of(q);
		db_done(&q);
		if (rc != OK && rc != ERR_END)
			return rc;
	}
	*count_out = count;
	return OK;
}

enum errc pick_entries(struct db *db, const struct pick *pick, struct arena *arena,
    struct picked **entries_out, size_t *count_out, struct err *err)
{
	*count_out = 0;
	*entries_out = ARENA_NEW(arena, struct picked, pick->count);
	if (pick->count == 0)
		return OK;
	if ((uint64_t)pick->uids[pick->count - 1] - pick->uids[0] <
	    (uint64_t)pick->count * DENSE)
		return pick_range(db, pick, *entries_out, count_out, err);
	return pick_single(db, pick, *entries_out, count_out, err);
}
