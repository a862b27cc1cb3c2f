/* auth/keys.c - SCRAM keys of accounts: made with a password, and whether everybody has them. */
#include "auth/auth_int.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/str.h"
#include "store/auth_keys.h"

/* A look that takes longer, at very many accounts, is taken a hundred times as seldom: it is no load then. */
#define LONG_LOOK_MS 1000
#define LONG_LOOK_PAUSE 100

bool readiness_is(const struct readiness *readiness)
{
	return atomic_load_explicit(&readiness->ready, memory_order_relaxed);
}

void readiness_note_no_keys(struct readiness *readiness)
{
	atomic_store_explicit(&readiness->ready, false, memory_order_relaxed);
}

enum errc readiness_look(
    struct readiness *readiness, struct store *store, unsigned hashes, struct err *err)
{
	int64_t began_ms = clock_mono_ms(), took_ms;
	struct db *db;
	bool ready = true;
	enum errc rc;

	if (began_ms < readiness->next_ms)
		return OK;
	rc = db_lease(store_pool(store), AUTH_LEASE_WAIT_MS, &db, err);
	if (rc != OK)
		return rc;
	for (int i = 0; rc == OK && ready && i < SCRAM_HASHES; i++) {
		if ((hashes >> i & 1) == 0)
			continue;
		rc = auth_keys_missing(db, scram_hash_name((enum scram_hash)i),
		    readiness->missing[i], &readiness->missing[i], err);
		ready = readiness->missing[i] == 0;
	}
	db_return(&db);
	took_ms = clock_mono_ms() - began_ms;
	readiness->next_ms = took_ms < LONG_LOOK_MS ? 0 : began_ms + LONG_LOOK_PAUSE * took_ms;
	if (rc == OK)
		atomic_store_explicit(&readiness->ready, ready, memory_order_relaxed);
	return rc;
}

/* NOLINTNEXTLINE(readability-function-size): of what, at which cost, and a list as result */
enum errc auth_make_keys(struct store *store, struct str name, struct str password,
    uint32_t iterations, struct arena *arena, struct auth_key **keys_out, size_t *count_out,
    struct err *err)
{
	struct auth_key *key = ARENA_NEW(arena, struct auth_key, SCRAM_HASHES);
	uint8_t site_key[SITE_SECRET_SIZE];
	size_t count = 0;
	enum errc rc = site_secret(store, STR("scram"), site_key, err);

	for (int i = 0; rc == OK && i < SCRAM_HASHES; i++) {
		struct scram_keys keys = { .iterations = iterations };
		enum scram_hash hash = (enum scram_hash)i;

		scram_salt(site_key, hash, name, &keys);
		rc = scram_derive(hash, password, &keys, err);
		if (rc == OK)
			key[count++] = (struct auth_key){ scram_hash_name(hash),
				scram_print(arena, hash, &keys) };
		secret_wipe(&keys, sizeof(keys));
	}
	secret_wipe(site_key, sizeof(site_key));
	*keys_out = key;
	*count_out = count;
	return rc == ERR_ARG ? OK : rc;
}
