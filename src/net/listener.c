#include "net/address.h"
#include "net/net_int.h"
#include "net/network.h"

#include "base/heap.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

/* Connections taken for one event; then the others have their turn. */
#define ACCEPTS_A_TURN 16

/* When nothing can be accepted for want of memory or descriptors: not again at once. */
#define TROUBLE_PAUSE_NS 20000000L

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
	metric_add(listener->options.service->metrics, SERVICE_REFUSED, 0, 0, 1);
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
	metric_add(listener->options.service->metrics, SERVICE_ACCEPTED, 0, 0, 1);
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

	listener->runnable.run = listener_run;
	if (slots_take(reactor->slots, listener, &listener->ref) != OK)
		return err_set(err, ERR_LIMIT, "listen on %s: no slot", listener->name);
	reactor_submit(reactor, listener->ref);
	return OK;
}
