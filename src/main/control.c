#include "main/control.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/log_text.h"
#include "base/str.h"
#include "main/control_request.h"
#include "main/site.h"
#include "net/activity.h"
#include "net/reactor.h"
#include "store/index.h"

#include <unistd.h>

#define REQUEST_WAIT_MS 10000

struct control_session {
	struct session s;
	const struct control_env *env;
	struct arena *arena; /* of the request */
	struct arena *scratch;
	struct control_request request;
	bool asked;	/* `request` is there, and its answer has begun */
	uint32_t slot;	/* sessions: the next one to look at */
	uint64_t count; /* of those that were answered */
};

struct number {
	const char *name;
	uint64_t value;
};

static void add_numbers(struct buf *out, const struct number *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s\"%s\":%llu", i > 0 ? "," : "", numbers[i].name,
		    (unsigned long long)numbers[i].value);
}

static void add_status(const struct control_env *env, struct buf *out)
{
	struct reactor_stats net = reactor_stats(env->reactor);
	struct index_cache_stats cache;
	struct auth_stats auth;
	struct db_stats db;

	db_stats(env->site->pool, &db);
	index_cache_stats(env->site->store, &cache);
	auth_stats(env->auth, &auth);
	{
		const struct number numbers[] = {
			{ "pid", (uint64_t)getpid() },
			{ "uptime_s", (uint64_t)(clock_unix_s() - env->started_unix_s) },
			{ "connections", net.connections },
			{ "connections_before_login", net.strangers },
			{ "accepted", net.accepted },
			{ "refused", net.refused },
			{ "memory_bytes", net.memory },
			{ "tickets_waiting", net.tickets_waiting },
			{ "logins", auth.logins },
			{ "login_failures", auth.failures },
			{ "passwords_waiting", auth.waiting },
			{ "statements", db.statements },
			{ "round_trips", db.round_trips },
			{ "slow_statements", db.slow },
			{ "transactions", db.transactions },
			{ "commits", db.commits },
			{ "rollbacks", db.rollbacks },
			{ "reruns", db.reruns },
			{ "checkpoints", db.checkpoints },
			{ "wal_bytes", (uint64_t)db.wal_bytes },
			{ "index_cache_bytes", cache.bytes },
			{ "index_cache_pinned_bytes", cache.pinned_bytes },
			{ "index_cache_hits", cache.hits },
			{ "index_cache_loads", cache.loads },
			{ "index_cache_updates", cache.updates },
			{ "log_errors", counter_read(&env->site->sink.errors) },
			{ "log_warnings", counter_read(&env->site->sink.warnings) },
		};

		BUF_ADD(out, "{");
		add_numbers(out, numbers, COUNT(numbers));
		BUF_ADD(out, "}");
	}
}

/* An array of flat objects. */
static void add_limits(const struct control_env *env, struct buf *out)
{
	struct limit_row rows[REACTOR_LIMITS];
	size_t count = reactor_limits(env->reactor, rows, COUNT(rows));

	BUF_ADD(out, "[");
	for (size_t i = 0; i < count; i++)
		buf_printf(out,
		    "%s{\"name\":\"%s\",\"option\":\"%s\",\"limit\":%llu,\"used\":%llu,"
		    "\"refused\":%llu,\"bytes\":%s}",
		    i > 0 ? "," : "", rows[i].name, rows[i].option ? rows[i].option : "",
		    (unsigned long long)rows[i].limit, (unsigned long long)rows[i].used,
		    (unsigned long long)rows[i].refused, rows[i].is_bytes ? "true" : "false");
	BUF_ADD(out, "]\n");
}

static void add_text(struct buf *out, const char *name, struct str text)
{
	buf_printf(out, "\"%s\":\"", name);
	log_text_json(out, text, SIZE_MAX);
	BUF_ADD(out, "\",");
}

static void add_session(struct buf *out, const struct activity *a)
{
	int64_t now_ms = clock_mono_ms();

	buf_printf(out, "{\"sid\":\"%llx\",\"service\":\"%s\",", (unsigned long long)a->sid,
	    a->service);
	add_text(out, "peer", a->peer);
	add_text(out, "user", a->user);
	add_text(out, "tls", a->tls);
	add_text(out, "state", str_from(a->state));
	add_text(out, "verb", a->verb);
	add_text(out, "mailbox", a->mailbox);
	buf_printf(out,
	    "\"since\":%lld,\"verb_ms\":%lld,\"in\":%llu,\"out\":%llu,\"memory\":%llu}",
	    (long long)a->opened_s, (long long)(a->verb.n > 0 ? now_ms - a->verb_ms : 0),
	    (unsigned long long)a->bytes_in, (unsigned long long)a->bytes_out,
	    (unsigned long long)a->memory);
}

/* "192.0.2.1" of "192.0.2.1:4711", "2001:db8::1" of "[2001:db8::1]:4711", "unix". */
static struct str address_of(struct str peer)
{
	struct str address = str_first(peer, str_rfind_char(peer, ':'));

	if (address.n > 2 && address.p[0] == '[' && address.p[address.n - 1] == ']')
		return (struct str){ address.p + 1, address.n - 2 };
	return address;
}

static bool is_wanted(
    const struct control_request *request, struct arena *arena, const struct activity *a)
{
	struct str sid = str_printf(arena, "%llx", (unsigned long long)a->sid);

	return (!request->user.p || str_equal_nocase(request->user, a->user)) &&
	    (!request->address.p || str_equal_nocase(request->address, address_of(a->peer))) &&
	    (!request->sid.p || str_equal_nocase(request->sid, sid));
}

/* The next session that the request means. */
static bool next_session(struct control_session *c, struct activity *activity_out)
{
	do {
		arena_clear(c->scratch);
		if (!reactor_next_activity(c->env->reactor, &c->slot, c->scratch, activity_out))
			return false;
	} while (!is_wanted(&c->request, c->scratch, activity_out));
	return true;
}

static bool step_is_over(const struct control_session *c, int64_t start_us)
{
	return c->s.out.n >= STEP_OUTPUT_MAX || clock_mono_us() - start_us >= STEP_TIME_US;
}

static enum step list_sessions(struct control_session *c)
{
	int64_t start_us = clock_mono_us();
	struct activity activity;

	if (c->slot == 0)
		BUF_ADD(&c->s.out, "[");
	while (!step_is_over(c, start_us)) {
		if (!next_session(c, &activity)) {
			BUF_ADD(&c->s.out, "]\n");
			return STEP_CLOSE;
		}
		if (c->count++ > 0)
			BUF_ADD(&c->s.out, ",");
		add_session(&c->s.out, &activity);
	}
	return STEP_MORE;
}

static enum step disconnect_sessions(struct control_session *c)
{
	const struct control_request *request = &c->request;
	int64_t start_us = clock_mono_us();
	struct activity activity;

	if (!request->user.p && !request->address.p && !request->sid.p) {
		BUF_ADD(&c->s.out, "{\"error\":\"disconnect whom?\"}\n");
		return STEP_CLOSE;
	}
	while (!step_is_over(c, start_us)) {
		if (!next_session(c, &activity)) {
			buf_printf(&c->s.out, "{\"disconnected\":%llu}\n",
			    (unsigned long long)c->count);
			return STEP_CLOSE;
		}
		if (activity.sid == c->s.id)
			continue;
		c->count++;
		reactor_kick(c->env->reactor, activity.ref);
	}
	return STEP_MORE;
}

static enum step answer(struct control_session *c)
{
	switch (c->request.verb) {
	case CONTROL_STATUS:
		add_status(c->env, &c->s.out);
		BUF_ADD(&c->s.out, "\n");
		return STEP_CLOSE;
	case CONTROL_SESSIONS:
		return list_sessions(c);
	case CONTROL_DISCONNECT:
		return disconnect_sessions(c);
	case CONTROL_LIMITS:
		break;
	}
	add_limits(c->env, &c->s.out);
	return STEP_CLOSE;
}

static enum step refuse(struct control_session *c, const char *why)
{
	BUF_ADD(&c->s.out, "{\"error\":\"");
	log_text_json(&c->s.out, str_from(why), SIZE_MAX);
	BUF_ADD(&c->s.out, "\"}\n");
	return STEP_CLOSE;
}

static enum step take_request(struct control_session *c)
{
	struct str in = buf_str(&c->s.in);
	struct err err = { .code = OK };
	size_t end = str_find_char(in, '\n');

	if (end == in.n && in.n <= CONTROL_LINE_MAX &&
	    (c->s.events & (EVENT_EOF | EVENT_TIMER | EVENT_SHUTDOWN)) == 0) {
		session_timer(&c->s, clock_mono_ms() + REQUEST_WAIT_MS);
		return STEP_INPUT;
	}
	if (end == in.n)
		return refuse(c, "no whole request");
	if (control_request_parse(str_first(in, end), c->arena, &c->request, &err) != OK)
		return refuse(c, err.text);
	buf_consume(&c->s.in, in.n);
	c->asked = true;
	return STEP_MORE;
}

static enum step control_run(struct session *s)
{
	struct control_session *c = (struct control_session *)s;

	if (!c->asked) {
		enum step step = take_request(c);

		if (step != STEP_MORE)
			return step;
	}
	return answer(c);
}

static void control_free(struct session *s)
{
	struct control_session *c = (struct control_session *)s;

	arena_free(&c->arena);
	arena_free(&c->scratch);
	xfree(c);
}

static const struct session_ops ops = { .run = control_run, .free = control_free };

struct session *control_open(void *arg, const struct session *base)
{
	struct control_session *c = xcalloc(1, sizeof(*c));

	c->s = *base;
	c->s.ops = &ops;
	c->env = arg;
	c->arena = arena_new("control request");
	c->scratch = arena_new("control session");
	return &c->s;
}
