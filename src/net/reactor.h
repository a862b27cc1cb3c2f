/*
 * net/reactor.h - workers that run sessions on connections.
 *
 * Start: reactor_new, reactor_listen for each listener (binds; needs no thread), then reactor_start, which makes
 * the threads: whatever must happen before threads exist happens before it. End: reactor_stop, reactor_free.
 */
#pragma once

#include "net/session.h"

struct activity;
struct arena;
struct inherited;
struct log;
struct reactor;
struct tls_server;

#define REACTOR_LISTENERS_MAX 64

#define LISTENER_PROXY_UNIX "unix"

/* 0 in any field: its default. */
struct reactor_options {
	unsigned tickets;	  /* as many as database connections; 4 */
	unsigned workers;	  /* tickets + cores */
	unsigned connections_max; /* 10000 */
	unsigned
	    per_address_max; /* 256; an IPv6 address counts with its /64; local peers do not count */
	unsigned per_user_max;	      /* 64 */
	unsigned handshakes_max;      /* at a time; 512 */
	int64_t handshake_timeout_ms; /* 30 s */
	int64_t send_timeout_ms;      /* not one byte taken by the peer; 5 min */
	/* what sessions may hold, in bytes: all together (512 MiB), those of one user, one; 0: only the outer limit */
	uint64_t memory_max, account_memory_max, connection_memory_max;
	const struct log *log;	     /* outlives the reactor; may be NULL */
	struct inherited *inherited; /* until reactor_start; NULL: none */
};

NODISCARD enum errc reactor_new(
    const struct reactor_options *options, struct reactor **reactor_out, struct err *err);

struct listener_options {
	const struct service *service; /* outlives the reactor */
	/* "192.0.2.1", "2001:db8::1", "*" (IPv4 and IPv6), "localhost" (both loopbacks), "/path" of a unix
	 * socket */
	const char *address;
	uint16_t port;	    /* 0: one that is free, see port_out */
	unsigned unix_mode; /* permissions of a unix socket; 0: 0600 */
	struct str
	    unix_group; /* its group, by name; empty: the process's. Outlives the reactor */
	struct tls_server *tls; /* NULL: no TLS, no STARTTLS. Outlives the reactor */
	bool tls_implicit;	/* TLS from the first byte */
	/* networks (net/network.h) whose peers are proxies: each must begin with a header of the PROXY protocol, and
	 * nobody else may. LISTENER_PROXY_UNIX is whoever comes by a unix socket. Outlive the reactor */
	const struct str *proxies;
	size_t proxies_count;
};

/*
 * Binds; before reactor_start. *port_out (NULL allowed) is the port of the first socket. "*" and "localhost"
 * succeed if one of the two families can be had. ERR_EXISTS: the address is in use; ERR_DENIED; ERR_ARG: no
 * such address; ERR_LIMIT: too many listeners.
 */
NODISCARD enum errc reactor_listen(struct reactor *reactor,
    const struct listener_options *options, uint16_t *port_out, struct err *err);

/*
 * Listens on every inherited socket of that name, wherever it is bound: `address` and `port` of the options are not
 * looked at. OK also if there is none.
 */
NODISCARD enum errc reactor_listen_named(struct reactor *reactor,
    const struct listener_options *options, struct str name, struct err *err);

/* The path of the i-th listener at a unix socket; NULL behind the last. Borrowed until the stop. */
const char *reactor_unix_path(const struct reactor *reactor, size_t i);

NODISCARD enum errc reactor_start(struct reactor *reactor, struct err *err);

/* Other limits than those of the options, for connections and logins from here on. Any thread, any time. */
void reactor_set_limits(
    struct reactor *reactor, unsigned per_address_max, unsigned per_user_max);

/* Runs the session, now or when its step ends, with these enum session_event bits. Any thread; never blocks. */
void reactor_wake(struct reactor *reactor, struct session_ref ref, unsigned events);

/*
 * What a connection is doing, one after the other: the first of slot *slot or behind it, and *slot becomes the one
 * behind that. False: no more. Any thread; see net/activity.h.
 */
bool reactor_next_activity(struct reactor *reactor, uint32_t *slot, struct arena *arena,
    struct activity *activity_out);

/* Ends a connection, when its step does. One that waits for its peer is told why. Any thread. */
void reactor_kick(struct reactor *reactor, struct session_ref ref);

/*
 * Run `job` every `every_ms` on the scheduler's thread (net/scheduler.h): it may use the database. Reactor_stop
 * ends the jobs after the connections.
 */
void reactor_every(
    struct reactor *reactor, int64_t every_ms, void (*job)(void *arg), void *arg);

/*
 * Accepts no more, tells every session (EVENT_SHUTDOWN), gives them `grace_ms` to end by themselves, closes the
 * rest, joins all threads. Once; not from a worker.
 */
void reactor_stop(struct reactor *reactor, int64_t grace_ms);

/* Stopped, or never started. */
void reactor_free(struct reactor **reactorp);

struct reactor_stats {
	unsigned connections, strangers, handshakes; /* now */
	unsigned tickets_waiting;		     /* now */
	uint64_t memory;	    /* bytes that sessions hold between their steps */
	uint64_t accepted, refused; /* since the start */
};

struct reactor_stats reactor_stats(struct reactor *reactor);

/* One limit: what may be, what is, what was refused for it since the start. */
struct limit_row {
	const char *name;   /* constant: "connections of one address" */
	const char *option; /* that sets it; NULL: fixed, or half of another */
	uint64_t limit;
	uint64_t used; /* now; of limits by key, of the one that has most */
	uint64_t refused;
	bool is_bytes; /* otherwise a number of things */
};

#define REACTOR_LIMITS 8

/* Writes REACTOR_LIMITS rows at the most, and returns how many. Any thread; takes as long as there are addresses. */
size_t reactor_limits(struct reactor *reactor, struct limit_row *rows, size_t max);
