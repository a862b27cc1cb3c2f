#include "tests/cm.h"

#include "toy.h"

#include "base/heap.h"

#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_each_kind_of_step),
	};

	return cmocka_run_group_tests_name("net/conn", tests, NULL, NULL);
}
