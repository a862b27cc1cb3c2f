#include "lmtp/lmtp.h"

#include "net/conf.h"

static const struct conf_word over_quota_words[] = {
	{ "hard", LMTP_OVER_QUOTA_HARD },
	{ "soft", LMTP_OVER_QUOTA_SOFT },
	{ NULL, 0 },
};

static const struct conf_word forwards_words[] = {
	{ "queue", LMTP_FORWARDS_QUEUE },
	{ "mta", LMTP_FORWARDS_MTA },
	{ NULL, 0 },
};

static const struct conf_option options[] = {
	{ "lmtp.listen", CONF_ADDRESSES, CONF_FIELD(struct lmtp_conf, listen),
	    .text = "Where LMTP is served: host:port or unix:/path, several of them between "
		    "commas. Empty: "
		    "nowhere." },
	{ "lmtp.bind", CONF_LIST, CONF_FIELD(struct lmtp_conf, bind), .dbmail = "LMTP.bindip",
	    .text = "Hosts to serve at, when lmtp.listen is empty. DBMail's files have it." },
	{ "lmtp.proxy_from", CONF_LIST, CONF_FIELD(struct lmtp_conf, proxy_from),
	    .text =
		"Addresses and networks of proxies in front of this service; unix is whoever "
		"comes by a unix socket. Each connection of theirs must begin with a header "
		"of the PROXY protocol (version 1 or 2), and the client that it names is who "
		"counts, in limits, logs and what is local. Without TLS of our own a client "
		"has TLS if the proxy says so (send-proxy-v2-ssl)." },
	{ "lmtp.port", CONF_INT, CONF_FIELD(struct lmtp_conf, port), .def = "24", .min = "0",
	    .max = "65535", .dbmail = "LMTP.port",
	    .text = "The port at the hosts of lmtp.bind; 0: nowhere." },
	{ "lmtp.message_max", CONF_SIZE, CONF_FIELD(struct lmtp_conf, message_max),
	    .def = "50M", .min = "64K", .max = "1G", .reload = true,
	    .text = "The largest message that is taken. It is announced as SIZE (RFC 1870)." },
	{ "lmtp.recipients_max", CONF_INT, CONF_FIELD(struct lmtp_conf, recipients_max),
	    .def = "1000", .min = "100", .max = "10000", .reload = true,
	    .text = "Recipients of one message. RFC 5321 4.5.3.1.8 asks for 100 at least; the "
		    "rest is "
		    "answered 452 and comes again." },
	{ "lmtp.timeout", CONF_TIME, CONF_FIELD(struct lmtp_conf, timeout_ms), .def = "5m",
	    .min = "10s", .max = "1h", .dbmail = "LMTP.timeout", .reload = true,
	    .text = "How long a client may be silent." },
	{ "lmtp.allow", CONF_LIST, CONF_FIELD(struct lmtp_conf, allow), .reload = true,
	    .text = "Addresses and networks (192.0.2.7, 192.0.2.0/24, 2001:db8::/32) that may "
		    "speak LMTP "
		    "over TCP, besides this machine itself: LMTP asks nobody for a password." },
	{ "lmtp.over_quota", CONF_ENUM, CONF_FIELD(struct lmtp_conf, over_quota), .def = "hard",
	    .words = over_quota_words, .dbmail = "DELIVERY.quota_failure", .reload = true,
	    .text = "What a full account is answered: hard is 552 5.2.2 (the sender is told at "
		    "once), soft "
		    "is 452 4.2.2 (it is tried again)." },
	{ "lmtp.forwards", CONF_ENUM, CONF_FIELD(struct lmtp_conf, forwards), .def = "queue",
	    .words = forwards_words, .reload = true,
	    .text = "Who sends mail on, where an alias names an account here and an address "
		    "elsewhere. queue: this server. mta: whoever brings the mail, since it has "
		    "looked into the same aliases (virtual_alias_maps): the account gets its "
		    "copy, and nothing else is done." },
	{ "lmtp.spool_memory", CONF_SIZE, CONF_FIELD(struct lmtp_conf, spool_memory),
	    .def = "256K", .min = "16K", .max = "16M", .reload = true,
	    .text = "So much of a message that is being received is kept in memory; a larger "
		    "one goes to "
		    "a nameless file in the spool folder." },
};

static void check(struct conf *conf, const void *fields)
{
	const struct lmtp_conf *c = fields;

	proxies_check(conf, "lmtp.proxy_from", c->proxy_from);
}

const struct conf_table lmtp_conf_table = {
	.option = options,
	.count = COUNT(options),
	.size = sizeof(struct lmtp_conf),
	.check = check,
};
