/*
 * MOVE: at every moment, and after a failure at any, each message is in exactly one mailbox.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "tests/contract/store_world.h"

#include <stdatomic.h>

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

#define NUMBER(id, query)                                                                      \
	static const struct db_sql id = { .name = "test." #id, .text = (query) }

NUMBER(sql_entries, "SELECT count(*) FROM mail_entries");
NUMBER(sql_objects, "SELECT count(*) FROM mail_objects");
NUMBER(sql_contents, "SELECT count(*) FROM mail_contents");
NUMBER(sql_refs, "SELECT count(*) FROM mail_blob_refs");
NUMBER(sql_removed, "SELECT count(*) FROM mail_removed");
NUMBER(sql_old_removed, "UPDATE mail_removed SET removed = 1000");
NUMBER(sql_expunged, "SELECT sum(last_uid - first_uid + 1) FROM mail_expunged");
NUMBER(sql_journal, "SELECT count(*) FROM mail_journal");
NUMBER(sql_bytes, "SELECT sum(bytes) FROM mail_accounts");
NUMBER(sql_full_quota, "UPDATE dbmail_users SET maxmail_size = 1");

static void fill(
    struct world *w, size_t account, int64_t mailbox, uint32_t count, struct flag_list flags)
{
	struct append_message *messages = ARENA_NEW(w->arena, struct append_message, 1000);
	struct prepared *p;
	struct appended appended;

	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 1000), &p, NULL), OK);
	for (size_t i = 0; i < 1000; i++)
		messages[i] = (struct append_message){ p, flags, 1700000000, -90 };
	for (uint32_t at = 0; at < count; at += 1000)
		assert_int_equal(store_append(w->store, world_actor(w, account),
				     w->accounts[account], mailbox, messages,
				     count - at < 1000 ? count - at : 1000, &appended, NULL),
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

/* Of one account into a mailbox of the same or of another. */
struct way {
	size_t account, to_account;
	int64_t mailbox, to_mailbox;
};

static enum errc move(struct world *w, struct actor actor, struct way way, uint32_t last,
    struct copied *moved_out)
{
	return store_copy(w->store,
	    &(const struct copy_order){ actor, w->accounts[way.account], way.mailbox,
		uids_up_to(w, last), last, w->accounts[way.to_account], way.to_mailbox, true },
	    w->arena, moved_out, NULL);
}

static struct mailbox_state state_of(struct world *w, size_t account, int64_t mailbox)
{
	struct mailbox_state state;
	struct db *db;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_state(w->store, db, w->accounts[account], mailbox, &state, NULL), OK);
	db_return(&db);
	return state;
}

static void moves_inside_an_account(void **state)
{
	struct world *w = *state;
	struct str words[] = { STR("unused"), STR("work") };
	struct way way = { 0, 0, w->inboxes[0], world_folder(w, 0, "Other") };
	struct copied c;
	struct index_version *v;
	struct mailbox_state before, after;
	int64_t bytes, object;

	fill(w, 0, way.to_mailbox, 1, (struct flag_list){ 0, words, 1 });
	fill(w, 0, way.mailbox, 5,
	    (struct flag_list){ FLAG_FLAGGED | FLAG_DELETED, words + 1, 1 });
	before = state_of(w, 0, way.mailbox);
	bytes = world_number(w, &sql_bytes);
	v = world_index(w, 0, way.mailbox);
	object = index_at(v, 2)->object;
	index_release(&v);
	/* 9 is not there */
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], way.mailbox,
		    (const uint32_t[]){ 2, 4, 9 }, 3, w->accounts[0], way.to_mailbox, true },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.from[0], 2);
	assert_int_equal(c.from[1], 4);
	assert_int_equal(c.to[0], 2);
	assert_int_equal(c.to[1], 3);
	v = world_index(w, 0, way.to_mailbox);
	assert_int_equal(c.uidvalidity, state_of(w, 0, way.to_mailbox).uidvalidity);
	assert_int_equal(index_count(v), 3);
	/* RFC 6851 3.3: \Deleted is as it was */
	assert_int_equal(index_at(v, 2)->flags,
	    FLAG_FLAGGED | FLAG_DELETED | UINT64_C(2) << FLAG_KEYWORD_SHIFT);
	assert_int_equal(index_at(v, 2)->internal_date, 1700000000);
	assert_int_equal(index_at(v, 2)->internal_zone_min, -90);
	assert_int_equal(index_at(v, 2)->object, object);
	index_release(&v);
	v = world_index(w, 0, way.mailbox);
	assert_int_equal(index_count(v), 3);
	assert_int_equal(index_seq_of(v, 2), 0);
	assert_int_equal(index_seq_of(v, 5), 3);
	index_release(&v);
	after = state_of(w, 0, way.mailbox);
	assert_int_equal(after.messages, 3);
	assert_int_equal(after.deleted, 3);
	assert_int_equal(after.uidnext, before.uidnext);
	assert_true(after.highestmodseq > before.highestmodseq);
	assert_int_equal(world_number(w, &sql_expunged), 2);
	assert_int_equal(world_number(w, &sql_removed), 0);
	assert_int_equal(world_number(w, &sql_bytes), bytes);
	/* they went: nothing is left to be moved, and nothing happens */
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], way.mailbox,
		    (const uint32_t[]){ 2, 4, 9 }, 3, w->accounts[0], way.to_mailbox, true },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(c.count, 0);
	assert_int_equal(state_of(w, 0, way.mailbox).highestmodseq, after.highestmodseq);
	way.to_mailbox = 424242;
	assert_int_equal(move(w, world_actor(w, 0), way, 1, &c), ERR_NOTFOUND);
	assert_int_equal(state_of(w, 0, way.mailbox).messages, 3);
}

static void moves_into_the_same_mailbox(void **state)
{
	struct world *w = *state;
	struct way way = { 0, 0, w->inboxes[0], w->inboxes[0] };
	struct str names[STORE_KEYWORDS_MAX];
	struct copied c;
	struct index_version *v;
	size_t extra;

	/* the last of them stands beyond the mask */
	for (size_t i = 0; i < FLAG_KEYWORDS_IN_MASK + 1; i++)
		names[i] = str_printf(w->arena, "k%zu", i);
	fill(w, 0, way.mailbox, 3, (struct flag_list){ 0, names, FLAG_KEYWORDS_IN_MASK + 1 });
	assert_int_equal(move(w, world_actor(w, 0), way, 2, &c), OK);
	assert_int_equal(c.count, 2);
	assert_int_equal(c.to[1], 5);
	v = world_index(w, 0, way.mailbox);
	assert_int_equal(index_count(v), 3);
	assert_int_equal(index_at(v, 1)->uid, 3);
	assert_int_equal(index_at(v, 3)->uid, 5);
	assert_non_null(index_extra_keywords(v, 3, &extra));
	assert_int_equal(extra, 1);
	index_release(&v);
	assert_int_equal(state_of(w, 0, way.mailbox).messages, 3);
	assert_int_equal(state_of(w, 0, way.mailbox).uidnext, 6);
}

static void tidies_up_over_quota(void **state)
{
	struct world *w = *state;
	struct way inside = { 0, 0, w->inboxes[0], world_folder(w, 0, "Other") };
	struct way away = { 0, 1, w->inboxes[0], w->inboxes[1] };
	struct copied c;

	fill(w, 0, w->inboxes[0], 4, (struct flag_list){ 0 });
	world_run(w, &sql_full_quota);
	assert_int_equal(move(w, ACTOR_ADMIN, away, 4, &c), ERR_QUOTA);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 4);
	assert_int_equal(move(w, world_actor(w, 0), inside, 4, &c), OK);
	assert_int_equal(c.count, 4);
}

static const struct db_sql sql_share = { .name = "test.share",
	.text =
	    "INSERT INTO dbmail_acl (user_id, mailbox_id, lookup_flag, read_flag, insert_flag)"
	    " SELECT u.user_idnr, b.mailbox_idnr, 1, 1, 1 FROM dbmail_users u,"
	    " dbmail_mailboxes b WHERE u.userid = 'user0' AND b.owner_idnr ="
	    " (SELECT user_idnr FROM dbmail_users WHERE userid = 'user1')" };
NUMBER(sql_share_t, "UPDATE dbmail_acl SET deleted_flag = 1");
NUMBER(sql_share_e, "UPDATE dbmail_acl SET expunge_flag = 1, deleted_flag = 0");
NUMBER(sql_share_te, "UPDATE dbmail_acl SET expunge_flag = 1, deleted_flag = 1");
NUMBER(sql_share_no_i, "UPDATE dbmail_acl SET insert_flag = 0");

static void moves_between_accounts(void **state)
{
	struct world *w = *state;
	struct way there = { 0, 1, w->inboxes[0], w->inboxes[1] };
	struct way back = { 1, 0, w->inboxes[1], w->inboxes[0] };
	struct str bytes = world_message(w->arena, 1, 100000), got;
	struct appended appended;
	struct copied c;
	struct index_version *v;
	int64_t object, objects, refs;

	assert_int_equal(world_append(w, 0, w->inboxes[0], bytes,
			     (struct flag_list){ .system = FLAG_SEEN }, &appended),
	    OK);
	objects = world_number(w, &sql_objects);
	refs = world_number(w, &sql_refs);
	assert_int_equal(objects, 1);
	assert_true(refs > 0);
	v = world_index(w, 0, w->inboxes[0]);
	object = index_at(v, 1)->object;
	index_release(&v);
	assert_int_equal(move(w, world_actor(w, 0), there, 1, &c), ERR_DENIED);
	world_run(w, &sql_share);
	assert_int_equal(move(w, world_actor(w, 0), there, 1, &c), OK);
	assert_int_equal(c.count, 1);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 0);
	assert_int_equal(world_number(w, &sql_entries), 1);
	/* who reads it in the account that it left reads on, as after an EXPUNGE */
	assert_int_equal(world_number(w, &sql_removed), 1);
	assert_int_equal(world_bytes(w, 0, object).n, bytes.n);
	world_run(w, &sql_old_removed);
	world_housekeeping(w);
	/* nothing is left of it there in the end */
	assert_int_equal(world_number(w, &sql_objects), objects);
	assert_int_equal(world_number(w, &sql_contents), objects);
	assert_int_equal(world_number(w, &sql_refs), refs);
	assert_int_equal(world_number(w, &sql_removed), 0);
	v = world_index(w, 1, w->inboxes[1]);
	got = world_bytes(w, 1, index_at(v, 1)->object);
	assert_int_equal(got.n, bytes.n);
	assert_memory_equal(got.p, bytes.p, bytes.n);
	index_release(&v);
	/* RFC 6851 4.3: t and e, both of them */
	assert_int_equal(move(w, world_actor(w, 0), back, 1, &c), ERR_DENIED);
	world_run(w, &sql_share_t);
	assert_int_equal(move(w, world_actor(w, 0), back, 1, &c), ERR_DENIED);
	world_run(w, &sql_share_e);
	assert_int_equal(move(w, world_actor(w, 0), back, 1, &c), ERR_DENIED);
	world_run(w, &sql_share_te);
	world_run(w, &sql_share_no_i);
	assert_int_equal(move(w, world_actor(w, 0), back, 1, &c), OK);
	assert_int_equal(state_of(w, 1, w->inboxes[1]).messages, 0);
	assert_int_equal(state_of(w, 0, w->inboxes[0]).messages, 1);
	assert_int_equal(move(w, world_actor(w, 0), there, 2, &c), ERR_DENIED);
}

/* An object that another entry of the account has stays. */
static void leaves_shared_objects_alone(void **state)
{
	struct world *w = *state;
	struct way away = { 0, 2, w->inboxes[0], w->inboxes[2] };
	int64_t other = world_folder(w, 0, "Other");
	struct copied c;
	struct index_version *v;

	fill(w, 0, w->inboxes[0], 1, (struct flag_list){ 0 });
	assert_int_equal(
	    store_copy(w->store,
		&(const struct copy_order){ world_actor(w, 0), w->accounts[0], w->inboxes[0],
		    uids_up_to(w, 1), 1, w->accounts[0], other, false },
		w->arena, &c, NULL),
	    OK);
	assert_int_equal(move(w, ACTOR_ADMIN, away, 1, &c), OK);
	assert_int_equal(world_number(w, &sql_objects), 2);
	v = world_index(w, 0, other);
	assert_true(world_bytes(w, 0, index_at(v, 1)->object).n > 0);
	index_release(&v);
}

/* In one transaction up to the limit, in many above it. */
static void moves_much(void **state)
{
	struct world *w = *state;
	static const uint32_t counts[] = { STORE_COPY_ATOMIC_MAX, STORE_COPY_ATOMIC_MAX + 1 };
	struct way way = { 0, 0, w->inboxes[0], world_folder(w, 0, "Other") };
	struct copied c;
	uint32_t all = counts[0] + counts[1];
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, all);
	int64_t bytes;

	SCRATCH_LONG_ON_SERVERS();
	fill(w, 0, way.mailbox, all, (struct flag_list){ 0 });
	bytes = world_number(w, &sql_bytes);
	for (uint32_t i = 0; i < all; i++)
		uids[i] = i + 1;
	for (size_t i = 0; i < COUNT(counts); i++) {
		uint32_t first = i == 0 ? 0 : counts[0];

		assert_int_equal(store_copy(w->store,
				     &(const struct copy_order){ world_actor(w, 0),
					 w->accounts[0], way.mailbox, uids + first, counts[i],
					 w->accounts[0], way.to_mailbox, true },
				     w->arena, &c, NULL),
		    OK);
		assert_int_equal(c.count, counts[i]);
		assert_int_equal(c.from[c.count - 1], first + counts[i]);
		assert_int_equal(c.to[c.count - 1], first + counts[i]);
		world_check(w);
	}
	assert_int_equal(state_of(w, 0, way.mailbox).messages, 0);
	assert_int_equal(state_of(w, 0, way.to_mailbox).messages, all);
	assert_int_equal(world_number(w, &sql_journal), 0);
	assert_int_equal(world_number(w, &sql_removed), 0);
	assert_int_equal(world_number(w, &sql_bytes), bytes);
}

/* ---- failures ---- */

static void fails_everywhere(struct world *w, bool away, enum fault_kind kind)
{
	bool fired = true;
	int runs = 0;
	int64_t removed = 0;
	struct way way = { .to_account = away ? 2 : 0, .to_mailbox = w->inboxes[2] };

	w->plan.kind = kind;
	w->plan.code = ERR_UNAVAIL;
	w->plan.calls = FAULT_ANY & ~(unsigned)FAULT_CONNECT;
	for (int n = 1; fired; n += scratch_call_step()) {
		struct copied c = { .count = 0 };
		uint32_t there;
		enum errc rc;

		way.mailbox =
		    world_folder(w, 0, str_cstr(w->arena, str_printf(w->arena, "From %d", n)));
		if (!away)
			way.to_mailbox = world_folder(
			    w, 0, str_cstr(w->arena, str_printf(w->arena, "To %d", n)));
		fill(w, 0, way.mailbox, 4, (struct flag_list){ .system = FLAG_DELETED });
		there = state_of(w, way.to_account, way.to_mailbox).messages;
		fault_arm(&w->plan, n);
		rc = move(w, ACTOR_ADMIN, way, 4, &c);
		fired = fault_disarm(&w->plan);
		world_check(w);
		/* all or none, and never both */
		assert_int_equal(state_of(w, 0, way.mailbox).messages, rc == OK ? 0 : 4);
		assert_int_equal(state_of(w, way.to_account, way.to_mailbox).messages,
		    there + (rc == OK ? 4 : 0));
		assert_int_equal(c.count, rc == OK ? 4 : 0);
		assert_int_equal(world_number(w, &sql_entries), 4 * ++runs);
		removed += away && rc == OK ? 4 : 0;
		assert_int_equal(world_number(w, &sql_removed), removed);
	}
}

static void is_done_wholly_or_not_at_all(void **state)
{
	static const enum fault_kind kinds[] = { FAULT_FAILS, FAULT_UNDOES, FAULT_DROPS,
		FAULT_DROPS_AFTER };

	for (size_t i = 0; i < 2; i++) {
		for (size_t k = 0; k < COUNT(kinds); k++) {
			fails_everywhere(*state, i == 1, kinds[k]);
			tear_down(state);
			set_up(state);
		}
	}
}

#define MANY (STORE_COPY_ATOMIC_MAX + 1u)

/* `removed`: so many are kept for those who were reading them. */
static void is_all_there(struct world *w, struct way way, uint32_t removed)
{
	world_check(w);
	assert_int_equal(world_number(w, &sql_journal), 0);
	assert_int_equal(world_number(w, &sql_entries), MANY);
	assert_int_equal(state_of(w, way.account, way.mailbox).messages, MANY);
	assert_int_equal(state_of(w, way.to_account, way.to_mailbox).messages, 0);
	assert_int_equal(world_number(w, &sql_removed), removed);
}

/* One failure in the middle of a big one: what was moved is moved back before the answer. */
static void moves_back_what_failed(void **state)
{
	struct world *w = *state;
	struct way way = { 0, 0, w->inboxes[0], world_folder(w, 0, "Other") };
	struct copied c;
	struct index_version *v;

	SCRATCH_LONG_ON_SERVERS();
	fill(w, 0, way.mailbox, MANY, (struct flag_list){ .system = FLAG_FLAGGED });
	w->plan.kind = FAULT_FAILS;
	w->plan.code = ERR_INTERNAL;
	w->plan.calls = FAULT_STEP;
	fault_arm(&w->plan, 12000);
	assert_int_not_equal(move(w, world_actor(w, 0), way, MANY, &c), OK);
	assert_true(fault_disarm(&w->plan));
	is_all_there(w, way, 0);
	v = world_index(w, 0, way.mailbox);
	assert_int_equal(index_at(v, MANY)->flags, FLAG_FLAGGED);
	assert_true(index_at(v, MANY)->uid > MANY);
	index_release(&v);
}

/* The process dies in the middle of a big one: at every moment each message is in one place, and the next process moves
 * back what was moved. */
static void dies_in_the_middle(struct world *w, struct way way, int call)
{
	struct copied c;
	uint32_t moved;

	fill(w, way.account, way.mailbox, MANY, (struct flag_list){ 0 });
	w->plan.kind = FAULT_FAILS;
	w->plan.code = ERR_INTERNAL;
	w->plan.calls = FAULT_STEP;
	w->plan.again = 1;
	fault_arm(&w->plan, call);
	assert_int_not_equal(move(w, ACTOR_ADMIN, way, MANY, &c), OK);
	assert_true(fault_disarm(&w->plan));
	world_check(w);
	assert_int_equal(world_number(w, &sql_entries), MANY);
	moved = state_of(w, way.to_account, way.to_mailbox).messages;
	assert_int_equal(state_of(w, way.account, way.mailbox).messages, MANY - moved);
	assert_int_equal(world_number(w, &sql_journal), moved / 1000);
	assert_true(moved > 0);
	world_restart(w);
	for (int i = 0; i < 3; i++)
		world_housekeeping(w);
	is_all_there(w, way, way.account == way.to_account ? 0 : moved);
}

static void moves_back_after_a_death(void **state)
{
	struct world *w = *state;

	SCRATCH_LONG_ON_SERVERS();
	dies_in_the_middle(
	    w, (struct way){ 0, 0, w->inboxes[0], world_folder(w, 0, "Other") }, 7000);
}

static void moves_back_into_the_other_account(void **state)
{
	struct world *w = *state;

	SCRATCH_LONG_ON_SERVERS();
	dies_in_the_middle(w, (struct way){ 2, 1, w->inboxes[2], w->inboxes[1] }, 20000);
	assert_int_equal(world_number(w, &sql_contents), world_number(w, &sql_objects));
}

NUMBER(sql_source_gone, "DELETE FROM dbmail_mailboxes WHERE name = 'From'");

/* The folder that they came from is gone when they should go back: they stay. */
static void keeps_what_has_no_way_back(void **state)
{
	struct world *w = *state;
	struct way way = { 0, 0, world_folder(w, 0, "From"), w->inboxes[0] };
	struct copied c;
	uint32_t moved;

	SCRATCH_LONG_ON_SERVERS();
	fill(w, 0, way.mailbox, MANY, (struct flag_list){ 0 });
	w->plan.kind = FAULT_FAILS;
	w->plan.code = ERR_INTERNAL;
	w->plan.calls = FAULT_STEP;
	w->plan.again = 1;
	fault_arm(&w->plan, 7000);
	assert_int_not_equal(move(w, ACTOR_ADMIN, way, MANY, &c), OK);
	assert_true(fault_disarm(&w->plan));
	moved = state_of(w, 0, way.to_mailbox).messages;
	assert_true(moved > 0);
	world_run(w, &sql_source_gone);
	world_restart(w);
	for (int i = 0; i < 3; i++)
		world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_journal), 0);
	assert_int_equal(state_of(w, 0, way.to_mailbox).messages, moved);
}

struct copying {
	struct world *w;
	struct copied copied;
	enum errc rc;
	_Atomic bool done;
};

static void *copy_from_another(void *arg)
{
	struct copying *c = arg;
	struct world *w = c->w;
	struct arena *arena = arena_new("test");

	c->rc = store_copy(w->store,
	    &(const struct copy_order){ ACTOR_ADMIN, w->accounts[0], w->inboxes[0],
		(const uint32_t[]){ 1 }, 1, w->accounts[1], w->inboxes[1], false },
	    arena, &c->copied, NULL);
	atomic_store(&c->done, true);
	arena_free(&arena);
	return NULL;
}

NUMBER(sql_lock_source,
    "UPDATE mail_accounts SET modseq = modseq + 1"
    " WHERE owner = (SELECT user_idnr FROM dbmail_users WHERE userid = 'user0')");

/* Where expunged mail is not kept the sweeper would take what is being copied, and holds the source's lock to do so. */
static void copies_nothing_from_under_the_sweeper(void **state)
{
	static const struct db_sql *const locks[] = { &sql_lock_source };
	struct world *w = *state;
	struct copying c = { .w = w };
	struct held *held;
	pthread_t thread;

	store_close(&w->store);
	w->store_settings.removed_keep_s = 0;
	assert_int_equal(store_open(&w->store_settings, &w->store, NULL), OK);
	w->session = delivery_session_begin(w->store);
	fill(w, 0, w->inboxes[0], 1, (struct flag_list){ .system = 0 });
	held = world_hold(w, locks, COUNT(locks));
	assert_int_equal(
	    thread_start("copy", THREAD_STACK_SIZE, copy_from_another, &c, &thread, NULL), OK);
	world_let_others_run();
	assert_false(atomic_load(&c.done));
	world_let_go(&held);
	thread_join(thread);
	assert_int_equal(c.rc, OK);
	assert_int_equal(c.copied.count, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(moves_inside_an_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_into_the_same_mailbox, set_up, tear_down),
		cmocka_unit_test_setup_teardown(tidies_up_over_quota, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_between_accounts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(leaves_shared_objects_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_much, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    is_done_wholly_or_not_at_all, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_back_what_failed, set_up, tear_down),
		cmocka_unit_test_setup_teardown(moves_back_after_a_death, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    moves_back_into_the_other_account, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_what_has_no_way_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    copies_nothing_from_under_the_sweeper, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
