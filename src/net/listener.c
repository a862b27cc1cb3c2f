#include "net/address.h"
#include "net/net_int.h"
#include "net/network.h"

#include "base/heap.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* Connections taken for one event; then the others have their turn. */
#define ACCEPTS_A_TURN 16
#define BACKLOG 1024
#define UNIX_MODE 0600

/* When nothing can be accepted for want of memory or descriptors: not again at once. */
#define TROUBLE_PAUSE_NS 20000000L

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

static enum errc open_tcp(struct listener *listener, struct err *err)
{
	const struct listener_options *options = &listener->options;
	union address address;
	socklen_t size = 0;
	int fd;

	if (address_parse(options->address, options->port, &address, &size) != OK)
		return err_set(
		    err, ERR_ARG, "listen on %s: no numeric address", options->address);
	(void)snprintf(listener->name, sizeof(listener->name),
	    address.sa.sa_family == AF_INET6 ? "[%s]:%u" : "%s:%u", options->address,
	    (unsigned)options->port);
	fd = socket(address.sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bind_error(listener->name, err);
	listener->fd = fd;
	set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
	/* accepted sockets inherit these two */
	set_flag(fd, IPPROTO_TCP, TCP_NODELAY);
	set_flag(fd, SOL_SOCKET, SO_KEEPALIVE);
	if (address.sa.sa_family == AF_INET6)
		set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	if (bind(fd, &address.sa, size) != 0 || listen(fd, BACKLOG) != 0)
		return bind_error(listener->name, err);
	size = sizeof(address);
	if (getsockname(fd, &address.sa, &size) != 0)
		return bind_error(listener->name, err);
	(void)address_text(&address, listener->address);
	listener->port = address_port(&address);
	listener->is_wildcard = str_equal(str_from(listener->address), STR("0.0.0.0")) ||
	    str_equal(str_from(listener->address), STR("::"));
	return OK;
}

/* A socket file that nobody listens on is left over from an earlier process. */
static bool is_left_over(const union address *address)
{
	struct stat st;
	bool is_dead;
	int fd;

	if (lstat(address->un.sun_path, &st) != 0 || !S_ISSOCK(st.st_mode))
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return false;
	is_dead = connect(fd, &address->sa, sizeof(address->un)) != 0 && errno == ECONNREFUSED;
	(void)close(fd);
	return is_dead;
}

static enum errc open_unix(struct listener *listener, struct err *err)
{
	const struct listener_options *options = &listener->options;
	mode_t mode = options->unix_mode != 0 ? (mode_t)options->unix_mode : UNIX_MODE;
	struct str path = str_from(options->address);
	union address address;

	memset(&address, 0, sizeof(address));
	if (path.n >= sizeof(address.un.sun_path))
		return err_set(err, ERR_ARG, "listen on %s: path over %zu bytes",
		    options->address, sizeof(address.un.sun_path) - 1);
	address.un.sun_family = AF_UNIX;
	memcpy(address.un.sun_path, path.p, path.n);
	(void)snprintf(listener->name, sizeof(listener->name), "%s", options->address);
	listener->is_unix = true;
	listener->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener->fd < 0)
		return bind_error(listener->name, err);
	if (is_left_over(&address))
		(void)unlink(options->address);
	if (bind(listener->fd, &address.sa, sizeof(address.un)) != 0)
		return bind_error(listener->name, err);
	memcpy(listener->path, path.p, path.n);
	/* before listen: nobody connects with the umask's permissions */
	if (chmod(options->address, mode) != 0 || listen(listener->fd, BACKLOG) != 0)
		return bind_error(listener->name, err);
	return OK;
}

static void close_listener(struct listener *listener)
{
	if (listener->fd >= 0)
		(void)close(listener->fd);
	listener->fd = -1;
	if (listener->path[0] != 0)
		(void)unlink(listener->path);
	listener->path[0] = 0;
}

void listener_free(struct listener **listenerp)
{
	if (!*listenerp)
		return;
	close_listener(*listenerp);
	xfree(*listenerp);
	*listenerp = NULL;
}

/* Is there room for one more? Counts it. */
static bool count_connection(struct reactor *reactor, bool is_stranger)
{
	unsigned max = reactor->options.connections_max;
	unsigned strangers_max = reactor_strangers_max(reactor);

	if (atomic_fetch_add(&reactor->connections, 1) >= max) {
		counter_add(&reactor->refused_connections, 1);
		goto out;
	}
	if (is_stranger && atomic_fetch_add(&reactor->strangers, 1) >= strangers_max) {
		atomic_fetch_sub(&reactor->strangers, 1);
		counter_add(&reactor->refused_strangers, 1);
		goto out;
	}
	return true;
out:
	atomic_fetch_sub(&reactor->connections, 1);
	return false;
}

static void uncount_connection(struct reactor *reactor, bool is_stranger)
{
	atomic_fetch_sub(&reactor->connections, 1);
	if (is_stranger)
		atomic_fetch_sub(&reactor->strangers, 1);
}

void listener_refuse(struct listener *listener, int fd, struct str peer, const char *why)
{
	const char *text = listener->options.service->refusal;

	counter_add(&listener->reactor->refused, 1);
	log_info(&listener->log, "refused", F_STR("peer", peer), F_WORD("reason", why));
	if (text && !listener->options.tls_implicit)
		(void)send(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void refuse(
    struct listener *listener, int fd, const union address *address, const char *why)
{
	char peer[ADDRESS_TEXT_MAX];

	listener_refuse(listener, fd, address_text(address, peer), why);
	(void)close(fd);
}

/* Must a header of the PROXY protocol come first? */
static bool is_proxy(const struct listener *listener, const union address *address)
{
	const struct listener_options *options = &listener->options;
	char text[ADDRESS_TEXT_MAX];

	if (listener->is_unix) {
		for (size_t i = 0; i < options->proxies_count; i++)
			if (str_equal(options->proxies[i], STR(LISTENER_PROXY_UNIX)))
				return true;
		return false;
	}
	return networks_have(
	    options->proxies, options->proxies_count, address_text(address, text));
}

static void fill_peer(const struct listener *listener, int fd, const union address *address,
    struct session_peer *peer, char text[2][ADDRESS_TEXT_MAX])
{
	union address local;
	socklen_t size = sizeof(local);

	peer->is_unix = listener->is_unix;
	peer->is_loopback = listener->is_unix || address_is_loopback(address);
	if (listener->is_unix) {
		peer->address = peer->local_address = str_from(listener->name);
		return;
	}
	peer->address = address_text(address, text[0]);
	peer->port = address_port(address);
	peer->local_port = listener->port;
	peer->local_address = str_from(listener->address);
	if (listener->is_wildcard && getsockname(fd, &local.sa, &size) == 0)
		peer->local_address = address_text(&local, text[1]);
}

static void take_connection(struct listener *listener, int fd, union address *address)
{
	struct reactor *reactor = listener->reactor;
	/* a service without login (LMTP) serves named peers: nobody in it is a stranger */
	bool is_stranger = listener->options.service->login_timeout_ms > 0;
	struct conn_origin origin = { .is_stranger = is_stranger };
	struct session_peer peer = { .port = 0 };
	char text[2][ADDRESS_TEXT_MAX];

	if (listener->is_unix)
		address->sa.sa_family = AF_UNIX;
	if (!count_connection(reactor, is_stranger)) {
		refuse(listener, fd, address, "connections");
		return;
	}
	/* a proxy's connections count for its clients, when it has said who they are */
	origin.by_proxy = is_proxy(listener, address);
	if (!origin.by_proxy && !address_is_loopback(address)) {
		origin.key = address_key(address);
		if (tally_add(reactor->by_address, origin.key,
			atomic_load(&reactor->per_address_max)) != OK) {
			uncount_connection(reactor, is_stranger);
			refuse(listener, fd, address, "address");
			return;
		}
	}
	counter_add(&reactor->accepted, 1);
	fill_peer(listener, fd, address, &peer, text);
	conn_new(listener, fd, &peer, origin);
}

/* No descriptor left: the reserve takes the caller off the backlog, who would make us spin otherwise. */
static void refuse_with_reserve(struct listener *listener)
{
	struct reactor *reactor = listener->reactor;
	struct timespec pause = { .tv_nsec = TROUBLE_PAUSE_NS };
	union address address;
	socklen_t size = sizeof(address);
	int fd = -1;

	memset(&address, 0, sizeof(address));
	(void)pthread_mutex_lock(&reactor->reserve_lock);
	if (reactor->reserve_fd >= 0) {
		(void)close(reactor->reserve_fd);
		fd = accept4(listener->fd, &address.sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0)
			refuse(listener, fd, &address, "descriptors");
	}
	reactor->reserve_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	(void)pthread_mutex_unlock(&reactor->reserve_lock);
	if (fd < 0)
		(void)nanosleep(&pause, NULL);
}

/* False: nothing more to accept now. */
static bool accept_one(struct listener *listener)
{
	union address address;
	socklen_t size = sizeof(address);
	struct err err;
	int fd;

	memset(&address, 0, sizeof(address.in6));
	fd = accept4(listener->fd, &address.sa, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0) {
		take_connection(listener, fd, &address);
		return true;
	}
	switch (errno) {
	case EAGAIN:
		return false;
	case EMFILE:
	case ENFILE:
	case ENOBUFS:
	case ENOMEM:
		(void)err_set(&err, ERR_UNAVAIL, "%s", strerror(errno));
		log_warn(&listener->log, "accept-failed", F_ERR(&err));
		refuse_with_reserve(listener);
		return false;
	default: /* the connection's own trouble: it went away meanwhile, a network error */
		return true;
	}
}

static void listener_run(struct runnable *runnable, struct worker *worker, unsigned pending)
{
	struct listener *listener = (struct listener *)runnable;
	struct reactor *reactor = listener->reactor;
	int accepted = 0;

	(void)worker;
	(void)pending;
	for (;;) {
		while (!atomic_load(&reactor->stopping) && accepted < ACCEPTS_A_TURN &&
		    accept_one(listener))
			accepted++;
		if (atomic_load(&reactor->stopping)) {
			close_listener(listener);
			slots_give(reactor->slots, listener->ref);
			return;
		}
		if (reactor_arm(reactor, listener->ref, listener->fd, EPOLLIN,
			&listener->in_epoll) != OK)
			log_error(&listener->log, "accept-failed", F_WORD("reason", "epoll"));
		if (slots_park(reactor->slots, listener->ref))
			return;
		(void)slots_pending(reactor->slots, listener->ref);
		accepted = 0;
	}
}

enum errc listener_start(struct listener *listener, struct err *err)
{
	struct reactor *reactor = listener->reactor;

	if (slots_take(reactor->slots, listener, &listener->ref) != OK)
		return err_set(err, ERR_LIMIT, "listen on %s: no slot", listener->name);
	reactor_submit(reactor, listener->ref);
	return OK;
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

static enum errc listen_one(struct reactor *reactor, const struct listener_options *options,
    uint16_t *port_out, struct err *err)
{
	struct listener *listener;
	unsigned number = 0;
	enum errc rc;

	if (reactor->listeners == REACTOR_LISTENERS_MAX ||
	    number_service(reactor, options->service, &number) != OK)
		return err_set(err, ERR_LIMIT, "listen on %s: more than %d listeners",
		    options->address, REACTOR_LISTENERS_MAX);
	listener = xcalloc(1, sizeof(*listener));
	listener->runnable.run = listener_run;
	listener->reactor = reactor;
	listener->options = *options;
	listener->service_number = number;
	listener->fd = -1;
	rc = options->address[0] == '/' ? open_unix(listener, err) : open_tcp(listener, err);
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

enum errc reactor_listen(struct reactor *reactor, const struct listener_options *options,
    uint16_t *port_out, struct err *err)
{
	static const char *const any[2] = { "0.0.0.0", "::" };
	static const char *const loopback[2] = { "127.0.0.1", "::1" };
	struct str name = str_from(options->address);
	uint16_t port = 0;
	enum errc rc;

	if (str_equal(name, STR("*")))
		rc = listen_both(reactor, options, any, &port, err);
	else if (str_equal(name, STR("localhost")))
		rc = listen_both(reactor, options, loopback, &port, err);
	else
		rc = listen_one(reactor, options, &port, err);
	if (rc == OK && port_out)
		*port_out = port;
	return rc;
}
