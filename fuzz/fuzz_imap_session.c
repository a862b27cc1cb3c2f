/*
 * A whole session of a user on a store of its own: whatever is sent, what comes back are whole responses, and every
 * step consumes, produces or waits.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "db/pool.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A step may wait for a commit; so many steps without the end of it mean that it never comes. */
#define STEPS_MAX 100000
/* Runs on one store: what they do to it stays bounded. */
#define RUNS_MAX 300

struct world {
	char folder[64];
	struct db_pool *pool;
	struct store *store;
	struct imap_conf conf;
	struct imap_env env;
	int64_t account;
	unsigned runs;
};

static void timer(struct session *s, int64_t at_ms)
{
	(void)s;
	(void)at_ms;
}

static struct session_ref ref(struct session *s)
{
	(void)s;
	return (struct session_ref){ 1, 1 };
}

static enum errc login(struct session *s, struct str user)
{
	(void)s;
	(void)user;
	return OK;
}

static struct str tls_name(const struct session *s)
{
	(void)s;
	return STR_EMPTY;
}

static const struct session_driver driver = {
	.timer = timer, .ref = ref, .login = login, .tls_name = tls_name
};

static const char message[] = "From: a@b\r\nSubject: x\r\nContent-Type: multipart/mixed; "
			      "boundary=b\r\n\r\n--b\r\n\r\none\r\n--b--\r\n";

static void add_message(struct world *world, int64_t mailbox)
{
	struct append_message append = { .flags = { .system = FLAG_SEEN } };
	struct prepared *prepared;
	struct appended appended;

	if (prepare_message(world->store, STR(message), &prepared, NULL) != OK)
		abort();
	append.message = prepared;
	if (store_append(world->store, ACTOR_ADMIN, world->account, mailbox, &append, 1,
		&appended, NULL) != OK)
		abort();
	prepared_free(&prepared);
}

static int64_t inbox_of(struct world *world)
{
	struct arena *arena = arena_new("inbox");
	struct mailbox mailbox;
	struct db *db;

	if (db_lease(world->pool, 1000, &db, NULL) != OK ||
	    mailbox_find(db, (struct actor){ .user = world->account }, STR("INBOX"), arena,
		&mailbox, NULL) != OK)
		abort();
	db_return(&db);
	arena_free(&arena);
	return mailbox.id;
}

static void open_world(struct world *world)
{
	struct account_new account = { .name = STR("ann"), .passwd = STR("x") };
	struct db_settings db = { .table_prefix = STR("dbmail_"),
		.readers = 2,
		.busy_timeout_ms = 5000,
		.group_max = 8,
		.wal_limit_bytes = 1 << 22,
		.create = true };
	struct store_settings settings = { .lock_directory = world->folder,
		.index_cache_bytes = 1 << 20,
		.zstd_level = 1,
		.write_deadline_ms = 10000 };
	char url[96];

	(void)snprintf(world->folder, sizeof(world->folder), "/dev/shm/fuzz-imap-XXXXXX");
	if (!mkdtemp(world->folder))
		abort();
	(void)snprintf(url, sizeof(url), "sqlite:%s/t.db", world->folder);
	db.url = str_from(url);
	if (db_open(&db, &world->pool, NULL) != OK)
		abort();
	settings.pool = world->pool;
	if (store_open(&settings, &world->store, NULL) != OK ||
	    account_create(world->store, &account, &world->account, NULL) != OK)
		abort();
	world->conf = (struct imap_conf){
		.idle_timeout_ms = 100000, .idle_keepalive_ms = 100000, .message_max = 10000
	};
	world->env = (struct imap_env){ .conf = &world->conf,
		.store = world->store,
		.hostname = STR("fuzz"),
		.spool_directory = world->folder };
	add_message(world, inbox_of(world));
	add_message(world, inbox_of(world));
}

static void close_world(struct world *world)
{
	static const char *const names[] = { "t.db", "t.db-wal", "t.db-shm", "node-0.lock" };

	store_close(&world->store);
	db_close(&world->pool);
	for (size_t i = 0; i < COUNT(names); i++) {
		char path[128];

		(void)snprintf(path, sizeof(path), "%s/%s", world->folder, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(world->folder);
	*world = (struct world){ .runs = 0 };
}

/* Lines, with literals in them. */
static void check_output(struct str out)
{
	while (out.n > 0) {
		size_t end = str_find(out, STR("\r\n"));
		size_t open = str_rfind_char(str_first(out, end), '{');
		uint64_t size;

		if (end == out.n)
			__builtin_trap();
		if (end > 0 && out.p[end - 1] == '}' && open < end &&
		    str_to_u64((struct str){ out.p + open + 1, end - open - 2 }, SIZE_MAX,
			&size) == OK) {
			if (size > out.n - end - 2)
				__builtin_trap();
			end += (size_t)size;
		}
		out = str_from_at(out, end + 2);
	}
}

static void hold(struct world *world, struct str in)
{
	struct session base = { .driver = &driver, .peer = { .is_loopback = true } };
	struct buf out = BUF_INIT(SIZE_MAX);
	struct imap_session *s;
	enum step step = STEP_INPUT;

	buf_init(&base.in, SESSION_IN_MAX);
	buf_init(&base.out, SESSION_OUT_MAX);
	s = (struct imap_session *)imap_open(&world->env, &base);
	(void)s->base.ops->run(&s->base);
	s->actor = (struct actor){ .user = world->account };
	imap_session_enter(s, IMAP_KNOWN);
	buf_add_str(&s->base.in, str_first(in, SESSION_IN_MAX));
	for (unsigned i = 0; step != STEP_CLOSE; i++) {
		if (i == STEPS_MAX || s->base.out.overflow)
			__builtin_trap();
		if (step == STEP_INPUT || step == STEP_IDLE)
			s->base.events |= EVENT_EOF;
		s->base.has_ticket = step == STEP_TICKET;
		buf_add_str(&out, buf_str(&s->base.out));
		buf_clear(&s->base.out);
		step = s->base.ops->run(&s->base);
	}
	buf_add_str(&out, buf_str(&s->base.out));
	check_output(buf_str(&out));
	buf_release(&out);
	buf_release(&s->base.in);
	buf_release(&s->base.out);
	s->base.ops->free(&s->base);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;

	if (world.runs == RUNS_MAX)
		close_world(&world);
	if (world.runs++ == 0)
		open_world(&world);
	hold(&world, (struct str){ (const char *)data, size });
	return 0;
}
