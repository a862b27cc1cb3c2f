#include "imap/imap.h"

#include "net/conf.h"

static const struct conf_option options[] = {
	{ "imap.listen", CONF_ADDRESSES, CONF_FIELD(struct imap_conf, listen),
	    .text = "Where IMAP is served, with STARTTLS: host:port, several of them between "
		    "commas. Empty: "
		    "nowhere." },
	{ "imap.listen_tls", CONF_ADDRESSES, CONF_FIELD(struct imap_conf, listen_tls),
	    .text = "Where IMAP is served with TLS from the first byte (IMAPS)." },
	{ "imap.bind", CONF_LIST, CONF_FIELD(struct imap_conf, bind), .dbmail = "IMAP.bindip",
	    .text = "Hosts to serve at, when imap.listen and imap.listen_tls are empty. "
		    "DBMail's files have "
		    "it." },
	{ "imap.proxy_from", CONF_LIST, CONF_FIELD(struct imap_conf, proxy_from),
	    .text =
		"Addresses and networks of proxies in front of this service; unix is whoever "
		"comes by a unix socket. Each connection of theirs must begin with a header "
		"of the PROXY protocol (version 1 or 2), and the client that it names is who "
		"counts, in limits, logs and what is local. Without TLS of our own a client "
		"has TLS if the proxy says so (send-proxy-v2-ssl)." },
	{ "imap.port", CONF_INT, CONF_FIELD(struct imap_conf, port), .def = "143", .min = "0",
	    .max = "65535", .dbmail = "IMAP.port",
	    .text = "The port with STARTTLS at the hosts of imap.bind; 0: nowhere." },
	{ "imap.tls_port", CONF_INT, CONF_FIELD(struct imap_conf, tls_port), .def = "0",
	    .min = "0", .max = "65535", .dbmail = "IMAP.tls_port",
	    .text = "The port with TLS from the first byte at the hosts of imap.bind; 0: "
		    "nowhere." },
	{ "imap.login_timeout", CONF_TIME, CONF_FIELD(struct imap_conf, login_timeout_ms),
	    .def = "60s", .min = "5s", .max = "10m", .dbmail = "IMAP.login_timeout",
	    .reload = true,
	    .text = "How long a connection may take until somebody has logged in." },
	{ "imap.idle_timeout", CONF_TIME, CONF_FIELD(struct imap_conf, idle_timeout_ms),
	    .def = "30m", .min = "1m", .max = "24h", .dbmail = "IMAP.timeout", .reload = true,
	    .text = "How long a client may be silent after login. RFC 3501 5.4 asks for 30 "
		    "minutes." },
	{ "imap.idle_keepalive", CONF_TIME, CONF_FIELD(struct imap_conf, idle_keepalive_ms),
	    .def = "2m", .min = "10s", .max = "30m", .reload = true,
	    .text = "How often a client in IDLE is told that the connection is alive." },
	{ "imap.commands_per_minute", CONF_INT,
	    CONF_FIELD(struct imap_conf, commands_per_minute), .def = "1000000", .min = "60",
	    .max = "1000000000", .reload = true,
	    .text = "Commands of one connection in a minute. A faster client is read again "
		    "when the minute is over." },
	{ "imap.message_max", CONF_SIZE, CONF_FIELD(struct imap_conf, message_max),
	    .def = "50M", .min = "64K", .max = "1G", .dbmail = "IMAP.max_message_size",
	    .reload = true, .text = "The largest message that APPEND takes." },
	{ "imap.compress", CONF_BOOL, CONF_FIELD(struct imap_conf, compress), .def = "yes",
	    .reload = true,
	    .text = "Offer COMPRESS=DEFLATE to those who are logged in. It takes time of the "
		    "processor and about 100 KB a connection while it works." },
	{ "imap.literal_minus", CONF_BOOL, CONF_FIELD(struct imap_conf, literal_minus),
	    .def = "no", .reload = true,
	    .text = "Announce LITERAL- in place of LITERAL+: what a client sends without "
		    "waiting for the server may have 4096 bytes and no more." },
	{ "imap.mechanisms", CONF_LIST, CONF_FIELD(struct imap_conf, mechanisms), .max = "16",
	    .reload = true,
	    .text = "SASL mechanisms of IMAP, if they are others than auth.mechanisms." },
	{ "imap.plaintext_login", CONF_BOOL, CONF_FIELD(struct imap_conf, plaintext_login),
	    .def = "no", .reload = true,
	    .text = "Take passwords without TLS from other machines. They can be read on the "
		    "way." },
};

static void check(struct conf *conf, const void *fields)
{
	const struct imap_conf *c = fields;

	unsigned mechanisms;
	struct err err;

	proxies_check(conf, "imap.proxy_from", c->proxy_from);
	if (auth_mechanisms(c->mechanisms, &mechanisms, &err) != OK)
		conf_complain(conf, CONF_ERROR, "imap.mechanisms", "%s", err.text);
}

const struct conf_table imap_conf_table = {
	.option = options,
	.count = COUNT(options),
	.size = sizeof(struct imap_conf),
	.check = check,
};
