/*
 * What happened since a modseq: the expunge log, its floor, entries by modseq, against fresh loads; conditional changes
 * of flags.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/random.h"
#include "base/str.h"
#include "store/changes.h"
#include "store/mailbox.h"
#include "tests/contract/store_world.h"

#include <string.h>

#define STATES_MAX 200

static const struct variant *variant;

static int set_up(void **state)
{
	static struct world w;

	world_init(&w, variant, 2);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_release(*state);
	return 0;
}

static void fill(struct world *w, size_t count)
{
	static const struct flag_list none = { .system = 0 };
	struct append_message *messages = ARENA_NEW(w->arena, struct append_message, count);
	struct prepared *p;
	struct appended appended;

	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 300), &p, NULL), OK);
	for (size_t i = 0; i < count; i++)
		messages[i] = (struct append_message){ p, none, 1700000000, 0 };
	assert_int_equal(store_append(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], messages, count, &appended, NULL),
	    OK);
	prepared_free(&p);
}

static void expunge(struct world *w, const uint32_t *uids, size_t count)
{
	const struct flag_change change = { FLAGS_ADD, { .system = FLAG_DELETED }, INT64_MAX };
	struct flag_result *results;
	uint32_t *removed;
	size_t n;

	assert_int_equal(store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			     uids, count, &change, w->arena, &results, &n, NULL),
	    OK);
	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], uids, count, w->arena, &removed, &n, NULL),
	    OK);
}

static void expunge_range(struct world *w, uint32_t first, uint32_t last, uint32_t step)
{
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, last - first + 1);
	size_t n = 0;

	for (uint32_t uid = first; uid <= last; uid += step)
		uids[n++] = uid;
	expunge(w, uids, n);
}

static size_t set_flag(struct world *w, const uint32_t *uids, size_t count, int64_t since,
    struct flag_result **out)
{
	const struct flag_change change = { FLAGS_ADD, { .system = FLAG_FLAGGED }, since };
	size_t n;

	assert_int_equal(store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			     uids, count, &change, w->arena, out, &n, NULL),
	    OK);
	return n;
}

static struct expunged expunged_since(struct world *w, int64_t since)
{
	struct expunged e;
	struct db *db;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_expunged(db, w->accounts[0], w->inboxes[0], since, w->arena, &e, NULL), OK);
	db_return(&db);
	return e;
}

static enum errc changes_since(struct world *w, int64_t since, struct mailbox_changes *changes)
{
	struct db *db;
	enum errc rc;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	rc = mailbox_changes(
	    w->store, db, w->accounts[0], w->inboxes[0], since, w->arena, changes, NULL);
	db_return(&db);
	return rc;
}

static bool has(const struct expunged *e, uint32_t uid)
{
	for (size_t i = 0; i < e->count; i++)
		if (e->range[i].first <= uid && uid <= e->range[i].last)
			return true;
	return false;
}

static void assert_ascending(const struct expunged *e)
{
	for (size_t i = 0; i < e->count; i++) {
		assert_true(e->range[i].first <= e->range[i].last);
		if (i > 0)
			assert_true(e->range[i].first > (uint64_t)e->range[i - 1].last + 1);
	}
}

/* `then` was the newest version once: what is told since then has to lead to `now`, and to tell no more. */
static void check_since(
    struct world *w, const struct index_version *then, const struct index_version *now)
{
	int64_t since = index_modseq(then);
	struct mailbox_changes c;
	uint32_t changed = 0;

	assert_int_equal(changes_since(w, since, &c), OK);
	assert_int_equal(c.modseq, index_modseq(now));
	assert_int_equal(c.messages, index_count(now));
	assert_int_equal(c.uidnext, index_uidnext(now));
	assert_true(c.expunged.complete);
	assert_ascending(&c.expunged);
	for (uint32_t uid = 1; uid < c.uidnext; uid++) {
		bool was = index_seq_of(then, uid) != 0, is = index_seq_of(now, uid) != 0;
		bool is_new = uid >= index_uidnext(then);

		if (was && !is)
			assert_true(has(&c.expunged, uid));
		if (is || (!was && !is_new))
			assert_false(has(&c.expunged, uid));
	}
	for (uint32_t seq = 1; seq <= index_count(now); seq++) {
		const struct index_entry *entry = index_at(now, seq);

		if (entry->modseq <= since)
			continue;
		assert_int_equal(c.numbers[changed], seq);
		assert_int_equal(index_at(c.changed, ++changed)->uid, entry->uid);
		assert_int_equal(index_at(c.changed, changed)->flags, entry->flags);
		assert_int_equal(index_at(c.changed, changed)->modseq, entry->modseq);
	}
	assert_int_equal(index_count(c.changed), changed);
	index_release(&c.changed);
}

/* One or a few messages here and there. */
static void change_something(struct world *w, const struct index_version *now)
{
	uint32_t count = index_count(now), uids[3];
	struct flag_result *results;
	uint32_t seq;

	if (count < 10 || random_below(4) == 0) {
		fill(w, 1 + random_below(5));
		return;
	}
	seq = 1 + (uint32_t)random_below(count - 2);
	for (uint32_t i = 0; i < 3; i++)
		uids[i] = index_at(now, seq + i)->uid;
	if (random_below(2) == 0)
		(void)set_flag(w, uids, 1 + random_below(3), INT64_MAX, &results);
	else
		expunge(w, uids, 1 + random_below(3));
}

static void tells_what_happened_since_any_state(void **state)
{
	struct world *w = *state;
	struct index_version *states[STATES_MAX];

	fill(w, 50);
	for (size_t i = 0; i < STATES_MAX; i++) {
		states[i] = world_index(w, 0, w->inboxes[0]);
		change_something(w, states[i]);
	}
	for (size_t i = 0; i < STATES_MAX; i++) {
		struct index_version *now = world_index(w, 0, w->inboxes[0]);

		check_since(w, states[i], now);
		index_release(&now);
		index_release(&states[i]);
	}
}

static void joins_ranges_of_many_expunges(void **state)
{
	struct world *w = *state;
	struct expunged e;

	fill(w, 1000);
	expunge_range(w, 2, 1000, 2);
	e = expunged_since(w, 0);
	assert_int_equal(e.count, 500);
	assert_ascending(&e);
	expunge_range(w, 301, 499, 2);
	e = expunged_since(w, 0);
	assert_int_equal(e.count, 500 - 100);
	assert_ascending(&e);
	assert_true(has(&e, 300) && has(&e, 301) && has(&e, 500) && !has(&e, 299));
	expunge_range(w, 1, 999, 2);
	e = expunged_since(w, 0);
	assert_int_equal(e.count, 1);
	assert_int_equal(e.range[0].first, 1);
	assert_int_equal(e.range[0].last, 1000);
	assert_int_equal(expunged_since(w, INT64_MAX).count, 0);
}

static const struct db_sql sql_floor = { .name = "test.floor",
	.text = "SELECT max(expunged_floor) FROM mail_mailboxes" };
static const struct db_sql sql_highest = { .name = "test.highest",
	.text = "SELECT max(highestmodseq) FROM mail_mailboxes" };
static const struct db_sql sql_age = { .name = "test.age",
	.text = "UPDATE mail_expunged SET at = 1000" };

static void knows_nothing_below_the_floor(void **state)
{
	struct world *w = *state;
	struct mailbox_changes c;
	struct expunged e;
	int64_t floor, before;

	fill(w, 20);
	expunge_range(w, 1, 5, 2);
	before = world_number(w, &sql_highest);
	expunge_range(w, 11, 12, 1);
	world_run(w, &sql_age);
	expunge_range(w, 15, 15, 1);
	e = expunged_since(w, 0);
	assert_true(e.complete);
	assert_int_equal(e.count, 5);
	world_housekeeping(w);
	floor = world_number(w, &sql_floor);
	assert_true(floor > before);
	/* the floor itself, one below, and far below */
	e = expunged_since(w, floor);
	assert_true(e.complete);
	assert_int_equal(e.count, 1);
	assert_true(has(&e, 15));
	assert_int_equal(changes_since(w, floor, &c), OK);
	assert_true(c.expunged.complete);
	assert_int_equal(c.expunged.count, 1);
	index_release(&c.changed);
	e = expunged_since(w, floor - 1);
	assert_false(e.complete);
	assert_int_equal(e.count, 0);
	assert_int_equal(changes_since(w, floor - 1, &c), ERR_LIMIT);
	assert_false(expunged_since(w, 0).complete);
}

/* As many as there are allowed, and one more, of what changed and of what is behind it. */
static void leaves_big_things_to_the_index(void **state)
{
	struct world *w = *state;
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, STORE_CHANGES_MAX + 4);
	struct flag_result *results;
	struct mailbox_changes c;
	int64_t before;

	for (uint32_t i = 0; i < STORE_CHANGES_MAX + 4; i += 1000)
		fill(w, STORE_CHANGES_MAX + 4 - i < 1000 ? STORE_CHANGES_MAX + 4 - i : 1000);
	before = world_number(w, &sql_highest);
	/* no gap: numbers need no counting */
	uids[0] = 1;
	(void)set_flag(w, uids, 1, INT64_MAX, &results);
	assert_int_equal(changes_since(w, before, &c), OK);
	assert_int_equal(c.numbers[0], 1);
	index_release(&c.changed);
	/* a gap: counted from the end, up to the limit */
	expunge_range(w, 2, 2, 1);
	before = world_number(w, &sql_highest);
	uids[0] = 5;
	(void)set_flag(w, uids, 1, INT64_MAX, &results);
	assert_int_equal(changes_since(w, before, &c), OK);
	assert_int_equal(index_count(c.changed), 1);
	assert_int_equal(c.numbers[0], 4);
	index_release(&c.changed);
	uids[0] = 4;
	(void)set_flag(w, uids, 1, INT64_MAX, &results);
	assert_int_equal(changes_since(w, before, &c), ERR_LIMIT);
	/* many changes */
	before = world_number(w, &sql_highest);
	for (uint32_t i = 0; i < STORE_CHANGES_MAX - 1; i++)
		uids[i] = 6 + i;
	(void)set_flag(w, uids, STORE_CHANGES_MAX - 1, INT64_MAX, &results);
	assert_int_equal(changes_since(w, before, &c), OK);
	assert_int_equal(index_count(c.changed), STORE_CHANGES_MAX - 1);
	assert_int_equal(c.numbers[STORE_CHANGES_MAX - 2], STORE_CHANGES_MAX + 3);
	index_release(&c.changed);
	assert_int_equal(changes_since(w, 0, &c), ERR_LIMIT);
}

static void knows_keywords_of_what_changed(void **state)
{
	struct world *w = *state;
	const struct str names[] = { STR_INIT("one"), STR_INIT("two") };
	const struct flag_change change = { FLAGS_ADD,
		{ .keywords = names, .keyword_count = 2 }, INT64_MAX };
	const uint32_t uid = 3;
	struct flag_result *results;
	struct mailbox_changes c;
	size_t n;

	fill(w, 5);
	assert_int_equal(store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			     &uid, 1, &change, w->arena, &results, &n, NULL),
	    OK);
	assert_int_equal(changes_since(w, results[0].was_modseq, &c), OK);
	assert_int_equal(index_count(c.changed), 1);
	assert_int_equal(index_at(c.changed, 1)->uid, 3);
	assert_true(str_equal(index_keywords(c.changed, &n)[1], STR("two")));
	assert_int_equal(n, 2);
	index_release(&c.changed);
}

static void is_empty_where_nothing_was_stored(void **state)
{
	struct world *w = *state;
	struct mailbox_changes c;
	struct db *db;

	assert_int_equal(changes_since(w, 1, &c), OK);
	assert_int_equal(index_count(c.changed), 0);
	assert_int_equal(c.expunged.count, 0);
	index_release(&c.changed);
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_changes(w->store, db, w->accounts[0], 999999, 1, w->arena, &c, NULL),
	    ERR_NOTFOUND);
	db_return(&db);
}

static void leaves_alone_what_has_changed(void **state)
{
	static const uint32_t uids[] = { 1, 2, 3, 4, 9 };
	struct world *w = *state;
	struct flag_result *first, *r;

	fill(w, 4);
	assert_int_equal(set_flag(w, uids + 1, 1, INT64_MAX, &first), 1);
	expunge(w, uids + 2, 1);
	/* 1 and 4 as they came, 2 changed at that modseq, 3 and 9 are not there */
	assert_int_equal(set_flag(w, uids, 5, first[0].modseq - 1, &r), 3);
	assert_int_equal(r[0].uid, 1);
	assert_false(r[0].failed);
	assert_true(r[0].modseq > r[0].was_modseq);
	assert_int_equal(r[1].uid, 2);
	assert_true(r[1].failed);
	assert_int_equal(r[1].modseq, first[0].modseq);
	assert_int_equal(r[1].was_modseq, first[0].modseq);
	assert_int_equal(r[2].uid, 4);
	assert_false(r[2].failed);
	/* the modseq itself is no later change; what is so already keeps it */
	assert_int_equal(set_flag(w, uids + 1, 1, first[0].modseq, &r), 1);
	assert_false(r[0].failed);
	assert_int_equal(r[0].modseq, first[0].modseq);
	assert_int_equal(set_flag(w, uids, 2, 0, &r), 2);
	assert_true(r[0].failed && r[1].failed);
}

/* The answer of the commit is lost, whether it took place or not: what we changed ourselves is no other's change. */
static void knows_its_own_changes_again(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_DROPS, FAULT_DROPS_AFTER };
	static const uint32_t uids[] = { 1, 2, 3 };
	struct world *w = *state;

	fill(w, 3);
	w->plan.calls = FAULT_COMMIT;
	for (size_t n = 0; n < 2 * COUNT(kinds); n++) {
		const struct flag_change change = { n < COUNT(kinds) ? FLAGS_ADD : FLAGS_REMOVE,
			{ .system = n % 2 == 0 ? FLAG_FLAGGED : FLAG_DRAFT },
			world_number(w, &sql_highest) };
		struct flag_result *r;
		size_t count;

		w->plan.kind = kinds[n % COUNT(kinds)];
		fault_arm(&w->plan, 1);
		assert_int_equal(
		    store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			uids, 3, &change, w->arena, &r, &count, NULL),
		    OK);
		assert_true(fault_disarm(&w->plan));
		assert_int_equal(count, 3);
		for (size_t i = 0; i < count; i++)
			assert_false(r[i].failed);
		assert_true(r[0].modseq > change.unchanged_since);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    tells_what_happened_since_any_state, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    joins_ranges_of_many_expunges, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    knows_nothing_below_the_floor, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    leaves_big_things_to_the_index, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    knows_keywords_of_what_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    is_empty_where_nothing_was_stored, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    leaves_alone_what_has_changed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(knows_its_own_changes_again, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
