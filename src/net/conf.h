/*
 * net/conf.h - the options of section [net].
 */
#pragma once

#include "base/conf.h"

struct net_conf {
	int64_t connections_max, per_address_max, per_user_max, handshakes_max;
	uint64_t memory_max, account_memory_max, connection_memory_max;
	int64_t stop_grace_ms;
};

extern const struct conf_table net_conf_table;

/* Complains of what is no network in an option that lists proxies (struct listener_options). */
void proxies_check(struct conf *conf, const char *option, struct conf_list proxies);
