/*
 * auth/scheme_digest.c - DBMail's unsalted digests: MD5, SHA-1, SHA-2, Whirlpool, in hexadecimal.
 *
 * DBMail compares only the first 32 characters of SHA-1; here all 40 count. They are kept so that a site can move, and
 * none of them is ever made.
 */
#include "auth/limits.h"
#include "auth/scheme_int.h"
#include "base/openssl.h"
#include "base/secret.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <openssl/provider.h>

#define DIGEST_MAX 64

/* What md5base64 stores of DBMail's padded buffer, and what base 64 of 16 bytes would be. */
#define MD5_BASE64_CHARS 32
#define MD5_BASE64_PLAIN 24

static bool is_hex(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = ascii_lower(s.p[i]);

		if (!ascii_is_digit(c) && (c < 'a' || c > 'f'))
			return false;
	}
	return true;
}

enum errc digest_check_hex(struct str stored, size_t digits, struct err *err)
{
	if (stored.n != digits || !is_hex(stored))
		return err_set(err, ERR_CORRUPT,
		    "the stored password is no %zu hexadecimal digits", digits);
	return OK;
}

static bool digest(const EVP_MD *md, struct str password, uint8_t *out, unsigned *size_out)
{
	return md && EVP_Digest(password.p, password.n, out, size_out, md, NULL) == 1;
}

bool digest_equals_hex(struct str stored, const uint8_t *bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef";
	char made[2 * DIGEST_MAX], given[2 * DIGEST_MAX];

	for (size_t i = 0; i < size; i++) {
		made[2 * i] = digits[bytes[i] >> 4];
		made[2 * i + 1] = digits[bytes[i] & 15];
	}
	for (size_t i = 0; i < 2 * size; i++)
		given[i] = ascii_lower(stored.p[i]);
	return secret_equal((struct str){ made, 2 * size }, (struct str){ given, 2 * size });
}

static enum errc verify_hex(
    const EVP_MD *md, struct str stored, struct str password, bool *match_out, struct err *err)
{
	uint8_t out[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	if (!digest(md, password, out, &size) || 2 * (size_t)size != stored.n)
		return err_set(
		    err, ERR_UNSUPPORTED, "this machine's OpenSSL lacks that digest");
	*match_out = digest_equals_hex(stored, out, size);
	return OK;
}

enum errc md5sum_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 32, err);
}

enum errc md5sum_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	return verify_hex(EVP_md5(), stored, password, match_out, err);
}

/* "md5" is the salted $1$ of crypt(3); what does not begin so is a digest. */
static bool is_salted(struct str stored)
{
	return str_starts(stored, STR("$1$"));
}

enum errc md5_check(struct str stored, struct err *err)
{
	return is_salted(stored) ? crypt_check(stored, err) : md5sum_check(stored, err);
}

enum errc md5_verify(struct str stored, struct str password, bool *match_out, struct err *err)
{
	return is_salted(stored) ? crypt_verify(stored, password, match_out, err)
				 : md5sum_verify(stored, password, match_out, err);
}

/* DBMail stores the beginning of base 64 of the digest with zeros behind it. */
enum errc md5base64_check(struct str stored, struct err *err)
{
	if (stored.n < MD5_BASE64_CHARS && stored.n != MD5_BASE64_PLAIN)
		return err_set(err, ERR_CORRUPT, "the stored password is no md5base64 hash");
	return OK;
}

enum errc md5base64_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	uint8_t out[EVP_MAX_MD_SIZE] = { 0 };
	unsigned char text[MD5_BASE64_CHARS + 1];
	bool plain = stored.n == MD5_BASE64_PLAIN;
	unsigned size = 0;

	if (!digest(EVP_md5(), password, out, &size))
		return err_set(err, ERR_UNSUPPORTED, "this machine's OpenSSL lacks MD5");
	/* 24 bytes, of which the digest is 16, are the 32 characters that DBMail compares */
	(void)EVP_EncodeBlock(text, out, plain ? 16 : 24);
	*match_out = secret_equal(
	    (struct str){ (const char *)text, plain ? MD5_BASE64_PLAIN : MD5_BASE64_CHARS },
	    str_first(stored, MD5_BASE64_CHARS));
	return OK;
}

enum errc sha1_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 40, err);
}

enum errc sha1_verify(struct str stored, struct str password, bool *match_out, struct err *err)
{
	return verify_hex(EVP_sha1(), stored, password, match_out, err);
}

enum errc sha256_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 64, err);
}

enum errc sha256_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	return verify_hex(EVP_sha256(), stored, password, match_out, err);
}

enum errc sha512_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 128, err);
}

enum errc sha512_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	return verify_hex(EVP_sha512(), stored, password, match_out, err);
}

enum errc whirlpool_check(struct str stored, struct err *err)
{
	return digest_check_hex(stored, 128, err);
}

/* Only OpenSSL's legacy provider has it, which is loaded into a context of its own: ours stays as it is. */
enum errc whirlpool_verify(
    struct str stored, struct str password, bool *match_out, struct err *err)
{
	OSSL_LIB_CTX *ctx = OSSL_LIB_CTX_new();
	OSSL_PROVIDER *legacy = ctx ? OSSL_PROVIDER_load(ctx, "legacy") : NULL;
	EVP_MD *md = legacy ? EVP_MD_fetch(ctx, "WHIRLPOOL", NULL) : NULL;
	enum errc rc = verify_hex(md, stored, password, match_out, err);

	EVP_MD_free(md);
	if (legacy)
		OSSL_PROVIDER_unload(legacy);
	OSSL_LIB_CTX_free(ctx);
	ERR_clear_error();
	return rc;
}
