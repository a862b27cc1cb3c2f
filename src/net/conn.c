#include "net/conn_int.h"
#include "net/proxy.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/str.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

/* A worker keeps no larger buffers than these for the next connection. */
#define SPARE_OUT_MAX ((size_t)(256 * 1024))

/* A parked connection with less input than this does not keep a large buffer for it. */
#define SMALL_INPUT ((size_t)2048)

/* Turns of one connection, and their time, before others have theirs. */
#define TURNS_IN_ROW 16
#define TURNS_US 1000

/* A session that moves fewer bytes, in and out, is no burden to others. */
#define SHARE_A_MS INT64_C(512)
#define CREDIT_MAX INT64_C(262144)
#define CREDIT_FIRST INT64_C(16384)

static struct conn *conn_of(const struct session *s)
{
	return s->driver_data;
}

static void driver_timer(struct session *s, int64_t at_ms)
{
	conn_of(s)->timer_at_ms = at_ms;
}

static struct session_ref driver_ref(struct session *s)
{
	return conn_of(s)->ref;
}

/* The account as the tickets know it; never 0. */
static uint64_t account_of(struct str user)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < user.n; i++)
		hash = (hash ^ (unsigned char)user.p[i]) * UINT64_C(0x100000001b3);
	return hash | 1;
}

/* From the process's own into the account's, which is within it. */
static void move_budget(struct conn *conn, struct budget *account)
{
	uint64_t used = budget_used(&conn->budget);

	budget_charge(account, used);
	budget_return(conn->budget.parent, used);
	conn->budget.parent = account;
}

static enum errc driver_login(struct session *s, struct str user)
{
	struct conn *conn = conn_of(s);
	struct reactor *reactor = conn->reactor;

	if (conn->user)
		return ERR_STATE;
	if (tally_add(reactor->by_user, user, atomic_load(&reactor->per_user_max)) != OK)
		return ERR_LIMIT;
	move_budget(conn, tally_budget(reactor->by_user, user));
	conn->user = memcpy(xmalloc(user.n), user.n > 0 ? user.p : "", user.n);
	conn->user_size = user.n;
	conn->claim.account = account_of(user);
	conn->login_end_ms = 0;
	if (conn->is_stranger)
		atomic_fetch_sub(&reactor->strangers, 1);
	conn->is_stranger = false;
	conn_show_user(conn);
	return OK;
}

/* `bytes` in place of what is held in `held`. */
static enum errc book(struct conn *conn, uint64_t *held, uint64_t bytes)
{
	if (bytes <= *held)
		budget_return(&conn->budget, *held - bytes);
	else if (!budget_book(&conn->budget, bytes - *held))
		return ERR_LIMIT;
	*held = bytes;
	return OK;
}

static enum errc driver_book(struct session *s, uint64_t bytes)
{
	struct conn *conn = conn_of(s);

	return book(conn, &conn->booked, bytes);
}

static enum errc driver_keep(struct session *s, uint64_t bytes)
{
	struct conn *conn = conn_of(s);

	return book(conn, &conn->kept, bytes);
}

static struct str driver_tls_name(const struct session *s)
{
	return str_from(conn_of(s)->tls_text);
}

static enum errc driver_tls_binding(const struct session *s, enum tls_binding type,
    unsigned char out[TLS_BINDING_MAX], size_t *size_out)
{
	struct ssl_st *ssl = conn_of(s)->io.ssl;

	return ssl ? tls_channel_binding(ssl, type, out, size_out) : ERR_STATE;
}

static const struct session_driver driver = {
	.timer = driver_timer,
	.ref = driver_ref,
	.login = driver_login,
	.book = driver_book,
	.keep = driver_keep,
	.tls_name = driver_tls_name,
	.watch = &conn_watch,
	.tls_binding = driver_tls_binding,
};

struct session *conn_open_session(struct conn *conn)
{
	const struct listener_options *options = &conn->listener->options;
	const struct service *service = options->service;
	struct session base = {
		.driver = &driver,
		.driver_data = conn,
		.in = BUF_INIT(SESSION_IN_MAX),
		.out = BUF_INIT(SESSION_OUT_MAX),
		.tls = conn->io.ssl || conn->proxied_tls,
		.tls_possible = !conn->io.ssl && !conn->proxied_tls && options->tls &&
		    tls_server_is_loaded(options->tls),
		.peer = conn->peer,
		.id = conn->id,
		.log = &conn->log,
	};

	if (!service->hold)
		return service->open(service->arg, &base);
	conn->service_arg = service->hold(service->arg);
	return service->open(conn->service_arg, &base);
}

static void release(struct conn *conn)
{
	struct reactor *reactor = conn->reactor;

	if (conn->clock_at_ms != 0)
		timers_set(reactor->timers, conn->ref, 0);
	if (conn->ticket)
		tickets_return(reactor->tickets, &conn->claim);
	if (conn->session) {
		buf_release(&conn->session->in);
		buf_release(&conn->session->out);
		conn->session->ops->free(conn->session);
	}
	conn_hide(conn);
	if (conn->service_arg)
		conn->listener->options.service->drop(conn->service_arg);
	io_close(&conn->io);
	buf_release(&conn->proxy);
	budget_return(&conn->budget, conn->charged + conn->booked + conn->kept);
	if (conn->user)
		tally_drop(reactor->by_user, (struct str){ conn->user, conn->user_size });
	if (conn->key_size > 0)
		tally_drop(reactor->by_address,
		    (struct str){ (const char *)conn->key, conn->key_size });
	xfree(conn->user);
	if (conn->in_handshakes)
		atomic_fetch_sub(&reactor->handshakes, 1);
	if (conn->is_stranger)
		atomic_fetch_sub(&reactor->strangers, 1);
	slots_give(reactor->slots, conn->ref);
	xfree(conn);
	/* last: the workers may end when there is none */
	atomic_fetch_sub(&reactor->connections, 1);
}

enum turn conn_end(struct conn *conn, const char *reason)
{
	uint64_t in = conn->session ? conn->session->bytes_in : 0;
	uint64_t out = conn->session ? conn->session->bytes_out : 0;

	conn_show_use(conn);
	log_info(&conn->log, "disconnect", F_WORD("reason", reason),
	    F_INT("ms", clock_mono_ms() - conn->opened_ms), F_UINT("in", in),
	    F_UINT("out", out));
	release(conn);
	return TURN_GONE;
}

static void lend(struct buf *buf, struct buf *spare)
{
	if (buf->room > 0 || spare->room == 0)
		return;
	buf->p = spare->p;
	buf->room = spare->room;
	spare->p = NULL;
	spare->room = 0;
}

void conn_lend_buffers(struct conn *conn, struct worker *worker)
{
	lend(&conn->session->in, &worker->spare_in);
	lend(&conn->session->out, &worker->spare_out);
}

static void give_back(struct buf *buf, struct buf *spare, size_t spare_max)
{
	if (buf->n > 0 || buf->room == 0)
		return;
	if (spare->room == 0 && buf->room <= spare_max) {
		spare->p = buf->p;
		spare->room = buf->room;
		buf->p = NULL;
		buf->room = 0;
		return;
	}
	buf_release(buf);
}

/* A few bytes of an incomplete command do not keep 64 KB. */
static void shrink(struct buf *buf)
{
	struct buf small = BUF_INIT(buf->max);

	if (buf->n == 0 || buf->n > SMALL_INPUT || buf->room <= 2 * SMALL_INPUT)
		return;
	buf_add_str(&small, buf_str(buf));
	buf_release(buf);
	*buf = small;
}

static void settle_buffers(struct conn *conn, struct worker *worker)
{
	struct session *s = conn->session;
	uint64_t holds;

	if (!s)
		return;
	give_back(&s->in, &worker->spare_in, SESSION_IN_MAX);
	give_back(&s->out, &worker->spare_out, SPARE_OUT_MAX);
	shrink(&s->in);
	holds = s->in.room + s->out.room + io_rest(&conn->io);
	if (s->memory > conn->booked)
		holds += s->memory - conn->booked;
	if (holds > conn->charged)
		budget_charge(&conn->budget, holds - conn->charged);
	else if (holds < conn->charged)
		budget_return(&conn->budget, conn->charged - holds);
	conn->charged = holds;
	conn_show_use(conn);
}

static void earlier(int64_t *first_ms, int64_t at_ms)
{
	if (at_ms != 0 && (*first_ms == 0 || at_ms < *first_ms))
		*first_ms = at_ms;
}

static void set_clock(struct conn *conn)
{
	int64_t first_ms = 0;

	earlier(&first_ms, conn->timer_at_ms);
	earlier(&first_ms, conn->phase_end_ms);
	earlier(&first_ms, conn->login_end_ms);
	earlier(&first_ms, conn->send_end_ms);
	earlier(&first_ms, conn->pause_end_ms);
	/* an earlier time that is set already stays: when it comes we look again */
	if (first_ms == 0 || (conn->clock_at_ms != 0 && conn->clock_at_ms <= first_ms))
		return;
	timers_set(conn->reactor->timers, conn->ref, first_ms);
	conn->clock_at_ms = first_ms;
}

/* Armed before parking: an event that comes in between sets its bit, and parking sees it. */
static enum turn park(struct conn *conn, struct worker *worker)
{
	struct reactor *reactor = conn->reactor;

	settle_buffers(conn, worker);
	if (conn->wait != 0 && (conn->armed & conn->wait) == 0) {
		if (reactor_arm(reactor, conn->ref, conn->io.fd, conn->wait, &conn->in_epoll) !=
		    OK)
			return conn_end(conn, "epoll");
		conn->armed = conn->wait;
	}
	set_clock(conn);
	return slots_park(reactor->slots, conn->ref) ? TURN_GONE : TURN_AGAIN;
}

static bool has_come(int64_t *at_ms, int64_t now_ms)
{
	if (*at_ms == 0 || *at_ms > now_ms)
		return false;
	*at_ms = 0;
	return true;
}

/* Too long a stranger: said in the protocol's words, unless other words are on their way. */
static void end_of_login_time(struct conn *conn)
{
	const char *text = conn->listener->options.service->timeout;
	struct session *s = conn->session;

	conn_finish(conn, "login-timeout");
	if (s && s->out.n == 0 && text)
		buf_add_str(&s->out, str_from(text));
	/* a handshake that STARTTLS began leaves nothing that could be said */
	if (conn->io.ssl && conn->tls_text[0] == 0 && s)
		buf_clear(&s->out);
}

static const char *phase_timeout(const struct conn *conn)
{
	if (conn->phase == PHASE_PROXY)
		return "proxy-timeout";
	return conn->phase == PHASE_HANDSHAKE ? "handshake-timeout" : conn->end_reason;
}

/* A reason to end now, or NULL. */
static const char *look_at_clock(struct conn *conn)
{
	int64_t now_ms = clock_mono_ms();

	conn->clock_at_ms = 0;
	if (has_come(&conn->phase_end_ms, now_ms))
		return phase_timeout(conn);
	if (has_come(&conn->send_end_ms, now_ms))
		return "send-timeout";
	if (has_come(&conn->login_end_ms, now_ms))
		end_of_login_time(conn);
	if (has_come(&conn->timer_at_ms, now_ms))
		conn->fresh |= EVENT_TIMER;
	(void)has_come(&conn->pause_end_ms, now_ms);
	return NULL;
}

/* An administrator wants it gone. Words are sent only where they cannot come into the middle of others. */
static enum turn kick(struct conn *conn)
{
	const char *text = conn->listener->options.service->kicked;
	struct session *s = conn->session;
	bool waits = s && conn->phase == PHASE_OPEN && s->out.n == 0 &&
	    (conn->want == STEP_INPUT || conn->want == STEP_IDLE);

	if (!waits)
		return conn_end(conn, "kicked");
	if (text)
		buf_add_str(&s->out, str_from(text));
	return conn_finish(conn, "kicked");
}

/* What the pending bits mean. TURN_GONE or TURN_AGAIN. */
static enum turn absorb(struct conn *conn, unsigned pending)
{
	const char *reason = NULL;

	if (pending & WAKE_CLOSE)
		return conn_end(conn, "shutdown");
	if (pending & WAKE_KICK)
		return kick(conn);
	conn->fresh |= pending & WAKE_EVENTS;
	if ((pending & EVENT_SHUTDOWN) && !conn->session)
		return conn_end(conn, "shutdown");
	if (pending & (WAKE_INPUT | WAKE_OUTPUT))
		conn->armed = 0;
	/* under TLS a read may have waited for output */
	if ((pending & WAKE_INPUT) || ((pending & WAKE_OUTPUT) && conn->io.ssl))
		conn->readable = true;
	if (pending & WAKE_CLOCK)
		reason = look_at_clock(conn);
	return reason ? conn_end(conn, reason) : TURN_AGAIN;
}

/*
 * A session may move its share of bytes, and save some; who moves more is greedy until he has it again, and whoever has
 * not logged in where one does is from the start: his handshake and his password are dear. Bytes, and not the time that
 * they take: on a busy machine that is mostly the time of others.
 */
static void charge_share(struct conn *conn)
{
	int64_t now_ms = clock_mono_ms();
	uint64_t moved = conn->session ? conn->session->bytes_in + conn->session->bytes_out : 0;

	conn->credit += (now_ms - conn->credit_at_ms) * SHARE_A_MS;
	if (conn->credit > CREDIT_MAX)
		conn->credit = CREDIT_MAX;
	conn->credit -= (int64_t)(moved - conn->moved);
	if (conn->credit < -CREDIT_MAX)
		conn->credit = -CREDIT_MAX;
	conn->credit_at_ms = now_ms;
	conn->moved = moved;
	conn->runnable.is_greedy = conn->credit < 0 || conn->is_stranger;
}

static void conn_run(struct runnable *runnable, struct worker *worker, unsigned pending)
{
	struct conn *conn = (struct conn *)runnable;
	int64_t start_us = clock_mono_us();
	enum turn turn = absorb(conn, pending);

	for (int turns = 0; turn != TURN_GONE; turns++) {
		turn = conn_advance(conn, worker);
		if (turn == TURN_AGAIN &&
		    (turns >= TURNS_IN_ROW || clock_mono_us() - start_us >= TURNS_US))
			turn = TURN_QUEUE;
		if (turn == TURN_QUEUE) {
			settle_buffers(conn, worker);
			charge_share(conn);
			reactor_queue(conn->reactor, conn->ref, true);
			return;
		}
		if (turn == TURN_PARK) {
			charge_share(conn);
			turn = park(conn, worker);
			if (turn == TURN_AGAIN)
				turn = absorb(
				    conn, slots_pending(conn->reactor->slots, conn->ref));
		}
	}
}

void conn_name(struct conn *conn)
{
	(void)snprintf(conn->sid, sizeof(conn->sid), "%llx", (unsigned long long)conn->id);
	if (conn->peer.is_unix)
		(void)snprintf(conn->peer_text, sizeof(conn->peer_text), "unix");
	else
		(void)snprintf(conn->peer_text, sizeof(conn->peer_text),
		    strchr(conn->address, ':') ? "[%s]:%u" : "%s:%u", conn->address,
		    (unsigned)conn->peer.port);
	log_set(&conn->log, F_WORD("sid", conn->sid));
	log_set(&conn->log, F_WORD("peer", conn->peer_text));
	log_debug(&conn->log, "connect");
}

static void copy_text(char to[ADDRESS_TEXT_MAX], struct str *text)
{
	size_t n = text->n < ADDRESS_TEXT_MAX ? text->n : ADDRESS_TEXT_MAX - 1;

	memcpy(to, text->p, n);
	to[n] = 0;
	*text = (struct str){ to, n };
}

static enum phase first_phase(const struct listener *listener, bool by_proxy)
{
	if (by_proxy)
		return PHASE_PROXY;
	return listener->options.tls_implicit ? PHASE_HANDSHAKE : PHASE_OPEN;
}

void conn_new(struct listener *listener, int fd, const struct session_peer *peer,
    struct conn_origin origin)
{
	const struct service *service = listener->options.service;
	struct reactor *reactor = listener->reactor;
	struct conn *conn = xcalloc(1, sizeof(*conn));
	enum errc rc;

	conn->runnable.run = conn_run;
	conn->reactor = reactor;
	conn->listener = listener;
	conn->io.fd = fd;
	conn->phase = first_phase(listener, origin.by_proxy);
	buf_init(&conn->proxy, PROXY_SIZE_MAX);
	conn->want = STEP_MORE; /* the first run needs no input */
	conn->yielded = true;
	conn->is_stranger = origin.is_stranger;
	conn->runnable.is_greedy = origin.is_stranger;
	conn->opened_ms = clock_mono_ms();
	conn->minute_ms = conn->opened_ms;
	conn->credit = CREDIT_FIRST;
	conn->credit_at_ms = conn->opened_ms;
	budget_init(&conn->budget, &reactor->memory, reactor->options.connection_memory_max);
	if (service->login_timeout_ms > 0)
		conn->login_end_ms = conn->opened_ms + service->login_timeout_ms;
	conn->peer = *peer;
	if (!peer->is_unix) {
		copy_text(conn->address, &conn->peer.address);
		copy_text(conn->local_address, &conn->peer.local_address);
	}
	conn->key_size = origin.key.n;
	if (origin.key.n > 0)
		memcpy(conn->key, origin.key.p, origin.key.n);
	conn->id = atomic_fetch_add(&reactor->next_id, 1);
	log_child(&conn->log, &listener->log, NULL);
	conn_name(conn);
	/* there are more than connections_max of them, and that was looked at */
	rc = slots_take(reactor->slots, conn, &conn->ref);
	assert(rc == OK);
	conn_show(conn);
	conn->claim.ref = conn->ref;
	conn->claim.service = listener->service_number;
	reactor_queue(reactor, conn->ref, false);
}
