/*
 * store/index_load.c - reading a mailbox's entries: all of them in batches, or what changed since a modseq.
 *
 * A first load takes many small reads, each of another moment; whatever changed meanwhile has a modseq above the
 * one read first and is brought in by the update that follows, which sees one state.
 */
#include "base/arena.h"
#include "base/heap.h"
#include "store/index_int.h"
#include "store/keywords.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#include <stdlib.h>

#define LOAD_BATCH 4096
#define BRING_UP_MAX 5

enum errc index_read_row(
    struct db *db, struct index_key key, struct index_row *row_out, struct err *err)
{
	int64_t v[4];
	enum errc rc = rows_one(db, &sql_index_row, INTS(key.mailbox, key.owner), v, 4, err);

	if (rc == ERR_END)
		return err_set(err, ERR_NOTFOUND, "no such mailbox");
	if (rc != OK)
		return rc;
	*row_out = index_row_of((uint32_t)v[0], (uint32_t)v[1], v[2], v[3]);
	return OK;
}

struct index_row index_row_of(
    uint32_t uidvalidity, uint32_t uidnext, int64_t modseq, int64_t expunged_floor)
{
	return (struct index_row){ uidvalidity, uidvalidity == 0 ? 1 : uidnext, modseq,
		expunged_floor };
}

static struct index_entry entry_of(const struct db_q *q)
{
	return (struct index_entry){
		.uid = (uint32_t)db_i64(q, 0),
		.flags = (uint64_t)db_i64(q, 1),
		.modseq = db_i64(q, 2),
		.internal_date = db_i64(q, 3),
		.internal_zone_min = (int16_t)db_i64(q, 4),
		.object = db_i64(q, 5),
		.size = (uint64_t)db_i64(q, 6),
	};
}

/* NULL when the mailbox has no keywords. */
static enum errc load_names(
    struct db *db, struct index_key key, struct index_names **names_out, struct err *err)
{
	struct arena *arena = arena_new("index names");
	struct keyword_table *table = ARENA_NEW(arena, struct keyword_table, 1);
	struct index_names *names;
	enum errc rc = keyword_table_read(db, key.owner, key.mailbox, arena, table, err);

	*names_out = NULL;
	if (rc != OK || table->count == 0) {
		arena_free(&arena);
		return rc;
	}
	names = xmalloc(sizeof(*names));
	atomic_init(&names->refs, 1);
	names->arena = arena;
	names->count = table->count;
	names->names = table->names;
	*names_out = names;
	return OK;
}

static void add_extra(
    struct index_extras *x, size_t room[2], size_t *numbers, const struct db_q *q)
{
	uint32_t uid = (uint32_t)db_i64(q, 0);

	if (x->count == 0 || x->extras[x->count - 1].uid != uid) {
		if (x->count == room[0]) {
			room[0] = room[0] > 0 ? room[0] * 2 : 16;
			x->extras = xrealloc(x->extras, room[0] * sizeof(*x->extras));
		}
		x->extras[x->count++] = (struct index_extra){ uid, (uint32_t)*numbers, 0 };
	}
	if (*numbers == room[1]) {
		room[1] = room[1] > 0 ? room[1] * 2 : 16;
		x->numbers = xrealloc(x->numbers, room[1] * sizeof(*x->numbers));
	}
	x->numbers[(*numbers)++] = (uint16_t)db_i64(q, 1);
	x->extras[x->count - 1].numbers++;
}

static enum errc load_extras(
    struct db *db, struct index_key key, struct index_extras **extras_out, struct err *err)
{
	struct index_extras *x = xcalloc(1, sizeof(*x));
	size_t room[2] = { 0, 0 }, numbers = 0;
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_index_extra, INTS(key.owner, key.mailbox), &q, err);

	atomic_init(&x->refs, 1);
	while (rc == OK && (rc = db_step(q, err)) == OK)
		add_extra(x, room, &numbers, q);
	db_done(&q);
	if (rc != ERR_END || x->count == 0)
		index_extras_release(&x);
	*extras_out = x;
	return rows_end(rc);
}

/* Names and extras as they are now. */
static enum errc load_keywords(
    struct db *db, struct index_key key, struct index_head *head, struct err *err)
{
	enum errc rc = load_names(db, key, &head->names, err);

	head->extras = NULL;
	if (rc == OK && head->names && head->names->count > FLAG_KEYWORDS_IN_MASK)
		rc = load_extras(db, key, &head->extras, err);
	if (rc != OK)
		index_names_release(&head->names);
	return rc;
}

static void mark_extra(struct index_entry *entry, const struct index_extras *extras)
{
	struct index_version probe = { .extras = (struct index_extras *)extras };
	size_t count;

	(void)index_extra_keywords(&probe, entry->uid, &count);
	entry->extra = count > 0;
}

static enum errc load_batch(struct db *db, struct index_key key, struct index_builder *b,
    const struct index_extras *extras, uint32_t *last, struct err *err)
{
	struct db_q *q;
	int rows = 0;
	enum errc rc = rows_open(
	    db, &sql_index_batch, INTS(key.owner, key.mailbox, *last, LOAD_BATCH), &q, err);

	if (rc != OK)
		return rc;
	while ((rc = db_step(q, err)) == OK) {
		struct index_entry entry = entry_of(q);

		if (extras)
			mark_extra(&entry, extras);
		index_builder_add(b, &entry);
		*last = entry.uid;
		rows++;
	}
	db_done(&q);
	return rc == ERR_END && rows == LOAD_BATCH ? OK : rc;
}

static enum errc load_all(struct db *db, struct index_key key, struct counter *living,
    struct index_version **version_out, struct err *err)
{
	struct index_head head = { .living = living };
	struct index_builder b;
	struct index_row row;
	uint32_t last = 0;
	enum errc rc = index_read_row(db, key, &row, err);

	if (rc == OK)
		rc = load_keywords(db, key, &head, err);
	if (rc != OK)
		return rc;
	head.modseq = row.modseq;
	head.uidvalidity = row.uidvalidity;
	head.uidnext = row.uidnext;
	index_builder_init(&b, living);
	while (rc == OK)
		rc = load_batch(db, key, &b, head.extras, &last, err);
	if (rc != ERR_END) {
		index_builder_release(&b);
		index_names_release(&head.names);
		index_extras_release(&head.extras);
		return rc;
	}
	*version_out = index_builder_finish(&b, &head);
	return OK;
}

static int compare_entries(const void *a, const void *b)
{
	const struct index_entry *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
}

/* ERR_LIMIT: more than `max`. */
static enum errc read_changed(struct db *db, struct index_key key, int64_t since, size_t max,
    struct index_changes *c, struct err *err)
{
	size_t room = 0;
	struct db_q *q;
	enum errc rc =
	    rows_open(db, &sql_index_changed, INTS(key.owner, key.mailbox, since), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		if (c->count == max) {
			rc = err_set(err, ERR_LIMIT, "too many entries changed");
			break;
		}
		if (c->count == room) {
			room = room > 0 ? room * 2 : 16;
			c->entries = xrealloc(c->entries, room * sizeof(*c->entries));
		}
		c->entries[c->count++] = entry_of(q);
	}
	db_done(&q);
	if (c->count > 1)
		qsort(c->entries, c->count, sizeof(*c->entries), compare_entries);
	return rows_end(rc);
}

static enum errc read_gone(struct db *db, struct index_key key, int64_t since,
    struct index_changes *c, struct err *err)
{
	size_t room = 0;
	struct db_q *q;
	enum errc rc =
	    rows_open(db, &sql_index_expunged, INTS(key.owner, key.mailbox, since), &q, err);

	while (rc == OK && (rc = db_step(q, err)) == OK) {
		if (c->gone_count == room) {
			room = room > 0 ? room * 2 : 16;
			c->gone = xrealloc(c->gone, room * sizeof(*c->gone));
		}
		c->gone[c->gone_count++] =
		    (struct uid_range){ (uint32_t)db_i64(q, 0), (uint32_t)db_i64(q, 1) };
	}
	db_done(&q);
	return rows_end(rc);
}

/* Is there a keyword among the changes that the base has no name for? */
static bool needs_keywords(const struct index_version *base, const struct index_changes *c)
{
	size_t known = base->names ? base->names->count : 0;
	uint64_t unknown;

	if (known >= FLAG_KEYWORDS_IN_MASK)
		return c->count > 0;
	unknown = ~((UINT64_C(1) << (FLAG_KEYWORD_SHIFT + known)) - 1);
	for (size_t i = 0; i < c->count; i++) {
		if (c->entries[i].flags & unknown)
			return true;
	}
	return false;
}

static enum errc read_changes(struct db *db, struct index_key key,
    const struct index_version *base, struct index_head *head, struct index_changes *c,
    struct err *err)
{
	enum errc rc = read_changed(db, key, base->modseq, SIZE_MAX, c, err);

	if (rc == OK)
		rc = read_gone(db, key, base->modseq, c, err);
	if (rc != OK)
		return rc;
	if (!needs_keywords(base, c)) {
		head->names = index_names_retain(base->names);
		head->extras = index_extras_retain(base->extras);
		return OK;
	}
	rc = load_keywords(db, key, head, err);
	for (size_t i = 0; rc == OK && head->extras && i < c->count; i++)
		mark_extra(&c->entries[i], head->extras);
	return rc;
}

static bool can_update(const struct index_version *base, const struct index_row *row)
{
	return base->uidvalidity == row->uidvalidity && base->modseq <= row->modseq &&
	    base->modseq >= row->expunged_floor;
}

/* Inside a snapshot. ERR_CONFLICT: the base is of no use, load anew. */
static enum errc update(struct db *db, struct index_key key, struct index_version *base,
    struct index_version **version_out, struct err *err)
{
	struct index_changes changes = { 0 };
	struct index_head head = { .living = base->living };
	struct index_row row;
	enum errc rc = index_read_row(db, key, &row, err);

	if (rc != OK)
		return rc;
	if (!can_update(base, &row))
		return err_set(err, ERR_CONFLICT, "index: too old");
	if (base->modseq == row.modseq) {
		*version_out = index_retain(base);
		return OK;
	}
	head.modseq = row.modseq;
	head.uidvalidity = row.uidvalidity;
	head.uidnext = row.uidnext;
	rc = read_changes(db, key, base, &head, &changes, err);
	if (rc == OK)
		*version_out = index_merge(base, &changes, &head);
	xfree(changes.entries);
	xfree(changes.gone);
	return rc;
}

static enum errc update_in_snapshot(struct db *db, struct index_key key,
    struct index_version *base, struct index_version **version_out, struct err *err)
{
	enum errc rc = db_snapshot_begin(db, err);

	if (rc != OK)
		return rc;
	rc = update(db, key, base, version_out, err);
	db_snapshot_end(db);
	return rc;
}

enum errc index_bring_up(struct db *db, struct index_key key, struct counter *living,
    struct index_version *base, struct index_version **version_out, struct err *err)
{
	struct index_version *from = index_retain(base);
	enum errc rc = ERR_CONFLICT;

	for (int run = 0; rc == ERR_CONFLICT && run < BRING_UP_MAX; run++) {
		rc = OK;
		if (!from)
			rc = load_all(db, key, living, &from, err);
		if (rc == OK)
			rc = update_in_snapshot(db, key, from, version_out, err);
		index_release(&from);
	}
	return rc == ERR_CONFLICT ? err_set(err, ERR_UNAVAIL, "index: no stable state") : rc;
}

static struct index_version *version_of(
    const struct index_changes *changes, const struct index_head *head)
{
	struct index_builder b;

	index_builder_init(&b, head->living);
	for (size_t i = 0; i < changes->count; i++) {
		struct index_entry entry = changes->entries[i];

		if (head->extras)
			mark_extra(&entry, head->extras);
		index_builder_add(&b, &entry);
	}
	return index_builder_finish(&b, head);
}

enum errc index_load_changed(struct db *db, struct index_key key, int64_t since,
    struct counter *living, struct index_version **version_out, struct err *err)
{
	struct index_changes changes = { 0 };
	struct index_head head = { .living = living };
	struct index_row row;
	enum errc rc = index_read_row(db, key, &row, err);

	if (rc == OK)
		rc = read_changed(db, key, since, STORE_CHANGES_MAX, &changes, err);
	if (rc == OK)
		rc = load_keywords(db, key, &head, err);
	if (rc == OK) {
		head.modseq = row.modseq;
		head.uidvalidity = row.uidvalidity;
		head.uidnext = row.uidnext;
		*version_out = version_of(&changes, &head);
	}
	xfree(changes.entries);
	return rc;
}
