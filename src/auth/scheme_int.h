/*
 * auth/scheme_int.h - the schemes, as scheme.c has them in its table. Passwords are 1 to AUTH_PASSWORD_MAX bytes, stored
 * hashes 1 to AUTH_STORED_MAX; *match_out is false when they are called.
 */
#pragma once

#include "base/base.h"

struct arena;

#define SCHEME(name)                                                                           \
	NODISCARD enum errc name##_check(struct str stored, struct err *err);                  \
	NODISCARD enum errc name##_verify(                                                     \
	    struct str stored, struct str password, bool *match_out, struct err *err)

SCHEME(argon2);
SCHEME(crypt);
SCHEME(md5);
SCHEME(md5sum);
SCHEME(md5base64);
SCHEME(sha1);
SCHEME(sha256);
SCHEME(sha512);
SCHEME(whirlpool);
SCHEME(tiger);

#undef SCHEME

/* scheme_digest.c: what is stored in hexadecimal digits of either case. */
NODISCARD enum errc digest_check_hex(struct str stored, size_t digits, struct err *err);
bool digest_equals_hex(struct str stored, const uint8_t *bytes, size_t size);

NODISCARD enum errc argon2_make(
    struct str password, struct arena *arena, struct str *stored_out, struct err *err);
NODISCARD enum errc crypt_make(
    struct str password, struct arena *arena, struct str *stored_out, struct err *err);
