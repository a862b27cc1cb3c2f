#include "tests/cm.h"

#include "tests/contract/store_world.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "base/thread.h"
#include "store/account.h"
#include "store/mailbox.h"
#include "store/node.h"

#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void on_change(void *arg, const struct change *changes, size_t count)
{
	struct world *w = arg;

	if (w->store)
		store_on_change(w->store, changes, count);
}

static void open_store(struct world *w)
{
	struct store *store = NULL;
	struct err err;

	if (store_open(&w->store_settings, &store, &err) != OK)
		fail_msg("store_open: %s %s", errc_name(err.code), err.text);
	w->store = store;
	w->session = delivery_session_begin(w->store);
	/* of several nodes one sweeps: this one knows after a beat that it is alone */
	for (int i = 0; i < 1000 && scratch_engine() != DB_SQLITE && !node_sweeps(store); i++)
		(void)usleep(20000);
}

static void make_accounts(struct world *w, size_t accounts)
{
	for (size_t i = 0; i < accounts; i++) {
		struct account_new new = { .name = str_printf(w->arena, "user%zu", i),
			.encryption = STR("md5") };
		struct actor actor;
		struct mailbox inbox;
		struct db *db;
		struct err err;

		if (account_create(w->store, &new, &w->accounts[i], &err) != OK)
			fail_msg("account_create: %s %s", errc_name(err.code), err.text);
		actor = world_actor(w, i);
		assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
		if (mailbox_find(db, actor, STR("INBOX"), w->arena, &inbox, &err) != OK)
			fail_msg("mailbox_find: %s %s", errc_name(err.code), err.text);
		w->inboxes[i] = inbox.id;
		db_return(&db);
	}
}

void world_init(struct world *w, const struct variant *variant, size_t accounts)
{
	memset(w, 0, sizeof(*w));
	w->arena = arena_new("world");
	scratch_init(&w->scratch);
	w->settings = scratch_settings(&w->scratch);
	w->settings.readers = 8;
	w->plan.many_writers = variant->many_writers;
	fault_wrap(&w->settings, &w->plan);
	w->settings.on_change = on_change;
	w->settings.on_change_arg = w;
	w->pool = scratch_open(&w->settings);
	w->store_settings = (struct store_settings){
		.pool = w->pool,
		.lock_directory = w->scratch.folder,
		.index_cache_bytes = (size_t)64 << 20,
		.removed_keep_s = 86400,
		.blob_keep_s = 86400,
		.zstd_level = 1,
		.write_deadline_ms = 30000,
		.serves = true, /* it sweeps */
	};
	open_store(w);
	make_accounts(w, accounts);
}

void world_housekeeping(struct world *w)
{
	/* of several nodes one sweeps: this one knows after a beat that it is alone */
	for (int i = 0; i < 200 && !node_sweeps(w->store); i++)
		(void)usleep(50000);
	store_housekeeping(w->store);
}

void world_release(struct world *w)
{
	if (!w->is_damaged)
		world_check(w);
	delivery_session_end(w->store, w->session);
	store_close(&w->store);
	db_close(&w->pool);
	scratch_release(&w->scratch);
	arena_free(&w->arena);
}

void world_restart(struct world *w)
{
	store_close(&w->store);
	db_close(&w->pool);
	w->pool = scratch_open(&w->settings);
	w->store_settings.pool = w->pool;
	open_store(w);
}

struct actor world_actor(struct world *w, size_t account)
{
	return (struct actor){ .user = w->accounts[account] };
}

int64_t world_folder(struct world *w, size_t account, const char *name)
{
	int64_t id = 0;
	struct err err;

	if (mailbox_create(w->store, world_actor(w, account), str_from(name), &id, &err) != OK)
		fail_msg("mailbox_create: %s %s", errc_name(err.code), err.text);
	return id;
}

int64_t world_number(struct world *w, const struct db_sql *sql)
{
	struct db *db;
	struct db_q *q;
	int64_t number = 0;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	assert_int_equal(db_query(db, sql, &q, NULL), OK);
	if (db_step(q, NULL) == OK)
		number = db_i64(q, 0);
	db_done(&q);
	db_return(&db);
	return number;
}

static enum errc run_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct db_q *q;
	enum errc rc = db_query(db, arg, &q, err);

	(void)arena;
	return rc == OK ? db_run(&q, NULL, err) : rc;
}

void world_run(struct world *w, const struct db_sql *sql)
{
	struct err err;

	if (db_transact(w->pool, deadline_in_ms(5000), run_body, (void *)sql, &err) != OK)
		fail_msg("%s: %s", sql->name, err.text);
}

struct held {
	struct db_settings settings;
	struct db_pool *pool;
	const struct db_sql *const *sql;
	size_t count;
	sem_t holds, go;
	pthread_t thread;
	enum errc rc;
};

static enum errc hold_body(struct db *db, struct arena *arena, void *arg, struct err *err)
{
	struct held *h = arg;
	enum errc rc = OK;

	for (size_t i = 0; rc == OK && i < h->count; i++)
		rc = run_body(db, arena, (void *)h->sql[i], err);
	if (rc != OK)
		return rc;
	(void)sem_post(&h->holds);
	(void)sem_wait(&h->go);
	return OK;
}

static void *hold(void *arg)
{
	struct held *h = arg;

	h->rc = db_transact(h->pool, deadline_in_ms(5000), hold_body, h, NULL);
	/* whatever became of it, nobody waits for ever */
	(void)sem_post(&h->holds);
	return NULL;
}

struct held *world_hold(struct world *w, const struct db_sql *const *sql, size_t count)
{
	struct held *h = xcalloc(1, sizeof(*h));

	h->settings = scratch_settings(&w->scratch);
	h->pool = scratch_open(&h->settings);
	h->sql = sql;
	h->count = count;
	(void)sem_init(&h->holds, 0, 0);
	(void)sem_init(&h->go, 0, 0);
	assert_int_equal(
	    thread_start("hold", THREAD_STACK_SIZE, hold, h, &h->thread, NULL), OK);
	(void)sem_wait(&h->holds);
	return h;
}

void world_let_go(struct held **heldp)
{
	struct held *h = *heldp;
	enum errc rc;

	(void)sem_post(&h->go);
	thread_join(h->thread);
	rc = h->rc;
	db_close(&h->pool);
	(void)sem_destroy(&h->holds);
	(void)sem_destroy(&h->go);
	xfree(h);
	*heldp = NULL;
	assert_int_equal(rc, OK);
}

void world_let_others_run(void)
{
	(void)usleep(300000);
}

/* Bytes without a pattern that zstd would find. */
static struct str noise(struct arena *arena, int number, size_t size)
{
	char *p = arena_alloc(arena, size);
	uint64_t x = (uint64_t)number * UINT64_C(0x9e3779b97f4a7c15) + 1;

	for (size_t i = 0; i < size; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		p[i] = (char)(unsigned char)(x >> 24);
	}
	return (struct str){ p, size };
}

static void add_base64(struct buf *out, struct str bytes)
{
	struct buf all = BUF_INIT(SIZE_MAX);

	base64_encode(&all, bytes);
	for (size_t at = 0; at < all.n; at += 76) {
		buf_add_str(out, str_first(str_from_at(buf_str(&all), at), 76));
		BUF_ADD(out, "\r\n");
	}
	buf_release(&all);
}

struct str world_message(struct arena *arena, int number, size_t size)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str copy;

	buf_printf(&out,
	    "Date: Fri, 20 Nov 2026 20:11:36 +0000\r\n"
	    "From: Ann <ann@example.org>\r\n"
	    "To: Bob <bob@example.net>\r\n"
	    "Subject: number %d\r\n"
	    "Message-ID: <%d@example.org>\r\n"
	    "MIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=b\r\n"
	    "\r\n"
	    "--b\r\n\r\n"
	    "Text of number %d, as people write it.\r\n"
	    "--b\r\n"
	    "Content-Type: application/octet-stream\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n",
	    number, number, number);
	/* the attachment depends on the tens of the number alone: ten messages share one */
	if (size > out.n)
		add_base64(&out, noise(arena, number / 10, (size - out.n) / 4 * 3));
	BUF_ADD(&out, "--b--\r\n");
	copy = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

struct delivery world_delivery(struct world *w, size_t account, const char *folder, int key)
{
	struct delivery d = {
		.owner = w->accounts[account],
		.mailbox = str_from(folder),
		.trace = STR("Return-Path: <ann@example.org>\r\n"
			     "Received: by host.example with LMTP\r\n"),
	};

	(void)snprintf((char *)d.key, sizeof(d.key), "key %d", key);
	return d;
}

enum errc world_deliver(
    struct world *w, size_t account, struct str bytes, int key, struct delivery *result_out)
{
	struct delivery d = world_delivery(w, account, "INBOX", key);
	struct delivery_batch batch = {
		.deliveries = &d,
		.count = 1,
		.internal_date = 1700000000,
		.session = w->session,
		.serial = ++w->serial,
	};
	struct prepared *prepared;
	enum errc rc;

	assert_int_equal(prepare_message(w->store, bytes, &prepared, NULL), OK);
	batch.message = prepared;
	rc = store_deliver(w->store, &batch, NULL);
	prepared_free(&prepared);
	if (result_out)
		*result_out = d;
	return rc == OK ? d.rc : rc;
}

enum errc world_append(struct world *w, size_t account, int64_t mailbox, struct str bytes,
    struct flag_list flags, struct appended *appended_out)
{
	struct append_message m = { .flags = flags, .internal_date = 1700000000 };
	struct prepared *prepared;
	enum errc rc;

	assert_int_equal(prepare_message(w->store, bytes, &prepared, NULL), OK);
	m.message = prepared;
	rc = store_append(w->store, world_actor(w, account), w->accounts[account], mailbox, &m,
	    1, appended_out, NULL);
	prepared_free(&prepared);
	return rc;
}

static void print_problem(void *arg, struct str text)
{
	(void)arg;
	print_message("verify: %.*s\n", STR_ARG(text));
}

uint64_t world_problems(struct world *w)
{
	struct verify_report report;
	struct err err;

	if (store_verify(w->store, print_problem, NULL, &report, &err) != OK)
		fail_msg("store_verify: %s %s", errc_name(err.code), err.text);
	return report.problems;
}

void world_check(struct world *w)
{
	if (world_problems(w) != 0)
		fail_msg("the store is not sound");
}

struct str world_bytes(struct world *w, size_t account, int64_t object)
{
	struct content *content;
	struct str bytes = STR_EMPTY;
	struct db *db;
	struct err err;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	if (content_open(db, NULL, w->accounts[account], object, &content, &err) != OK ||
	    content_view(content, db, SIZE_MAX, &bytes, &err) != OK)
		fail_msg("content: %s %s", errc_name(err.code), err.text);
	bytes = str_dup(w->arena, bytes);
	content_close(&content);
	db_return(&db);
	return bytes;
}

struct index_version *world_index(struct world *w, size_t account, int64_t mailbox)
{
	struct index_version *v = NULL;
	struct db *db;
	struct err err;

	assert_int_equal(db_lease(w->pool, 1000, &db, NULL), OK);
	if (index_newest(w->store, db, w->accounts[account], mailbox, &v, &err) != OK)
		fail_msg("index_newest: %s %s", errc_name(err.code), err.text);
	db_return(&db);
	return v;
}
