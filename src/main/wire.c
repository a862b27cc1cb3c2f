#include "main/wire.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/str.h"
#include "store/bus.h"

#include <unistd.h>

#define POLL_FOREIGN_MS 250
#define HOUSEKEEPING_MS 2000

#define LMTP_PORT 24
#define IMAP_PORT 143
#define IMAPS_PORT 993

enum errc wire_load_certificate(struct wire *wire, struct err *err)
{
	const struct settings *s = wire->site->settings;

	if (!wire->tls)
		return OK;
	return tls_server_load(wire->tls, s->tls_certificate.p, s->tls_key.p, err);
}

static enum errc prepare_tls(struct wire *wire, struct err *err)
{
	const struct settings *s = wire->site->settings;

	if (s->tls_certificate.n == 0)
		return OK;
	if (s->tls_key.n == 0)
		return err_set(err, ERR_ARG, "tls.certificate is set and tls.key is not");
	wire->tls = tls_server_new();
	return wire_load_certificate(wire, err);
}

struct listening {
	const struct service *service;
	struct conf_addresses addresses;
	uint16_t port; /* where an address names none */
	bool tls_implicit;
};

static enum errc listen_at(struct wire *wire, const struct listening *what, struct err *err)
{
	struct arena *arena = arena_new("listen");
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < what->addresses.count; i++) {
		const struct conf_address *address = &what->addresses.item[i];
		struct str where = address->path.n > 0 ? address->path : address->host;
		struct listener_options options = {
			.service = what->service,
			.address = str_cstr(arena, where),
			.port = address->port > 0 ? address->port : what->port,
			.unix_mode = what->service == &wire->control_service ? 0600 : 0660,
			.tls = wire->tls,
			.tls_implicit = what->tls_implicit,
		};

		rc = options.address
		    ? reactor_listen(wire->reactor, &options, NULL, err)
		    : err_set(err, ERR_ARG, "a NUL in an address to listen at");
	}
	arena_free(&arena);
	return rc;
}

/* The socket of a server that is no more is in the way of ours; one that answers is not removed by reactor_listen. */
static enum errc listen_everywhere(struct wire *wire, struct err *err)
{
	const struct lmtp_conf *lmtp = conf_fields(wire->site->conf, &lmtp_conf_table);
	const struct imap_conf *imap = conf_fields(wire->site->conf, &imap_conf_table);
	const struct conf_address control = { .path = wire->site->settings->control };
	const struct listening all[] = {
		{ &wire->lmtp_service, lmtp->listen, LMTP_PORT, false },
		{ &wire->imap_service, imap->listen, IMAP_PORT, false },
		{ &wire->imap_service, imap->listen_tls, IMAPS_PORT, true },
		{ &wire->control_service, { &control, control.path.n > 0 ? 1 : 0 }, 0, false },
	};
	enum errc rc = OK;

	if (imap->listen_tls.count > 0 && !wire->tls)
		return err_set(
		    err, ERR_ARG, "imap.listen_tls is set, and there is no tls.certificate");
	for (size_t i = 0; rc == OK && i < COUNT(all); i++)
		rc = listen_at(wire, &all[i], err);
	return rc;
}

static void name_services(struct wire *wire)
{
	const struct imap_conf *imap = conf_fields(wire->site->conf, &imap_conf_table);

	wire->lmtp_service = (struct service){
		.name = "lmtp", .open = lmtp_open, .arg = &wire->lmtp, .refusal = LMTP_REFUSAL
	};
	wire->imap_service = (struct service){
		.name = "imap",
		.open = imap_open,
		.arg = &wire->imap,
		.login_timeout_ms = imap->login_timeout_ms,
		.refusal = IMAP_REFUSAL,
		.timeout = IMAP_LOGIN_TIMEOUT,
	};
	wire->control_service =
	    (struct service){ .name = "control", .open = control_open, .arg = &wire->control };
}

enum errc wire_bind(struct wire *wire, struct site *site, struct err *err)
{
	const struct settings *s = site->settings;
	struct reactor_options options = {
		.tickets = (unsigned)s->db_connections,
		.connections_max = (unsigned)s->net_connections_max,
		.per_address_max = (unsigned)s->net_per_address_max,
		.per_user_max = (unsigned)s->net_per_user_max,
		.log = &site->log,
	};
	enum errc rc;

	*wire = (struct wire){ .site = site };
	rc = prepare_tls(wire, err);
	if (rc == OK)
		rc = reactor_new(&options, &wire->reactor, err);
	if (rc != OK)
		return rc;
	name_services(wire);
	return listen_everywhere(wire, err);
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

static void fill_environments(struct wire *wire)
{
	const struct settings *s = wire->site->settings;

	wire->deliver = (struct deliver_env){
		.store = wire->site->store,
		.outbound = &outbound_none,
		.route = route_settings_of(s),
		.hostname = s->hostname,
	};
	wire->lmtp = (struct lmtp_env){
		.conf = conf_fields(wire->site->conf, &lmtp_conf_table),
		.deliver = &wire->deliver,
		.spool_directory = s->spool.p,
	};
	wire->imap = (struct imap_env){
		.conf = conf_fields(wire->site->conf, &imap_conf_table),
		.store = wire->site->store,
		.auth = wire->auth,
		.hostname = s->hostname,
		.spool_directory = s->spool.p,
	};
	wire->control = (struct control_env){
		.site = wire->site, .reactor = wire->reactor, .started_unix_s = clock_unix_s()
	};
}

enum errc wire_start(struct wire *wire, struct err *err)
{
	const struct settings *s = wire->site->settings;
	struct store *store = wire->site->store;
	struct auth_settings settings = {
		.store = store,
		.workers = (int)s->auth_workers,
		.queue_max = (int)s->auth_queue_max,
		.log = &wire->site->log,
		.wake = wake_by_auth,
		.wake_arg = wire->reactor,
	};
	enum errc rc = auth_open(&settings, &wire->auth, err);

	if (rc != OK)
		return rc;
	fill_environments(wire);
	bus_set_waker(store, (struct bus_waker){ wake_by_bus, wire->reactor });
	reactor_every(wire->reactor, POLL_FOREIGN_MS, poll_foreign, store);
	reactor_every(wire->reactor, HOUSEKEEPING_MS, housekeeping, store);
	return reactor_start(wire->reactor, err);
}

void wire_stop(struct wire *wire, int64_t grace_ms)
{
	if (wire->reactor)
		reactor_stop(wire->reactor, grace_ms);
	auth_close(&wire->auth);
	reactor_free(&wire->reactor);
	tls_server_free(&wire->tls);
}
