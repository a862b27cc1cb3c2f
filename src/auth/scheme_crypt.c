/*
 * auth/scheme_crypt.c - what crypt(3) of libxcrypt understands: DES, $1$, $5$, $6$, $2b$, scrypt, yescrypt. A prefix that is
 * not in the table below is refused, since nobody has said what it may cost.
 */
#include "auth/limits.h"
#include "auth/scheme_int.h"
#include "base/arena.h"
#include "base/cursor.h"
#include "base/heap.h"
#include "base/secret.h"
#include "base/str.h"

#include <crypt.h>

static enum errc too_dear(struct err *err)
{
	return err_set(err, ERR_LIMIT, "the stored crypt hash costs more than is allowed");
}

static enum errc no_hash(struct err *err)
{
	return err_set(err, ERR_CORRUPT, "the stored password is no hash of crypt(3)");
}

/* A number and '$'. */
static enum errc check_cost(struct cursor *c, uint64_t max, struct err *err)
{
	uint64_t cost;

	switch (cursor_take_u64(c, max, &cost)) {
	case OK:
		return cursor_take(c, '$') ? OK : no_hash(err);
	case ERR_LIMIT:
		return too_dear(err);
	default:
		return no_hash(err);
	}
}

/* $5$ and $6$: "rounds=N$" may stand before the salt; 5000 otherwise. */
static enum errc check_rounds(struct cursor *c, struct err *err)
{
	if (!cursor_take_str(c, STR("rounds=")))
		return OK;
	return check_cost(c, SCHEME_SHACRYPT_ROUNDS_MAX, err);
}

/* $2b$12$: the logarithm of the rounds. */
static enum errc check_bcrypt(struct cursor *c, struct err *err)
{
	return check_cost(c, SCHEME_BCRYPT_COST_MAX, err);
}

/* The value of a character of crypt's base 64, plus one; 0 for another. */
static unsigned crypt_digit(int c)
{
	if (c >= '.' && c <= '9')
		return (unsigned)(c - '.') + 1;
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A') + 13;
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 39;
	return 0;
}

/* $y$j9T$: flavour, logarithm of N less one, r less one. Longer forms (more threads, a ROM) are in no use. */
static enum errc check_yescrypt(struct cursor *c, struct err *err)
{
	struct str rest = cursor_rest(c);

	if (rest.n < 4 || rest.p[0] != 'j' || crypt_digit(rest.p[1]) == 0 ||
	    crypt_digit(rest.p[2]) == 0)
		return no_hash(err);
	if (rest.p[3] != '$' || crypt_digit(rest.p[1]) > SCHEME_YESCRYPT_LOG2_N_MAX ||
	    crypt_digit(rest.p[2]) > SCHEME_YESCRYPT_R_MAX)
		return too_dear(err);
	return OK;
}

/* Five characters of six bits, the lowest first. False for another character. */
static bool take_30_bits(struct str *rest, unsigned *value_out)
{
	*value_out = 0;
	for (unsigned i = 0; i < 5; i++) {
		unsigned digit = i < rest->n ? crypt_digit(rest->p[i]) : 0;

		if (digit == 0)
			return false;
		*value_out |= (digit - 1) << (6 * i);
	}
	*rest = str_from_at(*rest, 5);
	return true;
}

/* $7$C6..../....salt$: scrypt; logarithm of N, r, p. */
static enum errc check_scrypt(struct cursor *c, struct err *err)
{
	struct str rest = cursor_rest(c);
	unsigned log2_n = rest.n > 0 ? crypt_digit(rest.p[0]) : 0, r, p;

	if (log2_n == 0)
		return no_hash(err);
	rest = str_from_at(rest, 1);
	if (!take_30_bits(&rest, &r) || !take_30_bits(&rest, &p))
		return no_hash(err);
	if (log2_n - 1 > SCHEME_SCRYPT_LOG2_N_MAX || r > SCHEME_SCRYPT_R_MAX ||
	    p > SCHEME_SCRYPT_P_MAX)
		return too_dear(err);
	return OK;
}

static enum errc check_nothing(struct cursor *c, struct err *err)
{
	(void)c;
	(void)err;
	return OK;
}

static const struct {
	struct str prefix;
	enum errc (*check)(struct cursor *c, struct err *err);
} prefixes[] = {
	{ STR_INIT("$1$"), check_nothing },
	{ STR_INIT("$5$"), check_rounds },
	{ STR_INIT("$6$"), check_rounds },
	{ STR_INIT("$2a$"), check_bcrypt },
	{ STR_INIT("$2b$"), check_bcrypt },
	{ STR_INIT("$2y$"), check_bcrypt },
	{ STR_INIT("$y$"), check_yescrypt },
	{ STR_INIT("$gy$"), check_yescrypt },
	{ STR_INIT("$7$"), check_scrypt },
};

/* Two of salt and eleven of hash. */
static bool is_des(struct str stored)
{
	for (size_t i = 0; i < stored.n; i++) {
		if (crypt_digit(stored.p[i]) == 0)
			return false;
	}
	return stored.n == 13;
}

enum errc crypt_check(struct str stored, struct err *err)
{
	struct cursor c = cursor_of(stored);

	for (size_t i = 0; i < stored.n; i++) {
		if (stored.p[i] <= ' ' || stored.p[i] > '~')
			return no_hash(err);
	}
	if (is_des(stored))
		return OK;
	for (size_t i = 0; i < COUNT(prefixes); i++) {
		if (cursor_take_str(&c, prefixes[i].prefix))
			return prefixes[i].check(&c, err);
	}
	return no_hash(err);
}

enum errc crypt_verify(struct str stored, struct str password, bool *match_out, struct err *err)
{
	struct crypt_data *data;
	char setting[AUTH_STORED_MAX + 1], phrase[AUTH_PASSWORD_MAX + 1];
	const char *made;
	enum errc rc = OK;

	/* crypt(3) sees the bytes before a NUL, and no more than 512 */
	if (password.n >= CRYPT_MAX_PASSPHRASE_SIZE ||
	    str_find_char(password, '\0') < password.n)
		return OK;
	memcpy(setting, stored.p, stored.n);
	setting[stored.n] = '\0';
	memcpy(phrase, password.p, password.n);
	phrase[password.n] = '\0';
	data = xcalloc(1, sizeof(*data));
	made = crypt_rn(phrase, setting, data, (int)sizeof(*data));
	if (made)
		*match_out = secret_equal(str_from(made), stored);
	else
		rc = no_hash(err);
	secret_wipe(phrase, sizeof(phrase));
	secret_wipe(data, sizeof(*data));
	xfree(data);
	return rc;
}

enum errc crypt_make(
    struct str password, struct arena *arena, struct str *stored_out, struct err *err)
{
	struct crypt_data *data;
	char setting[CRYPT_GENSALT_OUTPUT_SIZE];
	const char *phrase = str_cstr(arena, password);
	const char *made = NULL;

	if (password.n >= CRYPT_MAX_PASSPHRASE_SIZE)
		return err_set(err, ERR_ARG, "crypt takes passwords of less than %d bytes",
		    CRYPT_MAX_PASSPHRASE_SIZE);
	if (!crypt_gensalt_rn("$y$", 0, NULL, 0, setting, sizeof(setting)))
		return err_set(err, ERR_UNSUPPORTED, "crypt(3) has no yescrypt here");
	data = xcalloc(1, sizeof(*data));
	made = crypt_rn(phrase, setting, data, (int)sizeof(*data));
	if (made)
		*stored_out = str_dup(arena, str_from(made));
	secret_wipe(data, sizeof(*data));
	xfree(data);
	return made ? OK : err_set(err, ERR_UNAVAIL, "crypt(3) failed");
}
