#include "authd/authd.h"

#include "authd/limits.h"
#include "base/arena.h"
#include "base/str.h"
#include "net/address.h"

static const struct conf_option options[] = {
	{ "authd.dovecot", CONF_ADDRESSES, CONF_FIELD(struct authd_conf, dovecot),
	    .text = "Where other programs ask for passwords by Dovecot's authentication "
		    "protocol (Postfix: smtpd_sasl_type = dovecot; Exim: driver = dovecot): "
		    "unix:/path, which may lie in the program's jail, or host:port of this "
		    "machine. Empty: nowhere." },
	{ "authd.dovecot_mode", CONF_STRING, CONF_FIELD(struct authd_conf, dovecot_mode),
	    .def = "0660", .max = "4",
	    .text = "Permissions of the sockets of authd.dovecot, in octal digits." },
	{ "authd.dovecot_group", CONF_STRING, CONF_FIELD(struct authd_conf, dovecot_group),
	    .max = "64",
	    .text = "The group of the sockets of authd.dovecot, as postfix. Empty: the "
		    "server's." },
	{ "authd.saslauthd", CONF_ADDRESSES, CONF_FIELD(struct authd_conf, saslauthd),
	    .text = "Where other programs ask for passwords as they would ask saslauthd: "
		    "unix:/path (the folder and mux are /var/run/saslauthd/mux to most, and "
		    "saslauthd_path says otherwise). Empty: nowhere." },
	{ "authd.saslauthd_mode", CONF_STRING, CONF_FIELD(struct authd_conf, saslauthd_mode),
	    .def = "0660", .max = "4",
	    .text = "Permissions of the sockets of authd.saslauthd, in octal digits." },
	{ "authd.saslauthd_group", CONF_STRING, CONF_FIELD(struct authd_conf, saslauthd_group),
	    .max = "64",
	    .text =
		"The group of the sockets of authd.saslauthd, as sasl. Empty: the server's." },
	{ "authd.saslauthd_realm", CONF_BOOL, CONF_FIELD(struct authd_conf, realm),
	    .def = "yes", .reload = true,
	    .text = "A realm that is asked with a login without a domain is joined to it with "
		    "@ (saslauthd -r). no: realms are not looked at." },
	{ "authd.mechanisms", CONF_LIST, CONF_FIELD(struct authd_conf, mechanisms), .max = "16",
	    .reload = true,
	    .text = "SASL mechanisms of authd.dovecot, if they are others than "
		    "auth.mechanisms. The -PLUS ones never are: their channel ends at "
		    "the program that asks." },
	{ "authd.plaintext_login", CONF_BOOL, CONF_FIELD(struct authd_conf, plaintext),
	    .def = "no", .reload = true,
	    .text = "Take passwords of clients on other machines that have come to the program "
		    "that asks without TLS. They can be read on the way." },
};

enum errc authd_mode(struct str text, unsigned *mode_out, struct err *err)
{
	unsigned mode = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '7')
			return err_set(
			    err, ERR_ARG, "\"%.*s\" is no octal number", STR_ARG(text));
		mode = mode * 8 + (unsigned)(text.p[i] - '0');
	}
	if (text.n < 3 || mode > 0777)
		return err_set(
		    err, ERR_ARG, "\"%.*s\" are no permissions as 0660 are", STR_ARG(text));
	if ((mode & 0600) != 0600 || (mode & 0111) != 0)
		return err_set(err, ERR_ARG,
		    "\"%.*s\": a socket's permissions are to read and to write, and its owner "
		    "has both",
		    STR_ARG(text));
	*mode_out = mode;
	return OK;
}

static bool is_local(struct str host)
{
	struct arena *arena = arena_new("address");
	char *text = str_cstr(arena, host);
	union address address;
	socklen_t size;
	bool local = text && address_parse(text, 0, &address, &size) == OK &&
	    address_is_loopback(&address);

	arena_free(&arena);
	return local || str_equal_nocase(host, STR("localhost"));
}

/* Passwords come to these sockets as they are, and whoever reaches one may try them. */
static void check_places(
    struct conf *conf, const char *option, struct conf_addresses places, bool tcp)
{
	for (size_t i = 0; i < places.count; i++) {
		const struct conf_address *at = &places.item[i];

		if (at->path.n > 0)
			continue;
		if (!tcp)
			conf_complain(
			    conf, CONF_ERROR, option, "is at unix sockets only: unix:/path");
		else if (!is_local(at->host))
			conf_complain(conf, CONF_ERROR, option,
			    "\"%.*s\" can be reached from other machines: it is unix:/path, or "
			    "host:port of this one",
			    STR_ARG(at->host));
		else if (at->port == 0)
			conf_complain(conf, CONF_ERROR, option, "\"%.*s\" has no port",
			    STR_ARG(at->host));
	}
}

static void check_mode(struct conf *conf, const char *option, struct str text)
{
	unsigned mode;
	struct err err;

	if (authd_mode(text, &mode, &err) != OK)
		conf_complain(conf, CONF_ERROR, option, "%s", err.text);
	else if ((mode & 0006) != 0)
		conf_complain(conf, CONF_WARNING, option,
		    "every program on this machine may try passwords");
}

static void check(struct conf *conf, const void *fields)
{
	const struct authd_conf *c = fields;
	unsigned mechanisms;
	struct err err;

	check_places(conf, "authd.dovecot", c->dovecot, true);
	check_places(conf, "authd.saslauthd", c->saslauthd, false);
	check_mode(conf, "authd.dovecot_mode", c->dovecot_mode);
	check_mode(conf, "authd.saslauthd_mode", c->saslauthd_mode);
	if (auth_mechanisms(c->mechanisms, &mechanisms, &err) != OK)
		conf_complain(conf, CONF_ERROR, "authd.mechanisms", "%s", err.text);
}

const struct conf_table authd_conf_table = {
	.option = options,
	.count = COUNT(options),
	.size = sizeof(struct authd_conf),
	.check = check,
};

static const struct {
	struct str name;
	enum authd_service service;
} names[] = {
	{ STR_INIT("smtp"), AUTHD_SMTP },
	{ STR_INIT("submission"), AUTHD_SMTP },
	{ STR_INIT("smtps"), AUTHD_SMTP },
	{ STR_INIT("submissions"), AUTHD_SMTP },
	{ STR_INIT("imap"), AUTHD_IMAP },
	{ STR_INIT("pop3"), AUTHD_POP3 },
	{ STR_INIT("pop"), AUTHD_POP3 },
	{ STR_INIT("sieve"), AUTHD_SIEVE },
	{ STR_INIT("managesieve"), AUTHD_SIEVE },
	{ STR_INIT("http"), AUTHD_HTTP },
};

enum authd_service authd_service_of(struct str name)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (str_equal_nocase(names[i].name, name))
			return names[i].service;
	return AUTHD_OTHER;
}

static const struct {
	const char *name; /* in the journal and the log */
	unsigned service;
} services[AUTHD_SERVICES] = {
	[AUTHD_SMTP] = { "smtp", ACCOUNT_SMTP },
	[AUTHD_IMAP] = { "imap", ACCOUNT_IMAP },
	[AUTHD_POP3] = { "pop3", ACCOUNT_POP3 },
	[AUTHD_SIEVE] = { "sieve", ACCOUNT_SIEVE },
	[AUTHD_HTTP] = { "http", ACCOUNT_HTTP },
	[AUTHD_OTHER] = { "other", ACCOUNT_SERVICES_ALL },
};

void authd_env_fill(struct authd_env *env, const struct login_service *like)
{
	env->auth_conf = *like->conf;
	if (env->auth_conf.throttle_delay_max_ms > AUTHD_DELAY_MAX_MS)
		env->auth_conf.throttle_delay_max_ms = AUTHD_DELAY_MAX_MS;
	env->mechanisms = like->mechanisms & ~SASL_PLUS_SET;
	for (size_t i = 0; i < AUTHD_SERVICES; i++) {
		env->login[i] = *like;
		env->login[i].conf = &env->auth_conf;
		env->login[i].name = services[i].name;
		env->login[i].service = services[i].service;
		env->login[i].mechanisms = env->mechanisms;
	}
}
