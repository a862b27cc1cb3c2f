#include "tests/cm.h"

#include "net/runq.h"
#include "net/slot.h"

#include "base/heap.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static struct session_ref take(struct slots *slots, void *owner)
{
	struct session_ref ref;

	assert_int_equal(slots_take(slots, owner, &ref), OK);
	return ref;
}

static void runs_whom_a_wake_moved_from_parked(void **state)
{
	struct slots *slots = slots_new(2);
	int owner;
	struct session_ref ref = take(slots, &owner);

	(void)state;
	assert_false(slots_wake(slots, ref, EVENT_DONE)); /* it runs already */
	assert_false(slots_park(slots, ref));
	assert_int_equal(slots_pending(slots, ref), EVENT_DONE);
	assert_true(slots_park(slots, ref));
	assert_true(slots_wake(slots, ref, EVENT_BUS));
	assert_false(slots_wake(slots, ref, WAKE_INPUT));
	assert_ptr_equal(slots_owner(slots, ref), &owner);
	assert_int_equal(slots_pending(slots, ref), EVENT_BUS | WAKE_INPUT);
	assert_int_equal(slots_pending(slots, ref), 0);
	slots_give(slots, ref);
	slots_free(&slots);
}

static void wakes_nobody_by_a_stale_name(void **state)
{
	struct slots *slots = slots_new(1);
	struct session_ref old = take(slots, slots), new, none = { 0, 0 }, outside = { 1, 1 };

	(void)state;
	assert_int_equal(slots_take(slots, slots, &new), ERR_LIMIT);
	slots_give(slots, old);
	assert_false(slots_wake(slots, old, EVENT_BUS));
	new = take(slots, slots);
	assert_int_equal(new.slot, old.slot);
	assert_int_not_equal(new.generation, old.generation);
	assert_true(slots_park(slots, new));
	assert_false(slots_wake(slots, old, EVENT_BUS));
	assert_false(slots_wake(slots, none, EVENT_BUS));
	assert_false(slots_wake(slots, outside, EVENT_BUS));
	assert_true(slots_wake(slots, new, EVENT_BUS));
	assert_int_equal(slots_pending(slots, new), EVENT_BUS);
	slots_free(&slots);
}

static void queues_first_in_first_out(void **state)
{
	struct runq *runq = runq_new(3);
	struct session_ref ref;
	uint32_t in = 0, out = 0;

	(void)state;
	assert_false(runq_pop(runq, RUNQ_FRESH, &ref));
	for (int round = 0; round < 5; round++) {
		while (runq_count(runq, RUNQ_FRESH) < 3)
			runq_push(runq, RUNQ_FRESH, (struct session_ref){ .slot = in++ });
		for (int i = 0; i < 2; i++) {
			assert_true(runq_pop(runq, RUNQ_FRESH, &ref));
			assert_int_equal(ref.slot, out++);
		}
	}
	runq_free(&runq);
}

/*
 * Random wakers. Fake sessions count what they saw; each wake adds to `asked` before it sets its bit, so after
 * all is quiet the session must have seen every number that was asked for.
 */
#define FAKES 8
#define WAKERS 3
#define RUNNERS 3
#define WAKES 20000

struct fake {
	_Atomic uint64_t asked[8]; /* by bit */
	uint64_t seen[8];	   /* plain: one runner at a time, or TSan says so */
	atomic_int inside;
	unsigned runs, lives;
	_Atomic uint64_t ref; /* slot | generation << 32 */
};

struct machine {
	struct slots *slots;
	struct runq *runq;
	struct fake fake[FAKES];
	atomic_bool ended;
	atomic_uint overlaps, strays;
};

struct waker {
	struct machine *machine;
	uint64_t random;
};

static uint64_t random_next(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static uint64_t pack(struct session_ref ref)
{
	return (uint64_t)ref.generation << 32 | ref.slot;
}

static struct session_ref unpack(uint64_t packed)
{
	return (struct session_ref){ (uint32_t)packed, (uint32_t)(packed >> 32) };
}

static void wake_fake(struct machine *machine, struct session_ref ref, unsigned bits)
{
	if (slots_wake(machine->slots, ref, bits))
		runq_push(machine->runq, RUNQ_FRESH, ref);
}

static void *waker_main(void *arg)
{
	struct waker *waker = arg;
	struct machine *machine = waker->machine;

	for (int i = 0; i < WAKES; i++) {
		uint64_t r = random_next(&waker->random);
		struct fake *fake = &machine->fake[r % FAKES];
		unsigned bit = (unsigned)(r >> 8) % 8;

		atomic_fetch_add(&fake->asked[bit], 1);
		wake_fake(machine, unpack(atomic_load(&fake->ref)), 1U << bit);
	}
	return NULL;
}

static void look(struct fake *fake, unsigned bits)
{
	for (unsigned bit = 0; bit < 8; bit++) {
		if (bits & 1U << bit)
			fake->seen[bit] =
			    atomic_load_explicit(&fake->asked[bit], memory_order_relaxed);
	}
}

/* Some sessions end and come back under another generation, as a new connection in the same slot does. */
static struct session_ref reborn(
    struct machine *machine, struct fake *fake, struct session_ref ref)
{
	slots_give(machine->slots, ref);
	while (slots_take(machine->slots, fake, &ref) != OK)
		;
	fake->lives++;
	atomic_store(&fake->ref, pack(ref));
	/* what was asked for under the old name is lost with it, so the new one begins with a look */
	look(fake, 0xff);
	return ref;
}

static void run_fake(struct machine *machine, struct session_ref ref)
{
	struct fake *fake = slots_owner(machine->slots, ref);

	if (atomic_fetch_add(&fake->inside, 1) != 0)
		atomic_fetch_add(&machine->overlaps, 1);
	if (pack(ref) != atomic_load(&fake->ref))
		atomic_fetch_add(&machine->strays, 1);
	do {
		look(fake, slots_pending(machine->slots, ref));
		fake->runs++;
		if (fake->runs % 64 == 0)
			ref = reborn(machine, fake, ref);
		atomic_fetch_sub(&fake->inside, 1);
		if (slots_park(machine->slots, ref))
			return;
		if (atomic_fetch_add(&fake->inside, 1) != 0)
			atomic_fetch_add(&machine->overlaps, 1);
	} while (true);
}

static void *runner_main(void *arg)
{
	struct machine *machine = arg;
	struct session_ref ref;

	for (;;) {
		if (runq_pop(machine->runq, RUNQ_FRESH, &ref))
			run_fake(machine, ref);
		else if (atomic_load(&machine->ended) &&
		    runq_count(machine->runq, RUNQ_FRESH) == 0)
			return NULL;
	}
}

static void start_fakes(struct machine *machine)
{
	machine->slots = slots_new(FAKES + 2);
	machine->runq = runq_new(FAKES + 2);
	for (size_t i = 0; i < FAKES; i++) {
		struct session_ref ref = take(machine->slots, &machine->fake[i]);

		atomic_store(&machine->fake[i].ref, pack(ref));
		assert_true(slots_park(machine->slots, ref));
	}
}

static void never_overlaps_and_loses_no_wake(void **state)
{
	struct machine machine = { .slots = NULL };
	struct waker waker[WAKERS];
	pthread_t wakers[WAKERS], runners[RUNNERS];

	(void)state;
	start_fakes(&machine);
	for (size_t i = 0; i < RUNNERS; i++)
		assert_int_equal(pthread_create(&runners[i], NULL, runner_main, &machine), 0);
	for (size_t i = 0; i < WAKERS; i++) {
		waker[i] = (struct waker){ &machine, 88172645463325252U + i };
		assert_int_equal(pthread_create(&wakers[i], NULL, waker_main, &waker[i]), 0);
	}
	for (size_t i = 0; i < WAKERS; i++)
		(void)pthread_join(wakers[i], NULL);
	/* a wake by a name that was stale is made good by the new life's own first look */
	atomic_store(&machine.ended, true);
	for (size_t i = 0; i < RUNNERS; i++)
		(void)pthread_join(runners[i], NULL);

	assert_int_equal(atomic_load(&machine.overlaps), 0);
	assert_int_equal(atomic_load(&machine.strays), 0);
	for (size_t i = 0; i < FAKES; i++) {
		struct fake *fake = &machine.fake[i];

		assert_true(fake->runs > 0);
		for (size_t bit = 0; bit < 8; bit++)
			assert_int_equal(fake->seen[bit], atomic_load(&fake->asked[bit]));
	}
	runq_free(&machine.runq);
	slots_free(&machine.slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_whom_a_wake_moved_from_parked),
		cmocka_unit_test(wakes_nobody_by_a_stale_name),
		cmocka_unit_test(queues_first_in_first_out),
		cmocka_unit_test(never_overlaps_and_loses_no_wake),
	};

	return cmocka_run_group_tests_name("net/slot", tests, NULL, NULL);
}
