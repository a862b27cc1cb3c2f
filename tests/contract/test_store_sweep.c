/*
 * Housekeeping takes away what nobody needs and nothing else; verification finds what is wrong; a full disk costs
 * nothing that was acknowledged.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/account.h"
#include "store/journal.h"
#include "store/mailbox.h"
#include "store/sweep_now.h"
#include "tests/contract/store_world.h"

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

#define NUMBER(id, query)                                                                      \
	static const struct db_sql id = { .name = "test." #id, .text = (query) }

NUMBER(sql_entries, "SELECT count(*) FROM mail_entries");
NUMBER(sql_objects, "SELECT count(*) FROM mail_objects");
NUMBER(sql_removed, "SELECT count(*) FROM mail_removed");
NUMBER(sql_blobs, "SELECT count(*) FROM mail_blobs");
NUMBER(sql_chunks, "SELECT count(*) FROM mail_chunks");
NUMBER(sql_refs, "SELECT count(*) FROM mail_blob_refs");
NUMBER(sql_keys, "SELECT count(*) FROM delivery_keys");
NUMBER(sql_journal, "SELECT count(*) FROM mail_journal");
NUMBER(sql_mailboxes, "SELECT count(*) FROM mail_mailboxes");
NUMBER(sql_accounts, "SELECT count(*) FROM mail_accounts");
NUMBER(sql_threads, "SELECT count(*) FROM mail_thread_ids");
NUMBER(sql_bytes, "SELECT sum(bytes) FROM mail_accounts");
NUMBER(sql_log, "SELECT count(*) FROM mail_expunged");
NUMBER(sql_old_removed, "UPDATE mail_removed SET removed = 1000");
NUMBER(sql_old_blobs, "UPDATE mail_blobs SET touched = 1000");
NUMBER(sql_no_refs, "DELETE FROM mail_blob_refs");
NUMBER(sql_old_keys, "UPDATE delivery_keys SET created = 1000");
NUMBER(sql_old_log, "UPDATE mail_expunged SET at = 1000");
NUMBER(sql_seq,
    "SELECT count(*) FROM dbmail_mailboxes b JOIN mail_mailboxes m"
    " ON m.mailbox = b.mailbox_idnr AND m.highestmodseq = b.seq WHERE m.messages > 0");
NUMBER(sql_curmail,
    "SELECT count(*) FROM dbmail_users u JOIN mail_accounts a"
    " ON a.owner = u.user_idnr AND a.bytes = u.curmail_size WHERE a.bytes > 0");
NUMBER(sql_full, "PRAGMA max_page_count = 400");
NUMBER(sql_not_full, "PRAGMA max_page_count = 1000000");

static void delete_all(struct world *w, size_t account)
{
	struct flag_change change = { FLAGS_ADD, { .system = FLAG_DELETED }, INT64_MAX };
	struct index_version *v = world_index(w, account, w->inboxes[account]);
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, index_count(v)), *removed;
	struct flag_result *results;
	size_t n;

	for (uint32_t seq = 1; seq <= index_count(v); seq++)
		uids[seq - 1] = index_at(v, seq)->uid;
	assert_int_equal(store_flags(w->store, world_actor(w, account), w->accounts[account],
			     w->inboxes[account], uids, index_count(v), &change, w->arena,
			     &results, &n, NULL),
	    OK);
	assert_int_equal(store_expunge(w->store, world_actor(w, account), w->accounts[account],
			     w->inboxes[account], NULL, 0, w->arena, &removed, &n, NULL),
	    OK);
	index_release(&v);
}

static void sweeps_expunged_mail_when_its_time_is_over(void **state)
{
	struct world *w = *state;

	for (int i = 0; i < 250; i++)
		assert_int_equal(
		    world_deliver(
			w, 0, world_message(w->arena, i, i < 20 ? 100000 : 900), i, NULL),
		    OK);
	assert_int_equal(world_deliver(w, 1, world_message(w->arena, 1, 100000), 1, NULL), OK);
	delete_all(w, 0);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_removed), 250);
	assert_int_equal(world_number(w, &sql_objects), 251);
	assert_int_equal(world_number(w, &sql_blobs), 2);
	world_run(w, &sql_old_removed);
	for (int i = 0; i < 5; i++)
		world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_removed), 0);
	assert_int_equal(world_number(w, &sql_objects), 1);
	assert_int_equal(world_number(w, &sql_refs), 1);
	/* the blob that nobody uses any more is kept for a while */
	assert_int_equal(world_number(w, &sql_blobs), 2);
	world_run(w, &sql_old_blobs);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_blobs), 1);
	assert_int_equal(world_number(w, &sql_chunks), 2);
}

/* A blob that is swept while a large message is delivered is staged again. */
static void sweeps_large_blobs_from_their_end(void **state)
{
	struct world *w = *state;

	assert_int_equal(
	    world_deliver(w, 0, world_message(w->arena, 1, 20000000), 1, NULL), OK);
	delete_all(w, 0);
	world_run(w, &sql_old_removed);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_objects), 0);
	world_run(w, &sql_old_blobs);
	world_housekeeping(w);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_blobs), 0);
	assert_int_equal(world_number(w, &sql_chunks), 0);
	assert_int_equal(
	    world_deliver(w, 0, world_message(w->arena, 1, 20000000), 2, NULL), OK);
}

static void sweeps_the_mail_of_deleted_folders(void **state)
{
	struct world *w = *state;
	int64_t other = world_folder(w, 0, "Other"), before;
	struct appended appended;
	struct str word = STR("word");

	for (int i = 0; i < 3; i++)
		assert_int_equal(world_append(w, 0, other, world_message(w->arena, i, 900),
				     (struct flag_list){ 0, &word, 1 }, &appended),
		    OK);
	before = world_number(w, &sql_mailboxes);
	assert_int_equal(mailbox_delete(w->store, world_actor(w, 0), STR("Other"), NULL), OK);
	assert_int_equal(world_number(w, &sql_bytes), 0);
	world_housekeeping(w);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_entries), 0);
	assert_int_equal(world_number(w, &sql_removed), 3);
	assert_int_equal(world_number(w, &sql_mailboxes), before - 1);
	world_run(w, &sql_old_removed);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_objects), 0);
}

NUMBER(sql_hand_delete, "DELETE FROM dbmail_mailboxes WHERE name = 'Other'");
NUMBER(sql_hand_user, "DELETE FROM dbmail_users WHERE userid = 'user0'");

static void sweeps_what_was_deleted_by_hand(void **state)
{
	struct world *w = *state;
	int64_t other = world_folder(w, 0, "Other"), accounts = world_number(w, &sql_accounts);
	struct appended appended;

	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 900), 1, NULL), OK);
	assert_int_equal(world_append(w, 0, other, world_message(w->arena, 2, 900),
			     (struct flag_list){ 0 }, &appended),
	    OK);
	world_run(w, &sql_hand_delete);
	world_check(w);
	for (int i = 0; i < 3; i++)
		world_housekeeping(w);
	world_check(w);
	assert_int_equal(world_number(w, &sql_entries), 1);
	world_run(w, &sql_hand_user);
	for (int i = 0; i < 4; i++)
		world_housekeeping(w);
	world_check(w);
	assert_int_equal(world_number(w, &sql_entries), 0);
	assert_int_equal(world_number(w, &sql_removed), 2);
	assert_int_equal(world_number(w, &sql_accounts), accounts);
	world_run(w, &sql_old_removed);
	for (int i = 0; i < 4; i++)
		world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_objects), 0);
	assert_int_equal(world_number(w, &sql_threads), 0);
	assert_int_equal(world_number(w, &sql_accounts), accounts - 1);
}

static void trims_the_expunge_log(void **state)
{
	struct world *w = *state;
	struct index_version *old, *newer;
	struct mailbox_state s;
	struct db *db;

	for (int i = 0; i < 5; i++)
		assert_int_equal(
		    world_deliver(w, 0, world_message(w->arena, i, 900), i, NULL), OK);
	old = world_index(w, 0, w->inboxes[0]);
	delete_all(w, 0);
	assert_int_equal(world_number(w, &sql_log), 1);
	world_run(w, &sql_old_log);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_log), 0);
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(
	    mailbox_state(w->store, db, w->accounts[0], w->inboxes[0], &s, NULL), OK);
	db_return(&db);
	assert_true(s.expunged_floor > 0 && s.expunged_floor <= s.highestmodseq);
	newer = world_index(w, 0, w->inboxes[0]);
	assert_int_equal(index_count(newer), 0);
	index_release(&old);
	index_release(&newer);
}

static void forgets_old_delivery_keys(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 900), 1, NULL), OK);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_keys), 1);
	world_run(w, &sql_old_keys);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_keys), 0);
}

static void refreshes_the_columns_of_dbmail(void **state)
{
	struct world *w = *state;

	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 900), 1, NULL), OK);
	assert_int_equal(world_deliver(w, 2, world_message(w->arena, 1, 900), 2, NULL), OK);
	world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_seq), 2);
	assert_int_equal(world_number(w, &sql_curmail), 2);
}

/* The process dies in the middle of a big copy. */
static void undoes_unfinished_copies(void **state)
{
	struct world *w = *state;
	uint32_t many = STORE_COPY_ATOMIC_MAX + 1000;
	uint32_t *uids = ARENA_NEW(w->arena, uint32_t, many);
	struct append_message *m = ARENA_NEW(w->arena, struct append_message, 1000);
	int64_t other = world_folder(w, 0, "Other");
	struct prepared *p;
	struct appended appended;
	struct copied copied;

	SCRATCH_LONG_ON_SERVERS();
	assert_int_equal(
	    prepare_message(w->store, world_message(w->arena, 1, 500), &p, NULL), OK);
	for (int i = 0; i < 1000; i++)
		m[i] = (struct append_message){ .message = p, .internal_date = 1700000000 };
	for (uint32_t i = 0; i < many; i += 1000)
		assert_int_equal(store_append(w->store, world_actor(w, 0), w->accounts[0],
				     w->inboxes[0], m, 1000, &appended, NULL),
		    OK);
	prepared_free(&p);
	for (uint32_t i = 0; i < many; i++)
		uids[i] = i + 1;
	w->plan.kind = FAULT_FAILS;
	w->plan.code = ERR_INTERNAL;
	w->plan.calls = FAULT_STEP;
	w->plan.again = 1;
	fault_arm(&w->plan, 7000);
	assert_int_not_equal(store_copy(w->store,
				 &(const struct copy_order){ world_actor(w, 0), w->accounts[0],
				     w->inboxes[0], uids, many, w->accounts[0], other, false },
				 w->arena, &copied, NULL),
	    OK);
	assert_true(fault_disarm(&w->plan));
	assert_true(world_number(w, &sql_journal) > 0);
	assert_true(world_number(w, &sql_entries) > many);
	world_restart(w);
	for (int i = 0; i < 3; i++)
		world_housekeeping(w);
	assert_int_equal(world_number(w, &sql_journal), 0);
	assert_int_equal(world_number(w, &sql_entries), many);
}

static void keeps_what_was_acknowledged_when_the_disk_is_full(void **state)
{
	struct world *w = *state;
	int stored = 0, refused = 0;

	if (variant->many_writers)
		return; /* the limit is the connection's */
	world_run(w, &sql_full);
	for (int i = 0; i < 60; i++) {
		enum errc rc = world_deliver(w, (size_t)i % 3,
		    world_message(w->arena, i, i % 7 == 0 ? 300000 : 20000), i, NULL);

		stored += rc == OK;
		refused += rc != OK;
	}
	assert_true(stored > 0 && refused > 0);
	assert_int_equal(world_number(w, &sql_entries), stored);
	world_check(w);
	world_run(w, &sql_not_full);
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 300000), 99, NULL), OK);
}

/* One thing made wrong by hand, which must be found. */
static const char *const damages[] = {
	"UPDATE mail_accounts SET bytes = bytes + 1",
	"UPDATE mail_accounts SET messages = messages + 1",
	"UPDATE mail_accounts SET modseq = 1", "DELETE FROM mail_accounts",
	"UPDATE mail_mailboxes SET messages = messages + 1",
	"UPDATE mail_mailboxes SET unseen = unseen + 1",
	"UPDATE mail_mailboxes SET deleted = deleted + 1",
	"UPDATE mail_mailboxes SET size = size + 1", "UPDATE mail_mailboxes SET uidnext = 1",
	"UPDATE mail_mailboxes SET highestmodseq = 1",
	"UPDATE mail_mailboxes SET expunged_floor = 1000000",
	"UPDATE mail_mailboxes SET first_unseen = 1000000",
	"UPDATE mail_mailboxes SET first_recent = 1000000", "DELETE FROM mail_mailboxes",
	"UPDATE mail_entries SET object = object + 1 WHERE uid = 1",
	"UPDATE mail_entries SET size = size + 1",
	"UPDATE mail_entries SET flags = flags | 1099511627776",
	"UPDATE mail_entries SET id = 5",
	"INSERT INTO mail_entry_keywords SELECT owner, mailbox, 77, 60 FROM mail_mailboxes",
	"INSERT INTO mail_expunged SELECT owner, mailbox, 2, 1, 1, 0 FROM mail_mailboxes",
	"INSERT INTO mail_expunged SELECT owner, mailbox, 2, 9, 7, 0 FROM mail_mailboxes",
	"UPDATE mail_objects SET sha256 = x'00'", "UPDATE mail_objects SET size = size + 1",
	"UPDATE mail_objects SET header_size = header_size - 1",
	"DELETE FROM mail_objects WHERE object = (SELECT max(object) FROM mail_objects)",
	"UPDATE mail_contents SET header = x'0000'", "UPDATE mail_contents SET body = x'00'",
	"UPDATE mail_contents SET extents = x'01' WHERE extents IS NOT NULL",
	"DELETE FROM mail_contents", "DELETE FROM mail_blobs",
	"UPDATE mail_blobs SET size = size + 1", "UPDATE mail_blobs SET chunks = chunks - 1",
	"DELETE FROM mail_chunks WHERE n = 0", "UPDATE mail_chunks SET data = x'0061'",
	"DELETE FROM mail_blob_refs", "UPDATE mail_blob_refs SET object = 5",
	/* clang-format off */
	("INSERT INTO mail_objects (object, owner, size, header_size, trace_size, sha256, parser,"
	 " thread, parts, envelope, structure) VALUES (5, 5, 0, 0, 0, x'', 1, 5, x'', '', '')"),
	("INSERT INTO mail_removed (owner, mailbox, uid, id, object, flags, internal_date, save_date,"
	 " size, removed) SELECT owner, mailbox, 900, 900, 900, 0, 0, 0, 0, 0 FROM mail_mailboxes"),
	/* clang-format on */
};

/* x'00' is a string of bits to PostgreSQL, whose bytes are written '\x00'. */
static const char *in_dialect(struct arena *arena, const char *text)
{
	struct str rest = str_from(text), out = STR_EMPTY;

	if (scratch_engine() != DB_PGSQL)
		return text;
	for (;;) {
		size_t at = str_find(rest, STR("x'"));

		out = str_printf(arena, "%.*s%.*s%s", STR_ARG(out),
		    STR_ARG(str_first(rest, at)), at < rest.n ? "'\\x" : "");
		if (at == rest.n)
			return str_cstr(arena, out);
		rest = str_from_at(rest, at + 2);
	}
}

static void finds_what_is_wrong(void **state)
{
	for (size_t i = 0; i < COUNT(damages); i++) {
		struct world *w = *state;
		static struct db_sql damage;

		for (int k = 0; k < 2; k++)
			assert_int_equal(world_deliver(w, (size_t)k,
					     world_message(w->arena, k, 100000), k, NULL),
			    OK);
		assert_int_equal(
		    world_deliver(w, 0, world_message(w->arena, 3, 900), 3, NULL), OK);
		world_check(w);
		damage = (struct db_sql){ .name = "test.damage",
			.text = in_dialect(w->arena, damages[i]) };
		world_run(w, &damage);
		w->is_damaged = true;
		if (world_problems(w) == 0)
			fail_msg("not found: %s", damages[i]);
		tear_down(state);
		set_up(state);
	}
}

/* A delivery at a node whose clock stands far behind: by its time nobody has touched the blob for long. */
static const struct db_sql sql_use = {
	.name = "test.use",
	.text =
	    "INSERT INTO mail_blob_refs (hash, owner, object) SELECT hash, 1, 1 FROM mail_blobs"
};

static void *keep_house(void *arg)
{
	store_housekeeping(arg);
	return NULL;
}

static void keeps_a_blob_that_comes_to_use_by_any_clock(void **state)
{
	static const struct db_sql *const uses[] = { &sql_old_blobs, &sql_use };
	struct world *w = *state;
	struct held *held;
	struct delivery d;
	pthread_t thread;

	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 100000), 1, &d), OK);
	w->is_damaged = true;
	world_run(w, &sql_no_refs);
	world_run(w, &sql_old_blobs);
	held = world_hold(w, uses, COUNT(uses));
	assert_int_equal(
	    thread_start("house", THREAD_STACK_SIZE, keep_house, w->store, &thread, NULL), OK);
	world_let_others_run();
	world_let_go(&held);
	thread_join(thread);
	assert_int_equal(world_number(w, &sql_blobs), 1);
	assert_int_equal(world_number(w, &sql_refs), 1);
	assert_true(world_number(w, &sql_chunks) > 0);
}

static const struct db_sql sql_lock_last = { .name = "test.lock_last",
	.text = "UPDATE mail_accounts SET modseq = modseq + 1 WHERE owner ="
		" (SELECT user_idnr FROM dbmail_users WHERE userid = 'user1')" };

/* Several accounts can be written at once: one that is busy keeps the sweeper from nobody else, nor others from theirs. */
static void waits_for_one_account_at_a_time(void **state)
{
	static const struct db_sql *const locks[] = { &sql_lock_last };
	struct world *w = *state;
	struct held *held;
	pthread_t thread;

	if (scratch_engine() == DB_SQLITE)
		skip();
	for (size_t account = 0; account < 2; account++) {
		struct appended a;
		uint32_t *removed;
		size_t count;

		assert_int_equal(world_append(w, account, w->inboxes[account],
				     world_message(w->arena, (int)account, 500),
				     (struct flag_list){ .system = FLAG_DELETED }, &a),
		    OK);
		assert_int_equal(
		    store_expunge(w->store, world_actor(w, account), w->accounts[account],
			w->inboxes[account], NULL, 0, w->arena, &removed, &count, NULL),
		    OK);
	}
	world_run(w, &sql_old_removed);
	held = world_hold(w, locks, COUNT(locks));
	assert_int_equal(
	    thread_start("house", THREAD_STACK_SIZE, keep_house, w->store, &thread, NULL), OK);
	for (int i = 0; i < 20 && world_number(w, &sql_removed) > 1; i++)
		world_let_others_run();
	assert_int_equal(world_number(w, &sql_removed), 1);
	world_let_go(&held);
	thread_join(thread);
	assert_int_equal(world_number(w, &sql_removed), 0);
}

static enum errc journal_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct journal_row row = *(const struct journal_row *)arg;
	enum errc rc = OK;

	(void)arena;
	for (; rc == OK && row.id <= 150; row.id++)
		rc = journal_write(db, &row, err);
	return rc;
}

/* More than one piece of housekeeping takes. */
static void undoes_all_that_a_dead_process_left(void **state)
{
	struct world *w = *state;
	struct journal_row first = { .owner = w->accounts[0],
		.id = 1,
		.node = 1,
		.mailbox = w->inboxes[0],
		.uid_first = 1,
		.uid_last = 1 };
	struct sweep_report report;

	assert_int_equal(
	    db_transact(w->pool, deadline_in_ms(5000), journal_body, &first, NULL), OK);
	assert_int_equal(world_number(w, &sql_journal), 150);
	assert_int_equal(sweep_now(w->store, &report, NULL), OK);
	assert_int_equal(world_number(w, &sql_journal), 0);
}

static const struct db_sql sql_by_hand = { .name = "test.by_hand",
	.text = "INSERT INTO dbmail_mailboxes (owner_idnr, name) SELECT user_idnr, 'By hand'"
		" FROM dbmail_users WHERE userid = 'user0'" };
NUMBER(sql_folder_by_hand, "SELECT mailbox_idnr FROM dbmail_mailboxes WHERE name = 'By hand'");

/* Who holds a connection and waits for a second one may wait for ever. */
static void does_all_with_one_connection(void **state)
{
	struct world *w = *state;
	struct sweep_report report;
	struct mailbox_state s;
	int64_t mailbox;
	struct db *db;

	w->settings.readers = 1;
	world_restart(w);
	world_run(w, &sql_by_hand);
	mailbox = world_number(w, &sql_folder_by_hand);
	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(mailbox_state(w->store, db, w->accounts[0], mailbox, &s, NULL), OK);
	assert_int_not_equal(s.uidvalidity, 0);
	db_return(&db);
	assert_int_equal(sweep_now(w->store, &report, NULL), OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    sweeps_expunged_mail_when_its_time_is_over, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    sweeps_large_blobs_from_their_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    keeps_a_blob_that_comes_to_use_by_any_clock, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    waits_for_one_account_at_a_time, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    undoes_all_that_a_dead_process_left, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    does_all_with_one_connection, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    sweeps_the_mail_of_deleted_folders, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    sweeps_what_was_deleted_by_hand, set_up, tear_down),
		cmocka_unit_test_setup_teardown(trims_the_expunge_log, set_up, tear_down),
		cmocka_unit_test_setup_teardown(forgets_old_delivery_keys, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    refreshes_the_columns_of_dbmail, set_up, tear_down),
		cmocka_unit_test_setup_teardown(undoes_unfinished_copies, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    keeps_what_was_acknowledged_when_the_disk_is_full, set_up, tear_down),
		cmocka_unit_test_setup_teardown(finds_what_is_wrong, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
