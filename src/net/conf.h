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
