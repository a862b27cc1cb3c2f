#include "tests/cm.h"

#include "toy.h"

#include "net/reactor.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static void wait_until_connections(struct toy *toy, unsigned count)
{
	while (reactor_stats(toy->reactor).connections != count)
		(void)usleep(1000);
}

static int served(uint16_t port)
{
	int fd = client_open(port);

	client_say(fd, "echo in\n");
	client_expect(fd, "in\n");
	return fd;
}

static void refused(uint16_t port)
{
	int fd = client_open(port);

	client_expect(fd, "no\n");
	client_expect_end(fd);
}

static void takes_as_many_connections_as_allowed(void **state)
{
	struct toy toy = { .options = { .connections_max = 3 } };
	int fd[3];

	(void)state;
	toy_start(&toy);
	for (int i = 0; i < 3; i++)
		fd[i] = served(toy.port);
	refused(toy.port);
	refused(toy.port);
	(void)close(fd[1]);
	wait_until_connections(&toy, 2);
	fd[1] = served(toy.port);
	refused(toy.port);
	for (int i = 0; i < 3; i++)
		(void)close(fd[i]);
	assert_int_equal(reactor_stats(toy.reactor).accepted, 4);
	assert_int_equal(reactor_stats(toy.reactor).refused, 3);
	toy_stop(&toy, 1000);
}

static void keeps_half_for_those_who_log_in(void **state)
{
	struct toy toy = { .options = { .connections_max = 6 },
		.service = { .login_timeout_ms = 60000 } };
	int fd[6];

	(void)state;
	toy_start(&toy);
	for (int i = 0; i < 3; i++)
		fd[i] = served(toy.port);
	refused(toy.port);
	for (int i = 0; i < 3; i++) {
		client_say(fd[i], "login ann\n");
		client_expect(fd[i], "ok\n");
		fd[3 + i] = served(toy.port);
	}
	assert_int_equal(reactor_stats(toy.reactor).strangers, 3);
	for (int i = 0; i < 6; i++)
		(void)close(fd[i]);
	toy_stop(&toy, 1000);
}

static void limits_the_connections_of_a_user(void **state)
{
	struct toy toy = { .options = { .per_user_max = 2 } };
	int fd[3], bob;

	(void)state;
	toy_start(&toy);
	for (int i = 0; i < 3; i++) {
		fd[i] = client_open(toy.port);
		client_say(fd[i], "login ann\n");
		client_expect(fd[i], i < 2 ? "ok\n" : "limit\n");
	}
	bob = client_open(toy.port);
	client_say(bob, "login bob\nlogin bob\n");
	client_expect(bob, "ok\nlimit\n"); /* once a session */
	(void)close(fd[0]);
	wait_until_connections(&toy, 3);
	client_say(fd[2], "login ann\n");
	client_expect(fd[2], "ok\n");
	(void)close(fd[1]);
	(void)close(fd[2]);
	(void)close(bob);
	toy_stop(&toy, 1000);
}

/* This machine's own address that is not loopback; false if it has none. */
static bool own_address(char out[INET_ADDRSTRLEN])
{
	struct ifaddrs *list = NULL;
	bool found = false;

	if (getifaddrs(&list) != 0)
		return false;
	for (struct ifaddrs *at = list; at && !found; at = at->ifa_next) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(void *)at->ifa_addr;

		if (!in || in->sin_family != AF_INET || ntohl(in->sin_addr.s_addr) >> 24 == 127)
			continue;
		found = inet_ntop(AF_INET, &in->sin_addr, out, INET_ADDRSTRLEN) != NULL;
	}
	freeifaddrs(list);
	return found;
}

static void limits_the_connections_of_an_address(void **state)
{
	struct toy toy = { .options = { .per_address_max = 2 },
		.listen = { .address = "0.0.0.0" } };
	char address[INET_ADDRSTRLEN];
	int fd[2], third, local[4];

	(void)state;
	if (!own_address(address))
		skip();
	toy_start(&toy);
	for (int i = 0; i < 2; i++) {
		fd[i] = client_open_at(address, toy.port);
		client_say(fd[i], "echo a\n");
		client_expect(fd[i], "a\n");
	}
	third = client_open_at(address, toy.port);
	client_expect(third, "no\n");
	client_expect_end(third);
	for (int i = 0; i < 4; i++)
		local[i] =
		    served(toy.port); /* a proxy or a list manager beside us is not limited */
	(void)close(fd[0]);
	wait_until_connections(&toy, 5);
	fd[0] = client_open_at(address, toy.port);
	client_say(fd[0], "echo a\n");
	client_expect(fd[0], "a\n");
	(void)close(fd[0]);
	(void)close(fd[1]);
	for (int i = 0; i < 4; i++)
		(void)close(local[i]);
	toy_stop(&toy, 1000);
}

static int client_unix(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	memcpy(to.sun_path, path, strlen(path));
	assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
	return fd;
}

static void listens_on_a_unix_socket(void **state)
{
	char folder[] = "/tmp/tabella-net-XXXXXX", path[64];
	struct toy toy = { .listen = { .address = path, .unix_mode = 0620 } }, second = toy;
	struct sockaddr_un left_over = { .sun_family = AF_UNIX };
	struct reactor *reactor;
	struct stat st;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(folder));
	(void)snprintf(path, sizeof(path), "%s/socket", folder);
	/* left over from a process that was killed */
	memcpy(left_over.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&left_over, sizeof(left_over)), 0);
	(void)close(fd);

	toy_start(&toy);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0620);
	fd = client_unix(path);
	client_say(fd, "echo unix\n");
	client_expect(fd, "unix\n");

	/* in use: not taken away */
	second.listen.service = &toy.service;
	assert_int_equal(reactor_new(&second.options, &reactor, NULL), OK);
	assert_int_equal(reactor_listen(reactor, &second.listen, NULL, NULL), ERR_EXISTS);
	reactor_free(&reactor);
	client_say(fd, "echo still\n");
	client_expect(fd, "still\n");
	(void)close(fd);
	toy_stop(&toy, 1000);
	assert_int_equal(stat(path, &st), -1); /* removed */
	(void)rmdir(folder);
}

static void says_why_it_cannot_listen(void **state)
{
	static const struct {
		const char *address;
		enum errc want;
		const char *text;
	} cases[] = {
		{ "mail.example", ERR_ARG, "listen on mail.example: no numeric address" },
		{ "192.0.2.1", ERR_ARG, "listen on 192.0.2.1:" },
		{ "/nonexistent/socket", ERR_ARG, "listen on /nonexistent/socket:" },
		{ "/tmp/"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
		  "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		    ERR_ARG, "path over 107 bytes" },
	};
	struct toy toy = { .port = 0 };
	struct listener_options options = { .service = &toy.service };
	struct reactor *reactor;
	struct err err = { .code = OK };

	(void)state;
	toy_start(&toy);
	assert_int_equal(reactor_new(&toy.options, &reactor, NULL), OK);
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc rc;

		options.address = cases[i].address;
		rc = reactor_listen(reactor, &options, NULL, &err);
		if (rc != cases[i].want || !strstr(err.text, cases[i].text))
			fail_msg("%s: %s: %s", cases[i].address, errc_name(rc), err.text);
	}
	options.address = "127.0.0.1";
	options.port = toy.port;
	assert_int_equal(reactor_listen(reactor, &options, NULL, &err), ERR_EXISTS);
	options.address = "*";
	assert_int_equal(reactor_listen(reactor, &options, NULL, &err), ERR_EXISTS);
	reactor_free(&reactor);
	toy_stop(&toy, 1000);
}

static void listens_on_both_families(void **state)
{
	static const char *const names[] = { "localhost", "*" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct toy toy = { .listen = { .address = names[i] } };
		int fd;

		toy_start(&toy);
		fd = served(toy.port);
		(void)close(fd);
		toy_stop(&toy, 1000);
	}
}

static void set_descriptors(rlim_t soft)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = soft;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void refuses_when_there_are_no_descriptors(void **state)
{
	struct toy toy = { .port = 0 };
	struct sockaddr_in to = { .sin_family = AF_INET };
	struct rlimit before;
	int first, fd[2];

	(void)state;
	toy_start(&toy);
	first = served(toy.port);
	to.sin_port = htons(toy.port);
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	for (int i = 0; i < 2; i++)
		fd[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	set_descriptors((rlim_t)fd[1] + 1); /* those below are all in use */
	for (int i = 0; i < 2; i++) {
		assert_int_equal(connect(fd[i], (struct sockaddr *)&to, sizeof(to)), 0);
		client_expect(fd[i], "no\n");
		assert_int_equal(recv(fd[i], (char[1]){ 0 }, 1, 0), 0);
	}
	set_descriptors(before.rlim_cur);
	(void)close(first);
	for (int i = 0; i < 2; i++)
		(void)close(fd[i]);
	first = served(toy.port);
	(void)close(first);
	toy_stop(&toy, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_as_many_connections_as_allowed),
		cmocka_unit_test(keeps_half_for_those_who_log_in),
		cmocka_unit_test(limits_the_connections_of_a_user),
		cmocka_unit_test(limits_the_connections_of_an_address),
		cmocka_unit_test(listens_on_a_unix_socket),
		cmocka_unit_test(says_why_it_cannot_listen),
		cmocka_unit_test(listens_on_both_families),
		cmocka_unit_test(refuses_when_there_are_no_descriptors),
	};

	return cmocka_run_group_tests_name("net/listener", tests, NULL, NULL);
}
