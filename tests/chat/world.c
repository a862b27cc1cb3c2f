#include "tests/chat/world.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/hex.h"
#include "base/str.h"
#include "db/pool.h"
#include "store/account.h"
#include "store/alias.h"
#include "store/bus.h"
#include "store/mailbox.h"
#include "store/message.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DOMAIN "example.test"
#define HOSTNAME "mail.example.test"

static void on_change(void *arg, const struct change *changes, size_t count)
{
	const struct world *world = arg;

	if (world->store)
		store_on_change(world->store, changes, count);
}

static void wake(struct world *world, uint64_t name, unsigned events)
{
	struct session_ref ref = { (uint32_t)(name >> 32), (uint32_t)name };

	chat_wake(world->chat, ref, events);
}

static void wake_by_bus(void *arg, uint64_t name)
{
	wake(arg, name, EVENT_BUS);
}

static void wake_by_auth(void *arg, uint64_t name)
{
	wake(arg, name, EVENT_DONE);
}

static enum errc open_database(struct world *world, struct err *err)
{
	char url[96];
	struct db_settings settings = { .table_prefix = STR("dbmail_"),
		.readers = 4,
		.busy_timeout_ms = 5000,
		.group_max = 64,
		.wal_limit_bytes = 1 << 24,
		.create = true,
		.log = &world->log,
		.on_change = on_change,
		.on_change_arg = world };

	(void)snprintf(url, sizeof(url), "sqlite:%s/t.db", world->folder);
	settings.url = str_from(url);
	return db_open(&settings, &world->pool, err);
}

static enum errc open_store(struct world *world, struct err *err)
{
	struct store_settings settings = { .pool = world->pool,
		.log = &world->log,
		.lock_directory = world->folder,
		.index_cache_bytes = 1 << 24,
		.removed_keep_s = 3600,
		.blob_keep_s = 86400,
		.zstd_level = 1,
		.write_deadline_ms = 30000 };
	enum errc rc = store_open(&settings, &world->store, err);

	if (rc == OK)
		bus_set_waker(world->store, (struct bus_waker){ wake_by_bus, world });
	return rc;
}

static enum errc open_auth(struct world *world, struct err *err)
{
	struct auth_settings settings = { .store = world->store,
		.log = &world->log,
		.workers = 1,
		.queue_max = 16,
		.wake = wake_by_auth,
		.wake_arg = world };

	return auth_open(&settings, &world->auth, err);
}

static void fill_environments(struct world *world)
{
	static const struct str loopback = STR_INIT("127.0.0.0/8");

	world->imap_conf = (struct imap_conf){ .idle_timeout_ms = 1800000,
		.idle_keepalive_ms = 120000,
		.message_max = 1 << 20,
		.compress = true };
	world->lmtp_conf = (struct lmtp_conf){ .message_max = 1 << 20,
		.recipients_max = 100,
		.timeout_ms = 300000,
		.spool_memory = 16384 };
	world->deliver = (struct deliver_env){ .store = world->store,
		.outbound = &outbound_none,
		.route = { .delimiter = '+', .default_domain = STR(DOMAIN) },
		.hostname = STR(HOSTNAME) };
	world->lmtp = (struct lmtp_env){ .conf = &world->lmtp_conf,
		.deliver = &world->deliver,
		.spool_directory = world->folder };
	world->auth_conf = (struct auth_conf){ .scram_iterations = 4096,
		.throttle = true,
		.throttle_delay_max_ms = 30000,
		.scram_announce = AUTH_ANNOUNCE_ALWAYS,
		.trusted = { .item = &loopback, .count = 1 } };
	world->imap = (struct imap_env){ .conf = &world->imap_conf,
		.store = world->store,
		.login = { .auth = world->auth,
		    .conf = &world->auth_conf,
		    .name = "imap",
		    .service = ACCOUNT_IMAP,
		    .mechanisms = SASL_PASSWORD_SET,
		    .hostname = STR(HOSTNAME) },
		.hostname = STR(HOSTNAME),
		.spool_directory = world->folder };
	world->authd_conf.realm = true;
	world->authd.conf = &world->authd_conf;
	authd_env_fill(&world->authd, &world->imap.login);
}

enum errc world_begin(void *arg, struct chat *chat, struct err *err)
{
	struct world *world = arg;
	enum errc rc;

	*world = (struct world){
		.chat = chat, .sink = LOG_SINK_STDERR, .folder = "/dev/shm/tabella-chat-XXXXXX"
	};
	world->sink.level = LOG_LEVEL_ERROR;
	log_init(&world->log, &world->sink, "chat");
	if (!mkdtemp(world->folder))
		return err_set(err, ERR_UNAVAIL, "no folder");
	rc = open_database(world, err);
	if (rc == OK)
		rc = open_store(world, err);
	if (rc == OK)
		rc = open_auth(world, err);
	if (rc == OK)
		fill_environments(world);
	return rc;
}

static void remove_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	char path[384];

	for (const struct dirent *entry = dir ? readdir(dir) : NULL; entry;
	     entry = readdir(dir)) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		(void)unlink(path);
	}
	if (dir)
		(void)closedir(dir);
	(void)rmdir(folder);
}

void world_end(void *arg)
{
	struct world *world = arg;

	auth_close(&world->auth);
	store_close(&world->store);
	db_close(&world->pool);
	remove_folder(world->folder);
}

struct session *world_open(void *arg, const char *service, const struct session *base)
{
	struct world *world = arg;
	struct session with_log = *base;

	with_log.log = &world->log;
	if (strcmp(service, "lmtp") == 0)
		return lmtp_open(&world->lmtp, &with_log);
	if (strcmp(service, "imap") == 0)
		return imap_open(&world->imap, &with_log);
	if (strcmp(service, "dovecot") == 0)
		return dovecot_open(&world->authd, &with_log);
	if (strcmp(service, "saslauthd") == 0)
		return saslauthd_open(&world->authd, &with_log);
	return NULL;
}

/* The directives: the rest of the line, memory that lives as long as one of them. */

typedef enum errc directive_fn(
    struct world *world, struct str rest, struct arena *arena, struct err *err);

static struct str first_word(struct str *rest)
{
	struct str word = STR_EMPTY;

	(void)str_split(rest, ' ', &word);
	return word;
}

static enum errc find_account(struct world *world, struct str name, struct arena *arena,
    struct account *account_out, struct err *err)
{
	struct db *db;
	enum errc rc = db_lease(world->pool, 1000, &db, err);

	if (rc != OK)
		return rc;
	rc = account_by_name(db, name, arena, account_out, err);
	db_return(&db);
	return rc;
}

static enum errc do_user(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account_new account = { .name = first_word(&rest) };
	struct str address = str_printf(arena, "%.*s@" DOMAIN, STR_ARG(account.name));
	int64_t id;

	account.passwd = rest;
	account.aliases = &address;
	account.alias_count = 1;
	return account_create(world->store, &account, &id, err);
}

/* \r \n \\ \xNN */
static struct str unescape(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] != '\\' || i + 1 == s.n) {
			out[n++] = s.p[i];
			continue;
		}
		i++;
		if (s.p[i] == 'x' && i + 2 < s.n) {
			out[n++] = (char)(hex_digit(s.p[i + 1]) * 16 + hex_digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i] == 'r' ? '\r' : s.p[i] == 'n' ? '\n' : s.p[i];
		}
	}
	return (struct str){ out, n };
}

static enum errc store_one(
    struct world *world, int64_t owner, struct str bytes, struct err *err)
{
	struct delivery delivery = { .owner = owner, .mailbox = STR("INBOX") };
	struct delivery_batch batch = {
		.deliveries = &delivery, .count = 1, .internal_date = 1000000000
	};
	struct prepared *prepared = NULL;
	enum errc rc = prepare_message(world->store, bytes, &prepared, err);

	if (rc != OK)
		return rc;
	batch.message = prepared;
	batch.session = delivery_session_begin(world->store);
	memcpy(delivery.key, &batch.session, sizeof(batch.session));
	rc = store_deliver(world->store, &batch, err);
	delivery_session_end(world->store, batch.session);
	prepared_free(&prepared);
	return rc == OK ? delivery.rc : rc;
}

static enum errc do_deliver(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account account;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);

	return rc == OK ? store_one(world, account.id, unescape(arena, rest), err) : rc;
}

static enum errc do_folder(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account account;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);
	int64_t id;

	if (rc != OK)
		return rc;
	return mailbox_create(
	    world->store, (struct actor){ .user = account.id }, rest, &id, err);
}

static enum errc do_alias(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct str address = first_word(&rest);
	struct account account;

	if (find_account(world, rest, arena, &account, NULL) == OK)
		rest = str_printf(arena, "%lld", (long long)account.id);
	return alias_add(world->store, address, rest, 0, err);
}

static enum errc do_quota(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account_change change = { .set_quota = true };
	struct account account;
	uint64_t bytes = 0;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);

	if (rc == OK)
		rc = str_to_u64(rest, INT64_MAX, &bytes);
	change.quota_bytes = (int64_t)bytes;
	return rc == OK ? account_change(world->store, account.id, &change, err) : rc;
}

static enum errc do_active(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account_change change = { .set_active = true };
	struct account account;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);

	change.active = str_equal(rest, STR("yes"));
	return rc == OK ? account_change(world->store, account.id, &change, err) : rc;
}

static enum errc do_limit(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct str what = first_word(&rest);
	uint64_t number;
	enum errc rc = str_to_u64(rest, 1 << 30, &number);

	(void)arena;
	if (rc != OK)
		return err_set(err, rc, "a number");
	if (str_equal(what, STR("message")))
		world->imap_conf.message_max = world->lmtp_conf.message_max = number;
	else if (str_equal(what, STR("recipients")))
		world->lmtp_conf.recipients_max = (int64_t)number;
	else
		return err_set(err, ERR_UNSUPPORTED, "message or recipients");
	return OK;
}

static enum errc do_mechanisms(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct str words[SASL_MECHANISM_COUNT];
	size_t count = 0;
	enum errc rc;

	(void)arena;
	while (count < COUNT(words) && str_split(&rest, ' ', &words[count]))
		count++;
	rc = auth_mechanisms((struct conf_list){ .item = words, .count = count },
	    &world->imap.login.mechanisms, err);
	authd_env_fill(&world->authd, &world->imap.login);
	return rc;
}

static enum errc do_realm(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	(void)arena;
	(void)err;
	world->authd_conf.realm = str_equal(rest, STR("yes"));
	return OK;
}

static enum errc do_services(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account_change change = { .set_services = true };
	struct account account;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);

	if (rc == OK)
		rc = account_services_parse(rest, &change.access.services, err);
	return rc == OK ? account_change(world->store, account.id, &change, err) : rc;
}

static enum errc do_needs_tls(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	struct account_change change = { .set_needs_tls = true,
		.access = { .needs_tls = true } };
	struct account account;
	enum errc rc = find_account(world, first_word(&rest), arena, &account, err);

	return rc == OK ? account_change(world->store, account.id, &change, err) : rc;
}

static enum errc do_forwards(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	(void)arena;
	(void)err;
	world->lmtp_conf.forwards =
	    str_equal(rest, STR("mta")) ? LMTP_FORWARDS_MTA : LMTP_FORWARDS_QUEUE;
	return OK;
}

static enum errc do_over_quota(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	(void)arena;
	(void)err;
	world->lmtp_conf.over_quota =
	    str_equal(rest, STR("soft")) ? LMTP_OVER_QUOTA_SOFT : LMTP_OVER_QUOTA_HARD;
	return OK;
}

static enum errc do_allow(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	int n =
	    snprintf(world->allowed_text, sizeof(world->allowed_text), "%.*s", STR_ARG(rest));

	(void)arena;
	if (n < 0 || (size_t)n >= sizeof(world->allowed_text))
		return err_set(err, ERR_LIMIT, "too long");
	world->allowed = str_from(world->allowed_text);
	world->lmtp_conf.allow = (struct conf_list){ .item = &world->allowed, .count = 1 };
	return OK;
}

static enum errc do_literal_minus(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	(void)arena;
	(void)err;
	world->imap_conf.literal_minus = str_equal(rest, STR("yes"));
	return OK;
}

static enum errc do_compress(
    struct world *world, struct str rest, struct arena *arena, struct err *err)
{
	(void)arena;
	(void)err;
	world->imap_conf.compress = str_equal(rest, STR("yes"));
	return OK;
}

static const struct {
	struct str word;
	directive_fn *run;
} directives[] = {
	{ STR_INIT("user"), do_user },
	{ STR_INIT("deliver"), do_deliver },
	{ STR_INIT("folder"), do_folder },
	{ STR_INIT("alias"), do_alias },
	{ STR_INIT("quota"), do_quota },
	{ STR_INIT("active"), do_active },
	{ STR_INIT("limit"), do_limit },
	{ STR_INIT("over_quota"), do_over_quota },
	{ STR_INIT("forwards"), do_forwards },
	{ STR_INIT("mechanisms"), do_mechanisms },
	{ STR_INIT("services"), do_services },
	{ STR_INIT("needs_tls"), do_needs_tls },
	{ STR_INIT("allow"), do_allow },
	{ STR_INIT("literal_minus"), do_literal_minus },
	{ STR_INIT("compress"), do_compress },
	{ STR_INIT("realm"), do_realm },
};

enum errc world_directive(void *arg, struct str word, struct str rest, struct err *err)
{
	for (size_t i = 0; i < COUNT(directives); i++) {
		struct arena *arena;
		enum errc rc;

		if (!str_equal(word, directives[i].word))
			continue;
		arena = arena_new("directive");
		rc = directives[i].run(arg, rest, arena, err);
		arena_free(&arena);
		return rc;
	}
	return err_set(err, ERR_UNSUPPORTED, "no such directive");
}
