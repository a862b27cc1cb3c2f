#include "main/control.h"

#include "base/clock.h"
#include "base/heap.h"
#include "main/site.h"
#include "net/reactor.h"
#include "store/index.h"

#include <unistd.h>

struct control_session {
	struct session s;
	const struct control_env *env;
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
	struct db_stats db;

	db_stats(env->site->pool, &db);
	index_cache_stats(env->site->store, &cache);
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
			{ "statements", db.statements },
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
		};

		BUF_ADD(out, "{");
		add_numbers(out, numbers, COUNT(numbers));
		BUF_ADD(out, "}\n");
	}
}

static enum step control_run(struct session *s)
{
	add_status(((struct control_session *)s)->env, &s->out);
	return STEP_CLOSE;
}

static void control_free(struct session *s)
{
	xfree(s);
}

static const struct session_ops ops = { .run = control_run, .free = control_free };

struct session *control_open(void *arg, const struct session *base)
{
	struct control_session *c = xcalloc(1, sizeof(*c));

	c->s = *base;
	c->s.ops = &ops;
	c->env = arg;
	return &c->s;
}
