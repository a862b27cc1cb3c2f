/* store/failures.c - failed logins written together, read on from where each node's are known. */
#include "store/failures.h"

#include "base/heap.h"
#include "store/failures_int.h"
#include "store/node.h"
#include "store/sweep.h"

#define WRITE_DELAY_MS 500
#define READ_WAIT_MS 500
#define READ_ROWS 500
#define FIRST_ROWS 5000
#define KEEP_S 1800

bool login_failures_are_shared(const struct store *store)
{
	return store->settings.serves && node_is_leased(store);
}

/* It may be written when the store is closed already. */
struct failures_write {
	int64_t node, serial; /* of the first */
	size_t count;
	struct login_failure items[LOGIN_FAILURES_MAX];
};

static enum errc write_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const struct failures_write *w = arg;
	enum errc rc = OK;

	(void)arena;
	for (size_t i = 0; rc == OK && i < w->count; i++) {
		const struct login_failure *f = &w->items[i];

		rc = rows_run(db, &sql_failure_insert,
		    INTS(w->node, w->serial + (int64_t)i, f->at, f->passed, f->pair, f->address,
			f->account),
		    NULL, err);
	}
	return rc;
}

static void write_done(void *arg, enum errc rc)
{
	(void)rc; /* others count a little less */
	xfree(arg);
}

void login_failures_write(
    struct store *store, const struct login_failure *failures, size_t count)
{
	struct failures_write *w;

	if (count == 0 || !login_failures_are_shared(store))
		return;
	w = xmalloc(sizeof(*w));
	w->node = node_now(store)->incarnation;
	w->count = count < LOGIN_FAILURES_MAX ? count : LOGIN_FAILURES_MAX;
	w->serial = atomic_fetch_add(&store->failure_serial, (int64_t)w->count) + 1;
	memcpy(w->items, failures, w->count * sizeof(*failures));
	db_transact_later(store->settings.pool, WRITE_DELAY_MS, write_body, write_done, w);
}

struct known {
	int64_t node, serial;
	bool lives;
};

struct login_failures_read {
	bool is_begun;
	struct known known[NODES_LISTED_MAX];
	size_t count;
};

struct login_failures_read *login_failures_read_new(void)
{
	return xcalloc(1, sizeof(struct login_failures_read));
}

void login_failures_read_free(struct login_failures_read **readp)
{
	xfree(*readp);
	*readp = NULL;
}

/* NULL: not known, and no room. Who is no more gives way. */
static struct known *find_or_add(struct login_failures_read *read, int64_t node)
{
	struct known *known = NULL;

	for (size_t i = 0; i < read->count; i++) {
		if (read->known[i].node == node)
			return &read->known[i];
		if (!read->known[i].lives)
			known = &read->known[i];
	}
	if (read->count < NODES_LISTED_MAX)
		known = &read->known[read->count++];
	if (known)
		*known = (struct known){ .node = node };
	return known;
}

/* A node whose lease ends for a moment comes back, and has not failed anew. */
static void follow(struct login_failures_read *read, const struct node_others *others)
{
	for (size_t i = 0; i < read->count; i++)
		read->known[i].lives = false;
	for (size_t i = 0; i < others->count; i++) {
		struct known *known = find_or_add(read, others->incarnation[i]);

		if (known)
			known->lives = true;
	}
}

struct taker {
	void (*take)(void *arg, const struct login_failure *failure);
	void *arg;
};

/* Rows of node, serial, at, passed, pair, address, account. */
static enum errc take_rows(struct login_failures_read *read, struct db_q *q,
    const struct taker *taker, struct err *err)
{
	enum errc rc;

	while ((rc = db_step(q, err)) == OK) {
		struct login_failure failure = { .at = db_i64(q, 2),
			.passed = db_i64(q, 3) != 0,
			.pair = db_i64(q, 4),
			.address = db_i64(q, 5),
			.account = db_i64(q, 6) };
		struct known *known = find_or_add(read, db_i64(q, 0));

		if (known && db_i64(q, 1) > known->serial)
			known->serial = db_i64(q, 1);
		taker->take(taker->arg, &failure);
	}
	return rows_end(rc);
}

static enum errc read_with(struct db *db, struct login_failures_read *read,
    const struct db_sql *sql, struct ints params, const struct taker *taker, struct err *err)
{
	struct db_q *q = NULL;
	enum errc rc = rows_open(db, sql, params, &q, err);

	if (rc == OK)
		rc = take_rows(read, q, taker, err);
	db_done(&q);
	return rc;
}

static enum errc read_all(struct db *db, struct login_failures_read *read, int64_t recent_s,
    const struct taker *taker, struct err *err)
{
	enum errc rc = OK;

	if (!read->is_begun) {
		rc = read_with(db, read, &sql_failures_recent,
		    INTS(clock_unix_s() - recent_s, FIRST_ROWS), taker, err);
		read->is_begun = rc == OK;
		return rc;
	}
	for (size_t i = 0; rc == OK && i < read->count; i++) {
		if (read->known[i].lives)
			rc = read_with(db, read, &sql_failures_of,
			    INTS(read->known[i].node, read->known[i].serial, READ_ROWS), taker,
			    err);
	}
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): what is known, and who takes what is new */
enum errc login_failures_read(struct store *store, struct login_failures_read *read,
    int64_t recent_s, void (*take)(void *arg, const struct login_failure *failure), void *arg,
    struct err *err)
{
	const struct taker taker = { take, arg };
	struct node_others others;
	struct db *db;
	enum errc rc;

	if (!login_failures_are_shared(store))
		return OK;
	node_others(store, &others);
	follow(read, &others);
	if (read->is_begun && others.count == 0)
		return OK;
	rc = db_lease(store->settings.pool, READ_WAIT_MS, &db, err);
	if (rc != OK)
		return rc;
	rc = read_all(db, read, recent_s, &taker, err);
	db_return(&db);
	return rc;
}

static enum errc sweep_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	const int64_t *before = arg;

	(void)arena;
	return rows_run(db, &sql_failures_delete, INTS(*before), NULL, err);
}

enum errc sweep_login_failures(struct store *store, struct err *err)
{
	int64_t before = clock_unix_s() - KEEP_S, there;
	struct db *db;
	enum errc rc;

	if (!login_failures_are_shared(store))
		return OK;
	rc = sweep_lease(store, &db, err);
	if (rc != OK)
		return rc;
	rc = rows_one(db, &sql_failures_old, INTS(before), &there, 1, err);
	db_return(&db);
	if (rc == OK)
		rc = db_transact(
		    store->settings.pool, store_deadline(store), sweep_body, &before, err);
	return rows_end(rc);
}
