/*
 * store/threads.c - conversations: a message joins the one that knows its id or one that it refers to, under the
 * same base subject.
 */
#include "store/book.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

/* A message that refers to none: its id is new, or it is a copy of one that is known. */
static enum errc assign_single(struct db *db, int64_t owner, const struct thread_keys *keys,
    int64_t fallback, int64_t *thread_out, struct err *err)
{
	enum errc rc = rows_run(db, &sql_thread_insert,
	    INTS(owner, keys->ids[0], keys->subject, fallback), NULL, err);

	*thread_out = fallback;
	if (rc != ERR_EXISTS)
		return rc;
	rc = rows_one(
	    db, &sql_thread_find, INTS(owner, keys->ids[0], keys->subject), thread_out, 1, err);
	return rows_end(rc);
}

enum errc thread_assign(struct db *db, int64_t owner, const struct thread_keys *keys,
    int64_t fallback, int64_t *thread_out, struct err *err)
{
	size_t unknown = 0;
	enum errc rc = ERR_END;

	*thread_out = fallback;
	if (keys->count == 0)
		return OK;
	if (keys->count == 1)
		return assign_single(db, owner, keys, fallback, thread_out, err);
	for (; rc == ERR_END && unknown < keys->count; unknown++)
		rc = rows_one(db, &sql_thread_find,
		    INTS(owner, keys->ids[unknown], keys->subject), thread_out, 1, err);
	if (rc == OK)
		unknown--; /* that one is known */
	else if (rc != ERR_END)
		return rc;
	for (size_t i = 0; i < unknown; i++) {
		rc = rows_run(db, &sql_thread_insert,
		    INTS(owner, keys->ids[i], keys->subject, *thread_out), NULL, err);
		if (rc != OK)
			return rc;
	}
	return OK;
}
