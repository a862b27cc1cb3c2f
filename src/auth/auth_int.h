/*
 * auth/auth_int.h - shared inside src/auth: the cache of proofs and keys, and judging rows.
 */
#pragma once

#include "auth/auth.h"
#include "base/secret.h"

#include <stdatomic.h>

/* Fixed size, one lock. Any thread. */
struct auth_cache;

struct auth_cache *auth_cache_new(size_t slots);
void auth_cache_free(struct auth_cache **cachep);
bool auth_cache_has(struct auth_cache *cache, struct str stored, struct str password);
void auth_cache_add(struct auth_cache *cache, struct str stored, struct str password);

/*
 * Keys that were made from `stored` with the salt and the iterations that *keys has. `stored` empty: that this salt was
 * asked for without a password behind it, which takes as long.
 */
bool auth_cache_find_keys(
    struct auth_cache *cache, enum scram_hash hash, struct str stored, struct scram_keys *keys);
void auth_cache_add_keys(struct auth_cache *cache, enum scram_hash hash, struct str stored,
    const struct scram_keys *keys);

/* What the rows say before any password is looked at. Texts in the arena. */
struct verdict {
	bool known; /* an account that may log in; what follows is its */
	int64_t account;
	bool has_inbox, is_plain;
	struct str name, encryption, stored;
	bool has_keys[SCRAM_HASHES]; /* that belong to `stored` */
	struct scram_keys keys[SCRAM_HASHES];
	const char *reason;	   /* not known: a constant for the log */
	enum auth_refusal refusal; /* not known: what may be told if the password is right */
};

NODISCARD enum errc verdict_read(struct db *db, const struct auth_question *question,
    struct arena *arena, struct verdict *verdict_out, struct err *err);

/*
 * The dear part. Takes as long for names that nobody has; a quick scheme's failure is made as long. `cache` may be NULL.
 * After ERR_DENIED *refusal_out is what may be told.
 */
NODISCARD enum errc verdict_judge(const struct verdict *verdict,
    const struct credentials *credentials, struct auth_cache *cache,
    enum auth_refusal *refusal_out, struct err *err);

/*
 * Keys for a SCRAM exchange: the account's, or made from its plain password, or random ones, which no proof fits; all
 * three in the same time. *login_out: keys and reason. `name` as the client gave it.
 */
struct key_wish {
	enum scram_hash hash;
	uint32_t iterations;
	const uint8_t *site_key; /* SITE_SECRET_SIZE bytes */
};
NODISCARD enum errc verdict_keys(const struct verdict *verdict, const struct key_wish *wish,
    struct str name, struct auth_cache *cache, struct auth_login *login_out, struct err *err);

/* The keys that a right password should leave behind and that are not there: 1 << enum scram_hash. */
unsigned verdict_lacks_keys(
    const struct verdict *verdict, const struct auth_question *question);

/* Can everybody use SCRAM? Any thread asks; one at a time looks. Zeroed: not known yet, so no. */
struct readiness {
	_Atomic bool ready;
	int64_t missing
	    [SCRAM_HASHES]; /* accounts without keys that were found last: looked at first */
	int64_t next_ms;    /* not looked again before */
};

bool readiness_is(const struct readiness *readiness);
void readiness_note_no_keys(struct readiness *readiness);
NODISCARD enum errc readiness_look(
    struct readiness *readiness, struct store *store, unsigned hashes, struct err *err);
