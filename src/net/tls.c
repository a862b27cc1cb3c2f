#include "net/tls.h"

#include "base/heap.h"

#include "base/openssl.h"

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
	pthread_mutex_t lock; /* ctx */
	SSL_CTX *ctx;	      /* counted: each SSL holds the one that it was made of */
};

struct tls_server *tls_server_new(void)
{
	struct tls_server *server = xcalloc(1, sizeof(*server));

	(void)pthread_mutex_init(&server->lock, NULL);
	return server;
}

void tls_server_free(struct tls_server **serverp)
{
	if (!*serverp)
		return;
	SSL_CTX_free((*serverp)->ctx);
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

static enum errc check_readable(const char *what, const char *path, struct err *err)
{
	enum errc code = ERR_DENIED;

	if (access(path, R_OK) == 0)
		return OK;
	if (errno == ENOENT)
		code = ERR_NOTFOUND;
	return err_set(err, code, "%s %s: %s", what, path, strerror(errno));
}

static enum errc load_files(
    SSL_CTX *ctx, const char *certificate_path, const char *key_path, struct err *err)
{
	enum errc rc = check_readable("certificate", certificate_path, err);

	if (rc == OK)
		rc = check_readable("private key", key_path, err);
	if (rc != OK)
		return rc;
	if (SSL_CTX_use_certificate_chain_file(ctx, certificate_path) != 1)
		return err_set(err, ERR_SYNTAX, "certificate %s: no PEM certificate: %s",
		    certificate_path, reason());
	/* this compares the two, so what is no key and what is another's must be told apart */
	if (SSL_CTX_use_PrivateKey_file(ctx, key_path, SSL_FILETYPE_PEM) != 1) {
		bool is_other =
		    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_VALUES_MISMATCH ||
		    ERR_GET_REASON(ERR_peek_last_error()) == X509_R_KEY_TYPE_MISMATCH;

		return err_set(err, is_other ? ERR_ARG : ERR_SYNTAX, "private key %s: %s: %s",
		    key_path, is_other ? "not that of the certificate" : "no PEM private key",
		    reason());
	}
	if (SSL_CTX_check_private_key(ctx) != 1)
		return err_set(err, ERR_ARG,
		    "private key %s: not that of the certificate %s: %s", key_path,
		    certificate_path, reason());
	return OK;
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

static SSL_CTX *new_context(void)
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
	SSL_CTX_set_default_passwd_cb(ctx, no_password);
	return ctx;
}

enum errc tls_server_load(struct tls_server *server, const char *certificate_path,
    const char *key_path, struct err *err)
{
	SSL_CTX *ctx, *old;
	enum errc rc;

	ERR_clear_error();
	ctx = new_context();
	if (!ctx)
		return err_set(err, ERR_INTERNAL, "TLS: %s", reason());
	rc = load_files(ctx, certificate_path, key_path, err);
	if (rc != OK) {
		SSL_CTX_free(ctx);
		return rc;
	}
	(void)pthread_mutex_lock(&server->lock);
	old = server->ctx;
	server->ctx = ctx;
	(void)pthread_mutex_unlock(&server->lock);
	SSL_CTX_free(old);
	return OK;
}

bool tls_server_is_loaded(struct tls_server *server)
{
	bool is_loaded;

	(void)pthread_mutex_lock(&server->lock);
	is_loaded = server->ctx != NULL;
	(void)pthread_mutex_unlock(&server->lock);
	return is_loaded;
}

struct ssl_st *tls_new(struct tls_server *server, int fd)
{
	SSL *ssl = NULL;

	(void)pthread_mutex_lock(&server->lock);
	if (server->ctx)
		ssl = SSL_new(server->ctx);
	(void)pthread_mutex_unlock(&server->lock);
	if (ssl && SSL_set_fd(ssl, fd) != 1)
		tls_free(&ssl);
	if (ssl)
		SSL_set_accept_state(ssl);
	return ssl;
}

void tls_free(struct ssl_st **sslp)
{
	SSL_free(*sslp);
	*sslp = NULL;
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
