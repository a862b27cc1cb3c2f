/*
 * What one member of a group may do to the others: nothing. The groups are made by a member that holds the writer
 * until the others wait.
 */
#include "tests/cm.h"

#include "base/str.h"
#include "db/fault.h"
#include "tests/contract/scratch.h"

#include <pthread.h>
#include <semaphore.h>
#include <string.h>

#define MEMBERS 6

struct member {
	struct db_pool *pool;
	pthread_t thread;
	struct put row;
	db_body *body;
	enum errc rc;
	struct err err;
};

struct fixture {
	struct scratch scratch;
	struct fault_plan plan;
	struct db_settings settings;
	struct db_pool *pool;
	struct member members[MEMBERS];
	sem_t gate_entered, gate_open;
	size_t changes;
};

static void count_changes(void *arg, const struct change *changes, size_t count)
{
	(void)changes;
	((struct fixture *)arg)->changes += count;
}

static int set_up(void **state)
{
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	scratch_init(&f.scratch);
	f.settings = scratch_settings(&f.scratch);
	f.settings.on_change = count_changes;
	f.settings.on_change_arg = &f;
	fault_wrap(&f.settings, &f.plan);
	f.pool = scratch_open(&f.settings);
	(void)sem_init(&f.gate_entered, 0, 0);
	(void)sem_init(&f.gate_open, 0, 0);
	for (size_t i = 0; i < MEMBERS; i++)
		f.members[i] = (struct member){ .row = { .id = (int64_t)i + 1 } };
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	(void)fault_disarm(&f->plan);
	db_close(&f->pool);
	scratch_release(&f->scratch);
	(void)sem_destroy(&f->gate_entered);
	(void)sem_destroy(&f->gate_open);
	return 0;
}

/* A body must not wait; this one does, to hold the writer. */
static enum errc gate_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct fixture *f = arg;

	(void)db;
	(void)arena;
	(void)sem_post(&f->gate_entered);
	(void)sem_wait(&f->gate_open);
	return err_set(err, ERR_QUOTA, "nothing to commit");
}

static void *run_gate(void *arg)
{
	struct fixture *f = arg;

	assert_int_equal(
	    db_transact(f->pool, deadline_in_ms(60000), gate_body, f, NULL), ERR_QUOTA);
	return NULL;
}

static enum errc notifying_put(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	db_notify(db, (struct change){ .owner = 1 });
	return put_body(db, arena, arg, err);
}

static void *run_member(void *arg)
{
	struct member *member = arg;

	member->rc = db_transact(member->pool, deadline_in_ms(60000),
	    member->body ? member->body : notifying_put, &member->row, &member->err);
	return NULL;
}

/* All members in one group; `arm_at` arms the plan when they are all there (0: not). */
static void run_group(struct fixture *f, int arm_at)
{
	pthread_t gate;
	struct db_stats stats;
	uint64_t want;

	db_stats(f->pool, &stats);
	want = stats.transactions + 1 + MEMBERS;
	assert_int_equal(pthread_create(&gate, NULL, run_gate, f), 0);
	(void)sem_wait(&f->gate_entered);
	for (size_t i = 0; i < MEMBERS; i++) {
		f->members[i].pool = f->pool;
		assert_int_equal(
		    pthread_create(&f->members[i].thread, NULL, run_member, &f->members[i]), 0);
	}
	do {
		struct timespec moment = { .tv_nsec = 10000000 };

		/* counted just before they stand in the queue */
		(void)nanosleep(&moment, NULL);
		db_stats(f->pool, &stats);
	} while (stats.transactions < want);
	if (arm_at > 0)
		fault_arm(&f->plan, arm_at);
	(void)sem_post(&f->gate_open);
	assert_int_equal(pthread_join(gate, NULL), 0);
	for (size_t i = 0; i < MEMBERS; i++)
		assert_int_equal(pthread_join(f->members[i].thread, NULL), 0);
}

static size_t count_rc(const struct fixture *f, enum errc rc)
{
	size_t count = 0;

	for (size_t i = 0; i < MEMBERS; i++)
		count += f->members[i].rc == rc;
	return count;
}

static void members_share_a_commit(void **state)
{
	struct fixture *f = *state;
	struct db_stats stats;

	run_group(f, 0);
	assert_int_equal(count_rc(f, OK), MEMBERS);
	assert_int_equal(scratch_count(f->pool), MEMBERS);
	assert_int_equal(f->changes, MEMBERS);
	db_stats(f->pool, &stats);
	assert_true(stats.commits < MEMBERS);
}

static void a_member_that_fails_is_undone_alone(void **state)
{
	struct fixture *f = *state;

	f->members[0].row.result = ERR_QUOTA;
	f->members[3].row.result = ERR_QUOTA;
	run_group(f, 0);
	assert_int_equal(count_rc(f, OK), MEMBERS - 2);
	assert_int_equal(f->members[3].rc, ERR_QUOTA);
	assert_int_equal(scratch_count(f->pool), MEMBERS - 2);
	assert_int_equal(f->changes, MEMBERS - 2);
}

/* The engine rolled everything back at the third insert. */
static void the_others_survive_a_transaction_that_the_engine_undid(void **state)
{
	struct fixture *f = *state;

	f->plan.calls = FAULT_STEP;
	f->plan.kind = FAULT_UNDOES;
	f->plan.code = ERR_UNAVAIL;
	run_group(f, 3);
	assert_true(fault_disarm(&f->plan));
	assert_int_equal(count_rc(f, ERR_UNAVAIL), 1);
	assert_int_equal(count_rc(f, OK), MEMBERS - 1);
	assert_int_equal(scratch_count(f->pool), MEMBERS - 1);
	assert_int_equal(f->changes, MEMBERS - 1);
	for (size_t i = 0; i < MEMBERS; i++)
		assert_true(scratch_has(f->pool, (int64_t)i + 1) == (f->members[i].rc == OK));
}

static void a_commit_that_fails_is_made_one_by_one(void **state)
{
	struct fixture *f = *state;

	f->plan.calls = FAULT_COMMIT;
	f->plan.kind = FAULT_UNDOES;
	f->plan.code = ERR_UNAVAIL;
	run_group(f, 1);
	assert_true(fault_disarm(&f->plan));
	assert_int_equal(count_rc(f, OK), MEMBERS);
	assert_int_equal(scratch_count(f->pool), MEMBERS);
	assert_int_equal(f->changes, MEMBERS);
}

static void a_doubtful_commit_is_settled_by_the_next(void **state)
{
	struct fixture *f = *state;

	f->plan.calls = FAULT_COMMIT;
	f->plan.kind = FAULT_DOUBTS;
	run_group(f, 1);
	assert_true(fault_disarm(&f->plan));
	assert_int_equal(count_rc(f, OK), MEMBERS);
	assert_int_equal(scratch_count(f->pool), MEMBERS);
}

static void a_doubt_that_stays_is_said(void **state)
{
	struct fixture *f = *state;

	f->plan.calls = FAULT_COMMIT;
	f->plan.kind = FAULT_DOUBTS;
	f->plan.again = 1;
	run_group(f, 1);
	assert_true(fault_disarm(&f->plan));
	assert_int_equal(count_rc(f, ERR_UNCERTAIN), MEMBERS);
	assert_int_equal(f->changes, 0);
	f->plan.again = 0;
}

static void an_answer_that_is_lost_makes_all_uncertain(void **state)
{
	struct fixture *f = *state;

	f->plan.calls = FAULT_COMMIT;
	f->plan.kind = FAULT_DROPS_AFTER;
	run_group(f, 1);
	assert_true(fault_disarm(&f->plan));
	assert_true(count_rc(f, ERR_UNCERTAIN) >= 1);
	assert_int_equal(count_rc(f, ERR_UNCERTAIN) + count_rc(f, OK), MEMBERS);
	assert_int_equal(scratch_count(f->pool), MEMBERS);
}

/* Runs into the end of the disk at its insert, and says that all is well. */
static enum errc careless_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	(void)put_body(db, arena, arg, NULL);
	(void)err;
	return OK;
}

static void one_that_hides_an_error_is_found_out(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < MEMBERS; i++)
		f->members[i].body = careless_body;
	f->plan.calls = FAULT_STEP;
	f->plan.kind = FAULT_UNDOES;
	f->plan.code = ERR_UNAVAIL;
	run_group(f, 4);
	assert_true(fault_disarm(&f->plan));
	assert_int_equal(count_rc(f, ERR_UNAVAIL), 1);
	assert_int_equal(scratch_count(f->pool), MEMBERS - 1);
}

static char large[4 << 20];

static void only_the_one_that_is_too_large_for_the_disk_fails(void **state)
{
	struct fixture *f = *state;

	db_close(&f->pool);
	f->settings.size_limit_bytes = 2 << 20;
	f->pool = scratch_open(&f->settings);
	memset(large, 'x', sizeof(large));
	f->members[2].row.text = (struct str){ large, sizeof(large) };
	run_group(f, 0);
	assert_int_equal(f->members[2].rc, ERR_UNAVAIL);
	assert_true(str_find(str_from(f->members[2].err.text), STR("no space")) <
	    str_from(f->members[2].err.text).n);
	assert_int_equal(count_rc(f, OK), MEMBERS - 1);
	assert_int_equal(scratch_count(f->pool), MEMBERS - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(members_share_a_commit),
		TEST(a_member_that_fails_is_undone_alone),
		TEST(the_others_survive_a_transaction_that_the_engine_undid),
		TEST(a_commit_that_fails_is_made_one_by_one),
		TEST(a_doubtful_commit_is_settled_by_the_next),
		TEST(a_doubt_that_stays_is_said),
		TEST(an_answer_that_is_lost_makes_all_uncertain),
		TEST(one_that_hides_an_error_is_found_out),
		TEST(only_the_one_that_is_too_large_for_the_disk_fails),
	};

	return cmocka_run_group_tests_name("db/group", tests, NULL, NULL);
}
