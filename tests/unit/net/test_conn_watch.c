#include "tests/cm.h"

#include "toy.h"

#include "base/arena.h"
#include "base/str.h"
#include "net/activity.h"
#include "net/service_metrics.h"

#include <unistd.h>

static struct str verb(size_t i)
{
	return i == 0 ? STR("LOOK") : STR("WAIT");
}

static void start(struct toy *toy)
{
	toy->service.name = "toy";
	toy->service.kicked = "kicked\n";
	toy->service.verbs = (struct session_verbs){ verb, 2, 1 };
	toy->service.metrics = service_metrics_new(&toy->service);
	toy_start(toy);
}

static void stop(struct toy *toy)
{
	toy_stop(toy, 1000);
	metrics_free(&toy->service.metrics);
}

/* The only connection, as it is seen. */
static struct activity the_one(struct toy *toy, struct arena *arena)
{
	struct activity activity = { .sid = 0 }, other;
	uint32_t slot = 0;

	assert_true(reactor_next_activity(toy->reactor, &slot, arena, &activity));
	assert_false(reactor_next_activity(toy->reactor, &slot, arena, &other));
	return activity;
}

static void shows_and_counts_what_a_session_tells(void **state)
{
	struct toy toy = { .port = 0 };
	struct arena *arena = arena_new("test");
	struct metrics *metrics;
	struct activity a;
	int fd;

	(void)state;
	start(&toy);
	metrics = toy.service.metrics;
	fd = client_open(toy.port);
	client_say(fd, "login ann\nin Sent\nbegin 0\necho x\n");
	client_expect(fd, "ok\nx\n");
	a = the_one(&toy, arena);
	assert_string_equal(a.service, "toy");
	assert_true(str_equal(a.user, STR("ann")) && str_equal(a.mailbox, STR("Sent")));
	assert_string_equal(a.state, "inside");
	assert_true(str_equal(a.verb, STR("LOOK")));
	assert_true(str_starts(a.peer, STR("127.0.0.1:")));
	client_say(fd, "end 1\nbegin 1\nend 0\necho y\n");
	client_expect(fd, "y\n");
	assert_int_equal(the_one(&toy, arena).verb.n, 0);
	assert_int_equal(metric_read(metrics, SERVICE_COMMANDS, 0, RESULT_REFUSED), 1);
	assert_int_equal(metric_read(metrics, SERVICE_COMMANDS, 1, RESULT_OK), 1);
	assert_int_equal(metric_read(metrics, SERVICE_COMMAND_TIME, 0, 0), 1);
	/* a verb that waits for people says nothing of how quick we are */
	assert_int_equal(metric_read(metrics, SERVICE_COMMAND_TIME, 1, 0), 0);
	assert_int_equal(metric_read(metrics, SERVICE_ACCEPTED, 0, 0), 1);
	assert_int_equal(metric_read(metrics, SERVICE_CONNECTIONS, 0, 0), 1);
	client_say(fd, "quit\n");
	client_expect(fd, "bye\n");
	client_expect_end(fd);
	toy_stop(&toy, 1000);
	assert_int_equal(metric_read(metrics, SERVICE_CONNECTIONS, 0, 0), 0);
	assert_int_equal(metric_read(metrics, SERVICE_BYTES_OUT, 0, 0), 3 + 2 + 2 + 4);
	assert_int_equal(metric_read(metrics, SERVICE_BYTES_IN, 0, 0), 33 + 27 + 5);
	metrics_free(&toy.service.metrics);
	arena_free(&arena);
}

static void kicks_a_session_that_waits_with_a_word(void **state)
{
	struct toy toy = { .port = 0 };
	struct arena *arena = arena_new("test");
	int fd;

	(void)state;
	start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "idle\n");
	client_expect(fd, "idling\n");
	reactor_kick(toy.reactor, the_one(&toy, arena).ref);
	client_expect(fd, "kicked\n");
	client_expect_end(fd);
	stop(&toy);
	arena_free(&arena);
}

static void kicks_a_session_that_works_without_one(void **state)
{
	struct toy toy = { .port = 0 };
	struct arena *arena = arena_new("test");
	struct session_ref ref;
	int fd;

	(void)state;
	start(&toy);
	fd = client_open(toy.port);
	/* more than a socket takes: the session waits for its peer to read */
	client_say(fd, "echo x\n");
	client_expect(fd, "x\n");
	ref = the_one(&toy, arena).ref;
	client_say(fd, "more 1000\n");
	client_expect(fd, "x");
	reactor_kick(toy.reactor, ref);
	while (toy.freed == 0)
		(void)usleep(1000);
	(void)close(fd);
	/* nobody is there any more */
	reactor_kick(toy.reactor, ref);
	stop(&toy);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_and_counts_what_a_session_tells),
		cmocka_unit_test(kicks_a_session_that_waits_with_a_word),
		cmocka_unit_test(kicks_a_session_that_works_without_one),
	};

	return cmocka_run_group_tests_name("net/conn_watch", tests, NULL, NULL);
}
