/*
 * auth/scheme.h - stored passwords: dbmail_users.passwd in the form that encryption_type names.
 *
 * Verified are DBMail's '' (plain text), crypt, md5, md5sum, md5base64, sha1, sha256, sha512, whirlpool, tiger, and
 * argon2id, which new accounts get. Everything here may take as long as a hash takes: it runs on the hashing threads
 * (auth/auth.h) or in a command.
 */
#pragma once

#include "base/base.h"

struct arena;

/*
 * Is `password` the one that `stored` was made from? Compared in constant time. An empty `stored` or an empty
 * password is never right.
 *
 * ERR_UNSUPPORTED  a scheme that is not known, or not built into this machine's libraries
 * ERR_LIMIT        the stored hash would cost more than limits.h allows
 * ERR_CORRUPT      `stored` is no hash of that scheme
 */
NODISCARD enum errc scheme_verify(struct str encryption, struct str stored, struct str password,
    bool *match_out, struct err *err);

/*
 * The form in which a new password is stored. `scheme` is argon2id, plaintext, or (for recipes that want them)
 * crypt, which is yescrypt. *encryption_out is a constant, the rest lives in the arena. ERR_ARG: an empty password, a
 * NUL in it, too long; ERR_UNSUPPORTED: another scheme.
 */
NODISCARD enum errc scheme_make(struct str scheme, struct str password, struct arena *arena,
    struct str *stored_out, struct str *encryption_out, struct err *err);

/* Takes the time that a wrong password takes with the default scheme: for names that nobody has. */
void scheme_burn(struct str password);

/* Does a verification take so little time that a failure has to be made longer? */
bool scheme_is_quick(struct str encryption, struct str stored);

/* Is the password stored as it is? */
bool scheme_is_plain(struct str encryption);

/* The stored hash is checked and nothing computed: what scheme_verify says of it before it begins. */
NODISCARD enum errc scheme_check(struct str encryption, struct str stored, struct err *err);
