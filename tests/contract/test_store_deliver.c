/*
 * What store_deliver promises: bytes, counts, quotas, repeats.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/account.h"
#include "store/ahead.h"
#include "tests/contract/store_world.h"

#include <string.h>
#include <time.h>

static const struct variant *variant;

static int set_up(void **state)
{
	static struct world w;

	world_init(&w, variant, 4);
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
static const struct db_sql sql_objects = { .name = "test.objects",
	.text = "SELECT count(*) FROM mail_objects" };
static const struct db_sql sql_blobs = { .name = "test.blobs",
	.text = "SELECT count(*) FROM mail_blobs" };
static const struct db_sql sql_keys = { .name = "test.keys",
	.text = "SELECT count(*) FROM delivery_keys" };
static const struct db_sql sql_held_keys = { .name = "test.held_keys",
	.text = "SELECT count(*) FROM delivery_keys WHERE node <> 0" };

static void pause_a_moment(int times)
{
	struct timespec moment = { .tv_nsec = 20000000 };

	assert_true(times < 500);
	(void)nanosleep(&moment, NULL);
}

/* Keys are let go in a later commit. */
static void wait_for_release(struct world *w)
{
	for (int i = 0; world_number(w, &sql_held_keys) > 0; i++)
		pause_a_moment(i);
}

static void assert_bytes(struct world *w, const struct delivery *d, struct str bytes)
{
	struct str got = world_bytes(w, 0, d->object);
	struct str trace = STR("Return-Path: <ann@example.org>\r\n"
			       "Received: by host.example with LMTP\r\n");

	assert_int_equal(got.n, bytes.n + trace.n);
	assert_memory_equal(got.p, trace.p, trace.n);
	assert_memory_equal(got.p + trace.n, bytes.p, bytes.n);
}

/* Sizes on both sides of every border: leaf parts, skeletons, chunks, staging. */
static void gives_every_byte_back(void **state)
{
	static const size_t sizes[] = { 0, 1000, 4096, 20000, 33000, 34000, 44000, 65536, 66200,
		131500, 262000, 263000, 300000, 1200000, 3000000 };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct str bytes = world_message(w->arena, (int)i * 10, sizes[i]);
		struct delivery d;

		assert_int_equal(world_deliver(w, 0, bytes, (int)i, &d), OK);
		assert_bytes(w, &d, bytes);
	}
	world_check(w);
}

static void assert_same_info(const struct object_info *a, const struct object_info *b)
{
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->header_size, b->header_size);
	assert_int_equal(a->trace_size, b->trace_size);
	assert_int_equal(a->thread, b->thread);
	assert_int_equal(a->sent_date, b->sent_date);
	assert_int_equal(a->encoded, b->encoded);
	assert_true(str_equal(a->envelope, b->envelope));
	assert_true(str_equal(a->structure, b->structure));
	assert_true(str_equal(a->parts, b->parts));
	assert_true(str_equal(a->sha256, b->sha256));
}

static struct str content_bytes(
    struct world *w, struct db *db, const struct ahead *ahead, int64_t object)
{
	struct content *content;
	struct str bytes;

	assert_int_equal(content_open(db, ahead, w->accounts[0], object, &content, NULL), OK);
	assert_int_equal(content_view(content, db, SIZE_MAX, &bytes, NULL), OK);
	bytes = str_dup(w->arena, bytes);
	content_close(&content);
	return bytes;
}

/* What a server far away makes dear: the answers that a delivery waits for. Other threads count too, so the least counts. */
static void waits_for_few_answers(void **state)
{
	struct world *w = *state;
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10; i++) {
		struct str bytes = world_message(w->arena, i, 4096);
		struct db_stats before, after;
		struct delivery d;

		db_stats(w->pool, &before);
		assert_int_equal(world_deliver(w, 0, bytes, i, &d), OK);
		db_stats(w->pool, &after);
		if (after.round_trips - before.round_trips < least)
			least = after.round_trips - before.round_trips;
	}
	if (scratch_engine() == DB_PGSQL)
		assert_in_range(least, 1, 3);
	if (scratch_engine() == DB_SQLITE)
		assert_int_equal(least, 0);
}

/* Whatever is wanted of them is the same as what is read alone; 4711 is never there. */
static void assert_read_ahead(
    struct world *w, struct db *db, const struct ahead *ahead, const struct ahead_want *want)
{
	unsigned texts = want->what & (AHEAD_ENVELOPE | AHEAD_STRUCTURE | AHEAD_OBJECT);
	struct object_info alone, together;

	for (size_t i = 0; i < want->count; i++) {
		int64_t object = want->objects[i];

		assert_true(ahead_covers(ahead, object));
		if (object == 4711)
			continue;
		assert_int_equal(
		    object_get(db, NULL, want->owner, object, w->arena, &alone, NULL), OK);
		assert_int_equal(
		    object_get(db, ahead, want->owner, object, w->arena, &together, NULL), OK);
		if (texts == 0 || texts & AHEAD_OBJECT)
			assert_same_info(&alone, &together);
		if (texts & AHEAD_ENVELOPE)
			assert_true(str_equal(alone.envelope, together.envelope));
		if (texts & AHEAD_STRUCTURE)
			assert_true(str_equal(alone.structure, together.structure));
		assert_true(str_equal(
		    content_bytes(w, db, NULL, object), content_bytes(w, db, ahead, object)));
	}
	assert_int_equal(
	    object_get(db, ahead, want->owner, 4711, w->arena, &alone, NULL), ERR_NOTFOUND);
	/* another account's message of that number is another */
	assert_int_equal(
	    object_get(db, ahead, want->owner + 1, want->objects[0], w->arena, &alone, NULL),
	    ERR_NOTFOUND);
}

/* Small ones come together; large ones and what is not there are left to be read alone. */
static void reads_ahead_what_is_read_alone(void **state)
{
	static const size_t sizes[] = { 0, 1000, 20000, 70000, 300000 };
	static const unsigned masks[] = { AHEAD_ENVELOPE, AHEAD_STRUCTURE,
		AHEAD_ENVELOPE | AHEAD_STRUCTURE, AHEAD_OBJECT, AHEAD_OBJECT | AHEAD_ENVELOPE,
		AHEAD_HEADER, AHEAD_CONTENT, AHEAD_OBJECT | AHEAD_CONTENT,
		AHEAD_ENVELOPE | AHEAD_HEADER };
	struct world *w = *state;
	struct ahead_want want = { .owner = w->accounts[0] }, one = want;
	const struct ahead_want nothing = { .count = 0 };
	struct ahead *ahead = ahead_new();
	struct db *db;

	for (size_t i = 0; i < COUNT(sizes); i++) {
		struct delivery d;

		assert_int_equal(
		    world_deliver(
			w, 0, world_message(w->arena, (int)i * 10, sizes[i]), (int)i, &d),
		    OK);
		want.objects[want.count++] = d.object;
	}
	want.objects[want.count++] = 4711;
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_false(ahead_covers(ahead, want.objects[0]));
	for (size_t i = 0; i < COUNT(masks); i++) {
		want.what = one.what = masks[i];
		one.objects[0] = want.objects[i % COUNT(sizes)];
		one.count = 1;
		/* first as what follows, then as what is wanted */
		assert_int_equal(ahead_read(ahead, db, &one, &want, NULL), OK);
		assert_false(ahead_covers(ahead, 4711));
		assert_read_ahead(w, db, ahead, &one);
		if (i % 2 == 0)
			ahead_settle(ahead);
		assert_int_equal(ahead_read(ahead, db, &want, &nothing, NULL), OK);
		assert_read_ahead(w, db, ahead, &want);
	}
	db_return(&db);
	ahead_free(&ahead);
}

/* Two questions, and something else that is asked between them. */
static void asks_before_another_question(void **state)
{
	struct world *w = *state;
	struct ahead_want want = { .owner = w->accounts[0],
		.count = 2,
		.objects = { 0, 4711 },
		.what = AHEAD_CONTENT };
	const struct ahead_want nothing = { .count = 0 };
	struct ahead *ahead = ahead_new();
	struct delivery d;
	struct db *db;

	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 1000), 1, &d), OK);
	want.objects[0] = d.object;
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(ahead_ask(ahead, db, &want, NULL), OK);
	assert_int_equal(ahead_ask(ahead, db, &want, NULL), OK);
	assert_true(content_bytes(w, db, ahead, d.object).n >= 1000);
	assert_false(ahead_covers(ahead, d.object));
	ahead_settle(ahead);
	/* on another lease: what was read stays */
	db_return(&db);
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(ahead_read(ahead, db, &want, &nothing, NULL), OK);
	assert_read_ahead(w, db, ahead, &want);
	db_return(&db);
	ahead_free(&ahead);
}

static struct str repeat(struct arena *arena, struct str what, size_t times)
{
	char *p = arena_alloc(arena, what.n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(p + i * what.n, what.p, what.n);
	return (struct str){ p, what.n * times };
}

/* Headers and texts that compress well or not at all, and messages that are none. */
static void keeps_odd_messages(void **state)
{
	struct world *w = *state;
	struct str wide =
	    repeat(w->arena, STR("X-Long: some field that is there again\r\n"), 9000);
	struct str noise = world_message(w->arena, 77, 60000);
	struct str odd[] = { STR(""), STR("\r\n"), STR("\n"), STR("no colon"), STR("A: b\r\n"),
		STR("A: b\r\n\r\n"), STR("A: b\r\n\r\nbody without end"), STR("\0\0\0\xff"),
		wide, noise, STR_EMPTY, STR_EMPTY };
	/* a header larger than a row may hold */
	struct str parts[] = { STR("X-Noise: "), noise };
	char *p = arena_alloc(w->arena, parts[0].n + noise.n + 10);

	memcpy(p, parts[0].p, parts[0].n);
	for (size_t i = 0, n = parts[0].n; i < noise.n; i++)
		p[n + i] = noise.p[i] == '\r' || noise.p[i] == '\n' ? 'x' : noise.p[i];
	memcpy(p + parts[0].n + noise.n, "\r\n\r\nbody", 8);
	odd[10] = (struct str){ p, parts[0].n + noise.n + 8 };
	odd[11] = (struct str){ p, parts[0].n + noise.n };
	for (size_t i = 0; i < COUNT(odd); i++) {
		struct delivery d;

		assert_int_equal(world_deliver(w, 0, odd[i], (int)i, &d), OK);
		assert_bytes(w, &d, odd[i]);
	}
}

static void counts_what_it_stores(void **state)
{
	struct world *w = *state;
	struct mailbox_state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	for (int i = 0; i < 3; i++) {
		assert_int_equal(world_deliver(w, 0, bytes, i, &d), OK);
		assert_int_equal(d.uid, i + 1);
		assert_int_equal(d.mailbox_id, w->inboxes[0]);
		assert_true(d.uidvalidity > 0);
		assert_false(d.repeated);
	}
	assert_int_equal(world_number(w, &sql_entries), 3);
}

static void shares_attachments_between_accounts(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 4; i++)
		assert_int_equal(
		    world_deliver(w, (size_t)i, world_message(w->arena, i, 100000), i, NULL),
		    OK);
	assert_int_equal(world_number(w, &sql_objects), 4);
	assert_int_equal(world_number(w, &sql_blobs), 1);
}

static void delivers_to_many_in_one_commit(void **state)
{
	struct world *w = *state;
	struct delivery d[4];
	struct prepared *p;
	struct delivery_batch batch = {
		.deliveries = d, .count = 4, .session = w->session, .serial = 1
	};
	struct account_change change = { .set_quota = true, .quota_bytes = 2000 };

	assert_int_equal(account_change(w->store, w->accounts[1], &change, NULL), OK);
	for (size_t i = 0; i < 4; i++)
		d[3 - i] = world_delivery(w, i, i == 2 ? "no such folder" : "INBOX", 1);
	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 4000), &p, NULL), OK);
	batch.message = p;
	assert_int_equal(store_deliver(w->store, &batch, NULL), OK);
	prepared_free(&p);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(d[i].owner, w->accounts[i]);
		assert_int_equal(d[i].rc, i == 1 ? ERR_QUOTA : OK);
		if (i != 1)
			assert_int_equal(d[i].mailbox_id, w->inboxes[i]);
	}
	assert_int_equal(world_number(w, &sql_entries), 3);
}

/* Nobody fills the disk with what is refused. */
static void stores_no_blobs_of_what_is_refused(void **state)
{
	struct world *w = *state;
	struct account_change change = { .set_quota = true, .quota_bytes = 100000 };
	struct str bytes = world_message(w->arena, 1, 700000);
	struct appended appended;

	assert_int_equal(account_change(w->store, w->accounts[1], &change, NULL), OK);
	assert_int_equal(world_deliver(w, 1, bytes, 1, NULL), ERR_QUOTA);
	assert_int_equal(
	    world_append(w, 1, w->inboxes[1], bytes, (struct flag_list){ 0 }, &appended),
	    ERR_QUOTA);
	assert_int_equal(
	    world_append(w, 1, 12345, bytes, (struct flag_list){ 0 }, &appended), ERR_NOTFOUND);
	assert_int_equal(world_number(w, &sql_blobs), 0);
	assert_int_equal(world_deliver(w, 0, bytes, 2, NULL), OK);
	assert_int_equal(world_number(w, &sql_blobs), 1);
}

static void refuses_accounts_that_are_gone(void **state)
{
	struct world *w = *state;
	struct account_change change = { .set_active = true, .active = false };

	assert_int_equal(account_change(w->store, w->accounts[1], &change, NULL), OK);
	assert_int_equal(
	    world_deliver(w, 1, world_message(w->arena, 1, 4000), 1, NULL), ERR_NOTFOUND);
	w->accounts[1] = 999999;
	assert_int_equal(
	    world_deliver(w, 1, world_message(w->arena, 1, 4000), 1, NULL), ERR_NOTFOUND);
	assert_int_equal(world_number(w, &sql_entries), 0);
}

static const struct db_sql sql_no_inbox = { .name = "test.no_inbox",
	.text = "DELETE FROM dbmail_mailboxes WHERE name = 'INBOX'" };
static const struct db_sql sql_odd_inbox = { .name = "test.odd_inbox",
	.text = "UPDATE dbmail_mailboxes SET name = 'Inbox' WHERE name = 'INBOX'" };
static const struct db_sql sql_closed_inbox = { .name = "test.closed_inbox",
	.text = "UPDATE dbmail_mailboxes SET no_select = 1, name = 'INBOX'" };
static const struct db_sql sql_inboxes = { .name = "test.inboxes",
	.text = "SELECT count(*) FROM dbmail_mailboxes WHERE lower(name) = 'inbox'" };

/* Rows are made, changed and deleted by hand. */
static void always_has_an_inbox_to_deliver_to(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	world_run(w, &sql_odd_inbox);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_int_equal(d.mailbox_id, w->inboxes[0]);
	assert_int_equal(world_number(w, &sql_inboxes), 4);
	world_run(w, &sql_closed_inbox);
	/* not the sender's fault */
	assert_int_equal(world_deliver(w, 0, bytes, 2, &d), ERR_CORRUPT);
	world_run(w, &sql_no_inbox);
	assert_int_equal(world_deliver(w, 0, bytes, 3, &d), OK);
	assert_int_not_equal(d.mailbox_id, w->inboxes[0]);
	assert_int_equal(world_number(w, &sql_inboxes), 1);
}

/* RFC 5321 6.1 has the sender repeat what was not acknowledged. */
static void stores_once_what_is_repeated_after_a_lost_answer(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	delivery_session_end(w->store, w->session);
	w->session = delivery_session_begin(w->store);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	/* and again: that answer may be lost too */
	delivery_session_end(w->store, w->session);
	w->session = delivery_session_begin(w->store);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	delivery_session_end(w->store, w->session);
	/* that one was read: the next is meant */
	w->session = delivery_session_begin(w->store);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 2);
}

static void stores_twice_what_is_sent_twice(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	/* another session while the first one lives */
	int64_t first = w->session;
	w->session = delivery_session_begin(w->store);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	delivery_session_end(w->store, first);
	assert_int_equal(world_number(w, &sql_entries), 3);
}

static void knows_repeats_across_a_restart(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	world_restart(w);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	world_restart(w);
	assert_int_equal(world_number(w, &sql_keys), 0);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 2);
}

/* Another process cannot know whether the answer was read: neither a second copy nor an early "stored". */
static void leaves_the_keys_of_a_living_process_to_it(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct store *first = w->store, *second = NULL;
	int64_t first_session = w->session;
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_int_equal(store_open(&w->store_settings, &second, NULL), OK);
	w->store = second;
	w->session = delivery_session_begin(second);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), ERR_UNAVAIL);
	assert_int_equal(world_number(w, &sql_entries), 1);
	/* the session ends without having read its answer: any process may take the repeat */
	delivery_session_end(first, first_session);
	wait_for_release(w);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 1);
	delivery_session_end(second, w->session);
	w->store = first;
	w->session = delivery_session_begin(first);
	store_close(&second);
}

/* Its recipient reaches others too, who could not have it: he was refused, and the same session sends it again. */
static void knows_again_what_was_refused_for_others(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	d.comes_again = true;
	delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	wait_for_release(w);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 2);
}

/* What the first process's peer has read is no repeat for the second. */
static void takes_what_was_read_elsewhere_as_new(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 4000);
	struct store *first = w->store, *second = NULL;
	int64_t first_session = w->session;
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	delivery_answers_read(first, first_session, &d, 1, w->serial);
	assert_int_equal(store_open(&w->store_settings, &second, NULL), OK);
	w->store = second;
	w->session = delivery_session_begin(second);
	for (int i = 0; world_number(w, &sql_keys) > 0; i++)
		pause_a_moment(i);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_false(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 2);
	delivery_session_end(second, w->session);
	w->store = first;
	w->session = first_session;
	store_close(&second);
}

static void puts_several_folders_of_an_account_together(void **state)
{
	struct world *w = *state;
	struct delivery d[2];
	struct prepared *p;
	struct delivery_batch batch = {
		.deliveries = d, .count = 2, .session = w->session, .serial = 1
	};

	(void)world_folder(w, 0, "Lists");
	d[0] = world_delivery(w, 0, "INBOX", 1);
	d[1] = world_delivery(w, 0, "Lists", 1);
	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 4000), &p, NULL), OK);
	batch.message = p;
	assert_int_equal(store_deliver(w->store, &batch, NULL), OK);
	assert_int_equal(world_number(w, &sql_entries), 2);
	assert_int_equal(world_number(w, &sql_objects), 1);
	/* a repeat is one of both */
	delivery_session_end(w->store, w->session);
	batch.session = w->session = delivery_session_begin(w->store);
	assert_int_equal(store_deliver(w->store, &batch, NULL), OK);
	assert_true(d[0].repeated && d[1].repeated);
	assert_int_equal(world_number(w, &sql_entries), 2);
	prepared_free(&p);
}

/* Each call on the database fails once: all or nothing, and a second try stores it exactly once. */
static void survives_each_failure(void **state, enum fault_kind kind, unsigned calls)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 100000);
	bool fired = true;

	w->plan.kind = kind;
	w->plan.calls = calls;
	w->plan.code = ERR_UNAVAIL;
	w->store_settings.write_deadline_ms = 200;
	for (int n = 1; fired; n += scratch_call_step()) {
		int64_t before = world_number(w, &sql_entries);
		struct delivery d;
		enum errc rc;

		fault_arm(&w->plan, n);
		rc = world_deliver(w, 0, bytes, n, &d);
		fired = fault_disarm(&w->plan);
		if (rc == OK)
			assert_int_equal(world_number(w, &sql_entries), before + 1);
		world_check(w);
		if (rc != OK) {
			/* the client comes again, in a new session */
			delivery_session_end(w->store, w->session);
			w->session = delivery_session_begin(w->store);
			assert_int_equal(world_deliver(w, 0, bytes, n, &d), OK);
		}
		assert_int_equal(world_number(w, &sql_entries), before + 1);
		delivery_answers_read(w->store, w->session, &d, 1, w->serial);
	}
}

static void survives_failing_calls(void **state)
{
	survives_each_failure(state, FAULT_FAILS, FAULT_ANY & ~FAULT_CONNECT);
}

static void survives_lost_transactions(void **state)
{
	survives_each_failure(state, FAULT_UNDOES, FAULT_STEP | FAULT_SAVEPOINT | FAULT_COMMIT);
}

static void survives_lost_connections(void **state)
{
	survives_each_failure(state, FAULT_DROPS, FAULT_ANY & ~FAULT_CONNECT);
}

static void survives_lost_answers(void **state)
{
	survives_each_failure(state, FAULT_DROPS_AFTER, FAULT_ANY & ~FAULT_CONNECT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_every_byte_back, set_up, tear_down),
		cmocka_unit_test_setup_teardown(waits_for_few_answers, set_up, tear_down),
		cmocka_unit_test_setup_teardown(keeps_odd_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(counts_what_it_stores, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    shares_attachments_between_accounts, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    delivers_to_many_in_one_commit, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stores_no_blobs_of_what_is_refused, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    refuses_accounts_that_are_gone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    always_has_an_inbox_to_deliver_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stores_once_what_is_repeated_after_a_lost_answer, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    stores_twice_what_is_sent_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    knows_repeats_across_a_restart, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    leaves_the_keys_of_a_living_process_to_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    knows_again_what_was_refused_for_others, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    takes_what_was_read_elsewhere_as_new, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    puts_several_folders_of_an_account_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    reads_ahead_what_is_read_alone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    asks_before_another_question, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_failing_calls, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_lost_transactions, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_lost_connections, set_up, tear_down),
		cmocka_unit_test_setup_teardown(survives_lost_answers, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
