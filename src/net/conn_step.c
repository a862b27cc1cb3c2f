#include "net/conn_int.h"

#include "base/clock.h"

#include <sys/epoll.h>

/* What one read takes. */
#define READ_SIZE ((size_t)65536)
/* Less room than this is not worth a call. */
#define READ_MIN ((size_t)4096)

/* Commands that hold a ticket one after the other before others have their turn. */
#define TICKETS_IN_ROW 8

#define LINGER_MS 2000
#define PAUSE_MS 200
#define MINUTE_MS 60000

/* With all handshakes in use: the next look. */
#define HANDSHAKE_PAUSE_MS 50

/* When half of the places are taken, those who come have this long. */
#define HANDSHAKE_HURRY_MS 5000

/* TURN_AGAIN when there is nothing left to send. */
static enum turn flush(struct conn *conn)
{
	struct session *s = conn->session;

	while (conn->sent < s->out.n) {
		struct str rest = { s->out.p + conn->sent, s->out.n - conn->sent };
		size_t wrote = 0;
		enum io_result result = io_write(&conn->io, rest, &wrote);

		conn->sent += wrote;
		s->bytes_out += wrote;
		if (result == IO_WAIT) {
			if (wrote > 0 || conn->send_end_ms == 0)
				conn->send_end_ms =
				    clock_mono_ms() + conn->reactor->options.send_timeout_ms;
			conn->wait = conn->io.wait;
			return TURN_PARK;
		}
		if (result != IO_OK)
			return conn_end(conn, "reset");
		conn->send_end_ms = 0;
	}
	buf_clear(&s->out);
	conn->sent = 0;
	conn->send_end_ms = 0;
	return TURN_AGAIN;
}

enum turn conn_finish(struct conn *conn, const char *reason)
{
	conn->phase = PHASE_FLUSHING;
	conn->end_reason = reason;
	conn->login_end_ms = 0;
	conn->phase_end_ms = 0;
	conn->timer_at_ms = 0;
	return TURN_AGAIN;
}

static enum turn read_some(struct conn *conn)
{
	struct buf *in = &conn->session->in;
	size_t room = in->room - in->n, got = 0;
	bool more = false;
	enum io_result result;
	char *p;

	if (room < READ_MIN) {
		room = in->n == 0 ? READ_SIZE : READ_SIZE / 4;
		if (room > in->max - in->n)
			room = in->max - in->n;
	}
	if (room == 0) { /* the session should have taken or refused what it has */
		log_error(&conn->log, "stuck", F_UINT("size", in->n));
		return conn_end(conn, "stuck");
	}
	p = buf_reserve(in, room);
	result = io_read(&conn->io, p, room, &got, &more);
	conn->readable = more;
	switch (result) {
	case IO_OK:
		buf_grown(in, got);
		conn->session->bytes_in += got;
		return TURN_RUN;
	case IO_EOF:
		conn->eof = true;
		conn->fresh |= EVENT_EOF;
		return TURN_RUN;
	case IO_WAIT:
		conn->wait = conn->io.wait;
		return TURN_PARK;
	default:
		return conn_end(conn, "reset");
	}
}

/*
 * Too much is held: who holds nothing waits with reading. Who holds something goes on, since it is the rest of a
 * command that lets it go.
 */
static bool lacks_memory(struct conn *conn)
{
	const struct session *s = conn->session;

	if (s->in.n > 0 || s->memory > 0 || conn->booked > 0 || !budget_is_over(&conn->budget))
		return false;
	if (conn->pause_end_ms == 0)
		conn->pause_end_ms = clock_mono_ms() + PAUSE_MS;
	return true;
}

/* More commands than a minute may have: the next are read when it is over. */
static bool is_too_fast(struct conn *conn)
{
	unsigned max = conn->listener->options.service->commands_a_minute;
	uint64_t commands = conn->session->commands;
	int64_t now_ms;

	if (max == 0 || commands - conn->minute_commands < max)
		return false;
	now_ms = clock_mono_ms();
	if (now_ms - conn->minute_ms < MINUTE_MS) {
		if (conn->pause_end_ms == 0) {
			conn->pause_end_ms = conn->minute_ms + MINUTE_MS;
			counter_add(&conn->reactor->slowed, 1);
			log_info(&conn->log, "slowed", F_UINT("limit", max));
		}
		return true;
	}
	conn->minute_ms = now_ms;
	conn->minute_commands = commands;
	return false;
}

static enum turn ready_for_input(struct conn *conn)
{
	if (conn->fresh != 0)
		return TURN_RUN;
	if (conn->eof)
		return conn_finish(conn, "closed");
	if (is_too_fast(conn) || lacks_memory(conn))
		return TURN_PARK;
	if (conn->readable)
		return read_some(conn);
	conn->wait = EPOLLIN;
	return TURN_PARK;
}

/* True: it is held. */
static bool take_ticket(struct conn *conn)
{
	struct tickets *tickets = conn->reactor->tickets;

	if (conn->ticket)
		return tickets_has(tickets, &conn->claim);
	conn->ticket = true;
	return tickets_take(tickets, &conn->claim);
}

static enum turn start_tls(struct conn *conn)
{
	struct session *s = conn->session;

	/* RFC 3207 section 6, RFC 9051 section 11.1: what came in clear behind the command is dropped */
	buf_clear(&s->in);
	conn->readable = false;
	conn->want = STEP_INPUT;
	if (conn->io.ssl || !conn->listener->options.tls ||
	    io_start_tls(&conn->io, conn->listener->options.tls) != OK)
		return conn_end(conn, "no-tls");
	conn->phase = PHASE_HANDSHAKE;
	return TURN_AGAIN;
}

/* What came behind the command is compressed already: a client may send on when it has read the answer, not before. */
static enum turn start_deflate(struct conn *conn)
{
	struct session *s = conn->session;

	if (s->compressed)
		return conn_end(conn, "deflate-twice");
	io_start_deflate(&conn->io, buf_str(&s->in));
	buf_clear(&s->in);
	s->compressed = true;
	conn->readable = true;
	conn->want = STEP_INPUT;
	return TURN_AGAIN;
}

/* Can the session run? */
static enum turn ready(struct conn *conn)
{
	switch (conn->want) {
	case STEP_INPUT:
	case STEP_IDLE:
		return ready_for_input(conn);
	case STEP_MORE:
		conn->yielded = !conn->yielded;
		return conn->yielded ? TURN_QUEUE : TURN_RUN;
	case STEP_WAIT:
		return (conn->fresh & (EVENT_DONE | EVENT_TIMER)) ? TURN_RUN : TURN_PARK;
	case STEP_TICKET:
		return take_ticket(conn) ? TURN_RUN : TURN_PARK;
	case STEP_TLS:
		return start_tls(conn);
	case STEP_DEFLATE:
		return start_deflate(conn);
	case STEP_CLOSE:
		break;
	}
	return conn_finish(conn, conn->eof ? "closed" : "bye");
}

/*
 * The session's step. A ticket that is free at once is taken at once, without sending what is there: answers to
 * pipelined commands leave together.
 */
static enum turn run(struct conn *conn, struct worker *worker)
{
	struct session *s = conn->session;
	int runs = 0;

	do {
		s->events |= conn->fresh;
		conn->fresh = 0;
		s->has_ticket = conn->ticket;
		if (conn->ticket)
			reactor_begin_wait(worker);
		conn->want = s->ops->run(s);
		s->has_ticket = false;
		if (conn->ticket)
			tickets_return(conn->reactor->tickets, &conn->claim);
		conn->ticket = false;
		if (s->out.overflow) {
			log_error(&conn->log, "overflow", F_UINT("size", s->out.n));
			return conn_end(conn, "overflow");
		}
	} while (conn->want == STEP_TICKET && s->out.n < STEP_OUTPUT_MAX &&
	    ++runs < TICKETS_IN_ROW && take_ticket(conn));
	return TURN_AGAIN;
}

static enum turn advance_open(struct conn *conn, struct worker *worker)
{
	enum turn turn;

	if (!conn->session) {
		if (atomic_load(&conn->reactor->stopping))
			return conn_end(conn, "shutdown");
		conn->session = conn_open_session(conn);
	}
	turn = flush(conn);
	if (turn == TURN_AGAIN) {
		conn_lend_buffers(conn, worker);
		turn = ready(conn);
	}
	return turn == TURN_RUN ? run(conn, worker) : turn;
}

static void hurry(struct conn *conn)
{
	int64_t end_ms = clock_mono_ms() + HANDSHAKE_HURRY_MS;

	if (atomic_load(&conn->reactor->handshakes) >
		conn->reactor->options.handshakes_max / 2 &&
	    conn->phase_end_ms > end_ms)
		conn->phase_end_ms = end_ms;
}

static enum turn begin_handshake(struct conn *conn)
{
	struct reactor *reactor = conn->reactor;

	if (conn->phase_end_ms == 0)
		conn->phase_end_ms = clock_mono_ms() + reactor->options.handshake_timeout_ms;
	/* who says nothing takes no place from those who do */
	if (!conn->readable) {
		conn->wait = EPOLLIN;
		return TURN_PARK;
	}
	hurry(conn);
	if (atomic_fetch_add(&reactor->handshakes, 1) >= reactor->options.handshakes_max) {
		atomic_fetch_sub(&reactor->handshakes, 1);
		counter_add(&reactor->held_handshakes, 1);
		conn->pause_end_ms = clock_mono_ms() + HANDSHAKE_PAUSE_MS;
		return TURN_PARK;
	}
	conn->in_handshakes = true;
	if (!conn->io.ssl && io_start_tls(&conn->io, conn->listener->options.tls) != OK)
		return conn_end(conn, "no-tls");
	return TURN_AGAIN;
}

static enum turn end_handshake(struct conn *conn)
{
	atomic_fetch_sub(&conn->reactor->handshakes, 1);
	conn->in_handshakes = false;
	conn->phase_end_ms = 0;
	conn->phase = PHASE_OPEN;
	/* the client's first command may have come with the end of its handshake */
	conn->readable = true;
	(void)tls_describe(conn->io.ssl, conn->tls_text, sizeof(conn->tls_text));
	if (conn->session) {
		conn->session->tls = true;
		conn->session->tls_possible = false;
	}
	return TURN_AGAIN;
}

static enum turn advance_handshake(struct conn *conn)
{
	struct err err = { .code = OK };

	if (!conn->in_handshakes) {
		enum turn turn = begin_handshake(conn);

		if (turn != TURN_AGAIN)
			return turn;
	}
	switch (tls_handshake(conn->io.ssl, &conn->wait, &err)) {
	case IO_OK:
		return end_handshake(conn);
	case IO_WAIT:
		return TURN_PARK;
	default:
		log_info(&conn->log, "tls-failed", F_ERR(&err));
		return conn_end(conn, "tls-failed");
	}
}

static enum turn advance_flushing(struct conn *conn)
{
	if (conn->session && conn->sent < conn->session->out.n) {
		enum turn turn = flush(conn);

		if (turn != TURN_AGAIN)
			return turn;
	}
	conn->phase = PHASE_DRAINING;
	return TURN_AGAIN;
}

static enum turn advance_draining(struct conn *conn)
{
	/* a handshake that took too long has no session */
	bool await_peer = conn->session && conn->session->await_peer;
	enum io_result result =
	    conn->eof ? IO_OK : io_finish(&conn->io, await_peer, &conn->drained);

	if (result == IO_OK && conn->session)
		conn->session->peer_took_all = io_peer_took_all(&conn->io);
	if (result != IO_WAIT)
		return conn_end(conn, conn->end_reason);
	if (conn->phase_end_ms == 0)
		conn->phase_end_ms = clock_mono_ms() + LINGER_MS;
	conn->wait = EPOLLIN;
	return TURN_PARK;
}

enum turn conn_advance(struct conn *conn, struct worker *worker)
{
	conn->wait = 0;
	switch (conn->phase) {
	case PHASE_PROXY:
		return conn_advance_proxy(conn);
	case PHASE_HANDSHAKE:
		return advance_handshake(conn);
	case PHASE_OPEN:
		return advance_open(conn, worker);
	case PHASE_FLUSHING:
		return advance_flushing(conn);
	case PHASE_DRAINING:
		break;
	}
	return advance_draining(conn);
}
