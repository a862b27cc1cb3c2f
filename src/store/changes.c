#include "store/changes.h"

#include "base/arena.h"
#include "base/heap.h"
#include "store/index_int.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

static int compare_ranges(const void *a, const void *b)
{
	const struct uid_range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* Joins those that touch; a uid is expunged once, so none overlap. */
static size_t join_ranges(struct uid_range *range, size_t count)
{
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		if (n > 0 && range[i].first <= (uint64_t)range[n - 1].last + 1) {
			if (range[i].last > range[n - 1].last)
				range[n - 1].last = range[i].last;
			continue;
		}
		range[n++] = range[i];
	}
	return n;
}

static struct uid_range *grown(
    struct arena *arena, const struct uid_range *range, size_t count, size_t *room)
{
	struct uid_range *larger;

	*room = *room == 0 ? 64 : *room * 2;
	larger = ARENA_NEW(arena, struct uid_range, *room);
	if (count > 0)
		memcpy(larger, range, count * sizeof(*larger));
	return larger;
}

/* Rows come in the order of modseq; the caller's snapshot has seen that the log reaches back to `since`. */
static enum errc read_log(struct db *db, struct index_key key, int64_t since,
    struct arena *arena, struct expunged *out, struct err *err)
{
	size_t room = 0;
	struct db_q *q;
	enum errc rc =
	    rows_open(db, &sql_index_expunged, INTS(key.owner, key.mailbox, since), &q, err);

	*out = (struct expunged){ .complete = true };
	while (rc == OK && (rc = db_step(q, err)) == OK) {
		if (out->count == STORE_EXPUNGED_ROWS_MAX) {
			*out = (struct expunged){ .complete = false };
			rc = ERR_END;
			break;
		}
		if (out->count == room)
			out->range = grown(arena, out->range, out->count, &room);
		out->range[out->count++] =
		    (struct uid_range){ (uint32_t)db_i64(q, 0), (uint32_t)db_i64(q, 1) };
	}
	db_done(&q);
	if (out->count > 1)
		qsort(out->range, out->count, sizeof(*out->range), compare_ranges);
	out->count = join_ranges(out->range, out->count);
	return rows_end(rc);
}

static enum errc expunged_since(struct db *db, struct index_key key, int64_t since,
    struct arena *arena, struct expunged *out, struct err *err)
{
	struct index_row row;
	enum errc rc = index_read_row(db, key, &row, err);

	*out = (struct expunged){ .complete = false };
	if (rc != OK || since < row.expunged_floor)
		return rc;
	return read_log(db, key, since, arena, out, err);
}

/* NOLINTNEXTLINE(readability-function-size): a mailbox has two numbers */
enum errc mailbox_expunged(struct db *db, int64_t owner, int64_t mailbox, int64_t since,
    struct arena *arena, struct expunged *expunged_out, struct err *err)
{
	enum errc rc = db_snapshot_begin(db, err);

	if (rc != OK)
		return rc;
	rc = expunged_since(
	    db, (struct index_key){ owner, mailbox }, since, arena, expunged_out, err);
	db_snapshot_end(db);
	return rc;
}

/*
 * Numbers are counted from the end: what changed is mostly new. `changed` has at least one entry.
 */
static enum errc count_numbers(struct db *db, struct index_key key,
    const struct mailbox_changes *c, uint32_t *numbers, struct err *err)
{
	uint32_t changed = index_count(c->changed), found = 0, rows = 0;
	uint32_t after = index_at(c->changed, 1)->uid - 1;
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_entry_scan,
	    INTS(key.owner, key.mailbox, after, STORE_CHANGES_MAX + 1), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		uint32_t uid = (uint32_t)db_i64(q, 0);

		rows++;
		if (found < changed && index_at(c->changed, found + 1)->uid == uid)
			numbers[found++] = rows;
	}
	db_done(&q);
	if (rc != ERR_END)
		return rc;
	if (rows > STORE_CHANGES_MAX)
		return err_set(err, ERR_LIMIT, "too many messages behind what changed");
	if (found < changed || rows > c->messages)
		return err_set(err, ERR_CORRUPT, "entries that their mailbox does not count");
	for (uint32_t i = 0; i < changed; i++)
		numbers[i] += c->messages - rows;
	return OK;
}

static enum errc find_numbers(struct db *db, struct index_key key, struct arena *arena,
    struct mailbox_changes *c, struct err *err)
{
	uint32_t count = index_count(c->changed);
	uint32_t *numbers = ARENA_NEW(arena, uint32_t, count);

	c->numbers = numbers;
	if (count == 0)
		return OK;
	if (c->messages != c->uidnext - 1)
		return count_numbers(db, key, c, numbers, err);
	/* nothing is missing in front of anything */
	for (uint32_t i = 0; i < count; i++)
		numbers[i] = index_at(c->changed, i + 1)->uid;
	return OK;
}

static enum errc read_row(struct db *db, struct index_key key, struct mailbox_changes *c,
    int64_t *floor_out, struct err *err)
{
	int64_t v[8];
	enum errc rc =
	    rows_one(db, &sql_mailbox_row, INTS(key.mailbox, key.owner), v, COUNT(v), err);

	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "no such mailbox");
	*c = (struct mailbox_changes){ .uidvalidity = (uint32_t)v[0],
		.uidnext = (uint32_t)v[1],
		.messages = (uint32_t)v[2],
		.modseq = v[6] };
	*floor_out = v[7];
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): two places to read from, two to put it */
static enum errc read_changes(struct store *store, struct db *db, struct index_key key,
    int64_t since, struct arena *arena, struct mailbox_changes *c, struct err *err)
{
	int64_t floor;
	enum errc rc = read_row(db, key, c, &floor, err);

	if (rc == OK && since < floor)
		rc = err_set(err, ERR_LIMIT, "the expunge log does not reach back so far");
	if (rc == OK)
		rc = read_log(db, key, since, arena, &c->expunged, err);
	if (rc == OK && !c->expunged.complete)
		rc = err_set(err, ERR_LIMIT, "too much was expunged");
	if (rc == OK)
		rc = index_read_changed(store, db, key, since, &c->changed, err);
	if (rc == OK)
		rc = find_numbers(db, key, arena, c, err);
	if (rc != OK)
		index_release(&c->changed);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): where, since when, and one result */
enum errc mailbox_changes(struct store *store, struct db *db, int64_t owner, int64_t mailbox,
    int64_t since, struct arena *arena, struct mailbox_changes *changes_out, struct err *err)
{
	struct index_key key = { owner, mailbox };
	enum errc rc = db_snapshot_begin(db, err);

	if (rc != OK)
		return rc;
	rc = read_changes(store, db, key, since, arena, changes_out, err);
	db_snapshot_end(db);
	return rc;
}
