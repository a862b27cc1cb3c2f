#include "tests/cm.h"

#include "toy.h"

#include "net/proxy.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIG "\r\n\r\n\0\r\nQUIT\n"

static const struct str loopback = STR_INIT("127.0.0.0/8");

static struct toy proxied(void)
{
	return (struct toy){ .listen = { .proxies = &loopback, .proxies_count = 1 } };
}

static void say_bytes(int fd, struct str bytes)
{
	assert_int_equal(send(fd, bytes.p, bytes.n, MSG_NOSIGNAL), (ssize_t)bytes.n);
}

/* The header in front of a command: both in one piece, and byte by byte. */
static void takes_the_client_from_the_header(void **state)
{
	static const struct {
		struct str header;
		const char *want;
	} cases[] = {
		{ STR_INIT("PROXY TCP4 192.0.2.7 192.0.2.1 1234 143\r\npeer\n"),
		    "192.0.2.7:1234 192.0.2.1:143 far clear\n" },
		{ STR_INIT("PROXY TCP6 2001:db8::7 2001:db8::1 1 2\r\npeer\n"),
		    "2001:db8::7:1 2001:db8::1:2 far clear\n" },
		{ STR_INIT("PROXY TCP4 127.0.0.9 127.0.0.1 1 2\r\npeer\n"),
		    "127.0.0.9:1 127.0.0.1:2 local clear\n" },
		{ STR_INIT(SIG "\x21\x11\0\x14\xc0\0\2\7\xc0\0\2\1\4\xd2\0\x8f"
			       "\x20\0\5\1\0\0\0\0peer\n"),
		    "192.0.2.7:1234 192.0.2.1:143 far tls\n" },
	};
	struct toy toy = proxied();

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = client_open(toy.port);

		say_bytes(fd, cases[i].header);
		client_expect(fd, cases[i].want);
		(void)close(fd);
		fd = client_open(toy.port);
		for (size_t n = 0; n < cases[i].header.n; n++)
			say_bytes(fd, (struct str){ cases[i].header.p + n, 1 });
		client_expect(fd, cases[i].want);
		(void)close(fd);
	}
	toy_stop(&toy, 1000);
}

/* Nobody knows where a client is whose address is not said: it is not local, though its proxy is. */
static void takes_an_unknown_client_for_a_far_one(void **state)
{
	static const struct {
		struct str header;
		const char *want;
	} cases[] = {
		{ STR_INIT("PROXY UNKNOWN\r\nwhere\n"), "far\n" },
		{ STR_INIT(SIG "\x21\0\0\0where\n"), "far\n" },
		{ STR_INIT(SIG "\x20\0\0\0where\n"), "local\n" }, /* the proxy's own check */
	};
	struct toy toy = proxied();

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(cases); i++) {
		int fd = client_open(toy.port);

		say_bytes(fd, cases[i].header);
		client_expect(fd, cases[i].want);
		(void)close(fd);
	}
	toy_stop(&toy, 1000);
}

static void closes_on_a_proxy_without_a_header(void **state)
{
	static const struct str bad[] = { STR_INIT("echo x\n"), STR_INIT("PROXY TCP4 x\r\n"),
		STR_INIT(SIG "\x21\x11\0\1x") };
	struct toy toy = proxied();

	(void)state;
	toy_start(&toy);
	for (size_t i = 0; i < COUNT(bad); i++) {
		int fd = client_open(toy.port);

		say_bytes(fd, bad[i]);
		client_expect_end(fd);
	}
	assert_int_equal(atomic_load(&toy.opened), 0);
	toy_stop(&toy, 1000);
}

static void does_not_wait_for_a_header_for_ever(void **state)
{
	struct toy toy = proxied();
	int silent, half, ended;

	(void)state;
	toy.options.handshake_timeout_ms = 30;
	toy_start(&toy);
	silent = client_open(toy.port);
	half = client_open(toy.port);
	client_say(half, "PROXY TCP4 ");
	ended = client_open(toy.port);
	client_say(ended, "PROXY TCP4 ");
	(void)shutdown(ended, SHUT_WR);
	client_expect_end(silent);
	client_expect_end(half);
	client_expect_end(ended);
	toy_stop(&toy, 1000);
}

/* From who is no proxy the line is a command like any other. */
static void believes_nobody_else(void **state)
{
	static const struct str other = STR_INIT("192.0.2.0/24");
	struct toy toy = { .listen = { .proxies = &other, .proxies_count = 1 } };
	int fd;

	(void)state;
	toy_start(&toy);
	fd = client_open(toy.port);
	client_say(fd, "PROXY TCP4 192.0.2.7 192.0.2.1 1234 143\r\nwhere\n");
	client_expect(fd, "local\n");
	(void)close(fd);
	toy_stop(&toy, 1000);
}

static int open_for(const struct toy *toy, const char *header)
{
	int fd = client_open(toy->port);

	client_say(fd, header);
	return fd;
}

/* Clients count by their own address, at the limit and one above; the proxy does not count. */
static void counts_clients_and_not_the_proxy(void **state)
{
	static const char ann[] = "PROXY TCP4 192.0.2.7 192.0.2.1 1 143\r\necho a\n";
	static const char bob[] = "PROXY TCP4 192.0.2.8 192.0.2.1 1 143\r\necho b\n";
	struct toy toy = proxied();
	int fd[3];

	(void)state;
	toy.options.per_address_max = 2;
	toy_start(&toy);
	for (int i = 0; i < 2; i++) {
		fd[i] = open_for(&toy, ann);
		client_expect(fd[i], "a\n");
	}
	fd[2] = open_for(&toy, ann);
	client_expect(fd[2], "no\n");
	client_expect_end(fd[2]);
	fd[2] = open_for(&toy, bob);
	client_expect(fd[2], "b\n");
	(void)close(fd[0]);
	while (reactor_stats(toy.reactor).connections > 2)
		(void)usleep(1000);
	fd[0] = open_for(&toy, ann);
	client_expect(fd[0], "a\n");
	for (int i = 0; i < 3; i++)
		(void)close(fd[i]);
	toy_stop(&toy, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_the_client_from_the_header),
		cmocka_unit_test(takes_an_unknown_client_for_a_far_one),
		cmocka_unit_test(closes_on_a_proxy_without_a_header),
		cmocka_unit_test(does_not_wait_for_a_header_for_ever),
		cmocka_unit_test(believes_nobody_else),
		cmocka_unit_test(counts_clients_and_not_the_proxy),
	};

	return cmocka_run_group_tests_name("net/conn_proxy", tests, NULL, NULL);
}
