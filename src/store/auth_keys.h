/*
 * store/auth_keys.h - what is stored beside a password so that logins can be proved without sending it (auth_keys), and
 * the site's secrets (site_secrets). What the texts mean is auth's.
 *
 * A key belongs to the password hash that it was made from: when dbmail_users.passwd is another, it counts no more.
 */
#pragma once

#include "store/store.h"

#define AUTH_KEYS_MAX 4		      /* of one account */
#define AUTH_KEY_DATA_MAX 512	      /* bytes */
#define SITE_SECRET_SIZE ((size_t)32) /* bytes */

struct auth_key {
	struct str mechanism; /* "SCRAM-SHA-256" */
	struct str data;
};

/*
 * The account's keys that were made from `passwd`, at most AUTH_KEYS_MAX; texts live in the arena. Longer data than
 * AUTH_KEY_DATA_MAX are passed over.
 */
NODISCARD enum errc auth_keys_read(struct db *db, int64_t account, struct str passwd,
    struct arena *arena, struct auth_key keys_out[AUTH_KEYS_MAX], size_t *count_out,
    struct err *err);

/* Inside a transaction: takes the place of the account's keys of those mechanisms. */
NODISCARD enum errc auth_keys_put(struct db *db, int64_t account, struct str passwd,
    const struct auth_key *keys, size_t count, struct err *err);

/*
 * The same, batched: written within 5 s, unless the account's password is another by then. May be lost: the next
 * login makes them again. Everything is copied.
 */
void auth_keys_put_later(struct store *store, int64_t account, struct str passwd,
    const struct auth_key *keys, size_t count);

/*
 * An active account with a hashed password and without a key of that mechanism: 0 if there is none. `hint`, if it is not
 * 0, is looked at first.
 */
NODISCARD enum errc auth_keys_missing(
    struct db *db, struct str mechanism, int64_t hint, int64_t *account_out, struct err *err);

/* The secret of that name: the same for every node and for ever; made when it is first asked for. */
NODISCARD enum errc site_secret(
    struct store *store, struct str name, uint8_t out[SITE_SECRET_SIZE], struct err *err);
