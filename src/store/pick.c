/*
 * store/pick.c - a range where the uids lie close together, so many at once where they do not.
 */
#include "store/pick.h"

#include "base/arena.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#define DENSE 4 /* uids of the range for one that is asked for */
#define PICK_SOME 64

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

/* Up to PICK_SOME from `at` on; what is too many says the last again. */
static enum errc pick_some(struct db *db, const struct pick *pick, size_t at, struct picked *to,
    size_t *count, struct err *err)
{
	size_t last = at + PICK_SOME < pick->count ? at + PICK_SOME - 1 : pick->count - 1;
	int64_t params[2 + PICK_SOME] = { pick->owner, pick->mailbox };
	struct db_q *q;
	enum errc rc;

	for (size_t i = 0; i < PICK_SOME; i++)
		params[2 + i] = pick->uids[at + i < last ? at + i : last];
	rc = rows_open(db, &sql_entry_some, (struct ints){ params, COUNT(params) }, &q, err);
	while (rc == OK && (rc = db_step(q, err)) == OK)
		to[(*count)++] = picked_of(q);
	db_done(&q);
	return rows_end(rc);
}

static enum errc pick_scattered(struct db *db, const struct pick *pick, struct picked *to,
    size_t *count_out, struct err *err)
{
	enum errc rc = OK;

	*count_out = 0;
	for (size_t at = 0; rc == OK && at < pick->count; at += PICK_SOME)
		rc = pick_some(db, pick, at, to, count_out, err);
	return rc;
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
	return pick_scattered(db, pick, *entries_out, count_out, err);
}
