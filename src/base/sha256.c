#include "base/sha256.h"

#include "base/die.h"
#include "base/heap.h"
#include "base/openssl.h"

#include <openssl/evp.h>
#include <pthread.h>

/* OpenSSL 3 looks an algorithm up by name, under a lock, whenever it is not handed a fetched one. */
static EVP_MD *fetched;
static pthread_once_t fetch_once = PTHREAD_ONCE_INIT;

_Noreturn static void broken(const char *what)
{
	die("OpenSSL cannot do SHA-256 (%s)", what);
}

static void fetch(void)
{
	fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
	if (!fetched)
		broken("fetch");
}

static const EVP_MD *algorithm(void)
{
	(void)pthread_once(&fetch_once, fetch);
	return fetched;
}

static void start(struct sha256 *hash)
{
	if (EVP_DigestInit_ex2(hash->ctx, algorithm(), NULL) != 1)
		broken("init");
}

void sha256_init(struct sha256 *hash)
{
	hash->ctx = EVP_MD_CTX_new();
	if (!hash->ctx)
		heap_exhausted(sizeof(hash->ctx));
	start(hash);
}

void sha256_add(struct sha256 *hash, struct str in)
{
	if (EVP_DigestUpdate(hash->ctx, in.p, in.n) != 1)
		broken("update");
}

void sha256_finish(struct sha256 *hash, uint8_t out[SHA256_SIZE])
{
	if (EVP_DigestFinal_ex(hash->ctx, out, NULL) != 1)
		broken("final");
	start(hash);
}

void sha256_release(struct sha256 *hash)
{
	EVP_MD_CTX_free(hash->ctx);
	hash->ctx = NULL;
}

void sha256(struct str in, uint8_t out[SHA256_SIZE])
{
	if (EVP_Digest(in.p, in.n, out, NULL, algorithm(), NULL) != 1)
		broken("digest");
}
