#include "tests/chat/chat_int.h"

#include "base/clock.h"
#include "base/str.h"

#include <time.h>

/* For an event that another thread owes us. */
#define WAIT_S 10

/* Steps without input, event or end: a session that spins. */
#define STEPS_MAX 1000000

static struct peer *peer_of(const struct session *s)
{
	return s->driver_data;
}

static void driver_timer(struct session *s, int64_t at_ms)
{
	peer_of(s)->timer_at_ms = at_ms;
}

static struct session_ref driver_ref(struct session *s)
{
	return peer_of(s)->ref;
}

static enum errc driver_login(struct session *s, struct str user)
{
	(void)s;
	(void)user;
	return OK;
}

static enum errc driver_keep(struct session *s, uint64_t bytes)
{
	(void)s;
	return bytes <= CHAT_KEEP_MAX ? OK : ERR_LIMIT;
}

static struct str driver_tls_name(const struct session *s)
{
	return s->tls ? STR("TLSv1.3 TLS_AES_256_GCM_SHA384") : STR_EMPTY;
}

static const struct session_driver driver = {
	.timer = driver_timer,
	.ref = driver_ref,
	.login = driver_login,
	.keep = driver_keep,
	.tls_name = driver_tls_name,
};

void chat_wake(struct chat *chat, struct session_ref ref, unsigned events)
{
	(void)pthread_mutex_lock(&chat->lock);
	if (ref.slot < CHAT_SESSIONS_MAX &&
	    chat->peer[ref.slot].ref.generation == ref.generation)
		chat->peer[ref.slot].woken |= events;
	(void)pthread_cond_broadcast(&chat->changed);
	(void)pthread_mutex_unlock(&chat->lock);
}

static unsigned take_woken(struct peer *peer)
{
	unsigned woken;

	(void)pthread_mutex_lock(&peer->chat->lock);
	woken = peer->woken;
	peer->woken = 0;
	(void)pthread_mutex_unlock(&peer->chat->lock);
	return woken;
}

bool peer_wait(struct peer *peer)
{
	struct timespec until = { .tv_sec = (time_t)clock_unix_s() + WAIT_S };
	int rc = 0;
	bool is_woken;

	(void)pthread_mutex_lock(&peer->chat->lock);
	while (peer->woken == 0 && rc == 0)
		rc = pthread_cond_timedwait(&peer->chat->changed, &peer->chat->lock, &until);
	is_woken = peer->woken != 0;
	(void)pthread_mutex_unlock(&peer->chat->lock);
	return is_woken;
}

static void end_session(struct peer *peer)
{
	struct session *s = peer->session;

	(void)pthread_mutex_lock(&peer->chat->lock);
	peer->ref.generation++; /* its name is stale now */
	(void)pthread_mutex_unlock(&peer->chat->lock);
	buf_release(&s->in);
	buf_release(&s->out);
	s->ops->free(s);
	peer->session = NULL;
}

static void run_once(struct peer *peer)
{
	struct session *s = peer->session;

	s->has_ticket = peer->want == STEP_TICKET;
	peer->want = s->ops->run(s);
	s->has_ticket = false;
	s->bytes_out += s->out.n;
	buf_add_str(&peer->said, buf_str(&s->out));
	buf_clear(&s->out);
	if (peer->want == STEP_TLS) {
		buf_clear(&s->in);
		s->tls = true;
		s->tls_possible = false;
	} else if (peer->want == STEP_DEFLATE) {
		s->compressed = true;
	} else if (peer->want == STEP_CLOSE) {
		end_session(peer);
	}
}

/* Runs until it waits for input or an event. */
static void run_on(struct peer *peer)
{
	int steps = 0;

	do {
		run_once(peer);
	} while (peer->session && steps++ < STEPS_MAX &&
	    (peer->want == STEP_MORE || peer->want == STEP_TICKET ||
		peer->want == STEP_DEFLATE));
}

bool peer_pump(struct peer *peer)
{
	unsigned woken;

	if (!peer->session)
		return false;
	woken = take_woken(peer);
	peer->session->events |= woken;
	/* as net/conn_step.c has it: what waits is not run for other events */
	if (peer->want == STEP_WAIT ? (woken & (EVENT_DONE | EVENT_TIMER)) == 0 : woken == 0)
		return false;
	run_on(peer);
	if (peer->session && (woken & EVENT_EOF) &&
	    (peer->want == STEP_INPUT || peer->want == STEP_IDLE))
		end_session(peer);
	return true;
}

/* Until it takes input again, or is gone. */
static enum errc until_input(struct peer *peer, struct err *err)
{
	while (peer->session && peer->want == STEP_WAIT) {
		if (!peer_pump(peer) && !peer_wait(peer))
			return err_set(
			    err, ERR_TIMEOUT, "waits for an event that does not come");
	}
	return OK;
}

enum errc peer_feed(struct peer *peer, struct str bytes, struct err *err)
{
	enum errc rc = until_input(peer, err);

	while (rc == OK && peer->session && bytes.n > 0) {
		struct buf *in = &peer->session->in;
		struct str piece = str_first(bytes, in->max - in->n);

		if (piece.n == 0)
			return err_set(err, ERR_STATE, "takes no more of a full buffer");
		buf_add_str(in, piece);
		peer->session->bytes_in += piece.n;
		bytes = str_from_at(bytes, piece.n);
		peer->session->events |= take_woken(peer);
		run_on(peer);
		if (peer->want == STEP_TLS)
			break;
		rc = until_input(peer, err);
	}
	return rc;
}

static struct session_peer describe(const char *address)
{
	struct str text = str_from(address);
	bool is_unix = str_equal(text, STR("unix"));

	return (struct session_peer){
		.address = is_unix ? STR("/run/tabella.sock") : text,
		.local_address = is_unix ? STR("/run/tabella.sock") : STR("127.0.0.1"),
		.port = is_unix ? 0 : 40000,
		.local_port = is_unix ? 0 : 4000,
		.is_unix = is_unix,
		.is_loopback =
		    is_unix || str_starts(text, STR("127.")) || str_equal(text, STR("::1")),
	};
}

enum errc peer_open(struct peer *peer, const struct chat_host *host,
    const struct peer_options *options, struct err *err)
{
	struct session base = {
		.driver = &driver,
		.driver_data = peer,
		.in = BUF_INIT(SESSION_IN_MAX),
		.out = BUF_INIT(SESSION_OUT_MAX),
		.tls = options->tls,
		.tls_possible = !options->tls && options->starttls,
		.peer = describe(options->address),
		.id = peer->ref.slot + UINT64_C(1),
	};

	peer->was_opened = true;
	peer->session = host->open(host->arg, options->service, &base);
	if (!peer->session)
		return err_set(err, ERR_UNSUPPORTED, "no service \"%s\"", options->service);
	run_on(peer);
	return OK;
}

void peer_free(struct peer *peer)
{
	if (peer->session)
		end_session(peer);
	buf_release(&peer->said);
}
