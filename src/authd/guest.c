#include "authd/guest.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/str.h"
#include "net/address.h"

struct guest {
	struct session session; /* first: what auth/login.h sees */
	struct session *host;
	struct arena *arena;
	struct login *login;
	struct log log;
	struct str tls_name;
	int64_t wake_ms;
};

static struct guest *guest_of(struct session *s)
{
	return (struct guest *)s;
}

static void set_timer(struct session *s, int64_t at_ms)
{
	guest_of(s)->wake_ms = at_ms;
}

static struct session_ref ref_of_host(struct session *s)
{
	struct session *host = guest_of(s)->host;

	return host->driver->ref(host);
}

/* How many connections he has, his program knows. */
static enum errc let_in(struct session *s, struct str user)
{
	(void)s;
	(void)user;
	return OK;
}

static struct str tls_name(const struct session *s)
{
	return ((const struct guest *)s)->tls_name;
}

static void tried_login(struct session *s, const char *mechanism, enum session_result result)
{
	session_tried_login(guest_of(s)->host, mechanism, result);
}

/* Commands and states are the host's to tell. */
static const struct session_watch watch = { .tried_login = tried_login };

static const struct session_driver driver = {
	.timer = set_timer,
	.ref = ref_of_host,
	.login = let_in,
	.tls_name = tls_name,
	.watch = &watch,
};

static bool is_loopback(struct arena *arena, struct str text)
{
	char *cstr = str_cstr(arena, text);
	union address address;
	socklen_t size;

	return cstr && address_parse(cstr, 0, &address, &size) == OK &&
	    address_is_loopback(&address);
}

/* What is no address counts and is shown all the same, as a text that the journal's columns have room for. */
static struct str address_of(struct arena *arena, struct str said)
{
	struct str text = str_dup(arena, str_first(said, ADDRESS_TEXT_MAX));
	char *p = (char *)(uintptr_t)text.p;

	for (size_t i = 0; i < text.n; i++)
		if (!ascii_is_print(p[i]))
			p[i] = '?';
	return text;
}

static struct session_peer peer_of(struct arena *arena, const struct guest_client *client)
{
	return (struct session_peer){
		.address = address_of(arena, client->address),
		.local_address = address_of(arena, client->local_address),
		.port = client->port,
		.local_port = client->local_port,
		.is_unix = client->address.n == 0,
		.is_loopback = client->is_local || is_loopback(arena, client->address),
	};
}

struct guest *guest_new(const struct login_service *service, struct session *host,
    const struct guest_client *client)
{
	struct guest *guest = xcalloc(1, sizeof(*guest));

	guest->host = host;
	guest->arena = arena_new("guest");
	guest->tls_name = str_dup(guest->arena, client->tls_name);
	log_child(&guest->log, host->log, NULL);
	guest->session = (struct session){
		.driver = &driver,
		.tls = client->tls,
		.peer = peer_of(guest->arena, client),
		.id = host->id,
		.log = &guest->log,
	};
	log_set(&guest->log, F_WORD("for", service->name));
	log_set(&guest->log, F_STR("client", guest->session.peer.address));
	guest->login = login_new(service, &guest->session);
	return guest;
}

void guest_free(struct guest **guestp)
{
	struct guest *guest = *guestp;

	*guestp = NULL;
	if (!guest)
		return;
	login_free(&guest->login);
	arena_free(&guest->arena);
	xfree(guest);
}

struct login *guest_login(const struct guest *guest)
{
	return guest->login;
}

const struct log *guest_log(const struct guest *guest)
{
	return &guest->log;
}

enum login_next guest_run(struct guest *guest)
{
	guest->session.has_ticket = guest->host->has_ticket;
	guest->wake_ms = 0;
	return login_run(guest->login);
}

int64_t guest_wake_ms(const struct guest *guest)
{
	return guest->wake_ms;
}
