/*
 * Several nodes on one database, by leases: numbers, ids, keys of deliveries, who sweeps. On SQLite too, where the program
 * itself uses locked files.
 */
#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "store/failures.h"
#include "store/node.h"
#include "tests/contract/store_world.h"

#include <time.h>

#define LEASE_MS 4800

static const struct variant *variant;

static int set_up(void **state)
{
	static struct world w;

	world_init(&w, variant, 2);
	store_close(&w.store);
	w.store_settings.node_leases = true;
	w.store_settings.node_lease_ms = LEASE_MS;
	w.store_settings.serves = true;
	assert_int_equal(store_open(&w.store_settings, &w.store, NULL), OK);
	w.session = delivery_session_begin(w.store);
	*state = &w;
	return 0;
}

static int tear_down(void **state)
{
	world_release(*state);
	return 0;
}

static struct store *open_another(struct world *w)
{
	struct store *store;
	struct err err;

	if (store_open(&w->store_settings, &store, &err) != OK)
		fail_msg("store_open: %s", err.text);
	return store;
}

static void sleep_ms(int ms)
{
	struct timespec left = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&left, NULL);
}

/* Until it is so, which it is soon. */
#define WAIT_FOR(condition)                                                                    \
	do {                                                                                   \
		for (int times_ = 0; !(condition); times_++) {                                 \
			assert_true(times_ < 2000);                                            \
			sleep_ms(10);                                                          \
		}                                                                              \
	} while (0)

static const struct db_sql sql_entries = { .name = "test.entries",
	.text = "SELECT count(*) FROM mail_entries" };

/* The lease of number 0 ended long ago, and its holder does not know. */
static const struct db_sql sql_end_0 = { .name = "test.end_0",
	.text = "UPDATE mail_nodes SET expires = 1 WHERE number = 0" };

/* Another process has number 0, for a long time to come. */
static const struct db_sql sql_steal_0 = { .name = "test.steal_0",
	.text = "UPDATE mail_nodes SET incarnation = 5, expires = expires + 1000000000"
		" WHERE number = 0" };

static void gives_every_node_a_number_of_its_own(void **state)
{
	struct world *w = *state;
	struct store *second = open_another(w), *third = open_another(w);

	assert_int_equal(node_now(w->store)->number, 0);
	assert_int_equal(node_now(second)->number, 1);
	assert_int_equal(node_now(third)->number, 2);
	store_close(&second);
	/* given back: free at once */
	second = open_another(w);
	assert_int_equal(node_now(second)->number, 1);
	store_close(&second);
	store_close(&third);
}

static void makes_no_id_twice(void **state)
{
	struct world *w = *state;
	int64_t last = 0;

	for (int life = 0; life < 20; life++) {
		struct store *store = open_another(w);

		assert_int_equal(node_now(store)->number, 1);
		/* a burst goes ahead of the clock */
		for (int i = 0; i < 20000; i++) {
			int64_t id = store_new_id(store);

			assert_true(id > last);
			assert_int_equal((id >> 12) & 1023, 1);
			last = id;
		}
		store_close(&store);
	}
}

/* It could not renew its lease, and another took the number. */
static void goes_on_under_another_number(void **state)
{
	struct world *w = *state;
	int64_t incarnation = node_now(w->store)->incarnation;
	struct delivery d;

	world_run(w, &sql_steal_0);
	WAIT_FOR(node_now(w->store)->number != 0);
	assert_int_equal(node_now(w->store)->number, 1);
	assert_int_not_equal(node_now(w->store)->incarnation, incarnation);
	assert_true(node_is_own(w->store, incarnation));
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 3000), 1, &d), OK);
	assert_int_equal((d.object >> 12) & 1023, 1);
}

/* The row was not taken: the same life goes on. */
static void keeps_a_number_that_nobody_took(void **state)
{
	struct world *w = *state;
	int64_t incarnation = node_now(w->store)->incarnation;
	struct delivery d;

	world_run(w, &sql_end_0);
	sleep_ms(LEASE_MS / 3);
	assert_int_equal(node_now(w->store)->incarnation, incarnation);
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 3000), 1, &d), OK);
}

static void writes_nothing_without_a_lease(void **state)
{
	struct world *w = *state;
	struct delivery d;

	w->plan.kind = FAULT_FAILS;
	w->plan.code = ERR_UNAVAIL;
	w->plan.calls = FAULT_BEGIN;
	w->plan.again = 1;
	fault_arm(&w->plan, 1);
	WAIT_FOR(node_ready(w->store, NULL) == ERR_UNAVAIL);
	assert_false(node_sweeps(w->store));
	assert_true(fault_disarm(&w->plan));
	/* the database is back, and so is the lease, soon */
	WAIT_FOR(node_ready(w->store, NULL) == OK);
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 3000), 1, &d), OK);
	assert_int_equal(world_number(w, &sql_entries), 1);
}

/* The peer repeats at another node what the first stored without being able to say so. */
static void takes_the_repeats_of_a_dead_node(void **state)
{
	struct world *w = *state;
	struct str bytes = world_message(w->arena, 1, 3000);
	struct store *first = w->store, *second = open_another(w);
	int64_t first_session = w->session;
	struct delivery d;

	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	w->store = second;
	w->session = delivery_session_begin(second);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), ERR_UNAVAIL);
	/* the first one is stopped: nobody renews its lease */
	w->plan.kind = FAULT_FAILS;
	w->plan.calls = 0;
	world_run(w, &sql_steal_0);
	assert_int_equal(world_deliver(w, 0, bytes, 1, &d), OK);
	assert_true(d.repeated);
	assert_int_equal(world_number(w, &sql_entries), 1);
	delivery_session_end(second, w->session);
	w->store = first;
	w->session = first_session;
	store_close(&second);
}

static void sweeps_by_the_lowest_that_lives(void **state)
{
	struct world *w = *state;
	struct store *second = open_another(w), *first = w->store;
	struct node_others others;

	WAIT_FOR(node_sweeps(first));
	assert_false(node_sweeps(second));
	WAIT_FOR((node_others(second, &others), others.count == 1));
	assert_int_equal(others.incarnation[0], node_now(first)->incarnation);
	delivery_session_end(first, w->session);
	store_close(&first);
	w->store = second;
	w->session = delivery_session_begin(second);
	WAIT_FOR(node_sweeps(second));
}

/* A command needs a number only when it makes ids. */
static void takes_a_number_when_it_needs_one(void **state)
{
	struct world *w = *state;
	struct store *server = w->store, *tool;
	struct delivery d;
	int64_t session = w->session;

	w->store_settings.serves = false;
	tool = open_another(w);
	w->store = tool;
	w->session = delivery_session_begin(tool);
	assert_false(node_is_own(tool, node_now(server)->incarnation));
	assert_int_equal(world_deliver(w, 0, world_message(w->arena, 1, 3000), 1, &d), OK);
	assert_int_equal(node_now(tool)->number, 1);
	assert_false(node_sweeps(tool));
	delivery_answers_read(tool, w->session, &d, 1, w->serial);
	delivery_session_end(tool, w->session);
	store_close(&tool);
	w->store = server;
	w->session = session;
}

struct taken {
	int failures, passes;
	int64_t account;
};

static void take(void *arg, const struct login_failure *failure)
{
	struct taken *taken = arg;

	if (failure->passed)
		taken->passes++;
	else
		taken->failures++;
	taken->account = failure->account;
}

static struct taken read_failures(struct store *store, struct login_failures_read *read)
{
	struct taken taken = { 0 };

	assert_int_equal(login_failures_read(store, read, 900, take, &taken, NULL), OK);
	return taken;
}

static const struct db_sql sql_failures = { .name = "test.failures",
	.text = "SELECT count(*) FROM login_failures" };

static void tells_others_of_failed_logins(void **state)
{
	struct world *w = *state;
	const struct login_failure failures[] = {
		{ .pair = 1, .address = 2, .account = 3, .at = clock_unix_s() },
		{ .pair = 1, .account = 4, .at = clock_unix_s(), .passed = true },
	};
	struct login_failures_read *own = login_failures_read_new();
	struct login_failures_read *others = login_failures_read_new();
	struct store *second = open_another(w);
	struct node_others nodes;
	struct taken taken;

	WAIT_FOR((node_others(second, &nodes), nodes.count == 1));
	WAIT_FOR((node_others(w->store, &nodes), nodes.count == 1));
	assert_int_equal(read_failures(w->store, own).failures, 0);
	assert_int_equal(read_failures(second, others).failures, 0);
	login_failures_write(w->store, failures, COUNT(failures));
	WAIT_FOR(world_number(w, &sql_failures) == 2);
	taken = read_failures(second, others);
	assert_int_equal(taken.failures, 1);
	assert_int_equal(taken.passes, 1);
	assert_int_equal(taken.account, 4);
	/* each once, and one's own never */
	assert_int_equal(read_failures(second, others).failures, 0);
	assert_int_equal(read_failures(w->store, own).failures, 0);
	login_failures_write(w->store, failures, 1);
	WAIT_FOR(world_number(w, &sql_failures) == 3);
	assert_int_equal(read_failures(second, others).failures, 1);
	/* who begins later reads what is recent, of everybody */
	login_failures_read_free(&own);
	own = login_failures_read_new();
	assert_int_equal(read_failures(w->store, own).failures, 2);
	login_failures_read_free(&own);
	login_failures_read_free(&others);
	store_close(&second);
}

/* Paused, or cut off, for a moment: what it told before is not heard again. */
static void hears_each_failure_once(void **state)
{
	struct world *w = *state;
	const struct login_failure failure = { .account = 3, .at = clock_unix_s() };
	struct login_failures_read *read = login_failures_read_new();
	struct store *second = open_another(w);
	struct node_others nodes;

	login_failures_write(w->store, &failure, 1);
	WAIT_FOR(world_number(w, &sql_failures) == 1);
	assert_int_equal(read_failures(second, read).failures, 1);
	WAIT_FOR((world_run(w, &sql_end_0), node_others(second, &nodes), nodes.count == 0));
	assert_int_equal(read_failures(second, read).failures, 0);
	WAIT_FOR((node_others(second, &nodes), nodes.count == 1));
	assert_int_equal(read_failures(second, read).failures, 0);
	login_failures_write(w->store, &failure, 1);
	WAIT_FOR(world_number(w, &sql_failures) == 2);
	assert_int_equal(read_failures(second, read).failures, 1);
	login_failures_read_free(&read);
	store_close(&second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    gives_every_node_a_number_of_its_own, set_up, tear_down),
		cmocka_unit_test_setup_teardown(makes_no_id_twice, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    goes_on_under_another_number, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    keeps_a_number_that_nobody_took, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    writes_nothing_without_a_lease, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    takes_the_repeats_of_a_dead_node, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    sweeps_by_the_lowest_that_lives, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    takes_a_number_when_it_needs_one, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    tells_others_of_failed_logins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(hears_each_failure_once, set_up, tear_down),
	};

	return scratch_run(tests, &variant);
}
