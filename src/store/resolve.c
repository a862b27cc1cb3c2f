/* store/resolve.c - asking again until the database answers, behind the lock of the account's row. */
#include "store/resolve.h"

#include "db/pool.h"
#include "store/book.h"
#include "store/mail_sql.h"
#include "store/store_int.h"

#include <time.h>

#define FIRST_PAUSE_MS 20
#define LAST_PAUSE_MS 1000

/* A file that cannot be written does not come back by itself as a server does. */
#define LOCAL_WAIT_MS 5000

struct resolver resolver_of(const struct store *store)
{
	bool is_local = db_pool_engine(store->settings.pool) == DB_SQLITE;
	int wait_ms = store->settings.write_deadline_ms;

	if (is_local && wait_ms > LOCAL_WAIT_MS)
		wait_ms = LOCAL_WAIT_MS;
	return (struct resolver){ .pause_ms = FIRST_PAUSE_MS, .wait_ms = wait_ms };
}

static void pause_for(struct resolver *r)
{
	struct timespec left = { .tv_sec = r->pause_ms / 1000,
		.tv_nsec = (long)(r->pause_ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
	r->pause_ms = r->pause_ms < LAST_PAUSE_MS / 2 ? r->pause_ms * 2 : LAST_PAUSE_MS;
}

bool resolver_again(struct resolver *r, enum errc *rc, struct err *err)
{
	if (*rc == ERR_UNCERTAIN && !r->was_lost) {
		r->was_lost = true;
		r->deadline = deadline_in_ms(r->wait_ms);
	}
	if (!r->was_lost || (*rc != ERR_UNCERTAIN && *rc != ERR_UNAVAIL))
		return false;
	if (deadline_passed(r->deadline)) {
		*rc = err_set(err, ERR_UNCERTAIN, "whether it was written cannot be found out");
		return false;
	}
	pause_for(r);
	return true;
}

enum errc store_transact(
    struct store *store, db_body *body, void *arg, unsigned done, struct err *err)
{
	struct resolver r = resolver_of(store);
	enum errc rc;

	do
		rc = db_transact(store->settings.pool, store_deadline(store), body, arg, err);
	while (resolver_again(&r, &rc, err));
	return r.was_lost && (done & RESOLVE_DONE(rc)) != 0 ? OK : rc;
}

struct look_work {
	int64_t owner;
	resolve_look *look;
	const void *arg;
	bool found;
};

static enum errc look_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct look_work *work = arg;
	struct account_row account;
	enum errc rc = account_touch(db, work->owner, 0, 0, &account, err);

	(void)arena;
	work->found = false;
	return rc == OK ? work->look(db, work->arg, &work->found, err) : rc;
}

enum errc store_resolve(struct store *store, int64_t owner, resolve_look *look, const void *arg,
    bool *found_out, struct err *err)
{
	struct look_work work = { owner, look, arg, false };
	struct resolver r = resolver_of(store);
	enum errc rc = ERR_UNCERTAIN;

	while (resolver_again(&r, &rc, err))
		rc = db_transact(
		    store->settings.pool, store_deadline(store), look_body, &work, err);
	if (rc != OK && rc != ERR_UNCERTAIN)
		rc = err_set(err, ERR_UNCERTAIN, "what was written cannot be looked for");
	*found_out = rc == OK && work.found;
	return rc;
}

static enum errc entry_is_there(
    struct db *db, const void *arg, bool *found_out, struct err *err)
{
	const struct lost_entry *e = arg;
	int64_t id = 0;
	enum errc rc =
	    rows_one(db, &sql_entry_id, INTS(e->owner, e->mailbox, e->uid), &id, 1, err);

	*found_out = rc == OK && id == e->id;
	return rows_end(rc);
}

enum errc resolve_entry(struct store *store, const struct lost_entry *entry, struct err *err)
{
	bool found = false;
	enum errc rc = store_resolve(store, entry->owner, entry_is_there, entry, &found, err);

	if (rc == OK && !found)
		rc = err_set(err, ERR_UNAVAIL, "the commit was lost");
	return rc;
}
