/*
 * store/sweep.c - the round of housekeeping, and the refreshing of DBMail's columns.
 */
#include "store/sweep.h"

#include "base/heap.h"
#include "base/log.h"
#include "store/journal.h"
#include "store/map.h"
#include "store/node.h"

#define ROUND_MS 200 /* a call goes on while there is work, this long */
#define LEASE_WAIT_MS 1000
#define DIRTY_MAX                                                                              \
	20000 /* more mailboxes than this are not remembered: their rows are old for longer */
#define REFRESH_MAX 400 /* of one transaction */

struct dirty {
	struct map_node node; /* owner, mailbox; 0: the account */
};

struct sweeper {
	struct sweep_cursor cursor; /* the scheduler's thread alone */
	pthread_mutex_t lock;	    /* guards `dirty` */
	struct map dirty;
};

struct sweeper *sweeper_new(void)
{
	struct sweeper *sweeper = xcalloc(1, sizeof(*sweeper));

	(void)pthread_mutex_init(&sweeper->lock, NULL);
	return sweeper;
}

/* Under the lock. */
static bool take_dirty(struct sweeper *sweeper, int64_t *owner_out, int64_t *mailbox_out)
{
	struct map_node *node = map_next(&sweeper->dirty, NULL);

	if (!node)
		return false;
	*owner_out = node->a;
	*mailbox_out = node->b;
	map_remove(&sweeper->dirty, node);
	xfree(MAP_ENTRY(node, struct dirty, node));
	return true;
}

void sweeper_free(struct sweeper **sweeperp)
{
	struct sweeper *sweeper = *sweeperp;
	int64_t owner, mailbox;

	if (!sweeper)
		return;
	while (take_dirty(sweeper, &owner, &mailbox))
		;
	map_release(&sweeper->dirty);
	(void)pthread_mutex_destroy(&sweeper->lock);
	xfree(sweeper);
	*sweeperp = NULL;
}

static void note(struct sweeper *sweeper, int64_t owner, int64_t mailbox)
{
	struct dirty *dirty;

	if (map_find(&sweeper->dirty, owner, mailbox) || sweeper->dirty.count >= DIRTY_MAX)
		return;
	dirty = xcalloc(1, sizeof(*dirty));
	map_add(&sweeper->dirty, &dirty->node, owner, mailbox);
}

void sweeper_note(struct sweeper *sweeper, const struct change *changes, size_t count)
{
	(void)pthread_mutex_lock(&sweeper->lock);
	for (size_t i = 0; i < count; i++) {
		if (changes[i].kind != CHANGE_MAIL)
			continue;
		note(sweeper, changes[i].owner, changes[i].mailbox);
		note(sweeper, changes[i].owner, 0);
	}
	(void)pthread_mutex_unlock(&sweeper->lock);
}

enum errc sweep_lease(struct store *store, struct db **db_out, struct err *err)
{
	return db_lease(store->settings.pool, LEASE_WAIT_MS, db_out, err);
}

struct refresh_item {
	int64_t owner, mailbox; /* 0: the account */
};

struct refresh {
	struct refresh_item items[REFRESH_MAX];
	size_t count;
};

static enum errc refresh_seq(struct db *db, const struct refresh_item *item, struct err *err)
{
	int64_t modseq;
	enum errc rc = rows_one(
	    db, &sql_refresh_modseq, INTS(item->owner, item->mailbox), &modseq, 1, err);

	if (rc != OK)
		return rows_end(rc);
	return rows_run(db, &sql_refresh_seq, INTS(modseq, item->mailbox, modseq), NULL, err);
}

static enum errc refresh_size(struct db *db, int64_t owner, struct err *err)
{
	int64_t bytes = 0;
	enum errc rc = rows_one(db, &sql_refresh_used, INTS(owner), &bytes, 1, err);

	rc = rows_end(rc);
	return rc == OK ? rows_run(db, &sql_refresh_size, INTS(bytes, owner), NULL, err) : rc;
}

static enum errc refresh_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct refresh *r = arg;
	enum errc rc = OK;

	(void)arena;
	for (size_t i = 0; rc == OK && i < r->count; i++) {
		const struct refresh_item *item = &r->items[i];

		rc = item->mailbox != 0 ? refresh_seq(db, item, err)
					: refresh_size(db, item->owner, err);
	}
	return rc;
}

/* dbmail_mailboxes.seq and dbmail_users.curmail_size follow within a few seconds. */
static enum errc refresh(struct store *store, int64_t *did_out, struct err *err)
{
	struct sweeper *sweeper = store->sweeper;
	struct refresh *r = xmalloc(sizeof(*r));
	enum errc rc = OK;

	r->count = 0;
	(void)pthread_mutex_lock(&sweeper->lock);
	while (r->count < REFRESH_MAX &&
	    take_dirty(sweeper, &r->items[r->count].owner, &r->items[r->count].mailbox))
		r->count++;
	(void)pthread_mutex_unlock(&sweeper->lock);
	if (r->count > 0)
		rc = db_transact(
		    store->settings.pool, store_deadline(store), refresh_body, r, err);
	*did_out = (int64_t)r->count;
	xfree(r);
	return rc;
}

/* One piece of each kind: every node refreshes what it changed, one of them sweeps. */
static enum errc round_once(struct store *store, bool sweeps, int64_t *did_out, struct err *err)
{
	struct sweep_cursor *cursor = &store->sweeper->cursor;
	int64_t did[3] = { 0 };
	enum errc rc = refresh(store, &did[0], err);

	*did_out = did[0];
	if (!sweeps)
		return rc;
	if (rc == OK)
		rc = sweep_removed(store, &did[1], err);
	if (rc == OK)
		rc = sweep_keys(store, &did[2], err);
	*did_out = did[0] + did[1] + did[2];
	if (rc == OK)
		rc = sweep_mailboxes(store, cursor, &did[0], err);
	if (rc == OK)
		rc = sweep_accounts(store, cursor, &did[1], err);
	if (rc == OK)
		rc = sweep_blobs(store, cursor, &did[2], err);
	*did_out += did[0] + did[1] + did[2];
	if (rc == OK)
		rc = sweep_authlog(store, &did[0], err);
	if (rc == OK)
		rc = sweep_login_failures(store, err);
	*did_out += did[0];
	return rc;
}

void store_housekeeping(struct store *store)
{
	int64_t until_ms = clock_mono_ms() + ROUND_MS, did;
	bool sweeps = node_sweeps(store);
	struct err err;
	enum errc rc = journal_sweep(store, sweeps, &did, &err);

	did = 1;
	while (rc == OK && did > 0 && clock_mono_ms() < until_ms)
		rc = round_once(store, sweeps, &did, &err);
	if (rc != OK)
		log_warn(store->settings.log, "housekeeping", F_ERR(&err));
}
