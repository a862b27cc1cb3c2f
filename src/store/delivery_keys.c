/*
 * store/delivery_keys.c - the keys of deliveries, and the sessions that wait for their answers to be read.
 *
 * A key's row is a repeat's proof as soon as its session has ended without showing that it read the answer. While
 * rows of read answers are still to be deleted, their session stays known here, ended or not.
 */
#include "store/delivery_keys.h"

#include "base/heap.h"
#include "base/log.h"
#include "base/random.h"
#include "store/mail_sql.h"
#include "store/map.h"
#include "store/node.h"
#include "store/resolve.h"
#include "store/store_int.h"

#include <string.h>

#define FORGET_DELAY_MS 200
#define FORGET_AGAIN_MS 2000
#define FORGET_BATCH 500
#define UNCERTAIN_MAX 8

/* A key whose answer is under way. */
struct unread {
	int64_t owner, serial;
	uint8_t key[32];
};

struct living {
	struct map_node node; /* session, 0 */
	struct unread *unread;
	size_t unread_count, unread_room;
	bool ended;
	int64_t read_serial; /* answers up to this one were read */
	size_t pending;	     /* keys that are still to be deleted */
	int64_t uncertain[UNCERTAIN_MAX];
	size_t uncertain_count;
};

struct forget {
	int64_t owner, session, serial;
	uint8_t key[32];
	/* it stays, for every node to take: its session has ended without reading the answer, or it comes again */
	bool is_lost;
	bool is_new; /* lost, and was not stored with the message */
};

/* Keys that are deleted together; belongs to the database layer once it runs. */
struct forget_batch {
	struct delivery_sessions *sessions;
	size_t count;
	struct forget items[FORGET_BATCH];
};

struct delivery_sessions {
	struct store *store;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t idle;
	struct map living;
	struct forget_batch *open; /* scheduled, and still taking keys */
	size_t batches;		   /* scheduled */
	bool finishing;
};

struct delivery_sessions *sessions_new(struct store *store)
{
	struct delivery_sessions *s = xcalloc(1, sizeof(*s));

	s->store = store;
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->idle, NULL);
	return s;
}

static enum errc no_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)db;
	(void)arena;
	(void)arg;
	(void)err;
	return OK;
}

void sessions_finish(struct delivery_sessions *s)
{
	bool waits;

	(void)pthread_mutex_lock(&s->lock);
	s->finishing = true;
	waits = s->batches > 0;
	(void)pthread_mutex_unlock(&s->lock);
	/* what waits for its time goes with the next transaction; if that fails, when its time has come */
	if (waits &&
	    db_transact(
		s->store->settings.pool, store_deadline(s->store), no_body, NULL, NULL) != OK)
		log_warn(s->store->settings.log, "delivery-keys-wait");
	(void)pthread_mutex_lock(&s->lock);
	while (s->batches > 0)
		(void)pthread_cond_wait(&s->idle, &s->lock);
	(void)pthread_mutex_unlock(&s->lock);
}

static void drop(struct delivery_sessions *s, struct living *living)
{
	map_remove(&s->living, &living->node);
	xfree(living->unread);
	xfree(living);
}

void sessions_free(struct delivery_sessions **sessionsp)
{
	struct delivery_sessions *s = *sessionsp;
	struct map_node *node;

	if (!s)
		return;
	while ((node = map_next(&s->living, NULL)) != NULL)
		drop(s, MAP_ENTRY(node, struct living, node));
	map_release(&s->living);
	(void)pthread_cond_destroy(&s->idle);
	(void)pthread_mutex_destroy(&s->lock);
	xfree(s);
	*sessionsp = NULL;
}

static struct living *find(struct delivery_sessions *s, int64_t session)
{
	struct map_node *node = map_find(&s->living, session, 0);

	return node ? MAP_ENTRY(node, struct living, node) : NULL;
}

static void drop_if_over(struct delivery_sessions *s, struct living *living)
{
	if (living->ended && living->pending == 0)
		drop(s, living);
}

int64_t delivery_session_begin(struct store *store)
{
	struct delivery_sessions *s = store->sessions;
	struct living *living = xcalloc(1, sizeof(*living));
	int64_t session = (int64_t)(random_u64() >> 1) | 1;

	living->read_serial = INT64_MIN;
	(void)pthread_mutex_lock(&s->lock);
	map_add(&s->living, &living->node, session, 0);
	(void)pthread_mutex_unlock(&s->lock);
	return session;
}

static bool is_uncertain(const struct living *living, int64_t serial)
{
	for (size_t i = 0; i < living->uncertain_count; i++) {
		if (living->uncertain[i] == serial)
			return true;
	}
	return false;
}

/* Was the answer to this delivery of our own process lost? */
static bool answer_is_lost(struct delivery_sessions *s, int64_t session, int64_t serial)
{
	struct living *living;
	bool lost = true;

	(void)pthread_mutex_lock(&s->lock);
	living = find(s, session);
	if (living && !is_uncertain(living, serial))
		lost = living->ended && serial > living->read_serial;
	(void)pthread_mutex_unlock(&s->lock);
	return lost;
}

static enum errc run_on_key(struct db *db, const struct db_sql *sql, struct ints params,
    const uint8_t key[32], int64_t *changes_out, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, sql, params, &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, (int)params.n + 1, (struct str){ (const char *)key, 32 });
	return db_run(&q, changes_out, err);
}

static enum errc forget_one(struct db *db, const struct forget *f, struct err *err)
{
	int64_t changes = 0;
	enum errc rc = run_on_key(db, f->is_lost ? &sql_key_release : &sql_key_forget,
	    INTS(f->owner, f->session, f->serial), f->key, &changes, err);

	if (rc != OK || !f->is_new || changes > 0)
		return rc;
	return run_on_key(db, &sql_key_insert,
	    INTS(f->owner, f->session, f->serial, 0, clock_unix_s()), f->key, NULL, err);
}

static enum errc forget_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct forget_batch *batch = arg;
	struct delivery_sessions *s = batch->sessions;
	enum errc rc = OK;

	(void)arena;
	(void)pthread_mutex_lock(&s->lock);
	if (s->open == batch)
		s->open = NULL; /* from here on it does not change */
	(void)pthread_mutex_unlock(&s->lock);
	for (size_t i = 0; rc == OK && i < batch->count; i++)
		rc = forget_one(db, &batch->items[i], err);
	return rc;
}

static void forget_done(void *arg, enum errc rc);

static void schedule(struct forget_batch *batch, int delay_ms)
{
	db_transact_later(
	    batch->sessions->store->settings.pool, delay_ms, forget_body, forget_done, batch);
}

static void settle(struct delivery_sessions *s, const struct forget_batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		struct living *living = find(s, batch->items[i].session);

		if (!living || batch->items[i].is_lost)
			continue;
		living->pending--;
		drop_if_over(s, living);
	}
}

/* On the writer's thread. */
static void forget_done(void *arg, enum errc rc)
{
	struct forget_batch *batch = arg;
	struct delivery_sessions *s = batch->sessions;
	bool again;

	(void)pthread_mutex_lock(&s->lock);
	if (s->open == batch)
		s->open = NULL;
	again = rc != OK && !s->finishing;
	if (!again) {
		settle(s, batch);
		s->batches--;
		if (s->batches == 0)
			(void)pthread_cond_broadcast(&s->idle);
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (again)
		schedule(batch, FORGET_AGAIN_MS);
	else
		xfree(batch);
}

/* Under the lock. A batch that is new and must be scheduled once the lock is open is returned. */
static struct forget_batch *add_forget(struct delivery_sessions *s, const struct forget *f)
{
	struct forget_batch *fresh = NULL;

	if (!s->open) {
		fresh = s->open = xmalloc(sizeof(*fresh));
		fresh->sessions = s;
		fresh->count = 0;
		s->batches++;
	}
	s->open->items[s->open->count++] = *f;
	if (s->open->count == FORGET_BATCH)
		s->open = NULL;
	return fresh;
}

static void note_read(struct delivery_sessions *s, int64_t session, int64_t serial, size_t keys)
{
	struct living *living = find(s, session);
	size_t left = 0;

	if (!living)
		return;
	if (serial > living->read_serial)
		living->read_serial = serial;
	living->pending += keys;
	for (size_t i = 0; i < living->unread_count; i++) {
		if (living->unread[i].serial > serial)
			living->unread[left++] = living->unread[i];
	}
	living->unread_count = left;
}

static bool has_key(const struct delivery *deliveries, size_t i)
{
	/* several folders of one account share their key */
	return deliveries[i].rc == OK &&
	    (i == 0 || deliveries[i - 1].rc != OK ||
		deliveries[i].owner != deliveries[i - 1].owner ||
		memcmp(deliveries[i].key, deliveries[i - 1].key, sizeof(deliveries[i].key)) !=
		    0);
}

static void add_unread(struct living *living, const struct delivery *d, int64_t serial)
{
	struct unread *u;

	if (living->unread_count == living->unread_room) {
		living->unread_room = living->unread_room > 0 ? 2 * living->unread_room : 2;
		living->unread =
		    xrealloc(living->unread, living->unread_room * sizeof(*living->unread));
	}
	u = &living->unread[living->unread_count++];
	*u = (struct unread){ .owner = d->owner, .serial = serial };
	memcpy(u->key, d->key, sizeof(u->key));
}

void delivery_note_unread(struct store *store, const struct delivery_batch *batch)
{
	struct delivery_sessions *s = store->sessions;
	struct living *living;

	(void)pthread_mutex_lock(&s->lock);
	living = find(s, batch->session);
	for (size_t i = 0; living && i < batch->count; i++) {
		if (has_key(batch->deliveries, i))
			add_unread(living, &batch->deliveries[i], batch->serial);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

/* Takes one of those that nobody will read any more. Under the lock; `fresh_out` as add_forget. */
static bool release_one(
    struct delivery_sessions *s, int64_t session, struct forget_batch **fresh_out)
{
	struct living *living = find(s, session);
	struct forget f = { .session = session, .is_lost = true };
	const struct unread *u;

	*fresh_out = NULL;
	if (!living || living->unread_count == 0)
		return false;
	u = &living->unread[--living->unread_count];
	f.owner = u->owner;
	f.serial = u->serial;
	memcpy(f.key, u->key, sizeof(f.key));
	*fresh_out = add_forget(s, &f);
	return true;
}

void delivery_session_end(struct store *store, int64_t session)
{
	struct delivery_sessions *s = store->sessions;
	struct forget_batch *fresh;
	struct living *living;
	bool more = true;

	while (more) {
		(void)pthread_mutex_lock(&s->lock);
		more = release_one(s, session, &fresh);
		(void)pthread_mutex_unlock(&s->lock);
		if (fresh)
			schedule(fresh, FORGET_DELAY_MS);
	}
	(void)pthread_mutex_lock(&s->lock);
	living = find(s, session);
	if (living) {
		living->ended = true;
		drop_if_over(s, living);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

void delivery_answers_read(struct store *store, int64_t session,
    const struct delivery *deliveries, size_t count, int64_t serial)
{
	struct delivery_sessions *s = store->sessions;

	for (size_t i = 0; i < count; i++) {
		struct forget f = { .owner = deliveries[i].owner,
			.session = session,
			.serial = serial,
			.is_lost = deliveries[i].comes_again };
		struct forget_batch *fresh;

		memcpy(f.key, deliveries[i].key, sizeof(f.key));
		(void)pthread_mutex_lock(&s->lock);
		note_read(s, session, serial, has_key(deliveries, i) && !f.is_lost);
		fresh = has_key(deliveries, i) ? add_forget(s, &f) : NULL;
		(void)pthread_mutex_unlock(&s->lock);
		if (fresh)
			schedule(fresh, FORGET_DELAY_MS);
	}
}

void delivery_comes_again(
    struct store *store, int64_t session, int64_t serial, int64_t owner, const uint8_t key[32])
{
	struct delivery_sessions *s = store->sessions;
	struct forget f = { .owner = owner,
		.session = session,
		.serial = serial,
		.is_lost = true,
		.is_new = true };
	struct forget_batch *fresh;

	memcpy(f.key, key, sizeof(f.key));
	(void)pthread_mutex_lock(&s->lock);
	fresh = add_forget(s, &f);
	(void)pthread_mutex_unlock(&s->lock);
	if (fresh)
		schedule(fresh, FORGET_DELAY_MS);
}

struct key_row {
	int64_t session, serial, node;
};

/* What an earlier delivery of the same key means. */
enum key_state {
	KEY_READ,      /* its answer was read, or may yet be: this one is meant */
	KEY_LOST,      /* nobody read its answer: this is its repeat */
	KEY_ELSEWHERE, /* its session lives in another process: nobody here can know */
};

static enum errc state_of_key(struct store *store, struct db *db, const struct key_row *row,
    enum key_state *state_out, struct err *err)
{
	bool lost = true;
	enum errc rc = OK;

	if (node_is_own(store, row->node)) {
		lost = answer_is_lost(store->sessions, row->session, row->serial);
		*state_out = lost ? KEY_LOST : KEY_READ;
		return OK;
	}
	rc = node_is_dead(store, db, row->node, &lost, err);
	*state_out = lost ? KEY_LOST : KEY_ELSEWHERE;
	return rc;
}

static enum errc adopt(struct store *store, struct db *db, const struct delivery_batch *batch,
    const struct delivery *d, const struct key_row *row, struct err *err)
{
	return run_on_key(db, &sql_key_adopt,
	    INTS(batch->session, batch->serial, node_now(store)->incarnation, d->owner,
		row->session, row->serial),
	    d->key, NULL, err);
}

enum errc delivery_key_ask(
    struct db *db, const struct delivery *d, struct db_q **q_out, struct err *err)
{
	enum errc rc = rows_open(db, &sql_key_find, INTS(d->owner), q_out, err);

	if (rc != OK)
		return rc;
	db_bind_blob(*q_out, 2, (struct str){ (const char *)d->key, sizeof(d->key) });
	db_send(*q_out);
	return OK;
}

/* What else is asked of the connection waits until these are taken. */
static enum errc read_keys(
    struct db_q **qp, struct key_row **rows_out, size_t *count_out, struct err *err)
{
	size_t room = 0;
	enum errc rc;

	*rows_out = NULL;
	*count_out = 0;
	while ((rc = db_step(*qp, err)) == OK) {
		if (*count_out == room) {
			room = room > 0 ? 2 * room : 4;
			*rows_out = xrealloc(*rows_out, room * sizeof(**rows_out));
		}
		(*rows_out)[(*count_out)++] =
		    (struct key_row){ db_i64(*qp, 0), db_i64(*qp, 1), db_i64(*qp, 2) };
	}
	db_done(qp);
	return rows_end(rc);
}

/* The first that is lost, or else whether one is elsewhere. */
static enum errc weigh_keys(struct store *store, struct db *db, const struct key_row *rows,
    size_t count, const struct key_row **lost_out, struct err *err)
{
	enum key_state state = KEY_READ;
	bool elsewhere = false;
	enum errc rc = OK;

	*lost_out = NULL;
	for (size_t i = 0; rc == OK && !*lost_out && i < count; i++) {
		rc = state_of_key(store, db, &rows[i], &state, err);
		if (rc == OK && state == KEY_LOST)
			*lost_out = &rows[i];
		elsewhere = elsewhere || state == KEY_ELSEWHERE;
	}
	if (rc == OK && !*lost_out && elsewhere)
		rc = err_set(
		    err, ERR_UNAVAIL, "the same message is being delivered by another node");
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what was asked, and its answer */
enum errc delivery_find_repeat(struct store *store, struct db *db,
    const struct delivery_batch *batch, const struct delivery *d, struct db_q **qp,
    bool *repeated_out, struct err *err)
{
	const struct key_row *lost = NULL;
	struct key_row *rows;
	size_t count;
	enum errc rc = read_keys(qp, &rows, &count, err);

	if (rc == OK)
		rc = weigh_keys(store, db, rows, count, &lost, err);
	*repeated_out = rc == OK && lost;
	if (*repeated_out)
		rc = adopt(store, db, batch, d, lost, err);
	xfree(rows);
	return rc;
}

enum errc delivery_key_insert(struct store *store, struct db *db,
    const struct delivery_batch *batch, const struct delivery *d, struct err *err)
{
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_key_insert,
	    INTS(d->owner, batch->session, batch->serial, node_now(store)->incarnation,
		clock_unix_s()),
	    &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 6, (struct str){ (const char *)d->key, sizeof(d->key) });
	return db_post(&q, err);
}

static void mark_uncertain(struct delivery_sessions *s, const struct delivery_batch *batch)
{
	struct living *living;

	(void)pthread_mutex_lock(&s->lock);
	living = find(s, batch->session);
	if (living)
		living->uncertain[living->uncertain_count++ % UNCERTAIN_MAX] = batch->serial;
	if (living && living->uncertain_count > UNCERTAIN_MAX)
		living->uncertain_count = UNCERTAIN_MAX;
	(void)pthread_mutex_unlock(&s->lock);
}

struct own_key {
	const struct delivery_batch *batch;
	const struct delivery *d;
};

static enum errc key_is_there(struct db *db, const void *arg, bool *found_out, struct err *err)
{
	const struct own_key *own = arg;
	struct db_q *q;
	enum errc rc = rows_open(db, &sql_key_own,
	    INTS(own->d->owner, own->batch->session, own->batch->serial), &q, err);

	if (rc != OK)
		return rc;
	db_bind_blob(q, 4, (struct str){ (const char *)own->d->key, sizeof(own->d->key) });
	rc = db_step(q, err);
	db_done(&q);
	*found_out = rc == OK;
	return rows_end(rc);
}

/* All that a batch stores is in one commit: one of its keys tells of all. */
enum errc delivery_resolve(
    struct store *store, const struct delivery_batch *batch, bool *stored_out, struct err *err)
{
	struct own_key own = { batch, batch->deliveries };
	size_t i = 0;
	enum errc rc;

	*stored_out = false;
	while (i < batch->count && batch->deliveries[i].rc != OK)
		i++;
	if (i == batch->count)
		return OK; /* it stored nothing */
	own.d += i;
	rc = store_resolve(store, own.d->owner, key_is_there, &own, stored_out, err);
	if (rc == OK && *stored_out)
		return OK;
	/* it may be there after all, and then counts as one whose answer was lost */
	mark_uncertain(store->sessions, batch);
	delivery_note_unread(store, batch);
	if (rc == OK)
		return OK;
	log_warn(store->settings.log, "delivery-uncertain", F_INT("serial", batch->serial));
	return err_set(err, ERR_UNAVAIL, "whether the message was stored cannot be found out");
}
