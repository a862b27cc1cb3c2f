#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "net/activity.h"

#include <pthread.h>
#include <stdatomic.h>

#define SLOTS 8
#define ROUNDS 2000

static void shows_what_is_there_slot_by_slot(void **state)
{
	struct activities *all = activities_new(SLOTS);
	struct activity a = { .ref = { 2, 7 }, .sid = 20, .service = "imap" };
	struct activity b = { .ref = { 5, 9 }, .sid = 50, .service = "lmtp" };
	struct arena *arena = arena_new("test");
	struct activity seen;
	uint32_t slot = 0;

	(void)state;
	assert_false(activities_next(all, &slot, arena, &seen));
	activities_set_text(all, &a, &a.user, STR("ann"));
	activities_show(all, &a);
	activities_show(all, &b);
	activities_set_text(all, &a, &a.mailbox, STR("INBOX"));
	activities_set_text(all, &a, &a.mailbox, STR("Sent"));
	slot = 0;
	assert_true(activities_next(all, &slot, arena, &seen));
	assert_int_equal(seen.sid, 20);
	assert_int_equal(seen.ref.generation, 7);
	assert_true(str_equal(seen.user, STR("ann")) && seen.user.p != a.user.p);
	assert_true(str_equal(seen.mailbox, STR("Sent")));
	assert_true(activities_next(all, &slot, arena, &seen));
	assert_int_equal(seen.sid, 50);
	assert_false(activities_next(all, &slot, arena, &seen));
	activities_hide(all, &a);
	assert_null(a.user.p);
	slot = 0;
	assert_true(activities_next(all, &slot, arena, &seen));
	assert_int_equal(seen.sid, 50);
	activities_hide(all, &b);
	activities_free(&all);
	arena_free(&arena);
}

struct shared {
	struct activities *all;
	atomic_bool done;
	uint32_t slot;
};

/* Comes, changes, goes, as connections do. */
static void *live(void *arg)
{
	struct shared *shared = arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		struct activity mine = { .ref = { i % SLOTS, i }, .sid = i };

		activities_set_text(shared->all, &mine, &mine.user, STR("somebody"));
		activities_show(shared->all, &mine);
		activities_set_text(shared->all, &mine, &mine.mailbox, STR("one"));
		activities_lock(shared->all, mine.ref);
		mine.verb = STR("FETCH");
		mine.bytes_in++;
		activities_unlock(shared->all, mine.ref);
		activities_set_text(shared->all, &mine, &mine.mailbox, STR_EMPTY);
		activities_hide(shared->all, &mine);
	}
	atomic_store(&shared->done, true);
	return NULL;
}

static void is_whole_whenever_it_is_looked_at(void **state)
{
	struct shared shared = { .all = activities_new(SLOTS) };
	struct arena *arena = arena_new("test");
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, live, &shared), 0);
	while (!atomic_load(&shared.done)) {
		struct activity seen;
		uint32_t slot = 0;

		arena_clear(arena);
		while (activities_next(shared.all, &slot, arena, &seen)) {
			assert_true(str_equal(seen.user, STR("somebody")));
			assert_int_equal(seen.ref.slot, slot - 1);
			assert_int_equal(seen.ref.generation, seen.sid);
			assert_true(seen.mailbox.n == 0 || str_equal(seen.mailbox, STR("one")));
		}
	}
	(void)pthread_join(thread, NULL);
	activities_free(&shared.all);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_what_is_there_slot_by_slot),
		cmocka_unit_test(is_whole_whenever_it_is_looked_at),
	};

	return cmocka_run_group_tests_name("net/activity", tests, NULL, NULL);
}
