/*
 * auth/throttle.h - how long a login has to wait because of failures before it, of whatever session.
 *
 * Three counts: of the account from this address, of the address, of the account. The first two double the delay with
 * each failure and let one attempt after the other through, however many connections make them. The third is short and
 * lets all through at once, so that an attacker elsewhere cannot lock the account's owner out. A network that is trusted
 * (a webmail's, this machine) is counted by account alone.
 *
 * Memory is bounded: what has failed least and longest ago is forgotten first. Any thread; times are monotonic.
 */
#pragma once

#include "base/base.h"

struct throttle;

struct throttle_key {
	struct str account; /* the login name as given; case does not count */
	struct str address; /* empty: a trusted one, or a unix socket */
};

struct throttle *throttle_new(size_t slots);
void throttle_free(struct throttle **throttlep);

/*
 * An attempt is about to be checked. OK: at *at_ms_out, which may be now_ms; the place is taken. ERR_LIMIT: it would be
 * later than delay_max_ms from now, nothing is taken.
 */
NODISCARD enum errc throttle_admit(struct throttle *throttle, const struct throttle_key *key,
    int64_t now_ms, int64_t delay_max_ms, int64_t *at_ms_out);

/*
 * It was wrong. `password` is empty if it is not known: the same wrong password again (a program that was told an old one)
 * counts for this account from this address alone.
 */
void throttle_fail(struct throttle *throttle, const struct throttle_key *key,
    struct str password, int64_t now_ms, int64_t delay_max_ms);

/* It was right: the account's counts begin anew. */
void throttle_pass(struct throttle *throttle, const struct throttle_key *key);

/* ---- several nodes: what one sees counts at all ---- */

#define THROTTLE_SECRET_SIZE ((size_t)16)

/* Keys are hashes with the site's secret; 0: does not count. */
struct throttle_news {
	uint64_t pair, address, account;
	bool passed; /* else it failed */
};

/* From here on keys are made with this secret, and what is seen is kept to be told. Before the first use. */
void throttle_share_by(struct throttle *throttle, const uint8_t *secret);

/* What was seen since the last call. What was more than THROTTLE_NEWS_MAX is lost. */
size_t throttle_take_news(
    struct throttle *throttle, struct throttle_news *news_out, size_t max);

/* Another node saw it, at `at_ms` of our clock. */
void throttle_hear(struct throttle *throttle, const struct throttle_news *news, int64_t at_ms);
