/*
 * auth/auth_int.h - shared inside src/auth: the cache of proofs, and judging a row.
 */
#pragma once

#include "auth/auth.h"
#include "base/secret.h"

/* Fixed size, one lock. Any thread. */
struct auth_cache;

struct auth_cache *auth_cache_new(size_t slots);
void auth_cache_free(struct auth_cache **cachep);
bool auth_cache_has(struct auth_cache *cache, struct str stored, struct str password);
void auth_cache_add(struct auth_cache *cache, struct str stored, struct str password);

/* What the row says before any password is looked at. */
struct verdict {
	bool known; /* an account that may log in; what follows is its */
	int64_t account;
	bool has_inbox;
	struct str name, encryption, stored; /* in the arena */
	const char *reason;		     /* not known: a constant for the log */
};

NODISCARD enum errc verdict_read(struct db *db, const struct credentials *credentials,
    struct arena *arena, struct verdict *verdict_out, struct err *err);

/* The dear part. Takes as long for names that nobody has; a quick scheme's failure is made as long. */
NODISCARD enum errc verdict_judge(const struct verdict *verdict, struct str password,
    struct auth_cache *cache, bool *cached_out, struct err *err);
