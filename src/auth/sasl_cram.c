/* auth/sasl_cram.c - CRAM-MD5 (RFC 2195): HMAC-MD5 of a challenge under the password itself. */
#include "auth/sasl_int.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/heap.h"
#include "base/hex.h"
#include "base/openssl.h"
#include "base/random.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#define MD5_SIZE 16

char *sasl_cram_challenge(struct str hostname)
{
	struct arena *arena = arena_new("cram");
	struct str text = str_printf(arena, "<%llu.%lld@%.*s>",
	    (unsigned long long)random_u64(), (long long)clock_unix_s(), STR_ARG(hostname));
	char *copy = xstrdup(str_cstr(arena, text));

	arena_free(&arena);
	return copy;
}

static bool is_lower_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (hex_digit(s.p[i]) < 0 || ascii_lower(s.p[i]) != s.p[i])
			return false;
	return true;
}

enum errc sasl_cram_parse(
    struct str message, struct credentials *credentials_out, struct err *err)
{
	size_t space =
	    str_rfind_char(message, ' '); /* a name may have spaces, the digits not */
	struct credentials c = { .authcid = str_first(message, space) };
	enum errc rc;

	if (space < message.n)
		c.password = str_from_at(message, space + 1);
	if (c.password.n != (size_t)2 * MD5_SIZE || !is_lower_hex(c.password))
		return err_set(err, ERR_SYNTAX, "CRAM-MD5: a name and 32 hexadecimal digits");
	rc = credentials_check(&c, err);
	if (rc == OK)
		*credentials_out = c;
	return rc;
}

bool sasl_cram_is_right(const struct credentials *credentials, struct str password)
{
	static const char digits[] = "0123456789abcdef";
	struct str challenge = credentials->challenge;
	uint8_t out[EVP_MAX_MD_SIZE];
	char made[2 * MD5_SIZE];
	unsigned size = 0;

	if (!HMAC(EVP_md5(), password.p, (int)password.n, (const unsigned char *)challenge.p,
		challenge.n, out, &size) ||
	    size != MD5_SIZE) {
		ERR_clear_error();
		return false;
	}
	for (size_t i = 0; i < MD5_SIZE; i++) {
		made[2 * i] = digits[out[i] >> 4];
		made[2 * i + 1] = digits[out[i] & 15];
	}
	return secret_equal((struct str){ made, sizeof(made) }, credentials->password);
}
