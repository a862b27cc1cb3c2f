/* auth/cache.c - which stored hash and password were found to belong together lately, and which keys were made. */
#include "auth/auth_int.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/random.h"

#include <pthread.h>
#include <sodium.h>

struct proof {
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	int64_t until_ms; /* monotonic; 0: empty */
};

/* Keys and what they were made of. */
struct kept {
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	int64_t until_ms;
	struct scram_keys keys;
};

struct auth_cache {
	pthread_mutex_t lock; /* of slot[] and kept[] */
	struct kept kept[AUTH_KEYS_SLOTS];
	uint8_t key[crypto_auth_hmacsha256_KEYBYTES];
	size_t slots;
	struct proof slot[];
};

struct auth_cache *auth_cache_new(size_t slots)
{
	struct auth_cache *cache = xcalloc(1, sizeof(*cache) + slots * sizeof(struct proof));

	(void)pthread_mutex_init(&cache->lock, NULL);
	random_bytes(cache->key, sizeof(cache->key));
	cache->slots = slots;
	return cache;
}

void auth_cache_free(struct auth_cache **cachep)
{
	struct auth_cache *cache = *cachep;

	*cachep = NULL;
	if (!cache)
		return;
	(void)pthread_mutex_destroy(&cache->lock);
	secret_wipe(cache->key, sizeof(cache->key));
	secret_wipe(cache->kept, sizeof(cache->kept));
	xfree(cache);
}

static void make_mac(const struct auth_cache *cache, struct str stored, struct str password,
    uint8_t mac[crypto_auth_hmacsha256_BYTES])
{
	crypto_auth_hmacsha256_state state;
	uint64_t size = stored.n; /* tells where one ends and the other begins */

	(void)crypto_auth_hmacsha256_init(&state, cache->key, sizeof(cache->key));
	(void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)&size, sizeof(size));
	(void)crypto_auth_hmacsha256_update(&state, (const unsigned char *)stored.p, stored.n);
	(void)crypto_auth_hmacsha256_update(
	    &state, (const unsigned char *)password.p, password.n);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	secret_wipe(&state, sizeof(state));
}

static struct proof *slot_of(struct auth_cache *cache, const uint8_t *mac)
{
	uint64_t number;

	memcpy(&number, mac, sizeof(number));
	return &cache->slot[number % cache->slots];
}

bool auth_cache_has(struct auth_cache *cache, struct str stored, struct str password)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	const struct proof *proof;
	bool has;

	make_mac(cache, stored, password, mac);
	(void)pthread_mutex_lock(&cache->lock);
	proof = slot_of(cache, mac);
	has = proof->until_ms > clock_mono_ms() &&
	    sodium_memcmp(proof->mac, mac, sizeof(mac)) == 0;
	(void)pthread_mutex_unlock(&cache->lock);
	return has;
}

void auth_cache_add(struct auth_cache *cache, struct str stored, struct str password)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	struct proof *proof;

	make_mac(cache, stored, password, mac);
	(void)pthread_mutex_lock(&cache->lock);
	proof = slot_of(cache, mac);
	memcpy(proof->mac, mac, sizeof(mac));
	proof->until_ms = clock_mono_ms() + AUTH_CACHE_KEEP_S * (int64_t)1000;
	(void)pthread_mutex_unlock(&cache->lock);
}

/* What keys are made of besides the password: their hash, salt and iterations. */
static void make_keys_mac(const struct auth_cache *cache, enum scram_hash hash,
    struct str stored, const struct scram_keys *keys, uint8_t mac[crypto_auth_hmacsha256_BYTES])
{
	uint8_t form[sizeof(keys->salt) + 16] = { (uint8_t)hash };

	memcpy(form + 1, &keys->iterations, sizeof(keys->iterations));
	memcpy(form + 1 + sizeof(keys->iterations), keys->salt, keys->salt_size);
	make_mac(cache, stored, (struct str){ (const char *)form, sizeof(form) }, mac);
}

static struct kept *kept_of(struct auth_cache *cache, const uint8_t *mac)
{
	uint64_t number;

	memcpy(&number, mac, sizeof(number));
	return &cache->kept[number % AUTH_KEYS_SLOTS];
}

bool auth_cache_find_keys(
    struct auth_cache *cache, enum scram_hash hash, struct str stored, struct scram_keys *keys)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	const struct kept *kept;
	bool has;

	make_keys_mac(cache, hash, stored, keys, mac);
	(void)pthread_mutex_lock(&cache->lock);
	kept = kept_of(cache, mac);
	has =
	    kept->until_ms > clock_mono_ms() && sodium_memcmp(kept->mac, mac, sizeof(mac)) == 0;
	if (has)
		*keys = kept->keys;
	(void)pthread_mutex_unlock(&cache->lock);
	return has;
}

void auth_cache_add_keys(struct auth_cache *cache, enum scram_hash hash, struct str stored,
    const struct scram_keys *keys)
{
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	struct kept *kept;

	make_keys_mac(cache, hash, stored, keys, mac);
	(void)pthread_mutex_lock(&cache->lock);
	kept = kept_of(cache, mac);
	memcpy(kept->mac, mac, sizeof(mac));
	kept->keys = *keys;
	kept->until_ms = clock_mono_ms() + AUTH_CACHE_KEEP_S * (int64_t)1000;
	(void)pthread_mutex_unlock(&cache->lock);
}
