/*
 * main/edition.h - one reading of the configuration, and what the services are given of it: immutable and counted.
 *
 * Each session is opened with the newest edition and holds it for its whole life: what its greeting promised stays
 * true. SIGHUP makes another the newest; the last session of an old one frees it. What is not here (listeners,
 * database, threads) is as the server was started.
 */
#pragma once

#include "authd/authd.h"
#include "deliver/pipeline.h"
#include "imap/imap.h"
#include "lmtp/lmtp.h"

#include <pthread.h>
#include <stdatomic.h>

struct edition {
	atomic_uint users;
	struct conf *conf; /* owned */
	struct deliver_env deliver;
	struct lmtp_env lmtp;
	struct imap_env imap;
	struct authd_env authd;
};

/* The newest edition, which any thread may take. */
struct editions {
	pthread_mutex_t lock;
	struct edition *newest; /* held */
};

/* Takes `conf` over. The caller fills the environments before others see it, and is its first user. */
struct edition *edition_new(struct conf *conf);
void edition_drop(struct edition *edition);

void editions_init(struct editions *editions);
void editions_release(struct editions *editions);

/* Takes the caller's hold of `edition` over. */
void editions_publish(struct editions *editions, struct edition *edition);

/* One more user of the newest; there is one. */
struct edition *editions_hold(struct editions *editions);
