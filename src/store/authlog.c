/*
 * store/authlog.c - rows of dbmail_authlog, written later.
 *
 * An entry belongs to two: the session, until it ends, and each job that waits for the writer. The jobs of an entry run
 * in the order in which they were given; only they look at `id`, on the writer's thread.
 */
#include "store/authlog.h"

#include "base/arena.h"
#include "base/civil.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/authlog_int.h"
#include "store/sweep.h"

#include <stdatomic.h>

#define AUTHLOG_DELAY_MS 5000

/* Rows of one piece of purging. */
#define PURGE_MAX 1000

struct authlog_entry {
	struct store *store;
	struct arena *arena;
	_Atomic int users;
	struct authlog_row row;
	int64_t id; /* 0: no row yet */
};

/* The first `max` bytes, without half a character at the end. */
static struct str cut(struct str s, size_t max)
{
	if (s.n <= max)
		return s;
	s.n = max;
	while (s.n > 0 && !utf8_is_valid(s))
		s.n--;
	return s;
}

static struct authlog_entry *entry_new(
    struct store *store, const struct authlog_login *login, struct str status)
{
	struct authlog_entry *entry = xcalloc(1, sizeof(*entry));
	struct arena *arena = arena_new("authlog");

	entry->store = store;
	entry->arena = arena;
	atomic_init(&entry->users, 1);
	entry->row = (struct authlog_row){
		.user = str_dup(arena, cut(login->user, AUTHLOG_NAME_MAX)),
		.service = str_dup(arena, login->service),
		.source = str_dup(arena, login->source),
		.target = str_dup(arena, login->target),
		.source_port = login->source_port,
		.target_port = login->target_port,
		.status = status,
		.login_s = clock_unix_s(),
	};
	entry->row.logout_s = entry->row.login_s;
	return entry;
}

static void entry_drop(struct authlog_entry *entry)
{
	if (atomic_fetch_sub(&entry->users, 1) > 1)
		return;
	arena_free(&entry->arena);
	xfree(entry);
}

static enum errc insert_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct authlog_entry *entry = arg;

	return authlog_row_insert(db, arena, &entry->row, &entry->id, err);
}

static void insert_done(void *arg, enum errc rc)
{
	struct authlog_entry *entry = arg;

	if (rc != OK)
		entry->id = 0; /* the close makes a row of its own */
	entry_drop(entry);
}

struct authlog_entry *authlog_open(struct store *store, const struct authlog_login *login)
{
	struct authlog_entry *entry = entry_new(store, login, STR("active"));

	atomic_fetch_add(&entry->users, 1);
	db_transact_later(store_pool(store), AUTHLOG_DELAY_MS, insert_body, insert_done, entry);
	return entry;
}

void authlog_failed(struct store *store, const struct authlog_login *login)
{
	struct authlog_entry *entry = entry_new(store, login, STR("failed"));

	db_transact_later(store_pool(store), AUTHLOG_DELAY_MS, insert_body, insert_done, entry);
}

struct close_work {
	struct authlog_entry *entry;
	struct authlog_row row;
};

static enum errc close_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct close_work *work = arg;
	int64_t id = work->entry->id;

	if (id != 0)
		return authlog_row_close(db, arena, &work->row, id, err);
	return authlog_row_insert(db, arena, &work->row, &id, err);
}

static void close_done(void *arg, enum errc rc)
{
	struct close_work *work = arg;

	(void)rc; /* a row that stays active: DBMail knows that of its crashes too */
	entry_drop(work->entry);
	xfree(work);
}

void authlog_close(struct authlog_entry **entryp, uint64_t received, uint64_t sent)
{
	struct authlog_entry *entry = *entryp;
	struct close_work *work;

	*entryp = NULL;
	if (!entry)
		return;
	work = xmalloc(sizeof(*work));
	*work = (struct close_work){ .entry = entry, .row = entry->row };
	work->row.status = STR("closed");
	work->row.logout_s = clock_unix_s();
	work->row.received = received;
	work->row.sent = sent;
	db_transact_later(
	    store_pool(entry->store), AUTHLOG_DELAY_MS, close_body, close_done, work);
}

struct purge {
	int64_t id; /* up to which rows go */
	int64_t did;
};

static enum errc purge_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct purge *purge = arg;

	(void)arena;
	return authlog_rows_delete(db, purge->id, &purge->did, err);
}

enum errc sweep_authlog(struct store *store, int64_t *did_out, struct err *err)
{
	int64_t keep_s = store->settings.authlog_keep_s;
	struct purge purge = { .id = 0 };
	struct db *db;
	enum errc rc;

	*did_out = 0;
	if (keep_s == 0)
		return OK;
	rc = sweep_lease(store, &db, err);
	if (rc != OK)
		return rc;
	rc = authlog_rows_old(db, clock_unix_s() - keep_s, PURGE_MAX, &purge.id, err);
	db_return(&db);
	if (rc == OK && purge.id > 0)
		rc = db_transact(
		    store->settings.pool, store_deadline(store), purge_body, &purge, err);
	*did_out = purge.did;
	return rc;
}
