/* auth/scheme.c - which scheme a stored password has, and the table of them. */
#include "auth/scheme.h"

#include "auth/limits.h"
#include "auth/scheme_int.h"
#include "base/arena.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"

#include <sodium.h>

static enum errc check_plain(struct str stored, struct err *err)
{
	(void)stored;
	(void)err;
	return OK;
}

static enum errc verify_plain(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	(void)err;
	*match_out = secret_equal(stored, password);
	return OK;
}

struct scheme {
	struct str encryption; /* in lower case */
	enum errc (*check)(struct str stored, struct err *err);
	enum errc (*verify)(
	    struct str stored, struct str password, bool *match_out, struct err *err);
	bool quick;
};

static const struct scheme schemes[] = {
	{ STR_INIT(""), check_plain, verify_plain, true },
	{ STR_INIT("plaintext"), check_plain, verify_plain, true },
	{ STR_INIT("argon2id"), argon2_check, argon2_verify, false },
	{ STR_INIT("crypt"), crypt_check, crypt_verify, false },
	{ STR_INIT("md5"), md5_check, md5_verify, true },
	{ STR_INIT("md5sum"), md5sum_check, md5sum_verify, true },
	{ STR_INIT("md5base64"), md5base64_check, md5base64_verify, true },
	{ STR_INIT("sha1"), sha1_check, sha1_verify, true },
	{ STR_INIT("sha256"), sha256_check, sha256_verify, true },
	{ STR_INIT("sha512"), sha512_check, sha512_verify, true },
	{ STR_INIT("whirlpool"), whirlpool_check, whirlpool_verify, true },
	{ STR_INIT("tiger"), tiger_check, tiger_verify, true },
};

static const struct scheme *find_scheme(struct str encryption)
{
	for (size_t i = 0; i < COUNT(schemes); i++) {
		if (str_equal_nocase(schemes[i].encryption, encryption))
			return &schemes[i];
	}
	return NULL;
}

enum errc scheme_check(struct str encryption, struct str stored, struct err *err)
{
	const struct scheme *scheme = find_scheme(encryption);

	if (!scheme)
		return err_set(err, ERR_UNSUPPORTED, "encryption_type '%.*s' is not known",
		    STR_ARG(encryption));
	if (stored.n == 0)
		return OK;
	if (stored.n > AUTH_STORED_MAX)
		return err_set(err, ERR_LIMIT, "the stored password has %zu bytes", stored.n);
	return scheme->check(stored, err);
}

enum errc scheme_verify(struct str encryption, struct str stored, struct str password,
    bool *match_out, struct err *err)
{
	enum errc rc = scheme_check(encryption, stored, err);

	*match_out = false;
	if (rc != OK)
		return rc;
	if (stored.n == 0 || password.n == 0 || password.n > AUTH_PASSWORD_MAX)
		return OK;
	return find_scheme(encryption)->verify(stored, password, match_out, err);
}

bool scheme_is_quick(struct str encryption, struct str stored)
{
	const struct scheme *scheme = find_scheme(encryption);

	return !scheme || stored.n == 0 || scheme->quick;
}

bool scheme_is_plain(struct str encryption)
{
	const struct scheme *scheme = find_scheme(encryption);

	return scheme && scheme->verify == verify_plain;
}

enum errc scheme_make(struct str scheme, struct str password, struct arena *arena,
    struct str *stored_out, struct str *encryption_out, struct err *err)
{
	if (password.n == 0 || password.n > AUTH_PASSWORD_MAX)
		return err_set(err, ERR_ARG, "the password has %zu bytes, 1 to %d are allowed",
		    password.n, AUTH_PASSWORD_MAX);
	if (str_find_char(password, '\0') < password.n)
		return err_set(err, ERR_ARG, "the password holds a NUL");
	if (str_equal(scheme, STR("argon2id"))) {
		*encryption_out = STR("argon2id");
		return argon2_make(password, arena, stored_out, err);
	}
	if (str_equal(scheme, STR("crypt"))) {
		*encryption_out = STR("crypt");
		return crypt_make(password, arena, stored_out, err);
	}
	if (str_equal(scheme, STR("plaintext"))) {
		*encryption_out = STR("");
		*stored_out = str_dup(arena, password);
		return OK;
	}
	return err_set(err, ERR_UNSUPPORTED,
	    "password scheme '%.*s': argon2id, crypt and plaintext can be made",
	    STR_ARG(scheme));
}

void scheme_burn(struct str password)
{
	uint8_t salt[crypto_pwhash_SALTBYTES], out[32];

	random_bytes(salt, sizeof(salt));
	if (sodium_init() < 0 ||
	    crypto_pwhash(out, sizeof(out), password.n > 0 ? password.p : "", password.n, salt,
		SCHEME_ARGON2_PASSES, SCHEME_ARGON2_MEMORY_BYTES,
		crypto_pwhash_ALG_ARGON2ID13) != 0)
		return; /* no memory: it took its time too */
	secret_wipe(out, sizeof(out));
}
