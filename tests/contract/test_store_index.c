/*
 * The index cache: whatever happens in whatever order, the newest version is what a fresh load gives.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/bus.h"
#include "store/mailbox.h"
#include "tests/contract/store_world.h"

#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static const struct variant *variant;

static int set_up(void **state)
{
	static struct world w;

	world_init(&w, variant, 3);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_release(*state);
	return 0;
}

static bool same_entry(const struct index_entry *a, const struct index_entry *b)
{
	return a->uid == b->uid && a->flags == b->flags && a->modseq == b->modseq &&
	    a->internal_date == b->internal_date &&
	    a->internal_zone_min == b->internal_zone_min && a->object == b->object &&
	    a->size == b->size && a->extra == b->extra;
}

/* `v` must be what another store, with an empty cache, reads. */
static void assert_fresh(
    struct world *w, size_t account, int64_t mailbox, const struct index_version *v)
{
	struct store_settings settings = w->store_settings;
	struct store *other = NULL, *own = w->store;
	struct index_version *fresh;

	assert_int_equal(store_open(&settings, &other, NULL), OK);
	w->store = other;
	fresh = world_index(w, account, mailbox);
	w->store = own;
	assert_int_equal(index_modseq(v), index_modseq(fresh));
	assert_int_equal(index_uidnext(v), index_uidnext(fresh));
	assert_int_equal(index_count(v), index_count(fresh));
	for (uint32_t seq = 1; seq <= index_count(v); seq++) {
		if (!same_entry(index_at(v, seq), index_at(fresh, seq)))
			fail_msg("entry %u differs", seq);
		assert_int_equal(index_seq_of(v, index_at(v, seq)->uid), seq);
	}
	index_release(&fresh);
	store_close(&other);
}

static void check_newest(struct world *w, size_t account, int64_t mailbox)
{
	struct index_version *v = world_index(w, account, mailbox);

	assert_fresh(w, account, mailbox, v);
	index_release(&v);
}

static void fill(struct world *w, int count, uint64_t system)
{
	struct append_message *m = ARENA_NEW(w->arena, struct append_message, 1000);
	struct prepared *p;
	struct appended appended;

	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 500), &p, NULL), OK);
	for (int i = 0; i < 1000; i++)
		m[i] = (struct append_message){ p, { .system = system }, 1700000000, -90 };
	for (int at = 0; at < count; at += 1000)
		assert_int_equal(
		    store_append(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0], m,
			(size_t)(count - at < 1000 ? count - at : 1000), &appended, NULL),
		    OK);
	prepared_free(&p);
}

static void flag(struct world *w, uint32_t first, uint32_t last, enum flag_operation operation,
    uint64_t system)
{
	struct flag_change change = { operation, { .system = system }, INT64_MAX };
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, last - first + 1);
	struct flag_result *results;
	size_t n;

	for (uint32_t i = first; i <= last; i++)
		uids[i - first] = i;
	assert_int_equal(store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			     uids, last - first + 1, &change, w->arena, &results, &n, NULL),
	    OK);
}

static size_t expunge(struct world *w)
{
	uint32_t *removed;
	size_t n;

	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], NULL, 0, w->arena, &removed, &n, NULL),
	    OK);
	return n;
}

static void is_empty_where_nothing_was_stored(void **state)
{
	struct world *w = *state;
	struct index_version *v = world_index(w, 0, w->inboxes[0]);

	assert_int_equal(index_count(v), 0);
	assert_int_equal(index_lower_bound(v, 1), 1);
	assert_int_equal(index_seq_of(v, 1), 0);
	assert_int_equal(index_first_unseen(v, 1), 0);
	assert_int_equal(index_next_changed(v, 0, 1), 0);
	assert_int_equal(index_next_missing(v, v, 1), 0);
	index_release(&v);
	fill(w, 1, 0);
	check_newest(w, 0, w->inboxes[0]);
}

/* Counts on both sides of a chunk's size. */
static void follows_appends(void **state)
{
	static const int steps[] = { 1, 1022, 1, 1, 1, 1022, 1, 3000, 1 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(steps); i++) {
		fill(w, steps[i], FLAG_SEEN);
		check_newest(w, 0, w->inboxes[0]);
	}
}

static void shares_what_did_not_change(void **state)
{
	struct world *w = *state;
	struct index_version *a, *b;
	struct index_cache_stats stats;
	size_t before;

	fill(w, 5000, FLAG_SEEN);
	a = world_index(w, 0, w->inboxes[0]);
	index_cache_stats(w->store, &stats);
	before = stats.bytes;
	flag(w, 2500, 2500, FLAGS_REMOVE, FLAG_SEEN);
	b = world_index(w, 0, w->inboxes[0]);
	assert_fresh(w, 0, w->inboxes[0], b);
	assert_int_equal(index_first_unseen(b, 1), 2500);
	assert_int_equal(index_first_unseen(b, 2501), 0);
	assert_int_equal(index_first_unseen(a, 1), 0);
	assert_int_equal(index_next_changed(b, index_modseq(a), 1), 2500);
	assert_int_equal(index_next_changed(b, index_modseq(a), 2501), 0);
	assert_int_equal(index_next_missing(a, b, 1), 0);
	/* the same entry's chunk is shared, all others too */
	assert_ptr_equal(index_at(a, 1), index_at(b, 1));
	assert_ptr_not_equal(index_at(a, 2500), index_at(b, 2500));
	index_cache_stats(w->store, &stats);
	assert_true(stats.pinned_bytes < before / 3);
	index_release(&a);
	index_cache_stats(w->store, &stats);
	assert_true(stats.pinned_bytes < 100);
	index_release(&b);
}

static void tells_what_is_missing(void **state)
{
	struct world *w = *state;
	struct index_version *old, *newer;
	uint32_t seq = 0, missing = 0;

	fill(w, 4000, FLAG_SEEN);
	old = world_index(w, 0, w->inboxes[0]);
	flag(w, 1000, 1100, FLAGS_ADD, FLAG_DELETED);
	flag(w, 3999, 4000, FLAGS_ADD, FLAG_DELETED);
	assert_int_equal(expunge(w), 103);
	fill(w, 5, 0);
	newer = world_index(w, 0, w->inboxes[0]);
	assert_fresh(w, 0, w->inboxes[0], newer);
	while ((seq = index_next_missing(old, newer, seq + 1)) != 0) {
		missing++;
		assert_true((seq >= 1000 && seq <= 1100) || seq >= 3999);
	}
	assert_int_equal(missing, 103);
	assert_int_equal(index_lower_bound(newer, 1050), 1000);
	assert_int_equal(index_seq_of(newer, 1050), 0);
	assert_int_equal(index_seq_of(newer, 1101), 1000);
	index_release(&old);
	index_release(&newer);
}

static void stays_right_through_everything(void **state)
{
	struct world *w = *state;
	uint32_t x = 1;

	fill(w, 3000, 0);
	for (int i = 0; i < 60; i++) {
		struct index_version *v = world_index(w, 0, w->inboxes[0]);
		uint32_t last = index_uidnext(v) - 1, from, to;

		x = x * 1103515245 + 12345;
		from = (x >> 8) % last + 1;
		to = from + (x >> 20) % 300 < last ? from + (x >> 20) % 300 : last;
		index_release(&v);
		switch (x >> 4 & 3) {
		case 0:
			fill(w, (int)(x >> 22 & 255) + 1, 0);
			break;
		case 1:
			flag(w, from, to, FLAGS_SET, FLAG_SEEN | FLAG_DELETED);
			break;
		case 2:
			flag(w, from, to, FLAGS_SET, FLAG_FLAGGED);
			break;
		default:
			(void)expunge(w);
			break;
		}
		if (i % 3 == 0)
			check_newest(w, 0, w->inboxes[0]);
	}
	check_newest(w, 0, w->inboxes[0]);
}

static void knows_when_the_mailbox_is_gone(void **state)
{
	struct world *w = *state;
	int64_t other = world_folder(w, 0, "Other");
	struct index_version *v = world_index(w, 0, other);
	struct db *db;

	index_release(&v);
	assert_int_equal(mailbox_delete(w->store, world_actor(w, 0), STR("Other"), NULL), OK);
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    index_newest(w->store, db, w->accounts[0], other, &v, NULL), ERR_NOTFOUND);
	db_return(&db);
	assert_null(index_cached(w->store, w->accounts[0], other));
}

static void holds_no_more_than_it_may(void **state)
{
	struct world *w = *state;
	struct index_cache_stats stats;
	struct index_version *v[3];

	store_close(&w->store);
	w->store_settings.index_cache_bytes = 60000;
	assert_int_equal(store_open(&w->store_settings, &w->store, NULL), OK);
	w->session = delivery_session_begin(w->store);
	fill(w, 1000, 0);
	for (size_t i = 0; i < 3; i++)
		v[i] = world_index(w, i, w->inboxes[i]);
	index_cache_stats(w->store, &stats);
	assert_true(stats.bytes <= 60000);
	for (size_t i = 0; i < 3; i++)
		index_release(&v[i]);
	w->store_settings.index_cache_bytes = (size_t)64 << 20;
}

/* Threads that do everything at once; all versions that are seen must be whole. */
#define WORKERS 6
#define ROUNDS 25

struct worker {
	struct world *w;
	unsigned number;
	_Atomic int *failures;
	struct err err; /* of the operation that failed */
};

static enum errc deliver_one(struct worker *me, int round)
{
	struct world *w = me->w;
	struct delivery d = world_delivery(w, me->number % 3, "INBOX", 0);
	struct delivery_batch batch = { .deliveries = &d,
		.count = 1,
		.session = w->session,
		.serial = 1000 * me->number + (unsigned)round };
	struct arena *arena = arena_new("worker");
	struct prepared *p;
	enum errc rc = prepare_message(w->store,
	    world_message(arena, (int)me->number, round % 5 == 0 ? 60000 : 2000), &p, &me->err);

	(void)snprintf((char *)d.key, sizeof(d.key), "%u %d", me->number, round);
	batch.message = p;
	if (rc == OK)
		rc = store_deliver(w->store, &batch, &me->err);
	if (rc == OK && d.rc != OK)
		rc = err_set(&me->err, d.rc, "%s", d.err.text);
	delivery_answers_read(w->store, w->session, &d, 1, batch.serial);
	prepared_free(&p);
	arena_free(&arena);
	return rc;
}

static enum errc change_some(struct worker *me, struct index_version *v, struct arena *arena)
{
	struct flag_change change = { FLAGS_ADD, { .system = FLAG_SEEN }, INT64_MAX };
	size_t account = me->number % 3, n = 0, results;
	uint32_t *uids = ARENA_NEW(arena, uint32_t, index_count(v));
	struct flag_result *result;

	if (me->number % 2)
		change.flags.system |= FLAG_DELETED;
	for (uint32_t seq = 1; seq <= index_count(v); seq += 3)
		uids[n++] = index_at(v, seq)->uid;
	return store_flags(me->w->store, world_actor(me->w, account), me->w->accounts[account],
	    me->w->inboxes[account], uids, n, &change, arena, &result, &results, &me->err);
}

static enum errc copy_some(struct worker *me, struct index_version *v, struct arena *arena)
{
	size_t from = me->number % 3, to = (me->number + 1) % 3;
	struct copied copied;
	uint32_t uid;

	if (index_count(v) == 0)
		return OK;
	uid = index_at(v, index_count(v))->uid;
	return store_copy(me->w->store,
	    &(const struct copy_order){ ACTOR_ADMIN, me->w->accounts[from],
		me->w->inboxes[from], &uid, 1, me->w->accounts[to], me->w->inboxes[to], false },
	    arena, &copied, &me->err);
}

/* In both directions between any two accounts, and inside one. */
static enum errc move_some(struct worker *me, struct index_version *v, struct arena *arena)
{
	size_t from = me->number % 3, to = (me->number + me->number / 3) % 3;
	struct copied moved;
	uint32_t uid;

	if (index_count(v) == 0)
		return OK;
	uid = index_at(v, 1)->uid;
	return store_copy(me->w->store,
	    &(const struct copy_order){ ACTOR_ADMIN, me->w->accounts[from],
		me->w->inboxes[from], &uid, 1, me->w->accounts[to], me->w->inboxes[to], true },
	    arena, &moved, &me->err);
}

static enum errc one_round(struct worker *me, int round)
{
	size_t account = me->number % 3;
	struct arena *arena = arena_new("worker");
	struct index_version *v = NULL;
	struct db *db;
	uint32_t *removed;
	size_t n;
	enum errc rc = deliver_one(me, round);

	if (rc == OK)
		rc = db_lease(me->w->pool, 10000, &db, &me->err);
	if (rc == OK) {
		rc = index_newest(me->w->store, db, me->w->accounts[account],
		    me->w->inboxes[account], &v, &me->err);
		db_return(&db);
	}
	for (uint32_t seq = 2; rc == OK && seq <= index_count(v); seq++) {
		if (index_at(v, seq)->uid <= index_at(v, seq - 1)->uid)
			rc = err_set(&me->err, ERR_CORRUPT, "uids do not ascend");
	}
	if (rc == OK)
		rc = change_some(me, v, arena);
	if (rc == OK && round % 4 == 0)
		rc = copy_some(me, v, arena);
	if (rc == OK && round % 3 == 0)
		rc = move_some(me, v, arena);
	if (rc == OK && round % 5 == 0)
		rc = store_expunge(me->w->store, world_actor(me->w, account),
		    me->w->accounts[account], me->w->inboxes[account], NULL, 0, arena, &removed,
		    &n, &me->err);
	if (rc == OK && me->number == 0)
		store_housekeeping(me->w->store);
	index_release(&v);
	arena_free(&arena);
	return rc;
}

static void *work(void *arg)
{
	struct worker *me = arg;

	for (int round = 0; round < ROUNDS; round++) {
		if (one_round(me, round) == OK)
			continue;
		print_message("worker %u, round %d: %s %s\n", me->number, round,
		    errc_name(me->err.code), me->err.text);
		atomic_fetch_add(me->failures, 1);
	}
	return NULL;
}

static void is_right_under_many_threads(void **state)
{
	struct world *w = *state;
	pthread_t threads[WORKERS];
	struct worker workers[WORKERS];
	_Atomic int failures = 0;

	for (unsigned i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){ .w = w, .number = i, .failures = &failures };
		assert_int_equal(thread_start("worker", THREAD_STACK_SIZE, work, &workers[i],
				     &threads[i], NULL),
		    OK);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		thread_join(threads[i]);
	assert_int_equal(failures, 0);
	for (size_t i = 0; i < 3; i++)
		check_newest(w, i, w->inboxes[i]);
}

struct woken {
	_Atomic unsigned count[4];
};

static void wake(void *arg, uint64_t watcher)
{
	struct woken *woken = arg;

	if (watcher < 4)
		atomic_fetch_add(&woken->count[watcher], 1);
}

static void wakes_who_watches(void **state)
{
	struct world *w = *state;
	struct woken woken = { 0 };

	bus_set_waker(w->store, (struct bus_waker){ wake, &woken });
	bus_watch(w->store, 1, w->accounts[0], w->inboxes[0]);
	bus_watch(w->store, 1, w->accounts[0], w->inboxes[0]);
	bus_watch(w->store, 2, w->accounts[0], 0);
	bus_watch(w->store, 3, w->accounts[1], w->inboxes[1]);
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 500), 1, NULL), OK);
	assert_int_equal(woken.count[1], 1);
	assert_int_equal(woken.count[2], 1);
	assert_int_equal(woken.count[3], 0);
	bus_unwatch(w->store, 1, w->accounts[0], w->inboxes[0]);
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 500), 2, NULL), OK);
	assert_int_equal(woken.count[1], 1);
	assert_int_equal(woken.count[2], 2);
	bus_unwatch(w->store, 2, w->accounts[0], 0);
	bus_unwatch(w->store, 3, w->accounts[1], w->inboxes[1]);
	bus_unwatch(w->store, 3, w->accounts[1], w->inboxes[1]);
}

/* Another process delivers. */
static void hears_of_other_processes(void **state)
{
	struct world *w = *state;
	struct woken woken = { 0 };
	struct db_settings settings = scratch_settings(&w->scratch);
	struct store_settings store_settings = w->store_settings;
	struct world other = *w;

	bus_set_waker(w->store, (struct bus_waker){ wake, &woken });
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 500), 1, NULL), OK);
	bus_watch(w->store, 1, w->accounts[0], w->inboxes[0]);
	bus_watch(w->store, 3, w->accounts[1], w->inboxes[1]);
	other.pool = scratch_open(&settings);
	store_settings.pool = other.pool;
	assert_int_equal(store_open(&store_settings, &other.store, NULL), OK);
	other.session = delivery_session_begin(other.store);
	assert_int_equal(
	    world_deliver(&other, 0, world_message(w->arena, 1, 500), 2, NULL), OK);
	delivery_session_end(other.store, other.session);
	store_close(&other.store);
	db_close(&other.pool);
	for (int i = 0; i < 100 && woken.count[1] == 0; i++) {
		store_poll_foreign(w->store);
		(void)usleep(10000);
	}
	assert_true(woken.count[1] > 0);
	bus_unwatch(w->store, 1, w->accounts[0], w->inboxes[0]);
	bus_unwatch(w->store, 3, w->accounts[1], w->inboxes[1]);
	check_newest(w, 0, w->inboxes[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    is_empty_where_nothing_was_stored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(follows_appends, set_up, tear_down),
		cmocka_unit_test_setup_teardown(shares_what_did_not_change, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tells_what_is_missing, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stays_right_through_everything, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    knows_when_the_mailbox_is_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(holds_no_more_than_it_may, set_up, tear_down),
		cmocka_unit_test_setup_teardown(is_right_under_many_threads, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wakes_who_watches, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hears_of_other_processes, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
