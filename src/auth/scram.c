/* auth/scram.c - the keys of SCRAM. */
#include "auth/scram.h"

#include "auth/limits.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/openssl.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/str.h"
#include "base/utf8.h"

#include <gsasl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *digest_of(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? EVP_sha1() : EVP_sha256();
}

size_t scram_key_size(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? 20 : 32;
}

struct str scram_hash_name(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? STR("SCRAM-SHA-1") : STR("SCRAM-SHA-256");
}

/* HMAC of a short text. */
static bool mac(const EVP_MD *md, struct str key, struct str text, uint8_t *out)
{
	unsigned size = 0;

	return HMAC(md, key.p, (int)key.n, (const unsigned char *)text.p, text.n, out, &size);
}

/* RFC 5802 section 3: SaltedPassword, then ServerKey, ClientKey, and StoredKey, which is its hash. */
static bool keys_of(
    enum scram_hash hash, const uint8_t *salted, size_t size, struct scram_keys *keys)
{
	const EVP_MD *md = digest_of(hash);
	struct str key = { (const char *)salted, size };
	uint8_t client[SCRAM_KEY_MAX];
	unsigned n = 0;
	bool ok = mac(md, key, STR("Server Key"), keys->server) &&
	    mac(md, key, STR("Client Key"), client) &&
	    EVP_Digest(client, size, keys->stored, &n, md, NULL) == 1;

	secret_wipe(client, sizeof(client));
	return ok;
}

/* RFC 5802 2.2: the password in the form of SASLprep, as a stored string. gsasl's memory, NUL-terminated. */
static enum errc normalize(struct str password, char **out, struct err *err)
{
	char text[AUTH_PASSWORD_MAX + 1];
	int rc;

	if (password.n > AUTH_PASSWORD_MAX || str_find_char(password, '\0') < password.n)
		return err_set(err, ERR_ARG, "SCRAM: a password over its limit, or with a NUL");
	memcpy(text, password.p, password.n);
	text[password.n] = '\0';
	rc = gsasl_saslprep(text, (Gsasl_saslprep_flags)0, out, NULL);
	secret_wipe(text, sizeof(text));
	if (rc != GSASL_OK || **out == '\0') {
		if (rc == GSASL_OK)
			gsasl_free(*out);
		return err_set(err, ERR_ARG, "SCRAM: the password holds what SASLprep forbids");
	}
	return OK;
}

enum errc scram_derive(
    enum scram_hash hash, struct str password, struct scram_keys *keys, struct err *err)
{
	size_t size = scram_key_size(hash);
	uint8_t salted[SCRAM_KEY_MAX];
	char *text = NULL;
	bool ok;
	enum errc rc = normalize(password, &text, err);

	if (rc != OK)
		return rc;
	ok = PKCS5_PBKDF2_HMAC(text, (int)strlen(text), keys->salt, (int)keys->salt_size,
		 (int)keys->iterations, digest_of(hash), (int)size, salted) == 1 &&
	    keys_of(hash, salted, size, keys);
	secret_wipe(text, strlen(text));
	gsasl_free(text);
	secret_wipe(salted, sizeof(salted));
	ERR_clear_error();
	return ok ? OK : err_set(err, ERR_UNAVAIL, "SCRAM: no memory to make keys");
}

void scram_salt(
    const uint8_t site_key[32], enum scram_hash hash, struct str name, struct scram_keys *keys)
{
	struct arena *arena = arena_new("scram");
	struct str text = str_printf(arena, "salt %.*s %.*s", STR_ARG(scram_hash_name(hash)),
	    STR_ARG(ascii_fold(arena, name)));
	uint8_t out[EVP_MAX_MD_SIZE];

	/* without memory the salt is at random: worse for hiding who exists, right otherwise */
	if (!mac(EVP_sha256(), (struct str){ (const char *)site_key, 32 }, text, out))
		random_bytes(out, SCRAM_SALT_SIZE);
	memcpy(keys->salt, out, SCRAM_SALT_SIZE);
	keys->salt_size = SCRAM_SALT_SIZE;
	arena_free(&arena);
}

struct str scram_print(struct arena *arena, enum scram_hash hash, const struct scram_keys *keys)
{
	struct buf text = BUF_INIT(512);
	size_t size = scram_key_size(hash);
	struct str printed;

	buf_printf(&text, "%u:", keys->iterations);
	base64_encode(&text, (struct str){ (const char *)keys->salt, keys->salt_size });
	BUF_ADD(&text, "$");
	base64_encode(&text, (struct str){ (const char *)keys->stored, size });
	BUF_ADD(&text, ":");
	base64_encode(&text, (struct str){ (const char *)keys->server, size });
	printed = str_dup(arena, buf_str(&text));
	secret_wipe(text.p, text.n);
	buf_release(&text);
	return printed;
}

/* Base 64 of `least` to `most` bytes. */
static bool take_bytes(
    struct arena *arena, struct str text, size_t least, size_t most, struct str *out)
{
	return base64_decode(arena, text, out, NULL) == OK && out->n >= least && out->n <= most;
}

enum errc scram_parse(
    enum scram_hash hash, struct str text, struct scram_keys *keys_out, struct err *err)
{
	struct arena *arena = arena_new("scram");
	size_t size = scram_key_size(hash), dollar = str_find_char(text, '$');
	struct str head = str_first(text, dollar);
	struct str keys = dollar < text.n ? str_from_at(text, dollar + 1) : STR_EMPTY;
	struct str count, salt, stored, server;
	uint64_t iterations = 0;
	enum errc rc = OK;

	if (!str_split(&head, ':', &count) || !head.p || !str_split(&keys, ':', &stored) ||
	    !keys.p || str_to_u64(count, UINT32_MAX, &iterations) != OK ||
	    !take_bytes(arena, head, 1, SCRAM_SALT_MAX, &salt) ||
	    !take_bytes(arena, stored, size, size, &stored) ||
	    !take_bytes(arena, keys, size, size, &server))
		rc = err_set(err, ERR_CORRUPT, "auth_keys.data are no keys of %.*s",
		    STR_ARG(scram_hash_name(hash)));
	else if (iterations < SCRAM_ITERATIONS_MIN || iterations > SCRAM_ITERATIONS_MAX)
		rc = err_set(err, ERR_LIMIT, "auth_keys.data ask for %llu iterations",
		    (unsigned long long)iterations);
	if (rc == OK) {
		*keys_out = (struct scram_keys){ .iterations = (uint32_t)iterations,
			.salt_size = salt.n };
		memcpy(keys_out->salt, salt.p, salt.n);
		memcpy(keys_out->stored, stored.p, size);
		memcpy(keys_out->server, server.p, size);
	}
	arena_free(&arena);
	return rc;
}
