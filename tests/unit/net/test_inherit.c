#include "tests/cm.h"

#include "net/inherit.h"

#include "base/str.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Descriptors that nobody else in this program uses. */
#define FIRST 50

/* A socket of `family` at loopback, or at any address, as descriptor `fd`. */
static union address put_socket(int fd, int family, bool any)
{
	union address address;
	socklen_t size = sizeof(address);
	int made = socket(family, SOCK_STREAM, 0);

	memset(&address, 0, sizeof(address));
	address.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET && !any)
		address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (family == AF_INET6 && !any)
		address.in6.sin6_addr = in6addr_loopback;
	assert_true(made >= 0);
	assert_int_equal(bind(made, &address.sa,
			     family == AF_INET ? sizeof(address.in) : sizeof(address.in6)),
	    0);
	assert_int_equal(listen(made, 1), 0);
	assert_int_equal(getsockname(made, &address.sa, &size), 0);
	assert_int_equal(dup2(made, fd), fd);
	(void)close(made);
	return address;
}

static struct inherited_words words(const char *fds, const char *names)
{
	static char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	return (struct inherited_words){ .pid = pid, .fds = fds, .names = names };
}

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

static void matches_by_address_and_by_name(void **state)
{
	union address one = put_socket(FIRST, AF_INET, false);
	union address two = put_socket(FIRST + 1, AF_INET, false);
	struct inherited *inherited;
	struct str name;

	(void)state;
	(void)put_socket(FIRST + 2, AF_INET, false);
	(void)put_socket(FIRST + 3, AF_INET, false);
	assert_int_equal(
	    inherited_new(words("4", "imap:imap:lmtp:"), FIRST, &inherited, NULL), OK);
	assert_int_equal(inherited_take_address(inherited, &two), FIRST + 1);
	assert_int_equal(inherited_take_address(inherited, &two), -1); /* once */
	assert_true(inherited_has_name(inherited, STR("imap")));
	assert_int_equal(inherited_take_name(inherited, STR("imap")), FIRST);
	assert_int_equal(inherited_take_address(inherited, &one), -1);
	assert_int_equal(inherited_take_name(inherited, STR("imap")), -1);
	assert_false(inherited_has_name(inherited, STR("imap")));
	assert_false(inherited_has_name(inherited, STR("lmt")));
	assert_true(inherited_left(inherited, 0, &name));
	assert_true(str_equal(name, STR("lmtp")));
	assert_true(inherited_left(inherited, 1, &name));
	assert_int_equal(name.n, 0);
	assert_false(inherited_left(inherited, 2, &name));
	assert_true((fcntl(FIRST, F_GETFL) & O_NONBLOCK) != 0);
	assert_true((fcntl(FIRST, F_GETFD) & FD_CLOEXEC) != 0);
	inherited_free(&inherited);
	/* what was taken stays, the rest is closed */
	assert_true(is_open(FIRST) && is_open(FIRST + 1));
	assert_false(is_open(FIRST + 2) || is_open(FIRST + 3));
	(void)close(FIRST);
	(void)close(FIRST + 1);
}

static void knows_one_socket_for_both_families(void **state)
{
	union address any = put_socket(FIRST, AF_INET6, true);
	union address loopback = put_socket(FIRST + 1, AF_INET6, false);
	struct inherited *inherited;

	(void)state;
	assert_int_equal(inherited_new(words("2", NULL), FIRST, &inherited, NULL), OK);
	assert_true(inherited_has_dual(inherited, address_port(&any)));
	assert_false(inherited_has_dual(inherited, address_port(&loopback)));
	assert_int_equal(inherited_take_address(inherited, &any), FIRST);
	assert_false(inherited_has_dual(inherited, address_port(&any)));
	inherited_free(&inherited);
	(void)close(FIRST);
}

static void matches_unix_sockets_by_path(void **state)
{
	char folder[] = "/tmp/test-inherit-XXXXXX";
	union address address, other;
	struct inherited *inherited;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)state;
	assert_non_null(mkdtemp(folder));
	memset(&address, 0, sizeof(address));
	address.un.sun_family = AF_UNIX;
	(void)snprintf(address.un.sun_path, sizeof(address.un.sun_path), "%s/s", folder);
	assert_int_equal(bind(fd, &address.sa, sizeof(address.un)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(dup2(fd, FIRST), FIRST);
	(void)close(fd);
	assert_int_equal(inherited_new(words("1", ""), FIRST, &inherited, NULL), OK);
	other = address;
	other.un.sun_path[strlen(folder) + 1] = 't';
	assert_int_equal(inherited_take_address(inherited, &other), -1);
	assert_int_equal(inherited_take_address(inherited, &address), FIRST);
	inherited_free(&inherited);
	(void)close(FIRST);
	(void)unlink(address.un.sun_path);
	(void)rmdir(folder);
}

/* No words, or words for another process: nothing is ours, and nothing is touched. */
static void takes_nothing_that_is_not_for_it(void **state)
{
	struct inherited_words other = { .pid = "1", .fds = "1", .names = "imap" };
	struct inherited_words none = { .pid = NULL };
	struct inherited *inherited;

	(void)state;
	(void)put_socket(FIRST, AF_INET, false);
	assert_int_equal(inherited_new(none, FIRST, &inherited, NULL), OK);
	assert_null(inherited);
	assert_int_equal(inherited_new(other, FIRST, &inherited, NULL), OK);
	assert_null(inherited);
	assert_int_equal(inherited_take_name(inherited, STR("imap")), -1);
	assert_true(is_open(FIRST));
	(void)close(FIRST);
}

static void refuses_what_makes_no_sense(void **state)
{
	static const struct {
		const char *fds;
		enum errc want;
	} cases[] = {
		{ "", ERR_ARG },
		{ "-1", ERR_ARG },
		{ "1x", ERR_ARG },
		{ "1", ERR_ARG }, /* no descriptor */
		{ "64", ERR_ARG },
		{ "65", ERR_LIMIT },
		{ "4294967297", ERR_ARG },
	};
	struct inherited *inherited;
	int pair[2];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc got =
		    inherited_new(words(cases[i].fds, NULL), FIRST, &inherited, NULL);

		if (got != cases[i].want || inherited)
			fail_msg("\"%s\": %d", cases[i].fds, (int)got);
	}
	/* a connection is no listening socket: Accept=yes */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(dup2(pair[0], FIRST), FIRST);
	assert_int_equal(inherited_new(words("1", NULL), FIRST, &inherited, NULL), ERR_ARG);
	assert_true(is_open(FIRST));
	(void)close(pair[0]);
	(void)close(pair[1]);
	(void)close(FIRST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(matches_by_address_and_by_name),
		cmocka_unit_test(knows_one_socket_for_both_families),
		cmocka_unit_test(matches_unix_sockets_by_path),
		cmocka_unit_test(takes_nothing_that_is_not_for_it),
		cmocka_unit_test(refuses_what_makes_no_sense),
	};

	return cmocka_run_group_tests_name("net/inherit", tests, NULL, NULL);
}
