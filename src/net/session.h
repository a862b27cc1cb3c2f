/*
 * net/session.h - what a protocol is to the network: bytes in, bytes out, in steps.
 *
 * A protocol embeds struct session as the first member of its own session struct. It never sees a socket: it
 * consumes `in`, appends to `out`, and says by an enum step what it waits for. The reactor's connection
 * (net/conn.c) drives it on a worker; a test drives it with arrays (tests/chat).
 *
 * Who runs: exactly one worker at a time, so a session needs no lock. Nothing is held between steps.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "net/tls.h"

struct log;
struct metrics;
struct session;

enum step {
	STEP_INPUT, /* consumed what could be: run again when more bytes, EOF or an event are there */
	STEP_MORE, /* has more to do: run again when the output has drained, after others had their turn */
	STEP_WAIT, /* waits for EVENT_DONE or EVENT_TIMER (hash, other server); input is not read meanwhile */
	STEP_IDLE, /* as STEP_INPUT, for long: buffers are given back; bus events wake it (IMAP IDLE) */
	STEP_TICKET, /* the next verb needs the database: run again holding a ticket */
	STEP_TLS, /* send `out`, drop `in` (plaintext behind STARTTLS is an injection), start the handshake */
	STEP_DEFLATE, /* send `out`; all that comes and goes afterwards is compressed, `in` as well */
	STEP_CLOSE, /* send `out`, then close */
};

/* Why a session runs: bits in session->events, cleared by the session. A session that returns STEP_INPUT after
 * EVENT_EOF is closed: nothing more can come. */
enum session_event {
	EVENT_TIMER = 1 << 0, /* the time set with session_timer has come */
	EVENT_BUS = 1 << 1,   /* a watched mailbox changed */
	EVENT_DONE = 1 << 2,  /* what STEP_WAIT waited for is there */
	EVENT_EOF =
	    1 << 3, /* the peer will send nothing more; what is in `in` is the last of it */
	EVENT_SHUTDOWN =
	    1 << 4, /* the server stops: say so (421, BYE) and STEP_CLOSE, between commands */
};

/* Names a session for whoever wants to wake it later; never a pointer. Stale ones wake nobody. */
struct session_ref {
	uint32_t slot, generation;
};

struct session_ops {
	/* One step: at most 64 KB of output or 5 ms of work. Must consume, produce, or return a waiting step. */
	enum step (*run)(struct session *s);
	/* The connection is gone (by whatever side). Frees the session, except `in` and `out`, which the driver
	 * has released. On a worker. */
	void (*free)(struct session *s);
};

/* Output in `out` at which a step ends with STEP_MORE, and how long a step may take. */
#define STEP_OUTPUT_MAX ((size_t)65536)
#define STEP_TIME_US 5000
/* `in` never holds more than this; a framer that has not found its end by then answers with a limit error. */
#define SESSION_IN_MAX ((size_t)131072)
/* `out` may hold this much when a step ends: one step's output and its largest single piece. */
#define SESSION_OUT_MAX ((size_t)(4 * 1024 * 1024))

struct session_peer {
	struct str address; /* "192.0.2.1", "2001:db8::1", or the path of a unix socket */
	struct str local_address;
	uint16_t port, local_port;
	bool is_unix, is_loopback; /* loopback: 127/8, ::1 or a unix socket */
};

/* What the driver of a session offers to it. Implemented by net/conn.c and by tests. */
struct session_driver {
	/* Run the session with EVENT_TIMER at monotonic time `at_ms`; 0: no timer. One timer a session. */
	void (*timer)(struct session *s, int64_t at_ms);
	/* A name by which any thread can wake this session (net/reactor.h: reactor_wake). */
	struct session_ref (*ref)(struct session *s);
	/* Someone has logged in: the connection leaves the limits for strangers. `user` is borrowed.
	 * ERR_LIMIT: too many connections of this user. */
	enum errc (*login)(struct session *s, struct str user);
	/* See session_book. NULL: there is always room. */
	enum errc (*book)(struct session *s, uint64_t bytes);
	/* See session_keep. NULL: there is always room. */
	enum errc (*keep)(struct session *s, uint64_t bytes);
	/* The name of the protocol version, cipher: "TLSv1.3 TLS_AES_256_GCM_SHA384"; empty without TLS. */
	struct str (*tls_name)(const struct session *s);
	/* net/tls.h: tls_channel_binding of this connection. ERR_STATE without TLS. */
	enum errc (*tls_binding)(const struct session *s, enum tls_binding type,
	    unsigned char out[TLS_BINDING_MAX], size_t *size_out);
	/* What the session tells of itself with the functions below; NULL: nobody listens. */
	const struct session_watch *watch;
};

/* How a command ended, or a login, for those who count. */
enum session_result {
	RESULT_OK,
	RESULT_REFUSED,	  /* for good: NO, 5xx */
	RESULT_TEMPORARY, /* for now: NO [UNAVAILABLE], 4xx */
	RESULT_BAD,	  /* it was none */
	RESULT_CLOSED,	  /* the connection ended before it */
	RESULT_COUNT,
};

/* See session_begins, session_ended, session_did, session_is_in, session_tried_login. */
struct session_watch {
	void (*begins)(struct session *s, size_t verb);
	void (*ended)(struct session *s, enum session_result result);
	void (*did)(
	    struct session *s, size_t verb, enum session_result result, int64_t since_us);
	void (*is_in)(struct session *s, const char *state, struct str mailbox);
	void (*tried_login)(
	    struct session *s, const char *mechanism, enum session_result result);
};

struct session {
	const struct session_ops *ops;
	const struct session_driver *driver;
	void *driver_data;  /* the driver's own */
	struct buf in, out; /* the driver's memory: the session consumes and appends, no more */
	unsigned events;    /* enum session_event */
	bool has_ticket;    /* the database may be used during this step */
	bool tls;	    /* the transport is encrypted now */
	bool compressed;    /* after STEP_DEFLATE */
	bool
	    tls_possible; /* a certificate is there and TLS is not yet active: STARTTLS may be offered */
	struct session_peer peer;
	uint64_t id;	 /* unique in this process: "sid" in the log */
	struct log *log; /* the connection's chain: listener, sid, peer */
	uint64_t bytes_in, bytes_out;
	/* what is kept of an unfinished command besides `in` and `out`, in bytes, as of the end of a step: the
	 * driver charges it to the budgets. 0 between commands */
	size_t memory;
	uint64_t commands; /* that were begun: the driver limits them by the minute */
	/* set with STEP_CLOSE: the connection closes when the peer does, or after a moment */
	bool await_peer;
	/* for ops->free: the connection ended orderly, and the peer's system has taken every answer */
	bool peer_took_all;
};

/* The commands of a service by number, for metrics and `tabella sessions`. */
struct session_verbs {
	struct str (*word)(size_t i);
	size_t count;
	size_t untimed; /* one that waits for people (IDLE); count: none */
};

/*
 * A service: what a listener serves. `open` makes the session of a new connection, beginning with a copy of
 * *base (peer, driver, log, id, tls, the buffers are set), and fills ops. It appends nothing: the greeting is
 * the work of the first run, which comes without a byte of input.
 */
struct service {
	const char *name; /* "imap", "lmtp": listeners, limits and logs use it */
	struct session *(*open)(void *arg, const struct session *base);
	void *arg;
	/* NULL, or: gives what a new session is opened with in place of `arg`. The session has it to itself until
	 * drop gets it back after session_ops.free, so `arg` may give others something newer meanwhile. */
	void *(*hold)(void *arg);
	void (*drop)(void *held);
	_Atomic unsigned commands_a_minute; /* faster peers are read more slowly; 0: no limit */
	/* a stranger's whole time before login; 0: none (LMTP). May change to another time, not to or from 0 */
	_Atomic int64_t login_timeout_ms;
	const char
	    *refusal; /* sent when there are too many connections: "421 ...\r\n"; may be NULL */
	const char
	    *timeout; /* sent when login_timeout_ms is over: "* BYE ...\r\n"; may be NULL */
	const char
	    *kicked; /* sent when an administrator ends a session that waits; may be NULL */
	struct session_verbs verbs;
	struct metrics *metrics; /* net/service_metrics.h; NULL: nobody counts */
};

/* A little wrapper over the driver's calls. */
void session_timer(struct session *s, int64_t at_ms);
/* ERR_STATE also where the driver has none. */
NODISCARD enum errc session_tls_binding(const struct session *s, enum tls_binding type,
    unsigned char out[TLS_BINDING_MAX], size_t *size_out);
bool session_take_event(
    struct session *s, enum session_event event); /* true if it was set; clears it */

/*
 * Before a peer's bytes make the session hold as much: from now on it may hold `bytes` in all, in place of what it
 * booked before. ERR_LIMIT: the connection, its account or the process would hold too much, and the booking is as it
 * was. To book less always succeeds.
 */
NODISCARD enum errc session_book(struct session *s, uint64_t bytes);
void session_unbook(struct session *s);

/*
 * The same for what the session keeps beyond its commands, beside what it books for them: it is no reason to read on
 * from a peer while there is too little memory.
 */
NODISCARD enum errc session_keep(struct session *s, uint64_t bytes);

/* A whole command is there (its number among the service's verbs), and later it has been answered. */
void session_begins(struct session *s, size_t verb);
void session_ended(struct session *s, enum session_result result);

/* In place of both, where several commands are under way at once: one of them has been answered, that was there at
 * monotonic time `since_us`. */
void session_did(struct session *s, size_t verb, enum session_result result, int64_t since_us);

/* Its state, a constant, and what is selected; n = 0: nothing. Copied. */
void session_is_in(struct session *s, const char *state, struct str mailbox);

/* `mechanism` is a constant word, as in the log. */
void session_tried_login(struct session *s, const char *mechanism, enum session_result result);
