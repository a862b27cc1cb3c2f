/*
 * net/conn_int.h - a connection: what drives a session. Between conn.c (life, parking) and conn_step.c (what
 * comes next). All of it belongs to the worker that runs it.
 */
#pragma once

#include "net/address.h"
#include "net/io.h"
#include "net/net_int.h"

/*
 *	PROXY ----> HANDSHAKE, OPEN
 *	HANDSHAKE -> OPEN -> FLUSHING -> DRAINING
 *	    ^         |
 *	    +--STARTTLS
 */
enum phase {
	PHASE_PROXY, /* the header of a trusted proxy */
	PHASE_HANDSHAKE,
	PHASE_OPEN,
	PHASE_FLUSHING, /* `out` goes out, then the end */
	PHASE_DRAINING, /* what the peer still sends is thrown away, for a moment */
};

/* What a worker does with a connection next. */
enum turn {
	TURN_AGAIN, /* look again, something changed */
	TURN_RUN,   /* the session can run */
	TURN_PARK,  /* wait for conn->wait, a wake, a time */
	TURN_QUEUE, /* others first */
	TURN_GONE,  /* it is freed */
};

struct conn {
	struct runnable runnable;
	struct reactor *reactor;
	struct listener *listener;
	struct session_ref ref;
	struct session
	    *session; /* NULL before the handshake of implicit TLS, and before the first run */
	void *service_arg; /* held of the service for the session; NULL: nothing */
	struct io io;
	enum phase phase;
	enum step want; /* the session's last step */
	unsigned fresh; /* enum session_event that the session has not run for */
	unsigned wait;	/* EPOLLIN, EPOLLOUT or 0: what TURN_PARK is for */
	unsigned armed; /* what epoll has been asked and has not yet told */
	bool in_epoll;
	bool readable; /* a read may give something */
	bool eof;
	bool proxied_tls;   /* the client's side of the proxy is encrypted */
	bool yielded;	    /* STEP_MORE: others have had their turn */
	bool ticket;	    /* a claim is made: it waits or is held */
	bool in_handshakes; /* counted there */
	bool is_stranger;   /* counted there */
	size_t sent;	    /* of session->out */
	size_t drained;
	/* memory that the session holds: within the account's budget, or the process's before login */
	struct budget budget;
	uint64_t charged; /* buffers, and what the session says of itself */
	uint64_t booked;  /* before the bytes come */
	uint64_t kept;	  /* by the session, beyond its commands */
	/* commands of this minute */
	int64_t minute_ms;
	uint64_t minute_commands; /* session->commands when it began */
	/* Times, all monotonic; 0: none */
	int64_t timer_at_ms; /* the session's */
	int64_t phase_end_ms;
	int64_t login_end_ms;
	int64_t send_end_ms;
	int64_t pause_end_ms; /* too much is buffered: reading goes on then */
	int64_t clock_at_ms;  /* what net/timer.h was told; may be too early, never too late */
	int64_t opened_ms;
	int64_t credit,
	    credit_at_ms; /* bytes that it may move before it is greedy, as of then */
	uint64_t moved;	  /* bytes_in and bytes_out as of then */
	struct claim claim;
	struct session_peer peer;
	char address[ADDRESS_TEXT_MAX], local_address[ADDRESS_TEXT_MAX];
	unsigned char key[16]; /* in by_address */
	size_t key_size;
	char *user; /* in by_user */
	size_t user_size;
	struct buf proxy; /* what is there of the proxy's header */
	uint64_t id;
	char tls_text[64];
	struct log log;
	char sid[20], peer_text[ADDRESS_TEXT_MAX + 10];
	const char *end_reason; /* a constant word */
	struct activity activity;
	size_t verb; /* that runs, since verb_us; meaningless without one */
	int64_t verb_us;
	uint64_t counted_in, counted_out; /* in the service's metrics */
};

/* conn_step.c: from what is there to what is to be done. */
enum turn conn_advance(struct conn *conn, struct worker *worker);

/* conn_proxy.c */
enum turn conn_advance_proxy(struct conn *conn);

/* Sends what is there, then closes. TURN_AGAIN. */
enum turn conn_finish(struct conn *conn, const char *reason);

/* conn.c */
enum turn conn_end(struct conn *conn, const char *reason); /* frees it; TURN_GONE */
void conn_name(struct conn *conn);			   /* the log's words for id and peer */
struct session *conn_open_session(struct conn *conn);
void conn_lend_buffers(struct conn *conn, struct worker *worker);

/* conn_watch.c: what the connection shows of itself, and what is counted. */
extern const struct session_watch conn_watch;
void conn_show(struct conn *conn);	/* when it has its slot and its name */
void conn_show_peer(struct conn *conn); /* it has another name */
void conn_show_user(struct conn *conn); /* conn->user */
void conn_show_use(struct conn *conn);	/* bytes and memory, at each pause */
void conn_hide(struct conn *conn);
