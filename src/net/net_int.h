/*
 * net/net_int.h - what reactor, listeners and connections share. Not for other folders.
 */
#pragma once

#include "net/activity.h"
#include "net/reactor.h"
#include "net/runq.h"
#include "net/scheduler.h"
#include "net/service_metrics.h"
#include "net/slot.h"
#include "net/tally.h"
#include "net/ticket.h"
#include "net/timer.h"

#include "base/budget.h"
#include "base/counter.h"
#include "base/log.h"

#include <pthread.h>
#include <stdatomic.h>

struct worker {
	struct reactor *reactor;
	pthread_t thread;
	unsigned turn;
	bool is_busy; /* counted in reactor->busy */
	/* memory that goes from one connection to the next, so that parked ones need none */
	struct buf spare_in, spare_out;
};

/* What stands in a slot; the first member of a connection and of a listener. */
struct runnable {
	/* On a worker that owns it. `pending` are the bits that were taken. Parks, queues or frees itself. */
	void (*run)(struct runnable *runnable, struct worker *worker, unsigned pending);
	/* a stranger, or took more than its share lately: others go before it. Read and written by whoever has it RUNNING */
	bool is_greedy;
};

struct listener {
	struct runnable runnable;
	struct reactor *reactor;
	struct listener_options options;
	struct session_ref ref;
	int fd;
	bool is_unix, is_wildcard, in_epoll;
	unsigned service_number; /* for the tickets */
	char name[128];		 /* "[::1]:143", "/run/tabella/lmtp" */
	char path[108];		 /* of a unix socket, to remove it */
	char address[64];
	uint16_t port;
	struct log log;
};

struct reactor {
	struct reactor_options options;
	int epoll;
	int wake_fd; /* in the epoll set, edge triggered: each write wakes one sleeper */
	struct slots *slots;
	struct activities *activities;
	struct runq *runq;
	struct timers *timers;
	struct tickets *tickets;
	struct scheduler *scheduler;
	struct tally *by_address, *by_user;
	struct worker *workers;
	unsigned started; /* workers that run */
	struct log log;
	struct log_sink silent; /* when there is no log: nobody has to ask */

	struct listener *listener[REACTOR_LISTENERS_MAX]; /* fixed after the start */
	unsigned listeners;
	const struct service *service[TICKETS_SERVICES_MAX];
	unsigned services;

	pthread_mutex_t reserve_lock; /* reserve_fd */
	int reserve_fd; /* given up for a moment to refuse when there are no more descriptors */

	atomic_uint sleepers; /* workers in epoll_wait, or about to be */
	/*
	 * Workers that run what is in the second line of the run queue, and do not wait for the database. More than
	 * there are cores would only take them from each other and from the short commands of others.
	 */
	atomic_uint busy;
	unsigned busy_max;
	atomic_uint per_address_max, per_user_max;
	atomic_bool stopping, ended;
	atomic_uint connections, strangers, handshakes;
	struct budget memory; /* of all sessions */
	_Atomic uint64_t next_id;
	struct counter accepted, refused, slowed;
	struct counter refused_strangers, refused_connections, held_handshakes;
};

/* Half of the connections are kept for people who are logged in. */
unsigned reactor_strangers_max(const struct reactor *reactor);

/* slots_wake, and into the run queue with it. */
void reactor_wake_bits(struct reactor *reactor, struct session_ref ref, unsigned bits);

/* Before what a worker does that waits for the database: meanwhile another one may be busy. */
void reactor_begin_wait(struct worker *worker);

/* The caller made it, or runs it: into the run queue. */
void reactor_submit(struct reactor *reactor, struct session_ref ref);

/* Without waking a sleeper, by a worker that returns to the queue at once. The owner may be running elsewhere before
 * this returns. `again`: it has had its turn. */
void reactor_queue(struct reactor *reactor, struct session_ref ref, bool again);

/* One event of `events` (EPOLLIN, EPOLLOUT), once. *in_epoll is kept by the owner of the descriptor. */
NODISCARD enum errc reactor_arm(
    struct reactor *reactor, struct session_ref ref, int fd, unsigned events, bool *in_epoll);

/* listener.c */
NODISCARD enum errc listener_start(struct listener *listener, struct err *err);
void listener_free(struct listener **listenerp);

/* Says so, if it can be said in clear and at once. The socket stays open. */
void listener_refuse(struct listener *listener, int fd, struct str peer, const char *why);

/* How a connection came. */
struct conn_origin {
	struct str key; /* the peer's in by_address; n = 0: not counted */
	bool is_stranger;
	bool by_proxy; /* of a trusted proxy: its header comes first */
};

/* conn.c: takes over the socket and one of the counted connections. Returns with the connection in the run queue,
 * or gone. */
void conn_new(struct listener *listener, int fd, const struct session_peer *peer,
    struct conn_origin origin);
