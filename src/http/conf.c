#include "base/str.h"
#include "http/http.h"
#include "net/network.h"

static const struct conf_option options[] = {
	{ "http.listen", CONF_ADDRESSES, CONF_FIELD(struct http_conf, listen),
	    .text =
		"Where /metrics (for Prometheus) and /healthz are served by HTTP: host:port or "
		"unix:/path, several of them between commas; a host alone gets port 9024. "
		"Empty: nowhere." },
	{ "http.allow", CONF_LIST, CONF_FIELD(struct http_conf, allow),
	    .text = "Addresses and networks (192.0.2.7, 192.0.2.0/24, 2001:db8::/32) that are "
		    "answered, besides this machine itself: nobody is asked for a password." },
};

static void check(struct conf *conf, const void *fields)
{
	const struct http_conf *c = fields;

	for (size_t i = 0; i < c->allow.count; i++)
		if (!network_is_valid(c->allow.item[i]))
			conf_complain(conf, CONF_ERROR, "http.allow",
			    "\"%.*s\" is neither an address nor a network",
			    STR_ARG(c->allow.item[i]));
}

const struct conf_table http_conf_table = {
	.option = options,
	.count = COUNT(options),
	.size = sizeof(struct http_conf),
	.check = check,
};
