/* auth/scheme_argon2.c - argon2id and argon2i in the form "$argon2id$v=19$m=19456,t=2,p=1$salt$hash". */
#include "auth/limits.h"
#include "auth/scheme_int.h"
#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"

#include <sodium.h>

/* One "m=19456" and what stands behind it. */
static bool take_number(struct cursor *c, struct str name, uint64_t *value_out)
{
	return cursor_take_str(c, name) && cursor_take_u64(c, UINT32_MAX, value_out) == OK;
}

enum errc argon2_check(struct str stored, struct err *err)
{
	struct cursor c = cursor_of(stored);
	uint64_t version, memory = 0, passes = 0, lanes = 0;

	if (stored.n >= crypto_pwhash_STRBYTES || str_find_char(stored, '\0') < stored.n ||
	    (!cursor_take_str(&c, STR("$argon2id$")) &&
		!cursor_take_str(&c, STR("$argon2i$"))) ||
	    !take_number(&c, STR("v="), &version) || !take_number(&c, STR("$m="), &memory) ||
	    !take_number(&c, STR(",t="), &passes) || !take_number(&c, STR(",p="), &lanes) ||
	    !cursor_take(&c, '$'))
		return err_set(err, ERR_CORRUPT, "the stored password is no argon2 hash");
	if (memory > SCHEME_ARGON2_MEMORY_MAX_KIB || passes > SCHEME_ARGON2_WORK_MAX_KIB ||
	    memory * passes > SCHEME_ARGON2_WORK_MAX_KIB || lanes > SCHEME_ARGON2_LANES_MAX)
		return err_set(err, ERR_LIMIT,
		    "the stored argon2 hash asks for %llu KiB and %llu passes",
		    (unsigned long long)memory, (unsigned long long)passes);
	return OK;
}

enum errc argon2_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	char text[crypto_pwhash_STRBYTES] = { 0 };

	if (sodium_init() < 0) /* picks the code for this processor, once */
		return err_set(err, ERR_UNAVAIL, "libsodium does not start");
	memcpy(text, stored.p, stored.n);
	*match_out = crypto_pwhash_str_verify(text, password.p, password.n) == 0;
	return OK;
}

enum errc argon2_make(
    struct str password, struct arena *arena, struct str *stored_out, struct err *err)
{
	char text[crypto_pwhash_STRBYTES];

	if (sodium_init() < 0 ||
	    crypto_pwhash_str_alg(text, password.p, password.n, SCHEME_ARGON2_PASSES,
		SCHEME_ARGON2_MEMORY_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
		return err_set(err, ERR_UNAVAIL, "no memory to hash a password");
	*stored_out = str_dup(arena, str_from(text));
	return OK;
}
