/*
 * auth/scram.h - the keys of SCRAM (RFC 5802, RFC 7677): made from a password, stored as text, invented for names that
 * nobody has. The exchange itself is sasl's (sasl_scram.c).
 */
#pragma once

#include "base/base.h"

struct arena;

enum scram_hash { SCRAM_SHA1, SCRAM_SHA256, SCRAM_HASHES };

#define SCRAM_KEY_MAX 32
#define SCRAM_SALT_MAX 64
#define SCRAM_SALT_SIZE 16 /* of those that we make */

/* What a server keeps (RFC 5802 section 3). Enough to check a proof, not enough to make one; wiped all the same. */
struct scram_keys {
	uint32_t iterations;
	size_t salt_size;
	uint8_t salt[SCRAM_SALT_MAX];
	uint8_t stored[SCRAM_KEY_MAX], server[SCRAM_KEY_MAX]; /* scram_key_size bytes each */
};

size_t scram_key_size(enum scram_hash hash);

/* "SCRAM-SHA-256": as in auth_keys.mechanism. */
struct str scram_hash_name(enum scram_hash hash);

/*
 * Fills stored and server key from the password; iterations and salt are there. Takes as long as it should: on a
 * hashing thread or in a command. ERR_ARG: a password that SASLprep (RFC 4013) does not let pass.
 */
NODISCARD enum errc scram_derive(
    enum scram_hash hash, struct str password, struct scram_keys *keys, struct err *err);

/* The salt of a login name, in any case: always the same on this site, whether there is such an account or not. */
void scram_salt(
    const uint8_t site_key[32], enum scram_hash hash, struct str name, struct scram_keys *keys);

/* As RFC 5803 writes it: "4096:c2FsdA==$c3RvcmVk:c2VydmVy", after the mechanism's name. In the arena. */
struct str scram_print(
    struct arena *arena, enum scram_hash hash, const struct scram_keys *keys);

/* ERR_CORRUPT: no such text; ERR_LIMIT: fewer iterations than SCRAM_ITERATIONS_MIN or more than the maximum. */
NODISCARD enum errc scram_parse(
    enum scram_hash hash, struct str text, struct scram_keys *keys_out, struct err *err);
