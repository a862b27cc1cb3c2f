#include "tests/cm.h"

#include "toy.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/hex.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BLOCK ((size_t)65536)

struct toy_session {
	struct session base;
	struct toy *toy;
	unsigned more;
	bool waits, wants_ticket, is_idle;
	pthread_t waker;
	bool has_waker;
};

static void sleep_ms(int64_t ms)
{
	struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

static void remember(struct toy_session *ts)
{
	struct session_ref ref = ts->base.driver->ref(&ts->base);

	atomic_store(&ts->toy->last_ref, (uint64_t)ref.generation << 32 | (uint64_t)ref.slot);
}

struct session_ref toy_last_ref(struct toy *toy)
{
	uint64_t ref = atomic_load(&toy->last_ref);

	return (struct session_ref){ (uint32_t)ref, (uint32_t)(ref >> 32) };
}

struct wake {
	struct reactor *reactor;
	struct session_ref ref;
};

static void *wake_later(void *arg)
{
	struct wake *wake = arg;

	sleep_ms(5);
	reactor_wake(wake->reactor, wake->ref, EVENT_DONE);
	xfree(wake);
	return NULL;
}

static enum step start_wait(struct toy_session *ts)
{
	struct wake *wake = xmalloc(sizeof(*wake));

	wake->reactor = ts->toy->reactor;
	wake->ref = ts->base.driver->ref(&ts->base);
	if (ts->has_waker)
		(void)pthread_join(ts->waker, NULL);
	ts->waits = true;
	ts->has_waker = pthread_create(&ts->waker, NULL, wake_later, wake) == 0;
	return STEP_WAIT;
}

static enum step more(struct toy_session *ts)
{
	char *p = buf_reserve(&ts->base.out, BLOCK);

	if (p) {
		memset(p, 'x', BLOCK);
		buf_grown(&ts->base.out, BLOCK);
	}
	ts->more--;
	return STEP_MORE; /* also the last time: there may be commands behind */
}

static void use_ticket(struct toy_session *ts)
{
	struct toy *toy = ts->toy;
	unsigned now = atomic_fetch_add(&toy->with_ticket, 1) + 1;

	if (now > atomic_load(&toy->most_with_ticket))
		atomic_store(&toy->most_with_ticket, now);
	sleep_ms(1);
	atomic_fetch_sub(&toy->with_ticket, 1);
	BUF_ADD(&ts->base.out, "held\n");
}

static uint64_t number(struct str arg)
{
	uint64_t value = 0;

	assert_int_equal(str_to_u64(arg, 1000000, &value), OK);
	return value;
}

static enum step command_login(struct toy_session *ts, struct str arg)
{
	if (ts->base.driver->login(&ts->base, arg) == OK)
		BUF_ADD(&ts->base.out, "ok\n");
	else
		BUF_ADD(&ts->base.out, "limit\n");
	return STEP_INPUT;
}

static void add_binding(struct session *s, enum tls_binding type)
{
	unsigned char bytes[TLS_BINDING_MAX];
	size_t size = 0;

	if (session_tls_binding(s, type, bytes, &size) == OK)
		hex_encode(&s->out, (struct str){ (const char *)bytes, size });
	else
		BUF_ADD(&s->out, "none");
	buf_add_char(&s->out, '\n');
}

static void say_peer(struct session *s)
{
	buf_printf(&s->out, "%.*s:%u %.*s:%u %s %s\n", STR_ARG(s->peer.address),
	    (unsigned)s->peer.port, STR_ARG(s->peer.local_address),
	    (unsigned)s->peer.local_port, s->peer.is_loopback ? "local" : "far",
	    s->tls ? "tls" : "clear");
}

/* To whoever watches sessions. */
static void show(struct session *s, struct str word, struct str arg)
{
	if (str_equal(word, STR("begin")))
		session_begins(s, number(arg));
	else if (str_equal(word, STR("end")))
		session_ended(s, (enum session_result)number(arg));
	else if (str_equal(word, STR("in")))
		session_is_in(s, "inside", arg);
}

static enum step command(struct toy_session *ts, struct str word, struct str arg)
{
	struct session *s = &ts->base;

	if (str_equal(word, STR("echo"))) {
		buf_add_str(&s->out, arg);
		buf_add_char(&s->out, '\n');
	} else if (str_equal(word, STR("more"))) {
		ts->more = (unsigned)number(arg);
		return STEP_MORE;
	} else if (str_equal(word, STR("ticket"))) {
		ts->wants_ticket = true;
		return STEP_TICKET;
	} else if (str_equal(word, STR("wait"))) {
		return start_wait(ts);
	} else if (str_equal(word, STR("timer"))) {
		session_timer(s, clock_mono_ms() + (int64_t)number(arg));
	} else if (str_equal(word, STR("idle"))) {
		remember(ts);
		ts->is_idle = true;
		BUF_ADD(&s->out, "idling\n");
		return STEP_IDLE;
	} else if (str_equal(word, STR("login"))) {
		return command_login(ts, arg);
	} else if (str_equal(word, STR("where"))) {
		buf_add_str(&s->out, s->peer.is_loopback ? STR("local\n") : STR("far\n"));
	} else if (str_equal(word, STR("peer"))) {
		say_peer(s);
	} else if (str_equal(word, STR("book"))) {
		buf_add_str(
		    &s->out, session_book(s, number(arg)) == OK ? STR("ok\n") : STR("limit\n"));
	} else if (str_equal(word, STR("keep"))) {
		buf_add_str(
		    &s->out, session_keep(s, number(arg)) == OK ? STR("ok\n") : STR("limit\n"));
	} else if (str_equal(word, STR("starttls"))) {
		BUF_ADD(&s->out, "go\n");
		return STEP_TLS;
	} else if (str_equal(word, STR("tls?"))) {
		struct str name = s->driver->tls_name(s);

		buf_add_str(&s->out, name.n > 0 ? str_first(name, 5) : STR("none"));
		buf_add_char(&s->out, '\n');
	} else if (str_equal(word, STR("binding"))) {
		add_binding(s, (enum tls_binding)number(arg));
	} else if (str_equal(word, STR("hold"))) {
		remember(ts);
		sleep_ms((int64_t)number(arg));
		BUF_ADD(&s->out, "held on\n");
	} else if (str_equal(word, STR("quit"))) {
		BUF_ADD(&s->out, "bye\n");
		return STEP_CLOSE;
	} else {
		show(s, word, arg);
	}
	return STEP_INPUT;
}

/* One command from `in`; STEP_INPUT with *got false when there is none. */
static enum step next_command(struct toy_session *ts, bool *got)
{
	struct session *s = &ts->base;
	struct str in = buf_str(&s->in), line = str_first(in, str_find_char(in, '\n')), word;
	enum step step;

	*got = line.n < in.n;
	if (!*got)
		return STEP_INPUT;
	word = str_first(line, str_find_char(line, ' '));
	s->commands++;
	step = command(ts, word, str_from_at(line, word.n < line.n ? word.n + 1 : line.n));
	buf_consume(&s->in, line.n + 1);
	return step;
}

static enum step toy_step(struct toy_session *ts)
{
	struct session *s = &ts->base;
	bool got = true;

	if (ts->more > 0)
		return more(ts);
	if (ts->wants_ticket) {
		if (!s->has_ticket)
			return STEP_TICKET;
		ts->wants_ticket = false;
		use_ticket(ts);
	}
	if (ts->waits) {
		if (!session_take_event(s, EVENT_DONE))
			return STEP_WAIT;
		ts->waits = false;
		BUF_ADD(&s->out, "done\n");
	}
	if (session_take_event(s, EVENT_TIMER))
		BUF_ADD(&s->out, "timer\n");
	if (session_take_event(s, EVENT_BUS))
		BUF_ADD(&s->out, "bus\n");
	while (got) {
		enum step step = next_command(ts, &got);

		if (step != STEP_INPUT)
			return step;
	}
	if (session_take_event(s, EVENT_SHUTDOWN)) {
		BUF_ADD(&s->out, "stop\n");
		return STEP_CLOSE;
	}
	if (session_take_event(s, EVENT_EOF)) {
		BUF_ADD(&s->out, "eof\n");
		return STEP_CLOSE;
	}
	return ts->is_idle ? STEP_IDLE : STEP_INPUT;
}

static enum step toy_run(struct session *s)
{
	struct toy_session *ts = (struct toy_session *)s;
	enum step step;

	atomic_fetch_add(&ts->toy->runs, 1);
	step = toy_step(ts);
	return step;
}

static void toy_free(struct session *s)
{
	struct toy_session *ts = (struct toy_session *)s;

	if (ts->has_waker)
		(void)pthread_join(ts->waker, NULL);
	atomic_fetch_add(&ts->toy->freed, 1);
	xfree(ts);
}

static const struct session_ops toy_ops = { .run = toy_run, .free = toy_free };

static struct session *toy_open(void *arg, const struct session *base)
{
	struct toy_session *ts = xcalloc(1, sizeof(*ts));

	ts->base = *base;
	ts->base.ops = &toy_ops;
	ts->toy = arg;
	atomic_fetch_add(&ts->toy->opened, 1);
	return &ts->base;
}

void toy_start(struct toy *toy)
{
	struct err err = { .code = OK };

	toy->service.name = "toy";
	toy->service.open = toy_open;
	toy->service.arg = toy;
	if (!toy->service.refusal)
		toy->service.refusal = "no\n";
	if (!toy->service.timeout)
		toy->service.timeout = "late\n";
	toy->listen.service = &toy->service;
	if (!toy->listen.address)
		toy->listen.address = "127.0.0.1";
	if (reactor_new(&toy->options, &toy->reactor, &err) != OK ||
	    reactor_listen(toy->reactor, &toy->listen, &toy->port, &err) != OK ||
	    reactor_start(toy->reactor, &err) != OK)
		fail_msg("start: %s", err.text);
}

void toy_stop(struct toy *toy, int64_t grace_ms)
{
	reactor_stop(toy->reactor, grace_ms);
	assert_int_equal(reactor_stats(toy->reactor).connections, 0);
	assert_int_equal(reactor_stats(toy->reactor).strangers, 0);
	assert_int_equal(reactor_stats(toy->reactor).handshakes, 0);
	assert_int_equal(reactor_stats(toy->reactor).memory, 0);
	reactor_free(&toy->reactor);
	assert_int_equal(atomic_load(&toy->opened), atomic_load(&toy->freed));
}

int client_open_at(const char *address, uint16_t port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct timeval patience = { .tv_sec = 20 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(inet_pton(AF_INET, address, &to.sin_addr), 1);
	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0)
		fail_msg("connect: %s", strerror(errno));
	return fd;
}

int client_open(uint16_t port)
{
	return client_open_at("127.0.0.1", port);
}

void client_say(int fd, const char *text)
{
	size_t n = strlen(text);

	assert_int_equal(send(fd, text, n, MSG_NOSIGNAL), (ssize_t)n);
}

void client_expect(int fd, const char *text)
{
	size_t want = strlen(text), got = 0;
	char *have = xcalloc(1, want + 1);

	while (got < want) {
		ssize_t n = recv(fd, have + got, want - got, 0);

		if (n <= 0)
			fail_msg("wanted \"%s\", got \"%s\" and then %s", text, have,
			    n == 0 ? "the end" : strerror(errno));
		got += (size_t)n;
		if (memcmp(have, text, got) != 0)
			fail_msg("wanted \"%s\", got \"%s\"", text, have);
	}
	xfree(have);
}

void client_expect_end(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	if (n > 0)
		fail_msg("wanted the end, got '%c'", byte);
	assert_true(n == 0 || errno == ECONNRESET);
	(void)close(fd);
}
