/*
 * store/store.h - the mail store of one database: what is shared by everything in src/store.
 *
 * Reading functions take a leased connection (struct db) and hold nothing; writing functions take the store and
 * return after the commit. Both take the actor on whose behalf they work. The store knows no protocol.
 */
#pragma once

#include "base/base.h"
#include "base/clock.h"
#include "db/db.h"

struct log;
struct store;

/* Largest values that the store takes, whatever a protocol would allow. */
#define STORE_MAILBOX_NAME_MAX 1024    /* bytes of UTF-8, hierarchy included */
#define STORE_MAILBOX_DEPTH_MAX 64     /* components */
#define STORE_KEYWORDS_MAX 256	       /* a mailbox */
#define STORE_KEYWORD_NAME_MAX 100     /* bytes */
#define STORE_RECIPIENTS_MAX 50	       /* of one transaction */
#define STORE_TRANSACTION_ENTRIES 1000 /* entries that one transaction touches */
#define STORE_COPY_ATOMIC_MAX 10000    /* above, COPY goes under a journal row */

/* Who acts. The administrator (command line, delivery) may do everything. */
struct actor {
	int64_t user; /* account id; 0 with `is_admin` */
	bool is_admin;
};

#define ACTOR_ADMIN ((struct actor){ .user = 0, .is_admin = true })

struct store_settings {
	struct db_pool *pool; /* borrowed; must outlive the store */
	struct log *log;      /* borrowed */
	const char *
	    lock_directory; /* where a node's lock file lives: a dead node is known by its lock (SQLite) */
	int node_lease_ms; /* how long a node without the database keeps its number; 0: 12,000 */
	bool node_leases;  /* on SQLite too: tests */
	size_t index_cache_bytes; /* bound of the mailbox index cache */
	int64_t removed_keep_s; /* how long expunged mail is kept for undelete; 0: not at all */
	int64_t blob_keep_s;	/* how long an unreferenced blob is kept: 86,400 */
	int64_t authlog_keep_s; /* how long rows of dbmail_authlog are kept; 0: for ever */
	int zstd_level;		/* 1 to 19 */
	int write_deadline_ms;	/* for every transaction: 30,000 */
	bool
	    serves; /* a server, which takes a node number at once and sweeps; others when they need one */
};

/* ERR_LIMIT: a server, and all node numbers are taken by living processes. */
NODISCARD enum errc store_open(
    const struct store_settings *settings, struct store **store_out, struct err *err);
void store_close(struct store **storep);

struct db_pool *store_pool(struct store *store);

/* What was done to messages, by all accounts. */
enum store_metric {
	STORE_STORED, /* by delivery and APPEND */
	STORE_COPIED,
	STORE_EXPUNGED,
	STORE_FLAGGED, /* had flags changed */
	STORE_READ,    /* opened for their bytes */
};
struct metrics;
const struct metrics *store_metrics(const struct store *store);
void store_count(struct store *store, enum store_metric what, uint64_t n);

struct deadline store_deadline(const struct store *store);

/* A new 63-bit number, larger than all that this process made before: time (ms), node, counter. Any thread. */
int64_t store_new_id(struct store *store);

/* When an id was made, unix seconds, and the smallest id of a time; both without a store. */
int64_t store_id_time(int64_t id);
int64_t store_id_at(int64_t unix_s);

/* To be given to db_settings.on_change with the store as its argument: feeds caches and the bus. */
void store_on_change(void *store, const struct change *changes, size_t count);

/* The same for db_settings.on_news: what other nodes did, which look after their own mailboxes' rows. */
void store_on_news(void *store, const struct change *changes, size_t count);

/* Periodic work, each call small and safe beside everything: other processes' changes (every 250 ms), the
 * sweeper, trimming, curmail_size and seq refresh (every few seconds). On the scheduler's thread. */
void store_poll_foreign(struct store *store);

/*
 * Where several nodes share an engine: `beat` is called about once a second on a thread of the store's, as long as it has a
 * node number. {NULL}: no more; it has returned then.
 */
struct store_beat {
	void (*beat)(void *arg);
	void *arg;
};
void store_on_beat(struct store *store, struct store_beat beat);
void store_housekeeping(struct store *store);
