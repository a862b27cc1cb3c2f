#include "tests/cm.h"

#include "net/scheduler.h"
#include "net/timer.h"

#include "base/clock.h"
#include "base/thread.h"

#include <pthread.h>

#define SLOTS 50

struct fired {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t count;
	struct session_ref ref[SLOTS * 2];
	int64_t at_ms[SLOTS * 2];
};

static void on_fire(void *arg, struct session_ref ref)
{
	struct fired *fired = arg;

	(void)pthread_mutex_lock(&fired->lock);
	fired->ref[fired->count] = ref;
	fired->at_ms[fired->count++] = clock_mono_ms();
	(void)pthread_cond_signal(&fired->changed);
	(void)pthread_mutex_unlock(&fired->lock);
}

static void wait_for(struct fired *fired, size_t count)
{
	(void)pthread_mutex_lock(&fired->lock);
	while (fired->count < count)
		(void)pthread_cond_wait(&fired->changed, &fired->lock);
	(void)pthread_mutex_unlock(&fired->lock);
}

static struct timers *start(struct fired *fired)
{
	struct timers *timers = timers_new(SLOTS, on_fire, fired);

	(void)pthread_mutex_init(&fired->lock, NULL);
	(void)pthread_cond_init(&fired->changed, NULL);
	return timers;
}

static struct session_ref ref_of(uint32_t slot)
{
	return (struct session_ref){ slot, slot + 7 };
}

static void fires_in_order_and_not_before_its_time(void **state)
{
	struct fired fired = { .count = 0 };
	struct timers *timers = start(&fired);
	int64_t now_ms = clock_mono_ms(), at_ms[SLOTS];

	(void)state;
	for (uint32_t i = 0; i < SLOTS; i++) {
		at_ms[i] = now_ms + 1 + (i * 37) % SLOTS;
		timers_set(timers, ref_of(i), at_ms[i]);
	}
	/* half are moved, some taken out */
	for (uint32_t i = 0; i < SLOTS; i += 2) {
		at_ms[i] = now_ms + 1 + (i * 13) % SLOTS;
		timers_set(timers, ref_of(i), at_ms[i]);
	}
	for (uint32_t i = 0; i < SLOTS; i += 5)
		timers_set(timers, ref_of(i), 0);
	assert_int_equal(timers_start(timers, NULL), OK);
	wait_for(&fired, SLOTS - SLOTS / 5);
	timers_stop(timers);
	assert_int_equal(fired.count, SLOTS - SLOTS / 5);
	for (size_t i = 0; i < fired.count; i++) {
		uint32_t slot = fired.ref[i].slot;

		assert_int_not_equal(slot % 5, 0);
		assert_int_equal(fired.ref[i].generation, slot + 7);
		assert_true(fired.at_ms[i] >= at_ms[slot]);
		if (i > 0)
			assert_true(at_ms[slot] >= at_ms[fired.ref[i - 1].slot]);
	}
	timers_free(&timers);
}

static void hears_of_an_earlier_time_while_it_waits(void **state)
{
	struct fired fired = { .count = 0 };
	struct timers *timers = start(&fired);

	(void)state;
	assert_int_equal(timers_start(timers, NULL), OK);
	timers_set(timers, ref_of(1), clock_mono_ms() + 3600000);
	timers_set(timers, ref_of(2), clock_mono_ms() + 5);
	wait_for(&fired, 1);
	assert_int_equal(fired.ref[0].slot, 2);
	timers_set(timers, ref_of(1), 1); /* long past */
	wait_for(&fired, 2);
	assert_int_equal(fired.ref[1].slot, 1);
	timers_free(&timers);
}

struct job {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned runs;
};

static void count_run(void *arg)
{
	struct job *job = arg;

	(void)pthread_mutex_lock(&job->lock);
	job->runs++;
	(void)pthread_cond_signal(&job->changed);
	(void)pthread_mutex_unlock(&job->lock);
}

static void runs_jobs_again_and_again_until_they_are_removed(void **state)
{
	struct scheduler *scheduler = scheduler_new();
	struct job job[2] = { { .runs = 0 }, { .runs = 0 } };
	unsigned runs;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		(void)pthread_mutex_init(&job[i].lock, NULL);
		(void)pthread_cond_init(&job[i].changed, NULL);
	}
	scheduler_every(scheduler, 1, count_run, &job[0]);
	assert_int_equal(scheduler_start(scheduler, NULL), OK);
	scheduler_every(scheduler, 2, count_run, &job[1]);
	for (size_t i = 0; i < 2; i++) {
		(void)pthread_mutex_lock(&job[i].lock);
		while (job[i].runs < 3)
			(void)pthread_cond_wait(&job[i].changed, &job[i].lock);
		(void)pthread_mutex_unlock(&job[i].lock);
	}
	scheduler_remove(scheduler, &job[0]);
	runs = job[0].runs; /* plain: nobody runs it any more */
	scheduler_stop(scheduler);
	assert_int_equal(job[0].runs, runs);
	scheduler_free(&scheduler);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fires_in_order_and_not_before_its_time),
		cmocka_unit_test(hears_of_an_earlier_time_while_it_waits),
		cmocka_unit_test(runs_jobs_again_and_again_until_they_are_removed),
	};

	return cmocka_run_group_tests_name("net/timer", tests, NULL, NULL);
}
