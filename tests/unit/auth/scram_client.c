#include "tests/cm.h"

#include "tests/unit/auth/scram_client.h"

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/openssl.h"
#include "base/str.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

static const EVP_MD *md_of(enum scram_hash hash)
{
	return hash == SCRAM_SHA1 ? EVP_sha1() : EVP_sha256();
}

static struct str encode(struct arena *arena, struct str bytes)
{
	struct buf text = BUF_INIT(4096);
	struct str copy;

	base64_encode(&text, bytes);
	copy = str_dup(arena, buf_str(&text));
	buf_release(&text);
	return copy;
}

struct str scram_client_first(struct scram_dialogue *d, struct arena *arena)
{
	d->first_bare = str_printf(arena, "n=%.*s,r=%.*s", STR_ARG(d->name), STR_ARG(d->nonce));
	return str_printf(arena, "%.*s%.*s", STR_ARG(d->gs2), STR_ARG(d->first_bare));
}

/* The value behind "x=" among attributes between commas. */
static struct str attribute(struct str message, char name)
{
	struct str piece;

	while (str_split(&message, ',', &piece))
		if (piece.n > 2 && piece.p[0] == name && piece.p[1] == '=')
			return str_from_at(piece, 2);
	fail_msg("the message has no %c=", name);
	return STR_EMPTY;
}

struct str scram_client_final(
    struct scram_dialogue *d, struct str server_first, struct arena *arena)
{
	const EVP_MD *md = md_of(d->hash);
	size_t size = (size_t)EVP_MD_get_size(md);
	uint8_t salted[64], client[64], stored[64], server[64], proof[64], signature[64];
	struct str nonce = attribute(server_first, 'r'), salt, header, message;
	uint64_t iterations = 0;
	unsigned n = 0;

	assert_int_equal(base64_decode(arena, attribute(server_first, 's'), &salt, NULL), OK);
	assert_int_equal(str_to_u64(attribute(server_first, 'i'), 10000000, &iterations), OK);
	assert_true(str_starts(nonce, d->nonce) && nonce.n > d->nonce.n);
	header =
	    encode(arena, str_printf(arena, "%.*s%.*s", STR_ARG(d->gs2), STR_ARG(d->binding)));
	d->final = str_printf(arena, "c=%.*s,r=%.*s", STR_ARG(header), STR_ARG(nonce));
	message = str_printf(arena, "%.*s,%.*s,%.*s", STR_ARG(d->first_bare),
	    STR_ARG(server_first), STR_ARG(d->final));
	assert_int_equal(
	    PKCS5_PBKDF2_HMAC(d->password.p, (int)d->password.n, (const unsigned char *)salt.p,
		(int)salt.n, (int)iterations, md, (int)size, salted),
	    1);
	HMAC(md, salted, (int)size, (const unsigned char *)"Client Key", 10, client, &n);
	HMAC(md, salted, (int)size, (const unsigned char *)"Server Key", 10, server, &n);
	EVP_Digest(client, size, stored, &n, md, NULL);
	HMAC(md, stored, (int)size, (const unsigned char *)message.p, message.n, proof, &n);
	HMAC(md, server, (int)size, (const unsigned char *)message.p, message.n, signature, &n);
	for (size_t i = 0; i < size; i++)
		proof[i] ^= client[i];
	d->signature = str_printf(arena, "v=%.*s",
	    STR_ARG(encode(arena, (struct str){ (const char *)signature, size })));
	return str_printf(arena, "%.*s,p=%.*s", STR_ARG(d->final),
	    STR_ARG(encode(arena, (struct str){ (const char *)proof, size })));
}
