#include "auth/conf.h"

#include "auth/sasl.h"
#include "base/str.h"
#include "net/network.h"

static const struct conf_word announce_words[] = {
	{ "auto", AUTH_ANNOUNCE_AUTO },
	{ "always", AUTH_ANNOUNCE_ALWAYS },
	{ NULL, 0 },
};

static const struct conf_option options[] = {
	{ "auth.workers", CONF_INT, CONF_FIELD(struct auth_conf, workers), .def = "2",
	    .min = "1", .max = "64",
	    .text = "Threads that check passwords; each uses one core while it does." },
	{ "auth.queue_max", CONF_INT, CONF_FIELD(struct auth_conf, queue_max), .def = "256",
	    .min = "1", .max = "10000",
	    .text = "Passwords that wait to be checked; more are answered UNAVAILABLE." },
	{ "auth.mechanisms", CONF_LIST, CONF_FIELD(struct auth_conf, mechanisms),
	    .def = "SCRAM-SHA-256-PLUS SCRAM-SHA-256 SCRAM-SHA-1-PLUS SCRAM-SHA-1 PLAIN LOGIN",
	    .max = "16", .reload = true,
	    .text =
		"SASL mechanisms, where a service has no list of its own. CRAM-MD5 can be "
		"added: it works for accounts whose password is stored in plain text. PLAIN "
		"and LOGIN are offered with TLS or to this machine, -PLUS with TLS." },
	{ "auth.scram_announce", CONF_ENUM, CONF_FIELD(struct auth_conf, scram_announce),
	    .def = "auto", .words = announce_words, .reload = true,
	    .text = "When SCRAM is announced. auto: when every active account can use it, "
		    "because many programs choose it first and do not try another if it fails; "
		    "accounts whose hash came from elsewhere can use it after their next login "
		    "with a password. always: those that cannot are refused." },
	{ "auth.scram_iterations", CONF_INT, CONF_FIELD(struct auth_conf, scram_iterations),
	    .def = "10000", .min = "4096", .max = "1000000", .reload = true,
	    .text = "How dear it is to try passwords against stolen SCRAM keys; each login "
		    "costs the client as much. Keys are made anew at the next login with a "
		    "password." },
	{ "auth.throttle", CONF_BOOL, CONF_FIELD(struct auth_conf, throttle), .def = "yes",
	    .reload = true, .text = "Let logins wait after failures, by address and account." },
	{ "auth.throttle_delay_max", CONF_TIME,
	    CONF_FIELD(struct auth_conf, throttle_delay_max_ms), .def = "30s", .min = "1ms",
	    .max = "10m", .reload = true,
	    .text = "The longest that one login waits; what would have to wait longer is "
		    "refused without a look at the password." },
	{ "auth.throttle_except", CONF_LIST, CONF_FIELD(struct auth_conf, trusted),
	    .def = "127.0.0.0/8 ::1", .max = "256", .reload = true,
	    .text = "Addresses and networks that are not counted, as those of a web mailbox: "
		    "they log in for many people." },
	{ "auth.journal", CONF_BOOL, CONF_FIELD(struct auth_conf, journal), .def = "no",
	    .reload = true, .dbmail = "DBMAIL.authlog",
	    .text = "Keep a row of each login, and of each that failed, in dbmail_authlog." },
	{ "auth.journal_keep", CONF_TIME, CONF_FIELD(struct auth_conf, journal_keep_ms),
	    .def = "90d", .min = "0", .max = "3650d",
	    .text = "How long rows of dbmail_authlog are kept; 0: for ever." },
};

enum errc auth_mechanisms(struct conf_list list, unsigned *mechanisms_out, struct err *err)
{
	unsigned mechanisms = 0;

	for (size_t i = 0; i < list.count; i++) {
		enum sasl_mechanism mechanism;

		if (!sasl_mechanism_find(list.item[i], &mechanism))
			return err_set(err, ERR_ARG, "\"%.*s\" is no mechanism that is there",
			    STR_ARG(list.item[i]));
		mechanisms |= SASL_BIT(mechanism);
	}
	*mechanisms_out = mechanisms;
	return OK;
}

static void check(struct conf *conf, const void *fields)
{
	const struct auth_conf *auth = fields;
	unsigned mechanisms;
	struct err err;

	if (auth_mechanisms(auth->mechanisms, &mechanisms, &err) != OK)
		conf_complain(conf, CONF_ERROR, "auth.mechanisms", "%s", err.text);
	for (size_t i = 0; i < auth->trusted.count; i++)
		if (!network_is_valid(auth->trusted.item[i]))
			conf_complain(conf, CONF_ERROR, "auth.throttle_except",
			    "\"%.*s\" is no address and no network",
			    STR_ARG(auth->trusted.item[i]));
}

const struct conf_table auth_conf_table = { .option = options,
	.count = COUNT(options),
	.size = sizeof(struct auth_conf),
	.check = check };
