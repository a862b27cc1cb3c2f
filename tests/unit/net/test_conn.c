#include "tests/cm.h"

#include "toy.h"

#include "base/heap.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BLOCK ((size_t)65536)

static void answers_each_kind_of_step(void **state)
{
	struct toy toy = { .port = 0 };
	int fd;

	(void)state;
	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "echo one\n");
	client_expect(fd, "one\n");
	client_say(fd, "ec");
	client_say(fd, "ho two\necho three\n");
	client_expect(fd, "two\nthree\n");
	client_say(fd, "ticket\n");
	client_expect(fd, "held\n");
	client_say(fd, "wait\necho after\n");
	client_expect(fd, "done\nafter\n");
	client_say(fd, "timer 10\n");
	client_expect(fd, "timer\n");
	client_say(fd, "tls?\n");
	client_expect(fd, "none\n");
	client_say(fd, "idle\n");
	client_expect(fd, "idling\n");
	reactor_wake(toy.reactor, toy_last_ref(&toy), EVENT_BUS);
	client_expect(fd, "bus\n");
	client_say(fd, "ticket\nticket\necho x\nticket\nquit\n");
	client_expect(fd, "held\nheld\nx\nheld\nbye\n");
	client_expect_end(fd);
	toy_stop(&toy, 1000);
}

static void expect_blocks(int fd, size_t blocks)
{
	char *block = xmalloc(BLOCK);
	size_t left = blocks * BLOCK;

	while (left > 0) {
		ssize_t n = recv(fd, block, left < BLOCK ? left : BLOCK, 0);

		assert_true(n > 0 && block[0] == 'x' && block[n - 1] == 'x');
		left -= (size_t)n;
	}
	xfree(block);
}

static void waits_for_a_slow_reader_and_serves_others(void **state)
{
	struct toy toy = { .options = { .tickets = 1, .workers = 1 } };
	int slow, other;

	(void)state;
	toy_start(&toy);
	slow = client_open(toy.port);
	client_say(slow, "more 400\necho end\n");
	other = client_open(toy.port);
	for (int i = 0; i < 50; i++) {
		client_say(other, "echo quick\n");
		client_expect(other, "quick\n");
		assert_true(reactor_stats(toy.reactor).memory <= (uint64_t)(4 * BLOCK));
	}
	expect_blocks(slow, 400);
	client_expect(slow, "end\n");
	(void)close(slow);
	(void)close(other);
	toy_stop(&toy, 1000);
}

static void closes_on_a_peer_who_never_reads(void **state)
{
	struct toy toy = { .options = { .send_timeout_ms = 30 } };
	int fd;

	(void)state;
	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "more 10000\n");
	while (atomic_load(&toy.freed) < 1)
		(void)usleep(1000);
	(void)close(fd);
	toy_stop(&toy, 1000);
}

static void answers_a_peer_who_has_said_its_last(void **state)
{
	static const struct {
		const char *say, *expect;
	} cases[] = {
		{ "echo a\nwait\necho b\n", "a\ndone\nb\neof\n" },
		{ "echo a\necho par", "a\neof\n" },
		{ "", "eof\n" },
		{ "ticket\nmore 0\nticket\n", "held\nheld\neof\n" },
		{ "quit\necho x\n", "bye\n" },
	};
	struct toy toy = { .port = 0 };

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = client_open(toy.port);

		client_say(fd, cases[i].say);
		(void)shutdown(fd, SHUT_WR);
		client_expect(fd, cases[i].expect);
		client_expect_end(fd);
	}
	toy_stop(&toy, 1000);
}

static void frees_the_session_of_a_reset(void **state)
{
	static const char *const last[] = { "echo a\n", "wait\n", "ticket\n", "more 50\n",
		"ech", "idle\n" };
	struct toy toy = { .port = 0 };
	struct linger linger = { .l_onoff = 1, .l_linger = 0 };

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(last) * 5; i++) {
		int fd = client_open(toy.port);

		client_say(fd, last[i % COUNT(last)]);
		(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
		(void)close(fd);
	}
	while (reactor_stats(toy.reactor).accepted < COUNT(last) * 5)
		(void)usleep(1000);
	toy_stop(&toy, 5000);
}

/* Closing with unread input resets the connection; the last answer must be read before. */
static void lets_the_peer_read_the_last_words(void **state)
{
	struct toy toy = { .port = 0 };
	char *garbage = xcalloc(1, 200001);

	(void)state;
	memset(garbage, 'g', 200000);
	toy_start(&toy);
	for (int i = 0; i < 10; i++) {
		int fd = client_open(toy.port);

		client_say(fd, "quit\n");
		client_say(fd, garbage);
		(void)shutdown(fd, SHUT_WR);
		client_expect(fd, "bye\n");
		client_expect_end(fd);
	}
	xfree(garbage);
	toy_stop(&toy, 1000);
}

static void ends_a_stranger_whose_time_is_over(void **state)
{
	struct toy toy = { .service = { .login_timeout_ms = 30 } };
	int stranger, silent, user;

	(void)state;
	toy_start(&toy);
	user = client_open(toy.port);
	client_say(user, "login ann\n");
	client_expect(user, "ok\n");
	stranger = client_open(toy.port);
	silent = client_open(toy.port);
	client_say(stranger, "echo a\n");
	client_expect(stranger, "a\nlate\n");
	client_expect_end(stranger);
	client_expect(silent, "late\n");
	client_expect_end(silent);
	client_say(user, "timer 60\n");
	client_expect(user, "timer\n");
	(void)close(user);
	toy_stop(&toy, 1000);
}

static void allow_descriptors(rlim_t wanted)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur >= wanted)
		return;
	limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	if (limit.rlim_cur < wanted)
		skip();
}

#define MANY 1000

static void holds_no_buffers_for_idle_connections(void **state)
{
	struct toy toy = { .port = 0 };
	int *fd = xcalloc(MANY, sizeof(*fd));

	(void)state;
	allow_descriptors(2 * MANY + 100);
	toy_start(&toy);
	for (int i = 0; i < MANY; i++) {
		fd[i] = client_open(toy.port);
		client_say(fd[i], "echo here\n");
	}
	for (int i = 0; i < MANY; i++)
		client_expect(fd[i], "here\n");
	assert_int_equal(reactor_stats(toy.reactor).connections, MANY);
	assert_true(reactor_stats(toy.reactor).memory <= (uint64_t)(16 * BLOCK));
	for (int i = MANY - 1; i >= 0; i--)
		client_say(fd[i], "echo still\n");
	for (int i = 0; i < MANY; i++)
		client_expect(fd[i], "still\n");
	toy_stop(&toy, 10000);
	for (int i = 0; i < MANY; i++) {
		client_expect(fd[i], "stop\n");
		client_expect_end(fd[i]);
	}
	xfree(fd);
}

static void *stop_it(void *arg)
{
	toy_stop(arg, 10000);
	return NULL;
}

static void lets_running_commands_end_before_it_stops(void **state)
{
	struct toy toy = { .port = 0 };
	pthread_t stopper;
	int busy, idle;

	(void)state;
	toy_start(&toy);
	busy = client_open(toy.port);
	idle = client_open(toy.port);
	client_say(idle, "idle\n");
	client_expect(idle, "idling\n");
	client_say(busy, "echo a\n");
	client_expect(busy, "a\n");
	atomic_store(&toy.last_ref, 0);
	client_say(busy, "hold 100\necho b\n");
	while (toy_last_ref(&toy).generation == 0)
		(void)usleep(1000);
	assert_int_equal(pthread_create(&stopper, NULL, stop_it, &toy), 0);
	client_expect(idle, "stop\n");
	client_expect_end(idle);
	client_expect(busy, "held on\nb\nstop\n");
	client_expect_end(busy);
	(void)pthread_join(stopper, NULL);
}

static void closes_what_does_not_end_in_time(void **state)
{
	struct toy toy = { .port = 0 };
	int fd;

	(void)state;
	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "echo a\nmore 10000\n");
	client_expect(fd, "a\n");
	toy_stop(&toy, 20); /* the peer does not read */
	(void)close(fd);
}

static void holds_as_many_tickets_as_there_are(void **state)
{
	struct toy toy = { .options = { .tickets = 2, .workers = 6 } };
	int fd[8];

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(fd); i++) {
		fd[i] = client_open(toy.port);
		client_say(fd[i],
		    "ticket\nticket\nticket\nticket\nticket\nticket\n"
		    "ticket\nticket\nticket\nticket\n");
	}
	for (size_t i = 0; i < COUNT(fd); i++) {
		client_expect(fd[i],
		    "held\nheld\nheld\nheld\nheld\nheld\n"
		    "held\nheld\nheld\nheld\n");
		(void)close(fd[i]);
	}
	assert_in_range(atomic_load(&toy.most_with_ticket), 1, 2);
	toy_stop(&toy, 1000);
}

/* The peer that holds a piece of a command goes on; who holds nothing waits until there is room again. */
static void reads_on_when_there_is_room_for_buffers(void **state)
{
	struct toy toy = { .options = { .memory_max = 1 } };
	int holder, other;

	(void)state;
	toy_start(&toy);
	holder = client_open(toy.port);
	client_say(holder, "echo par");
	while (reactor_stats(toy.reactor).memory == 0)
		(void)usleep(1000);
	other = client_open(toy.port);
	client_say(other, "echo waits\n");
	client_say(holder, "tial\n");
	client_expect(holder, "partial\n");
	client_expect(other, "waits\n");
	(void)close(holder);
	(void)close(other);
	toy_stop(&toy, 1000);
}

static void ask(int fd, const char *say, const char *expect)
{
	client_say(fd, say);
	client_expect(fd, expect);
}

/* Limits of one connection, of a user's together, of all; each at the limit and one above. */
static void books_memory_up_to_its_limits(void **state)
{
	struct toy toy = { .options = { .memory_max = 5000,
			       .account_memory_max = 3000,
			       .connection_memory_max = 2000 } };
	struct limit_row rows[REACTOR_LIMITS];
	int one, two, other;

	(void)state;
	toy_start(&toy);
	one = client_open(toy.port);
	two = client_open(toy.port);
	other = client_open(toy.port);
	ask(one, "book 2001\n", "limit\n");
	ask(one, "book 2000\n", "ok\n");
	ask(one, "login ann\n", "ok\n"); /* with what is booked */
	ask(two, "login ann\n", "ok\n");
	ask(two, "book 1001\n", "limit\n");
	ask(two, "book 1000\n", "ok\n");
	ask(one, "book 2001\n", "limit\n");
	ask(one, "book 1999\n", "ok\n"); /* in place of what it booked before */
	ask(two, "book 1001\n", "ok\n");
	ask(other, "book 2000\n", "ok\n");
	ask(client_open(toy.port), "book 1\n", "limit\n");
	assert_int_equal(reactor_stats(toy.reactor).memory, 5000);
	assert_int_equal(reactor_limits(toy.reactor, rows, COUNT(rows)), REACTOR_LIMITS);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i].name, "memory of one user") == 0) {
			assert_int_equal(rows[i].used, 3000);
			assert_int_equal(rows[i].refused, 1);
		} else if (strcmp(rows[i].name, "memory of all sessions") == 0) {
			assert_int_equal(rows[i].used, 5000);
			assert_int_equal(rows[i].refused, 1);
		} else if (strcmp(rows[i].name, "connections") == 0) {
			assert_int_equal(rows[i].used, 4);
		}
	}
	(void)close(one);
	while (reactor_stats(toy.reactor).memory > 3001)
		(void)usleep(1000);
	ask(two, "book 2000\n", "ok\n");
	(void)close(two);
	(void)close(other);
	toy_stop(&toy, 1000);
}

/* Beside what is booked, in the same budgets; given back with the connection. */
static void keeps_memory_up_to_its_limits(void **state)
{
	struct toy toy = { .options = { .memory_max = 3000,
			       .account_memory_max = 2500,
			       .connection_memory_max = 2000 } };
	int one, two, other;

	(void)state;
	toy_start(&toy);
	one = client_open(toy.port);
	two = client_open(toy.port);
	other = client_open(toy.port);
	ask(one, "keep 2001\n", "limit\n");
	ask(one, "keep 2000\n", "ok\n");
	ask(one, "book 1\n", "limit\n");
	ask(one, "keep 1999\n", "ok\n");
	ask(one, "book 1\n", "ok\n");
	ask(one, "book 0\n", "ok\n"); /* the end of a command leaves it */
	ask(one, "login ann\n", "ok\n");
	ask(two, "login ann\n", "ok\n");
	ask(two, "keep 502\n", "limit\n");
	ask(two, "keep 501\n", "ok\n");
	ask(other, "keep 501\n", "limit\n");
	ask(other, "keep 500\n", "ok\n");
	assert_int_equal(reactor_stats(toy.reactor).memory, 3000);
	ask(one, "keep 0\n", "ok\n");
	(void)close(one);
	(void)close(two);
	(void)close(other);
	while (reactor_stats(toy.reactor).memory > 0)
		(void)usleep(1000);
	toy_stop(&toy, 1000);
}

/* At the limit all are answered at once; the next one waits for the minute to end. */
static void reads_no_more_commands_than_a_minute_may_have(void **state)
{
	struct toy toy = { .service = { .commands_a_minute = 5 } };
	struct timeval moment = { .tv_usec = 100000 };
	char byte;
	int fd;

	(void)state;
	toy_start(&toy);
	fd = client_open(toy.port);
	for (int i = 0; i < 5; i++)
		ask(fd, "echo x\n", "x\n");
	client_say(fd, "echo y\n");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof(moment));
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	ask(client_open(toy.port), "echo z\n", "z\n"); /* others are not slowed */
	toy_stop(&toy, 1000);
	client_expect(fd, "stop\n");
	(void)close(fd);
}

/* Both wait for the only worker, the stranger for longer: who has logged in is answered first. */
static void serves_who_is_logged_in_before_strangers(void **state)
{
	struct toy toy = { .service = { .login_timeout_ms = 60000 },
		.options = { .tickets = 1, .workers = 1 } };
	int holder, stranger, friend;
	char byte;

	(void)state;
	toy_start(&toy);
	holder = client_open(toy.port);
	stranger = client_open(toy.port);
	friend = client_open(toy.port);
	ask(stranger, "echo here\n", "here\n");
	ask(friend, "login ann\n", "ok\n");
	ask(holder, "login bob\n", "ok\n");
	client_say(holder, "hold 100\n");
	(void)usleep(20000);
	client_say(stranger, "hold 50\n");
	(void)usleep(20000);
	client_say(friend, "echo mine\n");
	client_expect(friend, "mine\n");
	assert_int_equal(recv(stranger, &byte, 1, MSG_DONTWAIT), -1);
	client_expect(stranger, "held on\n");
	client_expect(holder, "held on\n");
	(void)close(holder);
	(void)close(stranger);
	(void)close(friend);
	toy_stop(&toy, 1000);
}

struct poker {
	struct toy *toy;
	struct session_ref *ref;
	atomic_bool *ended;
};

#define IDLERS 4

static void *poke(void *arg)
{
	struct poker *poker = arg;

	while (!atomic_load(poker->ended)) {
		for (int i = 0; i < IDLERS; i++)
			reactor_wake(poker->toy->reactor, poker->ref[i],
			    i % 2 == 0 ? EVENT_TIMER : EVENT_BUS);
		(void)usleep(50);
	}
	return NULL;
}

/* What comes back of one session that is woken all the time: each line that was echoed, whole and in order. */
static void expect_echoes_among_wakes(int fd, int count)
{
	char line[32];
	int next = 0;
	size_t n = 0;

	while (next < count) {
		char want[32];

		assert_int_equal(recv(fd, line + n, 1, 0), 1);
		if (line[n++] != '\n') {
			assert_true(n < sizeof(line));
			continue;
		}
		line[n - 1] = 0;
		n = 0;
		if (strcmp(line, "bus") == 0 || strcmp(line, "timer") == 0)
			continue;
		(void)snprintf(want, sizeof(want), "%d", next++);
		assert_string_equal(line, want);
	}
}

static void keeps_its_order_under_wakes(void **state)
{
	struct toy toy = { .port = 0 };
	struct session_ref ref[IDLERS];
	atomic_bool ended = false;
	struct poker poker = { &toy, ref, &ended };
	pthread_t pokers[2];
	int fd[IDLERS];

	(void)state;
	toy_start(&toy);
	for (int i = 0; i < IDLERS; i++) {
		fd[i] = client_open(toy.port);
		client_say(fd[i], "idle\n");
		client_expect(fd[i], "idling\n");
		ref[i] = toy_last_ref(&toy);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&pokers[i], NULL, poke, &poker), 0);
	for (int round = 0; round < 200; round++) {
		for (int i = 0; i < IDLERS; i++) {
			char text[32];

			(void)snprintf(text, sizeof(text), "echo %d\n", round);
			client_say(fd[i], text);
		}
	}
	for (int i = 0; i < IDLERS; i++)
		expect_echoes_among_wakes(fd[i], 200);
	atomic_store(&ended, true);
	for (int i = 0; i < 2; i++)
		(void)pthread_join(pokers[i], NULL);
	for (int i = 0; i < IDLERS; i++)
		(void)close(fd[i]);
	toy_stop(&toy, 1000);
	/* names of what is gone wake nobody */
}

static void job(void *arg)
{
	atomic_fetch_add((atomic_uint *)arg, 1);
}

static void runs_periodic_jobs(void **state)
{
	struct toy toy = { .port = 0 };
	atomic_uint runs = 0;

	(void)state;
	toy_start(&toy);
	reactor_every(toy.reactor, 1, job, &runs);
	while (atomic_load(&runs) < 3)
		(void)usleep(1000);
	toy_stop(&toy, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_each_kind_of_step),
		cmocka_unit_test(waits_for_a_slow_reader_and_serves_others),
		cmocka_unit_test(closes_on_a_peer_who_never_reads),
		cmocka_unit_test(answers_a_peer_who_has_said_its_last),
		cmocka_unit_test(frees_the_session_of_a_reset),
		cmocka_unit_test(lets_the_peer_read_the_last_words),
		cmocka_unit_test(ends_a_stranger_whose_time_is_over),
		cmocka_unit_test(holds_no_buffers_for_idle_connections),
		cmocka_unit_test(lets_running_commands_end_before_it_stops),
		cmocka_unit_test(closes_what_does_not_end_in_time),
		cmocka_unit_test(holds_as_many_tickets_as_there_are),
		cmocka_unit_test(reads_on_when_there_is_room_for_buffers),
		cmocka_unit_test(books_memory_up_to_its_limits),
		cmocka_unit_test(keeps_memory_up_to_its_limits),
		cmocka_unit_test(serves_who_is_logged_in_before_strangers),
		cmocka_unit_test(reads_no_more_commands_than_a_minute_may_have),
		cmocka_unit_test(keeps_its_order_under_wakes),
		cmocka_unit_test(runs_periodic_jobs),
	};

	return cmocka_run_group_tests_name("net/conn", tests, NULL, NULL);
}
