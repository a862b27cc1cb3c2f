#include "tests/cm.h"

#include "base/thread.h"

#include <signal.h>
#include <string.h>

struct seen {
	char name[16];
	bool term_blocked;
};

static void *look(void *arg)
{
	struct seen *seen = arg;
	sigset_t blocked;

	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	seen->term_blocked = sigismember(&blocked, SIGTERM) == 1;
	(void)pthread_getname_np(pthread_self(), seen->name, sizeof(seen->name));
	return NULL;
}

static void runs_under_its_name_without_signals(void **state)
{
	struct seen seen = { .term_blocked = false };
	sigset_t blocked;
	pthread_t thread;
	struct err err;

	(void)state;
	assert_int_equal(
	    thread_start("fifteen-letters", THREAD_STACK_SIZE, look, &seen, &thread, &err), OK);
	thread_join(thread);
	assert_string_equal(seen.name, "fifteen-letters");
	assert_true(seen.term_blocked);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	assert_int_equal(sigismember(&blocked, SIGTERM), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_under_its_name_without_signals),
	};

	return cmocka_run_group_tests_name("base/thread", tests, NULL, NULL);
}
