#include "net/conf.h"

#include "base/str.h"
#include "net/network.h"
#include "net/reactor.h"

static const struct conf_option options[] = {
	{ "net.connections_max", CONF_INT, CONF_FIELD(struct net_conf, connections_max),
	    .def = "10000", .min = "10", .max = "1000000",
	    .text = "Connections of all services together; half of them are kept for people "
		    "who have "
		    "logged in." },
	{ "net.per_address_max", CONF_INT, CONF_FIELD(struct net_conf, per_address_max),
	    .def = "256", .min = "1", .max = "1000000", .reload = true,
	    .text = "Connections from one address (an IPv6 address counts with its /64)." },
	{ "net.per_user_max", CONF_INT, CONF_FIELD(struct net_conf, per_user_max), .def = "64",
	    .min = "1", .max = "100000", .reload = true,
	    .text = "Connections that one account may have." },
	{ "net.handshakes_max", CONF_INT, CONF_FIELD(struct net_conf, handshakes_max),
	    .def = "512", .min = "1", .max = "100000",
	    .text = "TLS handshakes at the same time; others wait until one is through or has "
		    "taken too long." },
	{ "net.memory_max", CONF_SIZE, CONF_FIELD(struct net_conf, memory_max), .def = "512M",
	    .min = "16M", .max = "1T",
	    .text = "What all sessions together may hold in memory for commands and messages "
		    "that are not finished. Above it new messages and literals are answered "
		    "\"later\" (4xx, NO), and who holds nothing is read more slowly. It is "
		    "never less than what one message of the largest size takes." },
	{ "net.account_memory_max", CONF_SIZE, CONF_FIELD(struct net_conf, account_memory_max),
	    .def = "256M", .min = "1M", .max = "1T",
	    .text = "The same for the sessions of one account together." },
	{ "net.connection_memory_max", CONF_SIZE,
	    CONF_FIELD(struct net_conf, connection_memory_max), .def = "64M", .min = "1M",
	    .max = "1T", .text = "The same for one connection." },
	{ "net.stop_grace", CONF_TIME, CONF_FIELD(struct net_conf, stop_grace_ms), .def = "30s",
	    .min = "0", .max = "10m", .reload = true,
	    .text = "How long running commands and messages that are being received may take "
		    "to end "
		    "when the server stops." },
};

const struct conf_table net_conf_table = CONF_TABLE(struct net_conf, options);

void proxies_check(struct conf *conf, const char *option, struct conf_list proxies)
{
	for (size_t i = 0; i < proxies.count; i++)
		if (!network_is_valid(proxies.item[i]) &&
		    !str_equal(proxies.item[i], STR(LISTENER_PROXY_UNIX)))
			conf_complain(conf, CONF_ERROR, option,
			    "\"%.*s\" is neither an address nor a network",
			    STR_ARG(proxies.item[i]));
}
