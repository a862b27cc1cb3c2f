/*
 * store/threads.c - conversations: a message joins the one that knows its id or one that it refers to, under the
 * same base subject.
 */
#include "store/book.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

enum errc thread_ask(struct db *db, int64_t owner, const struct thread_keys *keys,
    struct db_q **q_out, struct err *err)
{
	int64_t params[2 + THREAD_IDS_MAX] = { owner, keys->subject };

	*q_out = NULL;
	if (keys->count == 0)
		return OK;
	/* what is too many of them says the last again */
	for (size_t i = 0; i < THREAD_IDS_MAX; i++)
		params[2 + i] = keys->ids[i < keys->count ? i : keys->count - 1];
	return rows_ask(
	    db, &sql_thread_find, (struct ints){ params, COUNT(params) }, q_out, err);
}

/* The first of the ids that is known, or their count; its thread. */
static enum errc first_known(struct db_q *q, const struct thread_keys *keys, size_t *known_out,
    int64_t *thread_out, struct err *err)
{
	size_t known = keys->count;
	enum errc rc;

	while ((rc = db_step(q, err)) == OK) {
		int64_t id = db_i64(q, 0);

		for (size_t i = 0; i < known; i++) {
			if (keys->ids[i] != id)
				continue;
			known = i;
			*thread_out = db_i64(q, 1);
		}
	}
	*known_out = known;
	return rows_end(rc);
}

/* NOLINTNEXTLINE(readability-function-size): the question, its keys, and one output */
enum errc thread_take(struct db *db, int64_t owner, const struct thread_keys *keys,
    struct db_q **qp, int64_t fallback, int64_t *thread_out, struct err *err)
{
	size_t known = 0;
	enum errc rc;

	*thread_out = fallback;
	if (!*qp)
		return OK;
	rc = first_known(*qp, keys, &known, thread_out, err);
	db_done(qp);
	for (size_t i = 0; rc == OK && i < known; i++)
		rc = rows_post(db, &sql_thread_insert,
		    INTS(owner, keys->ids[i], keys->subject, *thread_out), err);
	return rc;
}

enum errc thread_assign(struct db *db, int64_t owner, const struct thread_keys *keys,
    int64_t fallback, int64_t *thread_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = thread_ask(db, owner, keys, &q, err);

	return rc == OK ? thread_take(db, owner, keys, &q, fallback, thread_out, err) : rc;
}
