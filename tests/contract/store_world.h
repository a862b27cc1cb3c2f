/*
 * tests/contract/store_world.h - a store in a folder of its own, with accounts, and what tests of it do again and again.
 */
#pragma once

#include "db/fault.h"
#include "store/content.h"
#include "store/index.h"
#include "store/message.h"
#include "store/verify.h"
#include "tests/contract/scratch.h"

struct arena;

#define WORLD_ACCOUNTS_MAX 64

struct world {
	struct scratch scratch;
	struct fault_plan plan;
	struct db_settings settings;
	struct store_settings store_settings;
	struct db_pool *pool;
	struct store *store;
	struct arena *arena; /* of the test */
	int64_t accounts[WORLD_ACCOUNTS_MAX], inboxes[WORLD_ACCOUNTS_MAX];
	bool is_damaged; /* on purpose: world_release does not look */
	int64_t session;
	int64_t serial;
};

/* A database with a store and `accounts` accounts with an INBOX each. */
void world_init(struct world *w, const struct variant *variant, size_t accounts);
/* Fails the test if store_verify finds anything. */
void world_release(struct world *w);

/* store_housekeeping, by a node that sweeps. */
void world_housekeeping(struct world *w);

/* The process ends without a word and another begins: the store is opened anew, the old one is not told. */
void world_restart(struct world *w);

/* A folder of that account. */
int64_t world_folder(struct world *w, size_t account, const char *name);

/* One row, one integer; `sql` is a constant without parameters. */
int64_t world_number(struct world *w, const struct db_sql *sql);
/* Runs a statement without parameters in a transaction. */
void world_run(struct world *w, const struct db_sql *sql);

/*
 * Another process's transaction: runs the statements, and holds what they lock until it is let go, when it commits. The
 * first must wait for nobody.
 */
struct held;
struct held *world_hold(struct world *w, const struct db_sql *const *sql, size_t count);
void world_let_go(struct held **heldp);
/* Time enough for somebody else to come to where he has to wait. */
void world_let_others_run(void);

/* A message of about `size` bytes that no other number gives: header, text, and base 64 as its second part. */
struct str world_message(struct arena *arena, int number, size_t size);

/* A delivery of `number`'s bytes to an account's folder, with a key of its own unless it was given. */
struct delivery world_delivery(struct world *w, size_t account, const char *folder, int key);

/* Delivers to one account; returns the delivery's result, or the batch's. */
enum errc world_deliver(
    struct world *w, size_t account, struct str bytes, int key, struct delivery *result_out);

enum errc world_append(struct world *w, size_t account, int64_t mailbox, struct str bytes,
    struct flag_list flags, struct appended *appended_out);

/* Problems that store_verify finds; they are printed. */
uint64_t world_problems(struct world *w);
void world_check(struct world *w);

/* The bytes of an entry, in the test's arena. */
struct str world_bytes(struct world *w, size_t account, int64_t object);

/* The newest version. */
struct index_version *world_index(struct world *w, size_t account, int64_t mailbox);

struct actor world_actor(struct world *w, size_t account);
