#include "store/ahead_int.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

struct ahead_row {
	bool has_object, has_content;
	struct object_info object;
	struct content_row content;
};

struct ahead {
	struct arena *arena; /* of what the rows hold */
	struct ahead_want want;
	struct ahead_row rows[AHEAD_MESSAGES];
};

struct ahead *ahead_new(void)
{
	struct ahead *ahead = xcalloc(1, sizeof(*ahead));

	ahead->arena = arena_new("read ahead");
	return ahead;
}

void ahead_free(struct ahead **aheadp)
{
	if (!*aheadp)
		return;
	arena_free(&(*aheadp)->arena);
	xfree(*aheadp);
	*aheadp = NULL;
}

/* The count if it is not among them. */
static size_t find(const struct ahead *ahead, int64_t object)
{
	size_t i = 0;

	while (i < ahead->want.count && ahead->want.objects[i] != object)
		i++;
	return i;
}

bool ahead_covers(const struct ahead *ahead, int64_t object)
{
	return find(ahead, object) < ahead->want.count;
}

static const struct ahead_row *row_of(const struct ahead *ahead, int64_t owner, int64_t object)
{
	size_t i = ahead && ahead->want.owner == owner ? find(ahead, object) : 0;

	return ahead && i < ahead->want.count && ahead->want.owner == owner ? &ahead->rows[i]
									    : NULL;
}

const struct object_info *ahead_object(const struct ahead *ahead, int64_t owner, int64_t object)
{
	const struct ahead_row *row = row_of(ahead, owner, object);

	return row && row->has_object ? &row->object : NULL;
}

const struct content_row *ahead_content(
    const struct ahead *ahead, int64_t owner, int64_t object)
{
	const struct ahead_row *row = row_of(ahead, owner, object);

	return row && row->has_content ? &row->content : NULL;
}

/* The account, then the objects; what is too many of them says the last again. */
static enum errc ask(struct db *db, const struct db_sql *sql, const struct ahead_want *want,
    struct db_q **q_out, struct err *err)
{
	int64_t params[2 + AHEAD_MESSAGES] = { want->owner };

	for (size_t i = 0; i < AHEAD_MESSAGES; i++)
		params[1 + i] = want->objects[i < want->count ? i : want->count - 1];
	params[1 + AHEAD_MESSAGES] = AHEAD_ROW_MAX;
	return rows_ask(db, sql, (struct ints){ params, COUNT(params) }, q_out, err);
}

static void take_object(struct ahead *ahead, const struct db_q *q, struct ahead_row *row)
{
	row->object =
	    (struct object_info){ .owner = ahead->want.owner, .object = db_i64(q, 0) };
	row->has_object = object_row_take(q, 1, ahead->arena, &row->object);
}

static void take_content(struct ahead *ahead, const struct db_q *q, struct ahead_row *row)
{
	row->content = (struct content_row){ (uint64_t)db_i64(q, 1), (uint64_t)db_i64(q, 2),
		(uint64_t)db_i64(q, 3), str_dup(ahead->arena, db_blob(q, 4)) };
	row->has_content = true;
}

static enum errc take(struct ahead *ahead, struct db_q **qp,
    void (*take_one)(struct ahead *ahead, const struct db_q *q, struct ahead_row *row),
    struct err *err)
{
	enum errc rc;

	while ((rc = db_step(*qp, err)) == OK) {
		size_t i = find(ahead, db_i64(*qp, 0));

		if (i < ahead->want.count)
			take_one(ahead, *qp, &ahead->rows[i]);
	}
	db_done(qp);
	return rows_end(rc);
}

enum errc ahead_read(
    struct ahead *ahead, struct db *db, const struct ahead_want *want, struct err *err)
{
	struct db_q *objects = NULL, *contents = NULL;
	enum errc rc = OK;

	arena_clear(ahead->arena);
	ahead->want = *want;
	for (size_t i = 0; i < want->count; i++)
		ahead->rows[i].has_object = ahead->rows[i].has_content = false;
	if (want->what & AHEAD_OBJECT)
		rc = ask(db, &sql_object_ahead, want, &objects, err);
	if (rc == OK && want->what & AHEAD_CONTENT)
		rc = ask(db, &sql_content_ahead, want, &contents, err);
	if (rc == OK && objects)
		rc = take(ahead, &objects, take_object, err);
	if (rc == OK && contents)
		rc = take(ahead, &contents, take_content, err);
	db_done(&objects);
	db_done(&contents);
	if (rc != OK)
		ahead->want.count = 0;
	return rc;
}
