#include "store/ahead_int.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/str.h"
#include "store/mail_sql.h"
#include "store/parse.h"
#include "store/store_int.h"

#include <string.h>

#define AHEAD_TEXTS ((unsigned)(AHEAD_ENVELOPE | AHEAD_STRUCTURE | AHEAD_OBJECT))

struct ahead_row {
	bool has_object, has_content;
	struct object_info object;
	struct content_row content;
};

/* Messages and what was read of them. */
struct window {
	struct arena *arena; /* of what the rows hold */
	struct ahead_want want;
	size_t
	    at; /* where the last one was found: they are asked for and answered about in order */
	struct ahead_row rows[AHEAD_MESSAGES];
};

struct ahead {
	struct window *now, *next;
	struct db_q *objects, *contents; /* questions for `next` whose answers are not taken */
};

static struct window *window_new(void)
{
	struct window *window = xcalloc(1, sizeof(*window));

	window->arena = arena_new("read ahead");
	return window;
}

static void window_free(struct window **windowp)
{
	arena_free(&(*windowp)->arena);
	xfree(*windowp);
	*windowp = NULL;
}

struct ahead *ahead_new(void)
{
	struct ahead *ahead = xcalloc(1, sizeof(*ahead));

	ahead->now = window_new();
	ahead->next = window_new();
	return ahead;
}

void ahead_free(struct ahead **aheadp)
{
	struct ahead *ahead = *aheadp;

	if (!ahead)
		return;
	window_free(&ahead->now);
	window_free(&ahead->next);
	xfree(ahead);
	*aheadp = NULL;
}

/* The count if it is not among them. */
static size_t find(struct window *window, int64_t object)
{
	size_t count = window->want.count, at = window->at;

	for (size_t i = 0; i < count; i++, at++) {
		if (at >= count)
			at = 0;
		if (window->want.objects[at] == object) {
			window->at = at;
			return at;
		}
	}
	return count;
}

bool ahead_covers(const struct ahead *ahead, int64_t object)
{
	return find(ahead->now, object) < ahead->now->want.count;
}

static const struct ahead_row *row_of(const struct ahead *ahead, int64_t owner, int64_t object)
{
	struct window *now;
	size_t i;

	if (!ahead || ahead->now->want.owner != owner)
		return NULL;
	now = ahead->now;
	i = find(now, object);
	return i < now->want.count ? &now->rows[i] : NULL;
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

struct ahead_sql {
	unsigned what; /* of the mask */
	const struct db_sql *one, *many;
	int64_t row_max;
};

/* Texts, by what is wanted of them. */
static const struct ahead_sql object_sql[] = {
	{ AHEAD_ENVELOPE, &sql_envelope_one, &sql_envelope_ahead, AHEAD_ROW_MAX },
	{ AHEAD_STRUCTURE, &sql_structure_one, &sql_structure_ahead, AHEAD_ROW_MAX },
	{ AHEAD_ENVELOPE | AHEAD_STRUCTURE, &sql_texts_one, &sql_texts_ahead, AHEAD_ROW_MAX },
	{ AHEAD_ENVELOPE | AHEAD_STRUCTURE | AHEAD_OBJECT, &sql_object_one, &sql_object_ahead,
	    AHEAD_ROW_MAX },
};

static const struct ahead_sql content_sql[] = {
	{ AHEAD_HEADER, &sql_header_one, &sql_header_ahead, AHEAD_ROW_MAX },
	{ AHEAD_HEADER | AHEAD_CONTENT, &sql_content_one, &sql_content_ahead,
	    AHEAD_CONTENT_MAX },
};

static enum errc ask_one(struct db *db, const struct ahead_sql *sql,
    const struct ahead_want *want, struct db_q **q_out, struct err *err)
{
	return rows_ask(
	    db, sql->one, INTS(want->owner, want->objects[0], sql->row_max), q_out, err);
}

/* What is too many of the parameters says the last again. */
static enum errc ask_many(struct db *db, const struct ahead_sql *sql,
    const struct ahead_want *want, struct db_q **q_out, struct err *err)
{
	int64_t params[2 + AHEAD_MESSAGES] = { want->owner };

	for (size_t i = 0; i < AHEAD_MESSAGES; i++)
		params[1 + i] = want->objects[i < want->count ? i : want->count - 1];
	params[1 + AHEAD_MESSAGES] = sql->row_max;
	return rows_ask(db, sql->many, (struct ints){ params, COUNT(params) }, q_out, err);
}

/* The narrowest that holds `what`; *q_out stays NULL if that is nothing. */
static enum errc ask(struct db *db, const struct ahead_sql *sql, unsigned what,
    const struct ahead_want *want, struct db_q **q_out, struct err *err)
{
	if (what == 0 || want->count == 0)
		return OK;
	while ((sql->what & what) != what)
		sql++;
	if (want->count == 1)
		return ask_one(db, sql, want, q_out, err);
	return ask_many(db, sql, want, q_out, err);
}

static void take_object(struct window *window, const struct db_q *q, struct ahead_row *row)
{
	unsigned what = window->want.what;
	int column = 2;

	row->object =
	    (struct object_info){ .owner = window->want.owner, .object = db_i64(q, 0) };
	if (what & AHEAD_OBJECT) {
		row->has_object = object_row_take(q, 1, window->arena, &row->object);
		return;
	}
	if (what & AHEAD_ENVELOPE)
		row->object.envelope = str_dup(window->arena, db_str(q, column++));
	if (what & AHEAD_STRUCTURE)
		row->object.structure = str_dup(window->arena, db_str(q, column));
	row->has_object = db_i64(q, 1) >= parse_version();
}

static void take_content(struct window *window, const struct db_q *q, struct ahead_row *row)
{
	row->content = (struct content_row){ (uint64_t)db_i64(q, 1), (uint64_t)db_i64(q, 2),
		(uint64_t)db_i64(q, 3), .header = str_dup(window->arena, db_blob(q, 4)) };
	row->has_content = true;
	if ((window->want.what & AHEAD_CONTENT) == 0)
		return;
	row->content.has_body = true;
	row->content.body = str_dup(window->arena, db_blob(q, 5));
	row->content.extents = str_dup(window->arena, db_blob(q, 6));
}

static enum errc take(struct window *window, struct db_q **qp,
    void (*take_one)(struct window *window, const struct db_q *q, struct ahead_row *row),
    struct err *err)
{
	enum errc rc;

	if (!*qp)
		return OK;
	while ((rc = db_step(*qp, err)) == OK) {
		size_t i = find(window, db_i64(*qp, 0));

		if (i < window->want.count)
			take_one(window, *qp, &window->rows[i]);
	}
	db_done(qp);
	return rows_end(rc);
}

/* Asks for the rows of `want`, which `next` is to hold. */
static enum errc ask_next(
    struct ahead *ahead, struct db *db, const struct ahead_want *want, struct err *err)
{
	struct window *next = ahead->next;
	enum errc rc;

	arena_clear(next->arena);
	next->want = *want;
	for (size_t i = 0; i < want->count; i++)
		next->rows[i].has_object = next->rows[i].has_content = false;
	next->at = 0;
	rc = ask(db, object_sql, want->what & AHEAD_TEXTS, want, &ahead->objects, err);
	if (rc == OK)
		rc = ask(
		    db, content_sql, want->what & ~AHEAD_TEXTS, want, &ahead->contents, err);
	return rc;
}

static enum errc take_next(struct ahead *ahead, struct err *err)
{
	enum errc rc = take(ahead->next, &ahead->objects, take_object, err);

	if (rc == OK)
		rc = take(ahead->next, &ahead->contents, take_content, err);
	db_done(&ahead->objects);
	db_done(&ahead->contents);
	if (rc != OK)
		ahead->next->want.count = 0;
	return rc;
}

void ahead_settle(struct ahead *ahead)
{
	/* a failure is the connection's, and told by whoever asks next */
	if (ahead)
		(void)take_next(ahead, NULL);
}

static bool is_next(const struct ahead *ahead, const struct ahead_want *want)
{
	const struct ahead_want *next = &ahead->next->want;

	return next->count >= want->count && next->owner == want->owner &&
	    next->what == want->what &&
	    memcmp(next->objects, want->objects, want->count * sizeof(int64_t)) == 0;
}

enum errc ahead_ask(
    struct ahead *ahead, struct db *db, const struct ahead_want *want, struct err *err)
{
	if (is_next(ahead, want))
		return OK;
	ahead_settle(ahead);
	return ask_next(ahead, db, want, err);
}

enum errc ahead_read(struct ahead *ahead, struct db *db, const struct ahead_want *want,
    const struct ahead_want *following, struct err *err)
{
	struct window *now;
	enum errc rc = ahead_ask(ahead, db, want, err);

	if (rc == OK)
		rc = take_next(ahead, err);
	now = ahead->next;
	ahead->next = ahead->now;
	ahead->now = now;
	if (rc == OK)
		rc = ask_next(ahead, db, following, err);
	if (rc == OK)
		db_hurry(db);
	return rc;
}
