#include "net/tls_set.h"

#include "base/arena.h"
#include "base/heap.h"
#include "base/openssl.h"
#include "base/str.h"
#include "net/tls_ticket.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Names of one certificate; more than any authority puts in. */
#define NAMES_MAX 1000

struct name {
	struct str text; /* lower case, perhaps with "*." in front */
	unsigned context;
};

struct tls_set {
	atomic_uint users;
	struct arena *arena;
	SSL_CTX **context; /* [0] is for everybody */
	unsigned contexts;
	struct name *name; /* sorted; of equal ones the first context's comes first */
	size_t names;
};

static struct str lower(struct arena *arena, struct str text)
{
	char *copy = arena_alloc(arena, text.n + 1);

	for (size_t i = 0; i < text.n; i++)
		copy[i] = ascii_lower(text.p[i]);
	return (struct str){ copy, text.n };
}

/* The reason of OpenSSL's newest error, and an empty queue. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "unknown error";
}

/* An encrypted key would ask for its password on the terminal of a server that has none. */
static int no_password(char *out, int room, int is_writing, void *arg)
{
	(void)out;
	(void)room;
	(void)is_writing;
	(void)arg;
	return -1;
}

static SSL_CTX *new_context(struct tls_tickets *tickets)
{
	static const unsigned char id[] = "tabella";
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	if (!ctx)
		return NULL;
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_options(ctx,
	    SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION |
		SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_PRIORITIZE_CHACHA);
	(void)SSL_CTX_set_mode(ctx,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	/* one read(2) a record instead of two; the rest is what tls_has_pending is for */
	SSL_CTX_set_read_ahead(ctx, 1);
	/* tickets are with the client: a cache here would only take memory */
	(void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_session_id_context(ctx, id, sizeof(id) - 1);
	(void)SSL_CTX_set_num_tickets(ctx, 1);
	(void)SSL_CTX_set_tlsext_servername_callback(ctx, tls_set_choose);
	tls_tickets_use(tickets, ctx);
	return ctx;
}

static BIO *open_text(struct str text)
{
	return BIO_new_mem_buf(text.p ? text.p : "", (int)text.n);
}

static enum errc use_certificate(SSL_CTX *ctx, const struct tls_pem *pem, struct err *err)
{
	BIO *text = open_text(pem->certificate);
	X509 *certificate = text ? PEM_read_bio_X509_AUX(text, NULL, no_password, NULL) : NULL;
	enum errc rc = OK;

	if (!certificate || SSL_CTX_use_certificate(ctx, certificate) != 1)
		rc = err_set(err, ERR_SYNTAX, "certificate %s: no PEM certificate: %s",
		    pem->certificate_path, reason());
	X509_free(certificate);
	while (rc == OK && (certificate = PEM_read_bio_X509(text, NULL, no_password, NULL)))
		if (SSL_CTX_add0_chain_cert(ctx, certificate) != 1) {
			X509_free(certificate);
			rc = err_set(err, ERR_SYNTAX, "certificate %s: its chain: %s",
			    pem->certificate_path, reason());
		}
	/* the end of the text; anything else is a broken certificate */
	if (rc == OK && ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		rc = err_set(err, ERR_SYNTAX, "certificate %s: its chain: %s",
		    pem->certificate_path, reason());
	ERR_clear_error();
	BIO_free(text);
	return rc;
}

/* This compares the two, so what is no key and what is another's must be told apart. */
static enum errc use_key(SSL_CTX *ctx, const struct tls_pem *pem, struct err *err)
{
	BIO *text = open_text(pem->key);
	EVP_PKEY *key = text ? PEM_read_bio_PrivateKey(text, NULL, no_password, NULL) : NULL;
	enum errc rc = OK;

	if (!key)
		rc = err_set(err, ERR_SYNTAX, "private key %s: no PEM private key: %s",
		    pem->key_path, reason());
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1 || SSL_CTX_check_private_key(ctx) != 1)
		rc = err_set(err, ERR_ARG, "private key %s: not that of the certificate %s: %s",
		    pem->key_path, pem->certificate_path, reason());
	EVP_PKEY_free(key);
	BIO_free(text);
	return rc;
}

static void add_name(struct tls_set *set, struct str text, size_t *room)
{
	if (set->names == *room || text.n == 0)
		return;
	set->name[set->names++] =
	    (struct name){ .text = lower(set->arena, text), .context = set->contexts - 1 };
}

static struct str text_of(const ASN1_STRING *string)
{
	return (struct str){ (const char *)ASN1_STRING_get0_data(string),
		(size_t)ASN1_STRING_length(string) };
}

/* RFC 6125 6.4.4: the common name counts only without a DNS name beside. */
static void add_names(struct tls_set *set, const X509 *certificate)
{
	GENERAL_NAMES *others = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int count = others ? sk_GENERAL_NAME_num(others) : 0;
	size_t before = set->names, room;

	count = count < NAMES_MAX ? count : NAMES_MAX;
	room = set->names + (size_t)count + 1;
	set->name = xrealloc(set->name, room * sizeof(*set->name));
	for (int i = 0; i < count; i++) {
		const GENERAL_NAME *other = sk_GENERAL_NAME_value(others, i);

		if (other->type == GEN_DNS)
			add_name(set, text_of(other->d.dNSName), &room);
	}
	GENERAL_NAMES_free(others);
	if (set->names == before) {
		const X509_NAME *subject = X509_get_subject_name(certificate);
		int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

		if (at >= 0)
			add_name(set,
			    text_of(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))),
			    &room);
	}
}

static enum errc add_pair(struct tls_set *set, const struct tls_pem *pem,
    struct tls_tickets *tickets, struct err *err)
{
	SSL_CTX *ctx = new_context(tickets);
	enum errc rc;

	if (!ctx)
		return err_set(err, ERR_INTERNAL, "TLS: %s", reason());
	set->context[set->contexts++] = ctx;
	rc = use_certificate(ctx, pem, err);
	if (rc == OK)
		rc = use_key(ctx, pem, err);
	if (rc == OK)
		add_names(set, SSL_CTX_get0_certificate(ctx));
	return rc;
}

static int compare(const void *a, const void *b)
{
	const struct name *x = a, *y = b;
	int order = str_compare(x->text, y->text);

	if (order != 0)
		return order;
	return x->context < y->context ? -1 : x->context > y->context;
}

enum errc tls_set_new(const struct tls_pem *pem, size_t count, struct tls_tickets *tickets,
    struct tls_set **set_out, struct err *err)
{
	struct tls_set *set = xcalloc(1, sizeof(*set));
	enum errc rc = OK;

	atomic_store(&set->users, 1);
	set->arena = arena_new("certificates");
	set->context = xcalloc(count, sizeof(SSL_CTX *));
	ERR_clear_error();
	for (size_t i = 0; rc == OK && i < count; i++)
		rc = add_pair(set, &pem[i], tickets, err);
	if (rc != OK) {
		tls_set_drop(set);
		return rc;
	}
	if (set->names > 0)
		qsort(set->name, set->names, sizeof(*set->name), compare);
	*set_out = set;
	return OK;
}

struct tls_set *tls_set_hold(struct tls_set *set)
{
	(void)atomic_fetch_add(&set->users, 1);
	return set;
}

void tls_set_drop(struct tls_set *set)
{
	if (!set || atomic_fetch_sub(&set->users, 1) > 1)
		return;
	for (unsigned i = 0; i < set->contexts; i++)
		SSL_CTX_free(set->context[i]);
	xfree(set->context);
	xfree(set->name);
	arena_free(&set->arena);
	xfree(set);
}

/* The first of that name, or NULL. */
static const struct name *find(const struct tls_set *set, struct str text)
{
	size_t low = 0, high = set->names;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (str_compare(set->name[middle].text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->names && str_equal(set->name[low].text, text) ? &set->name[low]
									: NULL;
}

struct ssl_ctx_st *tls_set_find(const struct tls_set *set, struct str name)
{
	struct arena *arena = arena_new("server name");
	struct str asked = lower(arena, name);
	const struct name *found = find(set, asked);
	size_t dot = str_find_char(asked, '.');

	/* RFC 6125 6.4.3: a star stands for the whole first label */
	if (!found && dot < asked.n)
		found = find(set, str_printf(arena, "*%.*s", STR_ARG(str_from_at(asked, dot))));
	arena_free(&arena);
	return set->context[found ? found->context : 0];
}

int tls_set_choose(struct ssl_st *ssl, int *alert, void *unused)
{
	const struct tls_set *set = SSL_get_app_data(ssl);
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct ssl_ctx_st *ctx;

	(void)alert;
	(void)unused;
	if (!name)
		return SSL_TLSEXT_ERR_NOACK;
	ctx = tls_set_find(set, str_from(name));
	if (ctx == SSL_get_SSL_CTX(ssl))
		return SSL_TLSEXT_ERR_OK;
	return SSL_set_SSL_CTX(ssl, ctx) ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}
