/*
 * The dialogues of tests/chat/imap on a store of their own.
 *
 *	@user ann secret		an account with that password; may stand anywhere
 *	@deliver ann text\r\n...	a message for INBOX, delivered as LMTP does
 *	@limit message 1000		the largest message
 */
#include "tests/chat/chat.h"
#include "tests/cm.h"

#include "auth/auth.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hex.h"
#include "base/log.h"
#include "base/str.h"
#include "db/pool.h"
#include "imap/imap.h"
#include "store/account.h"
#include "store/bus.h"
#include "store/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct world {
	struct chat *chat;
	struct log_sink sink;
	struct log log;
	char folder[64];
	struct db_pool *pool;
	struct store *store;
	struct auth *auth;
	struct imap_conf conf;
	struct imap_env env;
};

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

static enum errc open_store(struct world *world, struct err *err)
{
	char url[96];
	struct db_settings db = { .table_prefix = STR("dbmail_"),
		.readers = 4,
		.busy_timeout_ms = 5000,
		.group_max = 64,
		.wal_limit_bytes = 1 << 24,
		.create = true,
		.log = &world->log,
		.on_change = on_change,
		.on_change_arg = world };
	struct store_settings settings = { .log = &world->log,
		.lock_directory = world->folder,
		.index_cache_bytes = 1 << 24,
		.removed_keep_s = 3600,
		.blob_keep_s = 86400,
		.zstd_level = 1,
		.write_deadline_ms = 30000 };
	enum errc rc;

	(void)snprintf(url, sizeof(url), "sqlite:%s/t.db", world->folder);
	db.url = str_from(url);
	rc = db_open(&db, &world->pool, err);
	settings.pool = world->pool;
	if (rc == OK)
		rc = store_open(&settings, &world->store, err);
	if (rc == OK)
		bus_set_waker(world->store, (struct bus_waker){ wake_by_bus, world });
	return rc;
}

static enum errc begin(void *arg, struct chat *chat, struct err *err)
{
	struct world *world = arg;
	struct auth_settings auth = {
		.workers = 1, .queue_max = 16, .wake = wake_by_auth, .wake_arg = world
	};
	enum errc rc;

	*world = (struct world){
		.chat = chat, .sink = LOG_SINK_STDERR, .folder = "/dev/shm/tabella-imap-XXXXXX"
	};
	world->sink.level = LOG_LEVEL_ERROR;
	log_init(&world->log, &world->sink, "imap");
	if (!mkdtemp(world->folder))
		return err_set(err, ERR_UNAVAIL, "no folder");
	rc = open_store(world, err);
	if (rc != OK)
		return rc;
	auth.store = world->store;
	auth.log = &world->log;
	rc = auth_open(&auth, &world->auth, err);
	world->conf = (struct imap_conf){
		.idle_timeout_ms = 1800000, .idle_keepalive_ms = 120000, .message_max = 1 << 20
	};
	world->env = (struct imap_env){ .conf = &world->conf,
		.store = world->store,
		.auth = world->auth,
		.hostname = STR("mail.example.test"),
		.spool_directory = world->folder };
	return rc;
}

static void end(void *arg)
{
	struct world *world = arg;
	char command[128];

	auth_close(&world->auth);
	store_close(&world->store);
	db_close(&world->pool);
	for (const char *const *name =
		 (const char *const[]){ "t.db", "t.db-wal", "t.db-shm", "node-0.lock", NULL };
	     *name; name++) {
		(void)snprintf(command, sizeof(command), "%s/%s", world->folder, *name);
		(void)unlink(command);
	}
	(void)rmdir(world->folder);
}

static struct session *open_session(void *arg, const char *service, const struct session *base)
{
	struct world *world = arg;
	struct session *s;

	if (strcmp(service, "imap") != 0)
		return NULL;
	s = imap_open(&world->env, base);
	s->log = &world->log;
	return s;
}

static enum errc add_user(struct world *world, struct str rest, struct err *err)
{
	struct account_new account = { .encryption = STR("") };
	int64_t id;

	(void)str_split(&rest, ' ', &account.name);
	account.passwd = rest;
	return account_create(world->store, &account, &id, err);
}

/* \r \n \\ \xNN */
static struct str unescape(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n);
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

static enum errc find_account(
    struct world *world, struct str name, struct arena *arena, int64_t *id, struct err *err)
{
	struct account account;
	struct db *db;
	enum errc rc = db_lease(world->pool, 1000, &db, err);

	if (rc != OK)
		return rc;
	rc = account_by_name(db, name, arena, &account, err);
	db_return(&db);
	*id = account.id;
	return rc;
}

static enum errc deliver(struct world *world, struct str rest, struct err *err)
{
	struct arena *arena = arena_new("deliver");
	struct delivery delivery = { .mailbox = STR("INBOX") };
	struct delivery_batch batch = {
		.deliveries = &delivery, .count = 1, .internal_date = 1000000000
	};
	struct prepared *prepared = NULL;
	struct str name;
	enum errc rc;

	(void)str_split(&rest, ' ', &name);
	rc = find_account(world, name, arena, &delivery.owner, err);
	if (rc == OK)
		rc = prepare_message(world->store, unescape(arena, rest), &prepared, err);
	if (rc == OK) {
		batch.message = prepared;
		batch.session = delivery_session_begin(world->store);
		memcpy(delivery.key, &batch.session, sizeof(batch.session));
		rc = store_deliver(world->store, &batch, err);
		delivery_session_end(world->store, batch.session);
		prepared_free(&prepared);
	}
	arena_free(&arena);
	return rc == OK ? delivery.rc : rc;
}

static enum errc directive(void *arg, struct str word, struct str rest, struct err *err)
{
	struct world *world = arg;

	if (str_equal(word, STR("user")))
		return add_user(world, rest, err);
	if (str_equal(word, STR("deliver")))
		return deliver(world, rest, err);
	if (str_equal(word, STR("limit")) && str_starts(rest, STR("message ")))
		return str_to_u64(str_from_at(rest, 8), 1 << 30, &world->conf.message_max);
	return err_set(err, ERR_UNSUPPORTED, "no such directive");
}

static struct world the_world;

static const struct chat_host host = { .arg = &the_world,
	.begin = begin,
	.end = end,
	.open = open_session,
	.directive = directive };

static void holds_every_dialogue(void **state)
{
	const char *one = getenv("CHAT");
	struct buf report = BUF_INIT(100000);
	unsigned files = 1, failed;

	(void)state;
	if (one != NULL)
		failed = !chat_run(&host, one, CHAT_WHOLE, 1, &report);
	else
		failed = chat_run_folder(&host, CHAT_FOLDER, &report, &files);
	if (report.n > 0)
		(void)fwrite(report.p, 1, report.n, stderr);
	buf_release(&report);
	if (failed > 0 || files == 0)
		fail_msg("%u of %u files failed", failed, files);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(holds_every_dialogue) };

	return cmocka_run_group_tests_name("chat/imap", tests, NULL, NULL);
}
