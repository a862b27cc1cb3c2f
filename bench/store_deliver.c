/*
 * bench/store_deliver.c - deliveries of 4 KB messages by many threads straight into the store.
 *
 *	store_deliver FOLDER [threads [deliveries [accounts [bytes]]]]
 */
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/random.h"
#include "base/sha256.h"
#include "base/str.h"
#include "base/thread.h"
#include "db/pool.h"
#include "store/account.h"
#include "store/message.h"

#include <stdatomic.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#define THREADS_MAX 256

struct bench {
	struct store *store;
	int64_t *accounts;
	uint64_t account_count, deliveries;
	size_t bytes;
	_Atomic uint64_t next, failed;
};

static void on_change(void *arg, const struct change *changes, size_t count)
{
	struct bench *b = arg;

	if (b->store)
		store_on_change(b->store, changes, count);
}

/* Header, plain text, and base 64 for half of its size. */
static void write_message(struct buf *out, uint64_t number, size_t size)
{
	struct buf encoded = BUF_INIT(SIZE_MAX);
	char noise[8192];

	buf_clear(out);
	buf_printf(out,
	    "Received: from mx.example.org (mx.example.org [192.0.2.7])\r\n"
	    "\tby host.example.net with ESMTPS id %llx for <bob@example.net>;\r\n"
	    "\tFri, 20 Nov 2026 20:11:36 +0000\r\n"
	    "Date: Fri, 20 Nov 2026 20:11:36 +0000\r\nFrom: Ann Example <ann@example.org>\r\n"
	    "To: Bob Example <bob@example.net>\r\nSubject: report number %llu of this week\r\n"
	    "Message-ID: <%016llx.%llx@example.org>\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n\r\n",
	    (unsigned long long)number, (unsigned long long)number, (unsigned long long)number,
	    (unsigned long long)random_u64());
	while (out->n < size / 2)
		buf_printf(out, "Line of text that says %llu and little more.\r\n",
		    (unsigned long long)random_below(1000000));
	BUF_ADD(out,
	    "--=_b\r\nContent-Type: application/octet-stream\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	while (out->n < size) {
		random_bytes(noise, 57);
		buf_clear(&encoded);
		base64_encode(&encoded, (struct str){ noise, 57 });
		buf_add_str(out, buf_str(&encoded));
		BUF_ADD(out, "\r\n");
	}
	BUF_ADD(out, "--=_b--\r\n");
	buf_release(&encoded);
}

/* Another Message-ID in the same bytes: the time of making messages is not measured. */
static void renumber(struct buf *message, uint64_t number)
{
	size_t at = str_find(buf_str(message), STR("Message-ID: <")) + 13;

	for (int i = 0; i < 16; i++)
		message->p[at + (size_t)i] = "0123456789abcdef"[number >> (60 - 4 * i) & 15];
}

static void *deliver_some(void *arg)
{
	struct bench *b = arg;
	int64_t session = delivery_session_begin(b->store), serial = 0;
	struct buf message = BUF_INIT(SIZE_MAX);

	write_message(&message, 0, b->bytes);
	for (;;) {
		uint64_t number = atomic_fetch_add(&b->next, 1);
		struct delivery d = { .mailbox = STR("INBOX"),
			.trace =
			    STR("Return-Path: <ann@example.org>\r\n"
				"Delivered-To: bob@example.net\r\n"
				"Received: from mx by host.example.net with LMTP id 1234;\r\n"
				"\tFri, 20 Nov 2026 20:11:36 +0000\r\n") };
		struct delivery_batch batch = { .deliveries = &d,
			.count = 1,
			.internal_date = 1700000000,
			.session = session,
			.serial = ++serial };
		struct prepared *prepared;

		if (number >= b->deliveries)
			break;
		d.owner = b->accounts[number % b->account_count];
		renumber(&message, number);
		sha256((struct str){ (const char *)&number, sizeof(number) }, d.key);
		if (prepare_message(b->store, buf_str(&message), &prepared, NULL) != OK)
			break;
		batch.message = prepared;
		if (store_deliver(b->store, &batch, NULL) != OK || d.rc != OK)
			atomic_fetch_add(&b->failed, 1);
		prepared_free(&prepared);
		delivery_answers_read(b->store, session, &d, 1, serial);
	}
	delivery_session_end(b->store, session);
	buf_release(&message);
	return NULL;
}

static double cpu_s(void)
{
	struct rusage usage;

	(void)getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	    (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void make_accounts(struct bench *b, struct arena *arena)
{
	b->accounts = ARENA_NEW(arena, int64_t, (size_t)b->account_count);
	for (uint64_t i = 0; i < b->account_count; i++) {
		struct account_new new = { .name = str_printf(
					       arena, "bench%llu", (unsigned long long)i),
			.encryption = STR("md5") };

		if (account_create(b->store, &new, &b->accounts[i], NULL) != OK)
			(void)fprintf(stderr, "account_create failed\n");
	}
}

static void run(struct bench *b, struct db_pool *pool, unsigned threads)
{
	pthread_t ids[THREADS_MAX];
	struct db_stats before, after;
	double cpu = cpu_s(), wall;
	int64_t began = clock_mono_us();

	db_stats(pool, &before);
	for (unsigned i = 0; i < threads; i++) {
		if (thread_start("bench", THREAD_STACK_SIZE, deliver_some, b, &ids[i], NULL) !=
		    OK)
			threads = i;
	}
	for (unsigned i = 0; i < threads; i++)
		thread_join(ids[i]);
	wall = (double)(clock_mono_us() - began) / 1e6;
	cpu = cpu_s() - cpu;
	db_stats(pool, &after);
	(void)printf("%llu deliveries, %llu failed, %.2f s: %.0f/s, %.1f us CPU each, "
		     "%.2f statements each, %.1f deliveries a commit\n",
	    (unsigned long long)b->deliveries, (unsigned long long)b->failed, wall,
	    (double)b->deliveries / wall, cpu * 1e6 / (double)b->deliveries,
	    (double)(after.statements - before.statements) / (double)b->deliveries,
	    (double)b->deliveries / (double)(after.commits - before.commits));
}

static uint64_t number_or(int argc, char **argv, int at, uint64_t otherwise)
{
	uint64_t value = otherwise;

	if (at < argc && str_to_u64(str_from(argv[at]), UINT32_MAX, &value) != OK)
		value = otherwise;
	return value;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new("bench");
	struct bench b = { .account_count = number_or(argc, argv, 4, 100),
		.deliveries = number_or(argc, argv, 3, 20000),
		.bytes = (size_t)number_or(argc, argv, 5, 4096) };
	unsigned threads = (unsigned)number_or(argc, argv, 2, 32);
	struct err err;
	struct db_settings db = { .readers = 4,
		.busy_timeout_ms = 5000,
		.create = true,
		.on_change = on_change,
		.on_change_arg = &b };
	struct store_settings settings = { .index_cache_bytes = (size_t)64 << 20,
		.removed_keep_s = 86400,
		.blob_keep_s = 86400,
		.zstd_level = 1,
		.write_deadline_ms = 30000 };
	struct db_pool *pool;

	if (argc < 2 || threads > THREADS_MAX) {
		(void)fprintf(stderr,
		    "usage: store_deliver FOLDER [threads [deliveries [accounts [bytes]]]]\n");
		return 2;
	}
	db.url = str_printf(arena, "sqlite:%s/store_deliver.db", argv[1]);
	settings.lock_directory = argv[1];
	if (db_open(&db, &pool, &err) != OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	settings.pool = pool;
	if (store_open(&settings, &b.store, &err) != OK) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 1;
	}
	make_accounts(&b, arena);
	run(&b, pool, threads);
	store_close(&b.store);
	db_close(&pool);
	arena_free(&arena);
	return 0;
}
