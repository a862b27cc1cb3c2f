#include "net/inherit.h"

#include "base/heap.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SD_LISTEN_FDS_START */
#define FIRST_DESCRIPTOR 3

struct one {
	int fd; /* -1: taken */
	union address address;
	bool dual; /* of IPv6, and takes IPv4 too */
	char name[INHERITED_NAME_MAX + 1];
};

struct inherited {
	size_t count;
	struct one one[INHERITED_MAX];
};

static int socket_option(int fd, int level, int name)
{
	int value = 0;
	socklen_t size = sizeof(value);

	return getsockopt(fd, level, name, &value, &size) == 0 ? value : -1;
}

static enum errc look_at(struct one *one, struct err *err)
{
	socklen_t size = sizeof(one->address.storage);
	int fd = one->fd, flags;

	memset(&one->address, 0, sizeof(one->address));
	if (socket_option(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
	    socket_option(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1 ||
	    getsockname(fd, &one->address.sa, &size) != 0)
		return err_set(err, ERR_ARG,
		    "inherited descriptor %d is no listening stream socket (a unit with "
		    "Accept=no is needed)",
		    fd);
	one->dual = one->address.sa.sa_family == AF_INET6 &&
	    IN6_IS_ADDR_UNSPECIFIED(&one->address.in6.sin6_addr) &&
	    socket_option(fd, IPPROTO_IPV6, IPV6_V6ONLY) == 0;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
		return err_set(
		    err, ERR_UNAVAIL, "inherited descriptor %d: %s", fd, strerror(errno));
	return OK;
}

static enum errc give_name(struct one *one, struct str *names, struct err *err)
{
	struct str name;

	if (!str_split(names, ':', &name))
		return OK; /* "if the variable is not set, there are no names" */
	if (name.n > INHERITED_NAME_MAX)
		return err_set(err, ERR_ARG, "LISTEN_FDNAMES: a name of %zu bytes", name.n);
	memcpy(one->name, name.p, name.n);
	return OK;
}

static enum errc take_all(
    struct inherited *inherited, size_t count, int first, struct str names, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < count; i++) {
		struct one *one = &inherited->one[i];

		one->fd = first + (int)i;
		rc = look_at(one, err);
		if (rc == OK)
			rc = give_name(one, &names, err);
		/* what is none of ours to close is not counted */
		inherited->count += rc == OK;
	}
	return rc;
}

enum errc inherited_new(
    struct inherited_words words, int first, struct inherited **inherited_out, struct err *err)
{
	struct inherited *inherited;
	uint64_t pid, count;
	enum errc rc;

	*inherited_out = NULL;
	if (!words.pid || !words.fds)
		return OK;
	if (str_to_u64(str_from(words.pid), INT32_MAX, &pid) != OK ||
	    str_to_u64(str_from(words.fds), INT32_MAX, &count) != OK)
		return err_set(err, ERR_ARG, "LISTEN_PID, LISTEN_FDS: no numbers");
	if (pid != (uint64_t)getpid())
		return OK;
	if (count > INHERITED_MAX)
		return err_set(
		    err, ERR_LIMIT, "LISTEN_FDS: more than %d sockets", INHERITED_MAX);
	inherited = xcalloc(1, sizeof(*inherited));
	rc = take_all(inherited, (size_t)count, first, str_from(words.names), err);
	if (rc != OK)
		inherited_free(&inherited);
	*inherited_out = inherited;
	return rc;
}

enum errc inherited_from_environment(struct inherited **inherited_out, struct err *err)
{
	struct inherited_words words = {
		.pid = getenv("LISTEN_PID"),
		.fds = getenv("LISTEN_FDS"),
		.names = getenv("LISTEN_FDNAMES"),
	};
	enum errc rc = inherited_new(words, FIRST_DESCRIPTOR, inherited_out, err);

	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	return rc;
}

void inherited_free(struct inherited **inheritedp)
{
	struct inherited *inherited = *inheritedp;

	if (!inherited)
		return;
	for (size_t i = 0; i < inherited->count; i++)
		if (inherited->one[i].fd >= 0)
			(void)close(inherited->one[i].fd);
	xfree(inherited);
	*inheritedp = NULL;
}

static bool is_same(const union address *a, const union address *b)
{
	if (a->sa.sa_family != b->sa.sa_family)
		return false;
	switch (a->sa.sa_family) {
	case AF_INET:
		return a->in.sin_port == b->in.sin_port &&
		    a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
	case AF_INET6:
		return a->in6.sin6_port == b->in6.sin6_port &&
		    IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
	case AF_UNIX:
		return a->un.sun_path[0] == '/' &&
		    strncmp(a->un.sun_path, b->un.sun_path, sizeof(a->un.sun_path)) == 0;
	default:
		return false;
	}
}

static int take(struct one *one)
{
	int fd = one->fd;

	one->fd = -1;
	return fd;
}

int inherited_take_address(struct inherited *inherited, const union address *address)
{
	for (size_t i = 0; inherited && i < inherited->count; i++)
		if (inherited->one[i].fd >= 0 && is_same(&inherited->one[i].address, address))
			return take(&inherited->one[i]);
	return -1;
}

/* INHERITED_MAX: none. */
static size_t find_name(const struct inherited *inherited, struct str name)
{
	for (size_t i = 0; inherited && i < inherited->count; i++)
		if (inherited->one[i].fd >= 0 &&
		    str_equal(str_from(inherited->one[i].name), name))
			return i;
	return INHERITED_MAX;
}

int inherited_take_name(struct inherited *inherited, struct str name)
{
	size_t at = find_name(inherited, name);

	return at < INHERITED_MAX ? take(&inherited->one[at]) : -1;
}

bool inherited_has_name(const struct inherited *inherited, struct str name)
{
	return find_name(inherited, name) < INHERITED_MAX;
}

bool inherited_has_dual(const struct inherited *inherited, uint16_t port)
{
	for (size_t i = 0; inherited && i < inherited->count; i++)
		if (inherited->one[i].fd >= 0 && inherited->one[i].dual &&
		    address_port(&inherited->one[i].address) == port)
			return true;
	return false;
}

bool inherited_left(const struct inherited *inherited, size_t i, struct str *name_out)
{
	for (size_t at = 0; inherited && at < inherited->count; at++) {
		if (inherited->one[at].fd < 0 || i-- > 0)
			continue;
		*name_out = str_from(inherited->one[at].name);
		return true;
	}
	return false;
}
