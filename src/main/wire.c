#include "main/wire.h"

#include "auth/login.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "deliver/metrics.h"
#include "main/certificates.h"
#include "main/privileges.h"
#include "net/conf.h"
#include "net/inherit.h"
#include "net/service_metrics.h"
#include "store/bus.h"
#include "store/message.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define POLL_FOREIGN_MS 250
#define HOUSEKEEPING_MS 2000
#define ACCOUNTS_LOOK_MS 60000

/* Buffers of the connection whose message is the largest. */
#define MESSAGE_BESIDE (UINT64_C(8) << 20)

#define LMTP_PORT 24
#define IMAP_PORT 143
#define IMAPS_PORT 993

enum errc wire_load_certificate(struct wire *wire, struct err *err)
{
	return wire->tls ? certificates_load(wire->site, wire->tls, err) : OK;
}

static enum errc prepare_tls(struct wire *wire, struct err *err)
{
	const struct settings *s = wire->site->settings;

	if (s->tls_certificate.n == 0 && s->tls_certificates.n > 0)
		return err_set(err, ERR_ARG,
		    "tls.certificates is set and tls.certificate, which is for clients that "
		    "ask "
		    "for no name, is not");
	if (s->tls_certificate.n == 0)
		return OK;
	if (s->tls_key.n == 0)
		return err_set(err, ERR_ARG, "tls.certificate is set and tls.key is not");
	wire->tls = tls_server_new();
	return wire_load_certificate(wire, err);
}

/* Where one service is to be had. `bind` and `bind_port` are DBMail's way to say it. */
struct listening {
	const char *name; /* of sockets that are inherited for it */
	const struct service *service;
	struct conf_addresses addresses;
	uint16_t port; /* where an address names none */
	struct conf_list bind;
	int64_t bind_port;
	struct conf_list proxies;
	bool tls_implicit;
	struct str mode, group; /* of unix sockets; empty: 0660, the server's */
};

static unsigned mode_of(const struct wire *wire, const struct listening *what)
{
	unsigned mode = what->service == &wire->control_service ? 0600 : 0660;
	enum errc rc = what->mode.n > 0 ? authd_mode(what->mode, &mode, NULL) : OK;

	assert(rc == OK); /* the table's check has looked at it */
	return mode;
}

static struct listener_options options_of(const struct wire *wire, const struct listening *what)
{
	return (struct listener_options){
		.service = what->service,
		.unix_mode = mode_of(wire, what),
		.unix_group = what->group,
		.tls = wire->tls,
		.tls_implicit = what->tls_implicit,
		.proxies = what->proxies.item,
		.proxies_count = what->proxies.count,
	};
}

/* The socket of the command line is the user's that the server becomes; where he may make none it stays root's. */
static enum errc listen_as_user(
    struct wire *wire, const struct listener_options *options, struct err *err)
{
	struct str user = wire->site->settings->run_as;
	enum errc rc;

	if (user.n == 0 || privileges_files_as(user, err) != OK)
		return reactor_listen(wire->reactor, options, NULL, err);
	rc = reactor_listen(wire->reactor, options, NULL, err);
	privileges_files_own();
	return rc == ERR_DENIED ? reactor_listen(wire->reactor, options, NULL, err) : rc;
}

static enum errc listen_at(struct wire *wire, const struct listening *what,
    struct conf_address address, struct err *err)
{
	struct arena *arena = arena_new("listen");
	struct listener_options options = options_of(wire, what);
	enum errc rc;

	options.address = str_cstr(arena, address.path.n > 0 ? address.path : address.host);
	options.port = address.port > 0 ? address.port : what->port;
	if (!options.address)
		rc = err_set(err, ERR_ARG, "a NUL in an address to listen at");
	else if (options.service == &wire->control_service)
		rc = listen_as_user(wire, &options, err);
	else
		rc = reactor_listen(wire->reactor, &options, NULL, err);
	arena_free(&arena);
	return rc;
}

/* Sockets that were opened for a service by its name are where it is; then the options are not looked at. */
static enum errc listen_inherited(
    struct wire *wire, const struct listening *what, struct err *err)
{
	struct listener_options options = options_of(wire, what);

	return reactor_listen_named(wire->reactor, &options, str_from(what->name), err);
}

static enum errc listen_for(struct wire *wire, const struct listening *what, struct err *err)
{
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < what->addresses.count; i++)
		rc = listen_at(wire, what, what->addresses.item[i], err);
	for (size_t i = 0; rc == OK && what->bind_port > 0 && i < what->bind.count; i++)
		rc = listen_at(wire, what,
		    (struct conf_address){
			.host = what->bind.item[i], .port = (uint16_t)what->bind_port },
		    err);
	return rc;
}

static enum errc listen_everywhere(struct wire *wire, struct err *err)
{
	const struct lmtp_conf *lmtp = conf_fields(wire->site->conf, &lmtp_conf_table);
	const struct imap_conf *imap = conf_fields(wire->site->conf, &imap_conf_table);
	const struct http_conf *http = conf_fields(wire->site->conf, &http_conf_table);
	const struct authd_conf *authd = conf_fields(wire->site->conf, &authd_conf_table);
	const struct conf_address control = { .path = wire->site->settings->control };
	bool imap_bind = imap->listen.count == 0 && imap->listen_tls.count == 0;
	const struct listening all[] = {
		{ .name = "lmtp",
		    .service = &wire->lmtp_service,
		    .addresses = lmtp->listen,
		    .port = LMTP_PORT,
		    .bind = lmtp->bind,
		    .proxies = lmtp->proxy_from,
		    .bind_port = lmtp->listen.count == 0 ? lmtp->port : 0 },
		{ .name = "imap",
		    .service = &wire->imap_service,
		    .addresses = imap->listen,
		    .port = IMAP_PORT,
		    .bind = imap->bind,
		    .proxies = imap->proxy_from,
		    .bind_port = imap_bind ? imap->port : 0 },
		{ .name = "imaps",
		    .service = &wire->imap_service,
		    .addresses = imap->listen_tls,
		    .port = IMAPS_PORT,
		    .bind = imap->bind,
		    .proxies = imap->proxy_from,
		    .bind_port = imap_bind ? imap->tls_port : 0,
		    .tls_implicit = true },
		{ .name = "http",
		    .service = &wire->http_service,
		    .addresses = http->listen,
		    .port = HTTP_PORT },
		{ .name = "dovecot-auth",
		    .service = &wire->dovecot_service,
		    .addresses = authd->dovecot,
		    .mode = authd->dovecot_mode,
		    .group = authd->dovecot_group },
		{ .name = "saslauthd",
		    .service = &wire->saslauthd_service,
		    .addresses = authd->saslauthd,
		    .mode = authd->saslauthd_mode,
		    .group = authd->saslauthd_group },
		{ .name = "control",
		    .service = &wire->control_service,
		    .addresses = { &control, control.path.n > 0 ? 1 : 0 } },
	};
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < COUNT(all); i++) {
		bool inherits = inherited_has_name(wire->inherited, str_from(all[i].name));
		bool asks = inherits || all[i].addresses.count > 0 || all[i].bind_port > 0;

		if (all[i].tls_implicit && asks && !wire->tls)
			rc = err_set(err, ERR_ARG,
			    "IMAP with TLS is asked for, and there is no tls.certificate");
		else if (inherits)
			rc = listen_inherited(wire, &all[i], err);
		else
			rc = listen_for(wire, &all[i], err);
	}
	return rc;
}

static void *hold_edition(void *arg)
{
	return editions_hold(arg);
}

static void drop_edition(void *held)
{
	edition_drop(held);
}

static struct session *open_lmtp(void *held, const struct session *base)
{
	return lmtp_open(&((struct edition *)held)->lmtp, base);
}

static struct session *open_imap(void *held, const struct session *base)
{
	return imap_open(&((struct edition *)held)->imap, base);
}

static struct session *open_dovecot(void *held, const struct session *base)
{
	return dovecot_open(&((struct edition *)held)->authd, base);
}

static struct session *open_saslauthd(void *held, const struct session *base)
{
	return saslauthd_open(&((struct edition *)held)->authd, base);
}

/* Those who ask for passwords. */
static void name_authd(struct wire *wire)
{
	wire->dovecot_service = (struct service){
		.name = "dovecot-auth",
		.open = open_dovecot,
		.arg = &wire->editions,
		.hold = hold_edition,
		.drop = drop_edition,
		.verbs = dovecot_session_verbs(),
	};
	wire->saslauthd_service = (struct service){
		.name = "saslauthd",
		.open = open_saslauthd,
		.arg = &wire->editions,
		.hold = hold_edition,
		.drop = drop_edition,
		.verbs = saslauthd_session_verbs(),
	};
}

static void name_services(struct wire *wire)
{
	const struct imap_conf *imap = conf_fields(wire->site->conf, &imap_conf_table);

	wire->lmtp_service = (struct service){
		.name = "lmtp",
		.open = open_lmtp,
		.arg = &wire->editions,
		.hold = hold_edition,
		.drop = drop_edition,
		.refusal = LMTP_REFUSAL,
		.kicked = LMTP_KICKED,
		.verbs = lmtp_session_verbs(),
	};
	wire->imap_service = (struct service){
		.name = "imap",
		.open = open_imap,
		.arg = &wire->editions,
		.hold = hold_edition,
		.drop = drop_edition,
		.login_timeout_ms = imap->login_timeout_ms,
		.commands_a_minute = (unsigned)imap->commands_per_minute,
		.refusal = IMAP_REFUSAL,
		.timeout = IMAP_LOGIN_TIMEOUT,
		.kicked = IMAP_KICKED,
		.verbs = imap_session_verbs(),
	};
	wire->http_service = (struct service){
		.name = "http",
		.open = http_open,
		.arg = &wire->http,
		.refusal = HTTP_REFUSAL,
		.verbs = http_session_verbs(),
	};
	name_authd(wire);
	wire->control_service =
	    (struct service){ .name = "control", .open = control_open, .arg = &wire->control };
}

static void make_metrics(struct wire *wire)
{
	wire->lmtp_service.metrics = wire->lmtp_metrics =
	    service_metrics_new(&wire->lmtp_service);
	wire->imap_service.metrics = wire->imap_metrics =
	    service_metrics_new(&wire->imap_service);
	wire->http_service.metrics = wire->http_metrics =
	    service_metrics_new(&wire->http_service);
	wire->dovecot_service.metrics = wire->dovecot_metrics =
	    service_metrics_new(&wire->dovecot_service);
	wire->saslauthd_service.metrics = wire->saslauthd_metrics =
	    service_metrics_new(&wire->saslauthd_service);
	wire->deliver_metrics = deliver_metrics_new();
	metrics_env_open(&wire->metrics);
}

static void free_metrics(struct wire *wire)
{
	if (wire->deliver_metrics)
		metrics_env_close(&wire->metrics);
	metrics_free(&wire->lmtp_metrics);
	metrics_free(&wire->imap_metrics);
	metrics_free(&wire->http_metrics);
	metrics_free(&wire->dovecot_metrics);
	metrics_free(&wire->saslauthd_metrics);
	metrics_free(&wire->deliver_metrics);
}

/* What a message takes in memory while it is stored. */
static uint64_t largest_message(const struct conf *conf)
{
	const struct lmtp_conf *lmtp = conf_fields(conf, &lmtp_conf_table);
	const struct imap_conf *imap = conf_fields(conf, &imap_conf_table);

	/* with buffers beside it */
	return prepare_memory(lmtp->message_max > imap->message_max ? lmtp->message_max
								    : imap->message_max) +
	    MESSAGE_BESIDE;
}

static uint64_t at_least(uint64_t size, uint64_t least)
{
	return size > least ? size : least;
}

static struct reactor_options reactor_options_of(const struct site *site)
{
	const struct net_conf *net = conf_fields(site->conf, &net_conf_table);
	uint64_t least = largest_message(site->conf);

	return (struct reactor_options){
		.tickets =
		    (unsigned)database_connections(site->settings, site->database.engine),
		.connections_max = (unsigned)net->connections_max,
		.per_address_max = (unsigned)net->per_address_max,
		.per_user_max = (unsigned)net->per_user_max,
		.handshakes_max = (unsigned)net->handshakes_max,
		.memory_max = at_least(net->memory_max, least),
		.account_memory_max = at_least(net->account_memory_max, least),
		.connection_memory_max = at_least(net->connection_memory_max, least),
		.log = &site->log,
	};
}

/* Those that no service wants: a connection to one would wait for ever. */
static void drop_inherited(struct wire *wire)
{
	struct str name;

	for (size_t i = 0; inherited_left(wire->inherited, i, &name); i++)
		log_warn(&wire->site->log, "socket-unused", F_STR("name", name));
	inherited_free(&wire->inherited);
}

enum errc wire_bind(struct wire *wire, struct site *site, struct err *err)
{
	struct reactor_options options = reactor_options_of(site);
	enum errc rc;

	*wire = (struct wire){ .site = site };
	editions_init(&wire->editions);
	rc = prepare_tls(wire, err);
	if (rc == OK)
		rc = inherited_from_environment(&wire->inherited, err);
	options.inherited = wire->inherited;
	if (rc == OK)
		rc = reactor_new(&options, &wire->reactor, err);
	if (rc == OK) {
		name_services(wire);
		make_metrics(wire);
		rc = listen_everywhere(wire, err);
	}
	drop_inherited(wire);
	return rc;
}

/* A watcher's number holds the session's slot and generation. */
static void wake_session(void *arg, uint64_t watcher, unsigned event)
{
	struct session_ref ref = { (uint32_t)(watcher >> 32), (uint32_t)watcher };

	reactor_wake(arg, ref, event);
}

static void wake_by_bus(void *arg, uint64_t watcher)
{
	wake_session(arg, watcher, EVENT_BUS);
}

static void wake_by_auth(void *arg, uint64_t ref)
{
	wake_session(arg, ref, EVENT_DONE);
}

static void poll_foreign(void *arg)
{
	store_poll_foreign(arg);
}

static void housekeeping(void *arg)
{
	store_housekeeping(arg);
}

static void write_metrics(void *arg, struct buf *out)
{
	metrics_page(arg, out);
}

/* SQLite's file is always there; without its server nothing can be served. */
static bool is_well(void *arg)
{
	const struct wire *wire = arg;
	struct db_stats db;

	db_stats(wire->site->pool, &db);
	return !db.is_lost;
}

static void write_health(void *arg, struct buf *out)
{
	buf_add_str(out, is_well(arg) ? STR("ok\n") : STR("the database cannot be reached\n"));
}

static void fill_pages(struct wire *wire)
{
	wire->http = (struct http_env){
		.conf = conf_fields(wire->site->conf, &http_conf_table),
		.page = {
			{ STR("/metrics"), METRICS_TYPE, write_metrics, &wire->metrics, NULL },
			{ STR("/healthz"), "text/plain; charset=utf-8", write_health, wire, is_well },
		},
		.page_count = 2,
	};
}

static void fill_metrics(struct wire *wire)
{
	const struct metrics *const sets[] = {
		wire->lmtp_metrics,
		wire->imap_metrics,
		wire->http_metrics,
		wire->dovecot_metrics,
		wire->saslauthd_metrics,
		wire->deliver_metrics,
		store_metrics(wire->site->store),
		db_metrics(wire->site->pool),
	};

	_Static_assert(COUNT(sets) <= METRICS_SETS_MAX, "there is room for all");
	memcpy(wire->metrics.sets, sets, sizeof(sets));
	wire->metrics.set_count = COUNT(sets);
	wire->metrics.site = wire->site;
	wire->metrics.reactor = wire->reactor;
	wire->metrics.auth = wire->auth;
	wire->metrics.started_unix_s = clock_unix_s();
}

/* How one service lets people in. */
struct login_wish {
	const char *name;
	unsigned service;	     /* enum account_service */
	struct conf_list mechanisms; /* empty: those of [auth] */
	bool plaintext;
};

static struct login_service login_service_of(
    const struct wire *wire, const struct edition *edition, const struct login_wish *wish)
{
	const struct auth_conf *conf = conf_fields(edition->conf, &auth_conf_table);
	struct login_service service = {
		.auth = wire->auth,
		.conf = conf,
		.name = wish->name,
		.service = wish->service,
		.plaintext = wish->plaintext,
		.hostname = settings_of(edition->conf)->hostname,
	};
	enum errc rc =
	    auth_mechanisms(wish->mechanisms.count > 0 ? wish->mechanisms : conf->mechanisms,
		&service.mechanisms, NULL);

	assert(rc == OK); /* the tables' checks have looked at them */
	return service;
}

/* Whether SCRAM can be announced to everybody. */
static void look_at_accounts(void *arg)
{
	struct wire *wire = arg;
	struct edition *edition = editions_hold(&wire->editions);

	auth_look(wire->auth,
	    login_key_hashes(edition->imap.login.mechanisms | edition->authd.mechanisms));
	edition_drop(edition);
}

/* Of the newest configuration only what may change on reload differs from that of the start. */
static void fill_environments(const struct wire *wire, struct edition *edition)
{
	const struct settings *s = settings_of(edition->conf);
	const struct imap_conf *imap = conf_fields(edition->conf, &imap_conf_table);
	const struct authd_conf *authd = conf_fields(edition->conf, &authd_conf_table);
	const struct login_wish imap_login = { "imap", ACCOUNT_IMAP, imap->mechanisms,
		imap->plaintext_login };
	const struct login_wish authd_login = { "other", ACCOUNT_SERVICES_ALL,
		authd->mechanisms, authd->plaintext };
	struct login_service authd_service = login_service_of(wire, edition, &authd_login);

	edition->deliver = (struct deliver_env){
		.store = wire->site->store,
		.metrics = wire->deliver_metrics,
		.outbound = &outbound_none,
		.route = route_settings_of(s),
		.hostname = s->hostname,
	};
	edition->lmtp = (struct lmtp_env){
		.conf = conf_fields(edition->conf, &lmtp_conf_table),
		.deliver = &edition->deliver,
		.spool_directory = s->spool.p,
	};
	edition->imap = (struct imap_env){
		.conf = imap,
		.store = wire->site->store,
		.login = login_service_of(wire, edition, &imap_login),
		.hostname = s->hostname,
		.spool_directory = s->spool.p,
	};
	edition->authd.conf = authd;
	authd_env_fill(&edition->authd, &authd_service);
}

enum errc wire_check(const struct wire *wire, const struct conf *conf, struct err *err)
{
	struct reactor_options started = reactor_options_of(wire->site);
	uint64_t least = largest_message(conf);

	if (least <= started.memory_max && least <= started.account_memory_max &&
	    least <= started.connection_memory_max)
		return OK;
	return err_set(err, ERR_LIMIT,
	    "lmtp.message_max, imap.message_max: larger than the memory of sessions that was "
	    "set at the start ([net]); this needs a restart");
}

void wire_adopt(struct wire *wire, struct conf *conf)
{
	const struct settings *s = settings_of(conf);
	const struct net_conf *net = conf_fields(conf, &net_conf_table);
	const struct imap_conf *imap = conf_fields(conf, &imap_conf_table);
	struct edition *edition = edition_new(conf);

	fill_environments(wire, edition);
	reactor_set_limits(
	    wire->reactor, (unsigned)net->per_address_max, (unsigned)net->per_user_max);
	atomic_store(&wire->site->sink.level, s->log_level);
	atomic_store(
	    &wire->imap_service.commands_a_minute, (unsigned)imap->commands_per_minute);
	atomic_store(&wire->imap_service.login_timeout_ms, imap->login_timeout_ms);
	editions_publish(&wire->editions, edition);
}

enum errc wire_start(struct wire *wire, struct err *err)
{
	const struct auth_conf *conf = conf_fields(wire->site->conf, &auth_conf_table);
	struct store *store = wire->site->store;
	struct auth_settings settings = {
		.store = store,
		.workers = (int)conf->workers,
		.queue_max = (int)conf->queue_max,
		.log = &wire->site->log,
		.wake = wake_by_auth,
		.wake_arg = wire->reactor,
	};
	enum errc rc = auth_open(&settings, &wire->auth, err);

	if (rc != OK)
		return rc;
	wire->control = (struct control_env){
		.site = wire->site,
		.reactor = wire->reactor,
		.auth = wire->auth,
		.started_unix_s = clock_unix_s(),
	};
	fill_metrics(wire);
	fill_pages(wire);
	wire_adopt(wire, conf_hold(wire->site->conf));
	look_at_accounts(wire);
	bus_set_waker(store, (struct bus_waker){ wake_by_bus, wire->reactor });
	reactor_every(wire->reactor, POLL_FOREIGN_MS, poll_foreign, store);
	reactor_every(wire->reactor, HOUSEKEEPING_MS, housekeeping, store);
	reactor_every(wire->reactor, ACCOUNTS_LOOK_MS, look_at_accounts, wire);
	return reactor_start(wire->reactor, err);
}

static int64_t stop_grace_ms(struct wire *wire)
{
	struct edition *edition = editions_hold(&wire->editions);
	int64_t ms = ((const struct net_conf *)conf_fields(edition->conf, &net_conf_table))
			 ->stop_grace_ms;

	edition_drop(edition);
	return ms;
}

void wire_stop(struct wire *wire, bool grace)
{
	if (!wire->site)
		return;
	if (wire->reactor)
		reactor_stop(wire->reactor, grace ? stop_grace_ms(wire) : 0);
	auth_close(&wire->auth);
	reactor_free(&wire->reactor);
	tls_server_free(&wire->tls);
	editions_release(&wire->editions);
	free_metrics(wire);
}
