#include "net/tls_ticket.h"

#include "base/clock.h"
#include "base/heap.h"
#include "base/openssl.h"
#include "base/secret.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include <pthread.h>
#include <string.h>

#define NAME_SIZE 16
#define KEY_SIZE 32

struct key {
	unsigned char name[NAME_SIZE], cipher[KEY_SIZE], mac[KEY_SIZE];
	int64_t made_ms; /* monotonic; 0: there is none */
};

struct tls_tickets {
	pthread_mutex_t lock;
	struct key now, before;
};

struct tls_tickets *tls_tickets_new(void)
{
	struct tls_tickets *tickets = xcalloc(1, sizeof(*tickets));

	(void)pthread_mutex_init(&tickets->lock, NULL);
	return tickets;
}

void tls_tickets_free(struct tls_tickets **ticketsp)
{
	if (!*ticketsp)
		return;
	(void)pthread_mutex_destroy(&(*ticketsp)->lock);
	secret_wipe(*ticketsp, sizeof(**ticketsp));
	xfree(*ticketsp);
	*ticketsp = NULL;
}

static bool is_good(const struct key *key, int64_t now_ms, int64_t life_s)
{
	return key->made_ms != 0 && now_ms - key->made_ms < life_s * 1000;
}

/* Under the lock. False: there are no random numbers. */
static bool renew(struct tls_tickets *tickets)
{
	int64_t now_ms = clock_mono_ms();
	struct key key = { .made_ms = now_ms };

	if (is_good(&tickets->now, now_ms, TLS_TICKET_KEY_S))
		return true;
	if (RAND_bytes(key.name, NAME_SIZE) != 1 || RAND_bytes(key.cipher, KEY_SIZE) != 1 ||
	    RAND_bytes(key.mac, KEY_SIZE) != 1)
		return false;
	tickets->before = tickets->now;
	tickets->now = key;
	secret_wipe(&key, sizeof(key));
	return true;
}

/* 0: none of that name. */
static int find_key(struct tls_tickets *tickets, const unsigned char *name, struct key *key_out)
{
	int64_t now_ms = clock_mono_ms();
	int found = 0;

	(void)pthread_mutex_lock(&tickets->lock);
	if (is_good(&tickets->now, now_ms, 2 * TLS_TICKET_KEY_S) &&
	    memcmp(tickets->now.name, name, NAME_SIZE) == 0) {
		*key_out = tickets->now;
		found = 1;
	} else if (is_good(&tickets->before, now_ms, 2 * TLS_TICKET_KEY_S) &&
	    memcmp(tickets->before.name, name, NAME_SIZE) == 0) {
		*key_out = tickets->before;
		found = 2; /* and give a new ticket */
	}
	(void)pthread_mutex_unlock(&tickets->lock);
	return found;
}

static bool newest_key(struct tls_tickets *tickets, struct key *key_out)
{
	bool is_there;

	(void)pthread_mutex_lock(&tickets->lock);
	is_there = renew(tickets);
	*key_out = tickets->now;
	(void)pthread_mutex_unlock(&tickets->lock);
	return is_there;
}

static bool set_mac(EVP_MAC_CTX *mac, struct key *key)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, KEY_SIZE),
		OSSL_PARAM_construct_utf8_string(
		    OSSL_MAC_PARAM_DIGEST, (char[]){ "SHA256" }, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_MAC_CTX_set_params(mac, params) == 1;
}

/* SSL_CTX_set_tlsext_ticket_key_evp_cb(3): 1 go on, 2 and renew the ticket, 0 full handshake, -1 broken. */
static int use_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
    EVP_MAC_CTX *mac, int is_new)
{
	struct tls_tickets *tickets = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
	struct key key;
	int rc = 1;

	if (is_new) {
		if (!newest_key(tickets, &key) || RAND_bytes(iv, EVP_MAX_IV_LENGTH) != 1)
			return -1;
		memcpy(name, key.name, NAME_SIZE);
	} else {
		rc = find_key(tickets, name, &key);
		if (rc == 0)
			return 0;
	}
	if (EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key.cipher, iv, is_new) != 1 ||
	    !set_mac(mac, &key))
		rc = -1;
	secret_wipe(&key, sizeof(key));
	return rc;
}

void tls_tickets_use(struct tls_tickets *tickets, struct ssl_ctx_st *ctx)
{
	SSL_CTX_set_app_data(ctx, tickets);
	(void)SSL_CTX_set_tlsext_ticket_key_evp_cb(ctx, use_key);
	(void)SSL_CTX_set_timeout(ctx, TLS_TICKET_KEY_S);
}

void tls_tickets_age(struct tls_tickets *tickets, int64_t seconds)
{
	(void)pthread_mutex_lock(&tickets->lock);
	if (tickets->now.made_ms != 0)
		tickets->now.made_ms -= seconds * 1000;
	if (tickets->before.made_ms != 0)
		tickets->before.made_ms -= seconds * 1000;
	(void)pthread_mutex_unlock(&tickets->lock);
}
