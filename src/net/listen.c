/*
 * net/listen.c - sockets to listen on: bound here, or inherited.
 */
#include "net/address.h"
#include "net/inherit.h"
#include "net/net_int.h"

#include "base/heap.h"
#include "base/str.h"

#include <errno.h>
#include <grp.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BACKLOG 1024
#define UNIX_MODE 0600

static void set_flag(int fd, int level, int name)
{
	int on = 1;

	(void)setsockopt(fd, level, name, &on, sizeof(on));
}

static enum errc bind_error(const char *name, struct err *err)
{
	enum errc code = ERR_UNAVAIL;

	if (errno == EADDRINUSE)
		code = ERR_EXISTS;
	else if (errno == EACCES || errno == EPERM)
		code = ERR_DENIED;
	else if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT || errno == ENOENT)
		code = ERR_ARG;
	return err_set(err, code, "listen on %s: %s", name, strerror(errno));
}

/* What is bound, whoever bound it. */
static enum errc look_at_tcp(struct listener *listener, struct err *err)
{
	union address address;
	socklen_t size = sizeof(address);

	memset(&address, 0, sizeof(address));
	/* accepted sockets inherit these two */
	set_flag(listener->fd, IPPROTO_TCP, TCP_NODELAY);
	set_flag(listener->fd, SOL_SOCKET, SO_KEEPALIVE);
	if (getsockname(listener->fd, &address.sa, &size) != 0)
		return bind_error(listener->name, err);
	(void)address_text(&address, listener->address);
	listener->port = address_port(&address);
	listener->is_wildcard = str_equal(str_from(listener->address), STR("0.0.0.0")) ||
	    str_equal(str_from(listener->address), STR("::"));
	return OK;
}

static bool bind_tcp(struct listener *listener, const union address *address, socklen_t size)
{
	int fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	listener->fd = fd;
	if (fd < 0)
		return false;
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
	if (address->sa.sa_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	return bind(fd, &address->sa, size) == 0 && listen(fd, BACKLOG) == 0;
}

static enum errc open_tcp(struct listener *listener, struct err *err)
{
	const struct listener_options *options = &listener->options;
	union address address;
	socklen_t size = 0;

	if (address_parse(options->address, options->port, &address, &size) != OK)
		return err_set(
		    err, ERR_ARG, "listen on %s: no numeric address", options->address);
	(void)snprintf(listener->name, sizeof(listener->name),
	    address.sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", options->address,
	    (unsigned)options->port);
	listener->fd = inherited_take_address(listener->reactor->options.inherited, &address);
	if (listener->fd < 0 && !bind_tcp(listener, &address, size))
		return bind_error(listener->name, err);
	return look_at_tcp(listener, err);
}

/*
 * A socket file that nobody listens on is left over from an earlier process, and makes room. One of another user that we
 * may not connect to tells us nothing: it stays, and whoever can look decides.
 */
static enum errc make_room(const union address *address, struct err *err)
{
	const char *path = address->un.sun_path;
	struct stat st;
	int fd, rc;

	if (lstat(path, &st) != 0)
		return OK; /* whatever is wrong, bind says it */
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, ERR_EXISTS,
		    "listen on %s: there is something that is no socket", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return bind_error(path, err);
	rc = connect(fd, &address->sa, sizeof(address->un)) == 0 ? 0 : errno;
	(void)close(fd);
	if (rc == EACCES)
		return err_set(err, ERR_EXISTS,
		    "listen on %s: there is a socket of another user (uid %u), and whether "
		    "somebody listens on it cannot be seen; if not, remove it",
		    path, (unsigned)st.st_uid);
	if (rc != ECONNREFUSED)
		return err_set(
		    err, ERR_EXISTS, "listen on %s: another process listens there", path);
	if (unlink(path) != 0)
		return err_set(err, ERR_EXISTS,
		    "listen on %s: a socket that nobody listens on (of uid %u) is in the way, "
		    "and cannot be removed: %s",
		    path, (unsigned)st.st_uid, strerror(errno));
	return OK;
}

#define GROUP_TEXT_MAX 65536

/* The socket's group, before anybody can connect. */
static enum errc give_to_group(const char *path, struct str name, struct err *err)
{
	struct group group, *found = NULL;
	char *text = xmalloc(GROUP_TEXT_MAX);
	char cstr[128];
	int rc;

	(void)snprintf(cstr, sizeof(cstr), "%.*s", STR_ARG(name));
	rc = getgrnam_r(cstr, &group, text, GROUP_TEXT_MAX, &found);
	xfree(text);
	if (!found)
		return err_set(err, rc == 0 ? ERR_ARG : ERR_UNAVAIL,
		    "listen on %s: there is no group \"%s\"", path, cstr);
	/* not through a link: the folder may be another user's */
	if (lchown(path, (uid_t)-1, found->gr_gid) != 0)
		return err_set(err, ERR_DENIED,
		    "listen on %s: it cannot be given to group %s: %s", path, cstr,
		    strerror(errno));
	return OK;
}

/* The file is made with its permissions: to change them by its name would trust the folder. No thread is there yet. */
static bool bind_with_mode(int fd, const union address *address, mode_t mode)
{
	mode_t before = umask(0777 & ~mode);
	int rc = bind(fd, &address->sa, sizeof(address->un));
	int why = errno;

	(void)umask(before);
	errno = why;
	return rc == 0;
}

static enum errc open_unix(struct listener *listener, struct err *err)
{
	const struct listener_options *options = &listener->options;
	mode_t mode = options->unix_mode != 0 ? (mode_t)options->unix_mode : UNIX_MODE;
	struct str path = str_from(options->address);
	union address address;
	enum errc rc;

	memset(&address, 0, sizeof(address));
	if (path.n >= sizeof(address.un.sun_path))
		return err_set(err, ERR_ARG, "listen on %s: path over %zu bytes",
		    options->address, sizeof(address.un.sun_path) - 1);
	address.un.sun_family = AF_UNIX;
	memcpy(address.un.sun_path, path.p, path.n);
	(void)snprintf(listener->name, sizeof(listener->name), "%s", options->address);
	listener->is_unix = true;
	listener->fd = inherited_take_address(listener->reactor->options.inherited, &address);
	if (listener->fd >= 0)
		return OK; /* file and permissions are those of who made it */
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return bind_error(listener->name, err);
	rc = make_room(&address, err);
	if (rc != OK)
		return rc;
	if (!bind_with_mode(listener->fd, &address, mode))
		return bind_error(listener->name, err);
	memcpy(listener->path, path.p, path.n);
	if (options->unix_group.n > 0)
		rc = give_to_group(options->address, options->unix_group, err);
	/* now, not before: who may not connect does not */
	if (rc == OK && listen(listener->fd, BACKLOG) != 0)
		rc = bind_error(listener->name, err);
	return rc;
}

/* An inherited socket, wherever it is bound. */
static enum errc adopt(struct listener *listener, struct err *err)
{
	union address address;
	socklen_t size = sizeof(address);

	memset(&address, 0, sizeof(address));
	if (getsockname(listener->fd, &address.sa, &size) != 0)
		return bind_error("an inherited socket", err);
	if (address.sa.sa_family == AF_UNIX) {
		listener->is_unix = true;
		(void)snprintf(listener->name, sizeof(listener->name), "%s",
		    address.un.sun_path[0] == '/' ? address.un.sun_path : "unix");
		return OK;
	}
	(void)address_text(&address, listener->address);
	(void)snprintf(listener->name, sizeof(listener->name),
	    address.sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", listener->address,
	    (unsigned)address_port(&address));
	return look_at_tcp(listener, err);
}

static enum errc number_service(
    struct reactor *reactor, const struct service *service, unsigned *number_out)
{
	unsigned i = 0;

	while (i < reactor->services && reactor->service[i] != service)
		i++;
	if (i == TICKETS_SERVICES_MAX)
		return ERR_LIMIT;
	if (i == reactor->services)
		reactor->service[reactor->services++] = service;
	*number_out = i;
	return OK;
}

static enum errc open_socket(struct listener *listener, int inherited_fd, struct err *err)
{
	if (inherited_fd >= 0) {
		listener->fd = inherited_fd;
		return adopt(listener, err);
	}
	return listener->options.address[0] == '/' ? open_unix(listener, err)
						   : open_tcp(listener, err);
}

/* With `inherited_fd` -1 at the address of the options. */
static enum errc listen_at(struct reactor *reactor, const struct listener_options *options,
    int inherited_fd, uint16_t *port_out, struct err *err)
{
	struct listener *listener;
	unsigned number = 0;
	enum errc rc;

	if (reactor->listeners == REACTOR_LISTENERS_MAX ||
	    number_service(reactor, options->service, &number) != OK)
		return err_set(err, ERR_LIMIT, "listen on %s: more than %d listeners",
		    options->address ? options->address : options->service->name,
		    REACTOR_LISTENERS_MAX);
	listener = xcalloc(1, sizeof(*listener));
	listener->reactor = reactor;
	listener->options = *options;
	listener->service_number = number;
	listener->fd = -1;
	rc = open_socket(listener, inherited_fd, err);
	if (rc != OK) {
		listener_free(&listener);
		return rc;
	}
	log_child(&listener->log, &reactor->log, options->service->name);
	log_set(&listener->log, F_WORD("listener", listener->name));
	*port_out = listener->port;
	reactor->listener[reactor->listeners++] = listener;
	return OK;
}

static enum errc listen_one(struct reactor *reactor, const struct listener_options *options,
    uint16_t *port_out, struct err *err)
{
	return listen_at(reactor, options, -1, port_out, err);
}

/* Two families under one name. */
static enum errc listen_both(struct reactor *reactor, const struct listener_options *options,
    const char *const address[2], uint16_t *port_out, struct err *err)
{
	struct listener_options one = *options;
	struct err first_err;
	uint16_t second_port;
	enum errc first, second;

	one.address = address[0];
	first = listen_one(reactor, &one, port_out, &first_err);
	one.address = address[1];
	if (first == OK)
		one.port = *port_out;
	second = listen_one(reactor, &one, first == OK ? &second_port : port_out, err);
	/* a host without IPv6 (or IPv4) is no mistake; an address in use is */
	if (first == OK && (second == OK || second == ERR_ARG))
		return OK;
	if (first == ERR_ARG || second != OK)
		return second;
	return err_set(err, first, "%s", first_err.text);
}

/* One inherited socket for both families. */
static enum errc listen_dual(struct reactor *reactor, const struct listener_options *options,
    uint16_t *port_out, struct err *err)
{
	struct listener_options both = *options;

	both.address = "::";
	return listen_one(reactor, &both, port_out, err);
}

const char *reactor_unix_path(const struct reactor *reactor, size_t i)
{
	for (unsigned j = 0; j < reactor->listeners; j++)
		if (reactor->listener[j]->path[0] != 0 && i-- == 0)
			return reactor->listener[j]->path;
	return NULL;
}

enum errc reactor_listen(struct reactor *reactor, const struct listener_options *options,
    uint16_t *port_out, struct err *err)
{
	static const char *const any[2] = { "0.0.0.0", "::" };
	static const char *const loopback[2] = { "127.0.0.1", "::1" };
	struct str name = str_from(options->address);
	uint16_t port = 0;
	enum errc rc;

	if (str_equal(name, STR("*")) &&
	    inherited_has_dual(reactor->options.inherited, options->port))
		rc = listen_dual(reactor, options, &port, err);
	else if (str_equal(name, STR("*")))
		rc = listen_both(reactor, options, any, &port, err);
	else if (str_equal(name, STR("localhost")))
		rc = listen_both(reactor, options, loopback, &port, err);
	else
		rc = listen_one(reactor, options, &port, err);
	if (rc == OK && port_out)
		*port_out = port;
	return rc;
}

enum errc reactor_listen_named(struct reactor *reactor, const struct listener_options *options,
    struct str name, struct err *err)
{
	enum errc rc = OK;
	uint16_t port;
	int fd;

	for (;;) {
		fd = inherited_take_name(reactor->options.inherited, name);
		if (fd < 0)
			return OK;
		rc = listen_at(reactor, options, fd, &port, err);
		if (rc != OK)
			return rc;
	}
}
