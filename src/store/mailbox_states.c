/*
 * store/mailbox_states.c - the state rows of all folders that somebody sees, for LIST that asks for STATUS.
 */
#include "base/arena.h"
#include "store/mail_sql.h"
#include "store/mailbox.h"
#include "store/store_int.h"

#include <stdlib.h>
#include <string.h>

struct mailbox_state_of {
	int64_t mailbox;
	struct mailbox_state state;
};

struct reading {
	struct arena *arena;
	struct mailbox_states states;
	size_t room;
};

static struct mailbox_state_of *add(struct reading *r)
{
	if (r->states.count == r->room) {
		size_t room = r->room == 0 ? 64 : 2 * r->room;
		struct mailbox_state_of *larger =
		    ARENA_NEW(r->arena, struct mailbox_state_of, room);

		if (r->states.count > 0)
			memcpy(larger, r->states.item, r->states.count * sizeof(*larger));
		r->states.item = larger;
		r->room = room;
	}
	return &r->states.item[r->states.count++];
}

static enum errc read_rows(struct reading *r, struct db *db, const struct db_sql *sql,
    struct ints params, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = rows_open(db, sql, params, &q, err);

	if (rc != OK)
		return rc;
	while ((rc = db_step(q, err)) == OK)
		*add(r) = (struct mailbox_state_of){
			.mailbox = db_i64(q, 0),
			.state = {
				.uidvalidity = (uint32_t)db_i64(q, 2),
				.uidnext = (uint32_t)db_i64(q, 3),
				.messages = (uint32_t)db_i64(q, 4),
				.unseen = (uint32_t)db_i64(q, 5),
				.deleted = (uint32_t)db_i64(q, 6),
				.size = (uint64_t)db_i64(q, 7),
				.highestmodseq = db_i64(q, 8),
				.expunged_floor = db_i64(q, 9),
				.first_recent = (uint32_t)db_i64(q, 10),
			},
		};
	db_done(&q);
	return rows_end(rc);
}

static int compare(const void *left, const void *right)
{
	const struct mailbox_state_of *a = left, *b = right;

	return (a->mailbox > b->mailbox) - (a->mailbox < b->mailbox);
}

enum errc mailbox_states(struct db *db, struct actor actor, struct arena *arena,
    struct mailbox_states *states_out, struct err *err)
{
	struct reading r = { .arena = arena };
	enum errc rc = read_rows(&r, db, &sql_mailbox_states_own, INTS(actor.user), err);

	if (rc == OK)
		rc = read_rows(
		    &r, db, &sql_mailbox_states_shared, INTS(actor.user, actor.user), err);
	if (rc != OK)
		return rc;
	if (r.states.count > 1)
		qsort(r.states.item, r.states.count, sizeof(*r.states.item), compare);
	*states_out = r.states;
	return OK;
}

const struct mailbox_state *mailbox_states_find(
    const struct mailbox_states *states, int64_t mailbox)
{
	const struct mailbox_state_of key = { .mailbox = mailbox };
	const struct mailbox_state_of *found = NULL;

	if (states->count > 0)
		found =
		    bsearch(&key, states->item, states->count, sizeof(*states->item), compare);
	return found == NULL ? NULL : &found->state;
}

enum errc mailbox_deleted_size(struct db *db, const struct mailbox *mailbox,
    const struct mailbox_state *state, uint64_t *size_out, struct err *err)
{
	int64_t size = 0;
	enum errc rc = OK;

	if (state->deleted > 0)
		rc = rows_one(db, &sql_mailbox_deleted_size, INTS(mailbox->owner, mailbox->id),
		    &size, 1, err);
	*size_out = (uint64_t)size;
	return rows_end(rc);
}
