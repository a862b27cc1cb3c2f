#include "net/net_int.h"

unsigned reactor_strangers_max(const struct reactor *reactor)
{
	unsigned max = reactor->options.connections_max;

	return max > 1 ? max / 2 : 1;
}

/* Of the service that has such a limit. */
static unsigned commands_a_minute(const struct reactor *reactor)
{
	unsigned max = 0;

	for (unsigned i = 0; i < reactor->services; i++)
		if (reactor->service[i]->commands_a_minute > max)
			max = reactor->service[i]->commands_a_minute;
	return max;
}

size_t reactor_limits(struct reactor *reactor, struct limit_row *rows, size_t max)
{
	const struct reactor_options *o = &reactor->options;
	struct tally_stats address = tally_stats(reactor->by_address);
	struct tally_stats user = tally_stats(reactor->by_user);
	const struct limit_row all[REACTOR_LIMITS] = {
		{ "connections", "net.connections_max", o->connections_max,
		    atomic_load(&reactor->connections),
		    counter_read(&reactor->refused_connections), false },
		{ "connections before login", NULL, reactor_strangers_max(reactor),
		    atomic_load(&reactor->strangers), counter_read(&reactor->refused_strangers),
		    false },
		{ "connections of one address", "net.per_address_max",
		    atomic_load(&reactor->per_address_max), address.count_max, address.refused,
		    false },
		{ "connections of one user", "net.per_user_max",
		    atomic_load(&reactor->per_user_max), user.count_max, user.refused, false },
		{ "handshakes", "net.handshakes_max", o->handshakes_max,
		    atomic_load(&reactor->handshakes), counter_read(&reactor->held_handshakes),
		    false },
		{ "memory of all sessions", "net.memory_max", o->memory_max,
		    budget_used(&reactor->memory), counter_read(&reactor->memory.refused),
		    true },
		{ "memory of one user", "net.account_memory_max", o->account_memory_max,
		    user.memory_max, user.memory_refused, true },
		{ "commands a minute", "imap.commands_per_minute", commands_a_minute(reactor),
		    0, counter_read(&reactor->slowed), false },
	};
	size_t count = max < COUNT(all) ? max : COUNT(all);

	for (size_t i = 0; i < count; i++)
		rows[i] = all[i];
	return count;
}
