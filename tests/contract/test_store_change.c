/*
 * APPEND, STORE, EXPUNGE, COPY: what they promise, and that each of them is done wholly or not at all.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "tests/contract/store_world.h"

#include <stdatomic.h>
#include <string.h>

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

static const struct db_sql sql_entries = { .name = "test.entries",
	.text = "SELECT count(*) FROM mail_entries" };
static const struct db_sql sql_removed = { .name = "test.removed",
	.text = "SELECT count(*) FROM mail_removed" };
static const struct db_sql sql_journal = { .name = "test.journal",
	.text = "SELECT count(*) FROM mail_journal" };
static const struct db_sql sql_bytes = { .name = "test.bytes",
	.text = "SELECT sum(bytes) FROM mail_accounts" };

static void fill(
    struct world *w, size_t account, int64_t mailbox, int count, struct flag_list flags)
{
	struct str bytes = world_message(w->arena, 1, 1000);
	struct append_message *messages = ARENA_NEW(w->arena, struct append_message, 1000);
	struct prepared *p;
	struct appended appended;

	assert_int_equal(prepare_message(w->store, bytes, &p, NULL), OK);
	for (int i = 0; i < 1000; i++)
		messages[i] = (struct append_message){ p, flags, 1700000000, -90 };
	for (int at = 0; at < count; at += 1000)
		assert_int_equal(
		    store_append(w->store, world_actor(w, account), w->accounts[account],
			mailbox, messages, (size_t)(count - at < 1000 ? count - at : 1000),
			&appended, NULL),
		    OK);
	prepared_free(&p);
}

static const uint32_t *uids_up_to(struct world *w, uint32_t last)
{
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, last);

	for (uint32_t i = 0; i < last; i++)
		uids[i] = i + 1;
	return uids;
}

/* NOLINTNEXTLINE(readability-function-size): as many as store_flags, less two */
static enum errc change_flags(struct world *w, struct actor actor, size_t account,
    int64_t mailbox, uint32_t last, enum flag_operation operation, struct flag_list flags,
    struct flag_result **results, size_t *count)
{
	struct flag_change change = { operation, flags, INT64_MAX };

	return store_flags(w->store, actor, w->accounts[account], mailbox, uids_up_to(w, last),
	    last, &change, w->arena, results, count, NULL);
}

static struct mailbox_state state_of(struct world *w, size_t account, int64_t mailbox)
{
	struct mailbox_state s = { 0 };
	struct db *db;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_state(w->store, db, w->accounts[account], mailbox, &s, NULL), OK);
	db_return(&db);
	return s;
}

static void appends_all_or_none(void **state)
{
	struct world *w = *state;
	struct append_message m[3];
	struct prepared *p;
	struct appended appended;
	struct account_change change = { .set_quota = true, .quota_bytes = 2500 };

	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 1000), &p, NULL), OK);
	for (int i = 0; i < 3; i++)
		m[i] = (struct append_message){ p, { .system = FLAG_SEEN }, 1700000000, -90 };
	assert_int_equal(store_append(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], m, 3, &appended, NULL),
	    OK);
	assert_int_equal(appended.uid_first, 1);
	assert_int_equal(appended.uid_last, 3);
	assert_int_equal(account_change(w->store, w->accounts[1], &change, NULL), OK);
	assert_int_equal(store_append(w->store, world_actor(w, 1), w->accounts[1],
			     w->inboxes[1], m, 3, &appended, NULL),
	    ERR_QUOTA);
	assert_int_equal(world_number(w, &sql_entries), 3);
	assert_int_equal(store_append(w->store, world_actor(w, 1), w->accounts[0],
			     w->inboxes[0], m, 3, &appended, NULL),
	    ERR_DENIED);
	assert_int_equal(store_append(w->store, world_actor(w, 0), w->accounts[0], 99999, m, 3,
			     &appended, NULL),
	    ERR_NOTFOUND);
	prepared_free(&p);
}

static void gives_a_state_to_a_mailbox_that_has_none(void **state)
{
	struct world *w = *state;
	struct mailbox_state a = state_of(w, 0, w->inboxes[0]);
	int64_t other = world_folder(w, 0, "Other");
	struct mailbox_state b = state_of(w, 0, other);

	assert_true(a.uidvalidity > 0 && b.uidvalidity > 0 && a.uidvalidity != b.uidvalidity);
	assert_int_equal(a.uidnext, 1);
	assert_int_equal(a.messages, 0);
	assert_true(a.highestmodseq > 0);
}

/* RFC 3501 2.3.2: only the first session sees \Recent. */
static void gives_recent_to_one_session(void **state)
{
	struct world *w = *state;
	struct recent_uids recent = { 0 };

	fill(w, 0, w->inboxes[0], 5, (struct flag_list){ 0 });
	assert_int_equal(state_of(w, 0, w->inboxes[0]).recent, 5);
	assert_int_equal(
	    mailbox_take_recent(w->store, w->accounts[0], w->inboxes[0], &recent, NULL), OK);
	assert_int_equal(recent.first, 1);
	assert_int_equal(recent.end, 6);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).recent, 0);
	fill(w, 0, w->inboxes[0], 3, (struct flag_list){ .system = FLAG_DELETED });
	assert_int_equal(state_of(w, 0, w->inboxes[0]).recent, 3);
	uint32_t *removed;
	size_t count;
	assert_int_equal(
	    store_expunge(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
		(const uint32_t[]){ 7 }, 1, w->arena, &removed, &count, NULL),
	    OK);
	assert_int_equal(count, 1);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).recent, 2);
	assert_int_equal(
	    mailbox_take_recent(w->store, w->accounts[0], w->inboxes[0], &recent, NULL), OK);
	assert_int_equal(recent.first, 6);
	assert_int_equal(recent.end, 9);
	assert_int_equal(
	    mailbox_take_recent(w->store, w->accounts[0], w->inboxes[0], &recent, NULL), OK);
	assert_int_equal(recent.first, 9);
	assert_int_equal(recent.end, 9);
}

static void changes_flags_and_leaves_the_others_alone(void **state)
{
	struct world *w = *state;
	struct str words[] = { STR("$Forwarded"), STR("work") };
	struct flag_result *r;
	size_t n;
	int64_t before;

	fill(w, 0, w->inboxes[0], 5, (struct flag_list){ .system = FLAG_SEEN });
	before = state_of(w, 0, w->inboxes[0]).highestmodseq;
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 3, FLAGS_ADD,
			     (struct flag_list){ FLAG_SEEN, NULL, 0 }, &r, &n),
	    OK);
	/* nothing was to be changed */
	assert_int_equal(n, 3);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).highestmodseq, before);
	assert_int_equal(
	    change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 3, FLAGS_ADD,
		(struct flag_list){ FLAG_FLAGGED | FLAG_DELETED, words, 2 }, &r, &n),
	    OK);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(r[i].uid, i + 1);
		assert_int_equal(r[i].flags,
		    FLAG_SEEN | FLAG_FLAGGED | FLAG_DELETED |
			UINT64_C(3) << FLAG_KEYWORD_SHIFT);
		assert_true(r[i].modseq > before);
	}
	assert_int_equal(state_of(w, 0, w->inboxes[0]).deleted, 3);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 5, FLAGS_SET,
			     (struct flag_list){ FLAG_DRAFT, words + 1, 1 }, &r, &n),
	    OK);
	assert_int_equal(n, 5);
	assert_int_equal(r[0].flags, FLAG_DRAFT | UINT64_C(2) << FLAG_KEYWORD_SHIFT);
	assert_int_equal(r[4].flags, FLAG_DRAFT | UINT64_C(2) << FLAG_KEYWORD_SHIFT);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).unseen, 5);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 5, FLAGS_REMOVE,
			     (struct flag_list){ FLAG_DRAFT, words, 2 }, &r, &n),
	    OK);
	assert_int_equal(r[2].flags, 0);
}

static void keeps_many_keywords(void **state)
{
	struct world *w = *state;
	struct flag_result *r;
	struct str words[STORE_KEYWORDS_MAX + 1];
	size_t n, extra;
	struct index_version *v;
	const uint16_t *numbers;

	for (int i = 0; i <= STORE_KEYWORDS_MAX; i++)
		words[i] = str_printf(w->arena, "keyword-%d", i);
	fill(w, 0, w->inboxes[0], 3, (struct flag_list){ 0 });
	v = world_index(w, 0, w->inboxes[0]);
	index_release(&v);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 2, FLAGS_ADD,
			     (struct flag_list){ 0, words, STORE_KEYWORDS_MAX }, &r, &n),
	    OK);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 2, FLAGS_ADD,
			     (struct flag_list){ 0, words, STORE_KEYWORDS_MAX + 1 }, &r, &n),
	    ERR_LIMIT);
	v = world_index(w, 0, w->inboxes[0]);
	assert_int_equal(index_at(v, 1)->extra, 1);
	assert_int_equal(index_at(v, 3)->extra, 0);
	numbers = index_extra_keywords(v, 2, &extra);
	assert_int_equal(extra, STORE_KEYWORDS_MAX - FLAG_KEYWORDS_IN_MASK);
	assert_int_equal(numbers[0], FLAG_KEYWORDS_IN_MASK);
	assert_null(index_extra_keywords(v, 3, &extra));
	(void)index_keywords(v, &n);
	assert_int_equal(n, STORE_KEYWORDS_MAX);
	index_release(&v);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 1, FLAGS_REMOVE,
			     (struct flag_list){ 0, words + 60, 1 }, &r, &n),
	    OK);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 2, FLAGS_SET,
			     (struct flag_list){ 0, words + 100, 1 }, &r, &n),
	    OK);
	v = world_index(w, 0, w->inboxes[0]);
	(void)index_extra_keywords(v, 1, &extra);
	assert_int_equal(extra, 1);
	index_release(&v);
	/* and they go along */
	int64_t other = world_folder(w, 0, "Other");
	struct copied copied;
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 3), 3, w->accounts[0], other, false },
		w->arena, &copied, NULL),
	    OK);
	v = world_index(w, 0, other);
	(void)index_keywords(v, &n);
	assert_int_equal(n, 1);
	assert_int_equal(index_at(v, 1)->flags, UINT64_C(1) << FLAG_KEYWORD_SHIFT);
	index_release(&v);
}

static void expunges_what_is_deleted(void **state)
{
	struct world *w = *state;
	struct flag_result *r;
	uint32_t *removed;
	size_t n;

	fill(w, 0, w->inboxes[0], 2500, (struct flag_list){ 0 });
	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], NULL, 0, w->arena, &removed, &n, NULL),
	    OK);
	assert_int_equal(n, 0);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 2200, FLAGS_ADD,
			     (struct flag_list){ FLAG_DELETED, NULL, 0 }, &r, &n),
	    OK);
	assert_int_equal(n, 2200);
	/* of these only two are deleted */
	assert_int_equal(
	    store_expunge(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
		(const uint32_t[]){ 5, 10, 2300 }, 3, w->arena, &removed, &n, NULL),
	    OK);
	assert_int_equal(n, 2);
	assert_int_equal(removed[1], 10);
	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], NULL, 0, w->arena, &removed, &n, NULL),
	    OK);
	assert_int_equal(n, 2198);
	assert_int_equal(removed[0], 1);
	assert_int_equal(removed[2197], 2200);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 300);
	assert_int_equal(world_number(w, &sql_removed), 2200);
}

static void mark(struct world *w, const uint32_t *uids, size_t count)
{
	struct flag_change change = { FLAGS_ADD, { .system = FLAG_DELETED }, INT64_MAX };
	struct flag_result *r;
	size_t n;

	assert_int_equal(store_flags(w->store, world_actor(w, 0), w->accounts[0], w->inboxes[0],
			     uids, count, &change, w->arena, &r, &n, NULL),
	    OK);
}

/* Removes what is marked, which is these; the calls of the database that this takes. */
static int64_t expunge_calls(struct world *w, const uint32_t *uids, size_t count)
{
	const int64_t many = 1000000;
	uint32_t *removed = NULL;
	int64_t calls;
	size_t n;

	w->plan.kind = FAULT_DELAYS;
	w->plan.calls = FAULT_ANY;
	fault_arm(&w->plan, (int)many);
	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[0],
			     w->inboxes[0], NULL, 0, w->arena, &removed, &n, NULL),
	    OK);
	calls = many - atomic_load(&w->plan.left);
	(void)fault_disarm(&w->plan);
	assert_int_equal(n, count);
	if (n > 0)
		assert_memory_equal(removed, uids, n * sizeof(*uids));
	return calls;
}

/* Whether the index is in memory, or not: rows that have nothing to do with it are not looked at. */
static void expunges_at_the_cost_of_what_it_removes(void **state)
{
	static const uint32_t few[] = { 1, 3000, 5999 }, others[] = { 7, 3001, 5995 };
	struct world *w = *state;
	struct index_version *v;
	uint32_t many[1200];

	fill(w, 0, w->inboxes[0], 6000, (struct flag_list){ 0 });
	world_restart(w);
	assert_in_range(expunge_calls(w, few, 0), 1, 20);
	mark(w, few, COUNT(few));
	assert_in_range(expunge_calls(w, few, COUNT(few)), 1, 60);
	for (uint32_t i = 0; i < COUNT(many); i++)
		many[i] = 2 * i + 2;
	mark(w, many, 1000);
	mark(w, many + 1000, COUNT(many) - 1000);
	assert_in_range(expunge_calls(w, many, COUNT(many)), COUNT(many), 12 * COUNT(many));
	v = world_index(w, 0, w->inboxes[0]);
	assert_int_equal(index_count(v), 6000 - COUNT(few) - COUNT(many));
	index_release(&v);
	assert_in_range(expunge_calls(w, few, 0), 1, 20);
	mark(w, others, COUNT(others));
	v = world_index(w, 0, w->inboxes[0]);
	index_release(&v);
	/* in memory it does not matter when they were marked */
	fill(w, 0, w->inboxes[0], 4500, (struct flag_list){ 0 });
	assert_in_range(expunge_calls(w, others, COUNT(others)), 1, 60);
}

/* Behind all that changed since. */
static void expunges_what_was_marked_long_ago(void **state)
{
	static const uint32_t marked[] = { 1, 2, 9003 };
	struct world *w = *state;

	fill(w, 0, w->inboxes[0], 9002, (struct flag_list){ 0 });
	mark(w, marked, 2);
	fill(w, 0, w->inboxes[0], 1, (struct flag_list){ .system = FLAG_DELETED });
	fill(w, 0, w->inboxes[0], 4500, (struct flag_list){ 0 });
	world_restart(w);
	(void)expunge_calls(w, marked, COUNT(marked));
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 13500);
}

static void copies_inside_an_account(void **state)
{
	struct world *w = *state;
	int64_t other = world_folder(w, 0, "Other");
	struct str words[] = { STR("unused"), STR("work") };
	struct copied c;
	struct index_version *v;

	fill(w, 0, other, 1, (struct flag_list){ 0, words, 1 });
	fill(w, 0, w->inboxes[0], 5, (struct flag_list){ FLAG_FLAGGED, words + 1, 1 });
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    (const uint32_t[]){ 2, 4, 9 }, 3, w->accounts[0], other, false },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.from[1], 4);
	assert_int_equal(c.to[1], 3);
	v = world_index(w, 0, other);
	assert_int_equal(index_count(v), 3);
	assert_int_equal(
	    index_at(v, 2)->flags, FLAG_FLAGGED | UINT64_C(2) << FLAG_KEYWORD_SHIFT);
	assert_int_equal(index_at(v, 2)->internal_date, 1700000000);
	assert_int_equal(index_at(v, 2)->internal_zone_min, -90);
	index_release(&v);
	/* into itself */
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 5), 5, w->accounts[0], w->inboxes[0], false },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 10);
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 5), 5, w->accounts[0], 424242, false },
		w->arena, &c, NULL),
	    ERR_NOTFOUND);
}

static const struct db_sql sql_share = { .name = "test.share",
	.text =
	    "INSERT INTO dbmail_acl (user_id, mailbox_id, lookup_flag, read_flag, insert_flag,"
	    " seen_flag, deleted_flag)"
	    " SELECT u.user_idnr, b.mailbox_idnr, 1, 1, 1, 1, 1 FROM dbmail_users u,"
	    " dbmail_mailboxes b WHERE u.userid = 'user0' AND b.owner_idnr ="
	    " (SELECT user_idnr FROM dbmail_users WHERE userid = 'user1')" };

static void copies_between_accounts(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 100000), got;
	struct appended appended;
	struct copied c;
	struct index_version *v;
	struct flag_result *r;
	size_t n;

	assert_int_equal(
	    world_append(w, 0, w->inboxes[0], bytes,
		(struct flag_list){ .system = FLAG_SEEN | FLAG_FLAGGED }, &appended),
	    OK);
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 1), 1, w->accounts[1], w->inboxes[1], false },
		w->arena, &c, NULL),
	    ERR_DENIED);
	world_run(w, &sql_share);
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 1), 1, w->accounts[1], w->inboxes[1], false },
		w->arena, &c, NULL),
	    OK);
	v = world_index(w, 1, w->inboxes[1]);
	/* no right to write: \Flagged stays behind (RFC 4314 section 4) */
	assert_int_equal(index_at(v, 1)->flags, FLAG_SEEN);
	got = world_bytes(w, 1, index_at(v, 1)->object);
	assert_int_equal(got.n, bytes.n);
	assert_memory_equal(got.p, bytes.p, bytes.n);
	index_release(&v);
	/* what may be changed is, the rest is not */
	assert_int_equal(
	    change_flags(w, world_actor(w, 0), 1, w->inboxes[1], 1, FLAGS_SET,
		(struct flag_list){ FLAG_FLAGGED | FLAG_DELETED, NULL, 0 }, &r, &n),
	    OK);
	assert_int_equal(r[0].flags, FLAG_DELETED);
	assert_int_equal(change_flags(w, world_actor(w, 0), 1, w->inboxes[1], 1, FLAGS_ADD,
			     (struct flag_list){ FLAG_FLAGGED, NULL, 0 }, &r, &n),
	    ERR_DENIED);
	uint32_t *removed;
	assert_int_equal(store_expunge(w->store, world_actor(w, 0), w->accounts[1],
			     w->inboxes[1], NULL, 0, w->arena, &removed, &n, NULL),
	    ERR_DENIED);
}

static const struct db_sql sql_read_only = { .name = "test.read_only",
	.text = "UPDATE dbmail_mailboxes SET permission = 1" };

static void changes_nothing_that_is_read_only(void **state)
{
	struct world *w = *state;
	struct flag_result *r;
	struct appended appended;
	size_t n;

	fill(w, 0, w->inboxes[0], 1, (struct flag_list){ 0 });
	world_run(w, &sql_read_only);
	assert_int_equal(change_flags(w, world_actor(w, 0), 0, w->inboxes[0], 1, FLAGS_ADD,
			     (struct flag_list){ FLAG_SEEN, NULL, 0 }, &r, &n),
	    ERR_DENIED);
	assert_int_equal(world_append(w, 0, w->inboxes[0], STR("A: b\r\n\r\n"),
			     (struct flag_list){ 0 }, &appended),
	    ERR_DENIED);
}

/* Over STORE_COPY_ATOMIC_MAX: many transactions, and still all or none. */
static void copies_much_under_a_journal(void **state)
{
	struct world *w = *state;
	uint32_t many = STORE_COPY_ATOMIC_MAX + 1500;
	int64_t other = world_folder(w, 0, "Other");
	struct account_change change = { .set_quota = true };
	struct copied c;
	int64_t bytes;

	fill(w, 0, w->inboxes[0], (int)many, (struct flag_list){ 0 });
	bytes = world_number(w, &sql_bytes);
	change.quota_bytes = bytes + bytes / 2;
	assert_int_equal(account_change(w->store, w->accounts[0], &change, NULL), OK);
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, many), many, w->accounts[0], other, false },
		w->arena, &c, NULL),
	    ERR_QUOTA);
	assert_int_equal(state_of(w, 0, other).messages, 0);
	assert_int_equal(world_number(w, &sql_bytes), bytes);
	change.quota_bytes = 0;
	assert_int_equal(account_change(w->store, w->accounts[0], &change, NULL), OK);
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, many), many, w->accounts[0], other, false },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(c.count, many);
	assert_int_equal(state_of(w, 0, other).messages, many);
	assert_int_equal(world_number(w, &sql_journal), 0);
}

/* One operation on a mailbox of four messages, with a failure at call n. */
typedef enum errc operation_fn(struct world *w, int64_t mailbox, int64_t other);

static enum errc append_two(struct world *w, int64_t mailbox, int64_t other)
{
	struct append_message m[2];
	struct prepared *p;
	struct appended appended;
	enum errc rc;

	(void)other;
	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 50000), &p, NULL), OK);
	for (int i = 0; i < 2; i++)
		m[i] = (struct append_message){ p, { .system = FLAG_SEEN }, 1700000000, -90 };
	rc = store_append(
	    w->store, world_actor(w, 0), w->accounts[0], mailbox, m, 2, &appended, NULL);
	prepared_free(&p);
	return rc;
}

static enum errc append_large(struct world *w, int64_t mailbox, int64_t other)
{
	struct appended appended;

	(void)other;
	return world_append(w, 0, mailbox, world_message(w->arena, 1, 1500000),
	    (struct flag_list){ 0 }, &appended);
}

static enum errc flag_all(struct world *w, int64_t mailbox, int64_t other)
{
	struct str word = STR("word");
	struct flag_result *r;
	size_t n;

	(void)other;
	return change_flags(w, world_actor(w, 0), 0, mailbox, 4, FLAGS_ADD,
	    (struct flag_list){ FLAG_SEEN | FLAG_DELETED, &word, 1 }, &r, &n);
}

static enum errc expunge_all(struct world *w, int64_t mailbox, int64_t other)
{
	uint32_t *removed;
	size_t n;

	(void)other;
	return store_expunge(w->store, world_actor(w, 0), w->accounts[0], mailbox, NULL, 0,
	    w->arena, &removed, &n, NULL);
}

static enum errc copy_all(struct world *w, int64_t mailbox, int64_t other)
{
	struct copied c;

	return store_copy(w->store,
	    &(const struct copy_order){ world_actor(w, 0), w->accounts[0], mailbox,
		uids_up_to(w, 4), 4, w->accounts[0], other, false },
	    w->arena, &c, NULL);
}

static enum errc copy_away(struct world *w, int64_t mailbox, int64_t other)
{
	struct copied c;

	(void)other;
	return store_copy(w->store,
	    &(const struct copy_order){ ACTOR_ADMIN, w->accounts[0], mailbox, uids_up_to(w, 4),
		4, w->accounts[2], w->inboxes[2], false },
	    w->arena, &c, NULL);
}

static const struct db_sql sql_print = { .name = "test.print",
	.text = "SELECT (SELECT coalesce(sum(modseq), 0) * 1000000 FROM mail_accounts)"
		" + (SELECT coalesce(sum(flags + 100), 0) FROM mail_entries)" };

static void fails_everywhere(struct world *w, operation_fn *operation, enum fault_kind kind)
{
	bool fired = true;

	w->plan.kind = kind;
	w->plan.code = ERR_UNAVAIL;
	w->plan.calls = FAULT_ANY & ~(unsigned)FAULT_CONNECT;
	for (int n = 1; fired; n += scratch_call_step()) {
		int64_t mailbox =
		    world_folder(w, 0, str_cstr(w->arena, str_printf(w->arena, "From %d", n)));
		int64_t other =
		    world_folder(w, 0, str_cstr(w->arena, str_printf(w->arena, "To %d", n)));
		int64_t before;
		enum errc rc;

		fill(w, 0, mailbox, 4, (struct flag_list){ .system = FLAG_DELETED });
		before = world_number(w, &sql_print);
		fault_arm(&w->plan, n);
		rc = operation(w, mailbox, other);
		fired = fault_disarm(&w->plan);
		world_check(w);
		/* a large message's blobs may have been staged, but nothing is seen of it */
		if (rc != OK)
			assert_int_equal(world_number(w, &sql_print), before);
		else
			assert_int_not_equal(world_number(w, &sql_print), before);
	}
}

static void is_done_wholly_or_not_at_all(void **state)
{
	static operation_fn *const operations[] = { append_two, append_large, flag_all,
		expunge_all, copy_all, copy_away };
	static const enum fault_kind kinds[] = { FAULT_FAILS, FAULT_UNDOES, FAULT_DROPS,
		FAULT_DROPS_AFTER };

	for (size_t i = 0; i < COUNT(operations); i++) {
		for (size_t k = 0; k < COUNT(kinds); k++) {
			fails_everywhere(*state, operations[i], kinds[k]);
			tear_down(state);
			set_up(state);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(appends_all_or_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    gives_a_state_to_a_mailbox_that_has_none, set_up, tear_down),
		cmocka_unit_test_setup_teardown(gives_recent_to_one_session, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    changes_flags_and_leaves_the_others_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_many_keywords, set_up, tear_down),
		cmocka_unit_test_setup_teardown(expunges_what_is_deleted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    expunges_at_the_cost_of_what_it_removes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    expunges_what_was_marked_long_ago, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_inside_an_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_between_accounts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    changes_nothing_that_is_read_only, set_up, tear_down),
		cmocka_unit_test_setup_teardown(copies_much_under_a_journal, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    is_done_wholly_or_not_at_all, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
