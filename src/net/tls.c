#include "net/tls.h"

#include "base/heap.h"

#include "base/openssl.h"
#include "net/tls_set.h"
#include "net/tls_ticket.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

struct tls_server {
	pthread_mutex_t lock; /* set */
	struct tls_set *set;  /* held; NULL before the first load */
	struct tls_tickets *tickets;
};

struct tls_server *tls_server_new(void)
{
	struct tls_server *server = xcalloc(1, sizeof(*server));

	(void)pthread_mutex_init(&server->lock, NULL);
	server->tickets = tls_tickets_new();
	return server;
}

void tls_server_free(struct tls_server **serverp)
{
	if (!*serverp)
		return;
	tls_set_drop((*serverp)->set);
	tls_tickets_free(&(*serverp)->tickets);
	(void)pthread_mutex_destroy(&(*serverp)->lock);
	xfree(*serverp);
	*serverp = NULL;
}

/* The reason of OpenSSL's newest error, and an empty queue. */
static const char *reason(void)
{
	unsigned long code = ERR_peek_last_error();
	const char *text = code != 0 ? ERR_reason_error_string(code) : NULL;

	ERR_clear_error();
	return text ? text : "unknown error";
}

enum errc tls_server_load(
    struct tls_server *server, const struct tls_pem *pem, size_t count, struct err *err)
{
	struct tls_set *set = NULL, *old;
	enum errc rc = count > TLS_CERTIFICATES_MAX
	    ? err_set(err, ERR_LIMIT, "more than %d certificates", TLS_CERTIFICATES_MAX)
	    : tls_set_new(pem, count, server->tickets, &set, err);

	if (rc != OK)
		return rc;
	(void)pthread_mutex_lock(&server->lock);
	old = server->set;
	server->set = set;
	(void)pthread_mutex_unlock(&server->lock);
	tls_set_drop(old);
	return OK;
}

static struct tls_set *hold_set(struct tls_server *server)
{
	struct tls_set *set;

	(void)pthread_mutex_lock(&server->lock);
	set = server->set ? tls_set_hold(server->set) : NULL;
	(void)pthread_mutex_unlock(&server->lock);
	return set;
}

bool tls_server_is_loaded(struct tls_server *server)
{
	struct tls_set *set = hold_set(server);

	tls_set_drop(set);
	return set != NULL;
}

struct tls_tickets *tls_server_tickets(struct tls_server *server)
{
	return server->tickets;
}

struct ssl_st *tls_new(struct tls_server *server, int fd)
{
	struct tls_set *set = hold_set(server);
	SSL *ssl = set ? SSL_new(tls_set_find(set, STR_EMPTY)) : NULL;

	if (!ssl) {
		tls_set_drop(set);
		return NULL;
	}
	SSL_set_app_data(ssl, set);
	if (SSL_set_fd(ssl, fd) != 1)
		tls_free(&ssl);
	else
		SSL_set_accept_state(ssl);
	return ssl;
}

void tls_free(struct ssl_st **sslp)
{
	struct tls_set *set = *sslp ? SSL_get_app_data(*sslp) : NULL;

	SSL_free(*sslp);
	*sslp = NULL;
	tls_set_drop(set);
}

/* What a call that moved nothing means. */
static enum io_result result_of(SSL *ssl, int rc, unsigned *wait_out)
{
	switch (SSL_get_error(ssl, rc)) {
	case SSL_ERROR_WANT_READ:
		*wait_out = EPOLLIN;
		return IO_WAIT;
	case SSL_ERROR_WANT_WRITE:
		*wait_out = EPOLLOUT;
		return IO_WAIT;
	case SSL_ERROR_ZERO_RETURN:
		return IO_EOF;
	default:
		return IO_FAILED;
	}
}

enum io_result tls_handshake(struct ssl_st *ssl, unsigned *wait_out, struct err *err)
{
	enum io_result result;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(ssl);
	if (rc == 1)
		return IO_OK;
	result = result_of(ssl, rc, wait_out);
	if (result == IO_WAIT)
		return IO_WAIT;
	if (ERR_peek_last_error() != 0)
		(void)err_set(err, ERR_SYNTAX, "%s", reason());
	else
		(void)err_set(
		    err, ERR_CLOSED, "%s", errno != 0 ? strerror(errno) : "closed by the peer");
	return IO_FAILED;
}

enum io_result tls_read(
    struct ssl_st *ssl, char *p, size_t room, size_t *got_out, unsigned *wait_out)
{
	enum io_result result = IO_OK;
	size_t got = 0;
	int rc = 1;

	ERR_clear_error();
	/* a call gives one record at the most */
	while (got < room) {
		size_t n = 0;

		rc = SSL_read_ex(ssl, p + got, room - got, &n);
		if (rc != 1)
			break;
		got += n;
		if (!SSL_has_pending(ssl))
			break;
	}
	if (got == 0)
		result = result_of(ssl, rc, wait_out);
	*got_out = got;
	return result;
}

enum io_result tls_write(
    struct ssl_st *ssl, struct str bytes, size_t *wrote_out, unsigned *wait_out)
{
	int rc;

	ERR_clear_error();
	*wrote_out = 0;
	rc = SSL_write_ex(ssl, bytes.p, bytes.n, wrote_out);
	return rc == 1 ? IO_OK : result_of(ssl, rc, wait_out);
}

bool tls_has_pending(const struct ssl_st *ssl)
{
	return SSL_has_pending(ssl) == 1;
}

void tls_goodbye(struct ssl_st *ssl)
{
	ERR_clear_error();
	if (!SSL_in_init(ssl))
		(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

/* RFC 9266 section 2: 32 bytes, and a context that is there and empty. */
static enum errc exporter(SSL *ssl, unsigned char *out, size_t *size_out)
{
	static const char label[] = "EXPORTER-Channel-Binding";
	const size_t size = 32;

	/* section 4.2: not unique under TLS 1.2 without the extended master secret */
	if (SSL_version(ssl) < TLS1_3_VERSION && SSL_get_extms_support(ssl) != 1)
		return ERR_UNSUPPORTED;
	if (SSL_export_keying_material(
		ssl, out, size, label, sizeof(label) - 1, (const unsigned char *)"", 0, 1) != 1)
		return ERR_UNSUPPORTED;
	*size_out = size;
	return OK;
}

/* RFC 5929 section 4.1: the certificate, hashed as its signature is, and with SHA-256 in place of MD5 and SHA-1. */
static enum errc server_end_point(SSL *ssl, unsigned char *out, size_t *size_out)
{
	X509 *certificate = SSL_get_certificate(ssl);
	const EVP_MD *hash = NULL;
	unsigned size = 0;
	int nid = NID_undef;

	if (!certificate || X509_get_signature_info(certificate, &nid, NULL, NULL, NULL) != 1)
		return ERR_UNSUPPORTED;
	hash = nid == NID_md5 || nid == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(nid);
	if (!hash || (size_t)EVP_MD_get_size(hash) > TLS_BINDING_MAX ||
	    X509_digest(certificate, hash, out, &size) != 1)
		return ERR_UNSUPPORTED;
	*size_out = size;
	return OK;
}

enum errc tls_channel_binding(struct ssl_st *ssl, enum tls_binding type,
    unsigned char out[TLS_BINDING_MAX], size_t *size_out)
{
	enum errc rc;

	if (!SSL_is_init_finished(ssl))
		return ERR_STATE;
	rc = type == TLS_BINDING_EXPORTER ? exporter(ssl, out, size_out)
					  : server_end_point(ssl, out, size_out);
	ERR_clear_error();
	return rc;
}

size_t tls_describe(const struct ssl_st *ssl, char *out, size_t room)
{
	int n = snprintf(out, room, "%s %s", SSL_get_version(ssl), SSL_get_cipher_name(ssl));

	if (n < 0)
		return 0;
	return (size_t)n < room ? (size_t)n : room - 1;
}
