/* auth/throttle.c - failures by account and address, in a table of fixed size. */
#include "auth/throttle.h"

#include "auth/limits.h"
#include "base/arena.h"
#include "base/heap.h"
#include "base/random.h"
#include "base/str.h"
#include "base/utf8.h"

#include <pthread.h>
#include <sodium.h>

/* Slots in which one key may be. */
#define WAYS 8

/* The delay does not double more often than this, whatever the limit is. */
#define DOUBLINGS_MAX 20

/* Until an attempt says it. */
#define DELAY_MAX_MS 30000

enum kind { KIND_PAIR, KIND_ADDRESS, KIND_ACCOUNT, KIND_COUNT };

struct slot {
	uint64_t key;	 /* 0: empty */
	int64_t next_ms; /* an attempt before this waits */
	int64_t failed_ms;
	uint32_t failures;
	uint32_t password; /* of the last wrong one; 0: unknown */
};

struct throttle {
	pthread_mutex_t lock; /* of what changes */
	uint8_t secret[crypto_shorthash_KEYBYTES];
	int64_t delay_max_ms; /* as said last */
	bool keeps_news;
	size_t news_count;
	struct throttle_news news[THROTTLE_NEWS_MAX];
	size_t slots;
	struct slot slot[];
};

struct throttle *throttle_new(size_t slots)
{
	size_t size = slots < WAYS ? WAYS : slots;
	struct throttle *throttle = xcalloc(1, sizeof(*throttle) + size * sizeof(struct slot));

	(void)pthread_mutex_init(&throttle->lock, NULL);
	random_bytes(throttle->secret, sizeof(throttle->secret));
	throttle->slots = size;
	throttle->delay_max_ms = DELAY_MAX_MS;
	return throttle;
}

void throttle_free(struct throttle **throttlep)
{
	struct throttle *throttle = *throttlep;

	*throttlep = NULL;
	if (!throttle)
		return;
	(void)pthread_mutex_destroy(&throttle->lock);
	xfree(throttle);
}

static uint64_t hash(const struct throttle *throttle, struct str text)
{
	uint64_t out = 0;

	_Static_assert(sizeof(out) == crypto_shorthash_BYTES, "of one size");
	(void)crypto_shorthash(
	    (uint8_t *)&out, (const uint8_t *)text.p, text.n, throttle->secret);
	return out != 0 ? out : 1;
}

/* The three keys; 0 where the kind does not count for this attempt. A line feed is in no address. */
static void make_keys(
    const struct throttle *throttle, const struct throttle_key *key, uint64_t out[KIND_COUNT])
{
	struct arena *arena = arena_new("throttle");
	struct str account = ascii_fold(arena, key->account);

	out[KIND_ACCOUNT] = hash(throttle, str_printf(arena, "n\n%.*s", STR_ARG(account)));
	out[KIND_PAIR] = out[KIND_ADDRESS] = 0;
	if (key->address.n > 0) {
		out[KIND_PAIR] = hash(throttle,
		    str_printf(
			arena, "p\n%.*s\n%.*s", STR_ARG(key->address), STR_ARG(account)));
		out[KIND_ADDRESS] =
		    hash(throttle, str_printf(arena, "a\n%.*s", STR_ARG(key->address)));
	}
	arena_free(&arena);
}

static bool is_old(const struct slot *slot, int64_t now_ms)
{
	return slot->key == 0 || now_ms - slot->failed_ms > THROTTLE_FORGET_MS;
}

/* NULL: nothing is known of that key. */
static struct slot *find(struct throttle *throttle, uint64_t key, int64_t now_ms)
{
	if (key == 0)
		return NULL;
	for (size_t i = 0; i < WAYS; i++) {
		struct slot *slot = &throttle->slot[(key + i) % throttle->slots];

		if (slot->key == key)
			return is_old(slot, now_ms) ? NULL : slot;
	}
	return NULL;
}

/* Whose place a new key takes: an old one's, or that of the fewest failures, the longest ago. */
static struct slot *make(struct throttle *throttle, uint64_t key, int64_t now_ms)
{
	struct slot *least = NULL;

	for (size_t i = 0; i < WAYS; i++) {
		struct slot *slot = &throttle->slot[(key + i) % throttle->slots];

		if (slot->key == key) {
			least = slot;
			break;
		}
		if (!least || (is_old(slot, now_ms) && !is_old(least, now_ms)) ||
		    (is_old(slot, now_ms) == is_old(least, now_ms) &&
			(slot->failures < least->failures ||
			    (slot->failures == least->failures &&
				slot->failed_ms < least->failed_ms))))
			least = slot;
	}
	*least = (struct slot){ .key = key, .failed_ms = now_ms };
	return least;
}

static int64_t delay_of(const struct slot *slot, uint32_t free_failures, int64_t max_ms)
{
	uint32_t doublings;

	if (slot->failures < free_failures)
		return 0;
	doublings = slot->failures - free_failures;
	if (doublings > DOUBLINGS_MAX)
		doublings = DOUBLINGS_MAX;
	if (((int64_t)THROTTLE_FIRST_MS << doublings) > max_ms)
		return max_ms;
	return (int64_t)THROTTLE_FIRST_MS << doublings;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* One attempt after the other: each stands behind the last that was let through. */
static int64_t queued_at(const struct slot *slot, int64_t now_ms)
{
	return slot ? later(slot->next_ms, now_ms) : now_ms;
}

enum errc throttle_admit(struct throttle *throttle, const struct throttle_key *key,
    int64_t now_ms, int64_t delay_max_ms, int64_t *at_ms_out)
{
	uint64_t keys[KIND_COUNT];
	struct slot *pair, *address, *account;
	int64_t at_ms, shared_ms = 0;
	enum errc rc = OK;

	make_keys(throttle, key, keys);
	(void)pthread_mutex_lock(&throttle->lock);
	throttle->delay_max_ms = delay_max_ms;
	pair = find(throttle, keys[KIND_PAIR], now_ms);
	address = find(throttle, keys[KIND_ADDRESS], now_ms);
	account = find(throttle, keys[KIND_ACCOUNT], now_ms);
	at_ms = later(queued_at(pair, now_ms), queued_at(address, now_ms));
	if (account)
		shared_ms = delay_of(account, THROTTLE_FREE_ACCOUNT, THROTTLE_ACCOUNT_MAX_MS);
	if (shared_ms > delay_max_ms)
		shared_ms = delay_max_ms;
	at_ms = later(at_ms, now_ms + shared_ms);
	if (at_ms - now_ms > delay_max_ms) {
		rc = ERR_LIMIT;
	} else {
		if (pair)
			pair->next_ms =
			    at_ms + delay_of(pair, THROTTLE_FREE_PAIR, delay_max_ms);
		if (address)
			address->next_ms =
			    at_ms + delay_of(address, THROTTLE_FREE_ADDRESS, delay_max_ms);
	}
	(void)pthread_mutex_unlock(&throttle->lock);
	*at_ms_out = at_ms;
	return rc;
}

static struct slot *count_one(struct throttle *throttle, uint64_t key, int64_t now_ms)
{
	struct slot *slot = find(throttle, key, now_ms);

	if (!slot)
		slot = make(throttle, key, now_ms);
	if (slot->failures < UINT32_MAX)
		slot->failures++;
	/* other nodes' failures are heard late */
	slot->failed_ms = later(slot->failed_ms, now_ms);
	return slot;
}

/* Under the lock. */
static void add_news(struct throttle *throttle, const struct throttle_news *news)
{
	if (throttle->keeps_news && throttle->news_count < THROTTLE_NEWS_MAX)
		throttle->news[throttle->news_count++] = *news;
}

/* One more failure: the next attempt is not before the delay that it makes. */
static void punish(struct slot *slot, uint32_t free_failures, int64_t now_ms, int64_t max_ms)
{
	slot->next_ms = later(slot->next_ms, now_ms + delay_of(slot, free_failures, max_ms));
}

void throttle_fail(struct throttle *throttle, const struct throttle_key *key,
    struct str password, int64_t now_ms, int64_t delay_max_ms)
{
	uint32_t mark = password.n > 0 ? (uint32_t)hash(throttle, password) | 1 : 0;
	uint64_t keys[KIND_COUNT];
	bool again = false;

	make_keys(throttle, key, keys);
	(void)pthread_mutex_lock(&throttle->lock);
	if (keys[KIND_PAIR] != 0) {
		struct slot *pair = count_one(throttle, keys[KIND_PAIR], now_ms);

		again = mark != 0 && pair->password == mark;
		pair->password = mark;
		punish(pair, THROTTLE_FREE_PAIR, now_ms, delay_max_ms);
	}
	if (!again && keys[KIND_ADDRESS] != 0)
		punish(count_one(throttle, keys[KIND_ADDRESS], now_ms), THROTTLE_FREE_ADDRESS,
		    now_ms, delay_max_ms);
	if (!again)
		(void)count_one(throttle, keys[KIND_ACCOUNT], now_ms);
	add_news(throttle,
	    &(struct throttle_news){ .pair = keys[KIND_PAIR],
		.address = again ? 0 : keys[KIND_ADDRESS],
		.account = again ? 0 : keys[KIND_ACCOUNT] });
	(void)pthread_mutex_unlock(&throttle->lock);
}

/* True if there was something to forget. */
static bool forget(struct throttle *throttle, uint64_t key)
{
	bool had = false;

	for (size_t i = 0; key != 0 && i < WAYS; i++) {
		struct slot *slot = &throttle->slot[(key + i) % throttle->slots];

		if (slot->key == key) {
			*slot = (struct slot){ .key = 0 };
			had = true;
		}
	}
	return had;
}

void throttle_pass(struct throttle *throttle, const struct throttle_key *key)
{
	uint64_t keys[KIND_COUNT];
	bool had_pair, had_account;

	make_keys(throttle, key, keys);
	(void)pthread_mutex_lock(&throttle->lock);
	had_pair = forget(throttle, keys[KIND_PAIR]);
	had_account = forget(throttle, keys[KIND_ACCOUNT]);
	/* most logins have no failures before them, and nobody needs to know of those */
	if (had_pair || had_account)
		add_news(throttle,
		    &(struct throttle_news){ .pair = keys[KIND_PAIR],
			.account = keys[KIND_ACCOUNT],
			.passed = true });
	(void)pthread_mutex_unlock(&throttle->lock);
}

void throttle_share_by(struct throttle *throttle, const uint8_t *secret)
{
	_Static_assert(THROTTLE_SECRET_SIZE == crypto_shorthash_KEYBYTES, "of one size");
	memcpy(throttle->secret, secret, THROTTLE_SECRET_SIZE);
	throttle->keeps_news = true;
}

size_t throttle_take_news(struct throttle *throttle, struct throttle_news *news_out, size_t max)
{
	size_t count;

	(void)pthread_mutex_lock(&throttle->lock);
	count = throttle->news_count < max ? throttle->news_count : max;
	memcpy(news_out, throttle->news, count * sizeof(*news_out));
	throttle->news_count = 0;
	(void)pthread_mutex_unlock(&throttle->lock);
	return count;
}

/* As throttle_fail does it. */
static void hear_failure(
    struct throttle *throttle, const struct throttle_news *news, int64_t at_ms)
{
	int64_t max_ms = throttle->delay_max_ms;

	if (news->pair != 0)
		punish(
		    count_one(throttle, news->pair, at_ms), THROTTLE_FREE_PAIR, at_ms, max_ms);
	if (news->address != 0)
		punish(count_one(throttle, news->address, at_ms), THROTTLE_FREE_ADDRESS, at_ms,
		    max_ms);
	if (news->account != 0)
		(void)count_one(throttle, news->account, at_ms);
}

void throttle_hear(struct throttle *throttle, const struct throttle_news *news, int64_t at_ms)
{
	(void)pthread_mutex_lock(&throttle->lock);
	if (news->passed) {
		(void)forget(throttle, news->pair);
		(void)forget(throttle, news->account);
	} else {
		hear_failure(throttle, news, at_ms);
	}
	(void)pthread_mutex_unlock(&throttle->lock);
}
