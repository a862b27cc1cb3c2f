/*
 * net/tls.h - the server's side of TLS over a nonblocking socket: TLS 1.2 and 1.3, no renegotiation.
 *
 * A tls_server holds the certificates for any number of listeners; loading it again changes what new connections
 * get and leaves the old ones alone. Tickets that clients have are good across a reload.
 */
#pragma once

#include "base/base.h"

struct ssl_st;
struct tls_server;

struct tls_server *tls_server_new(void);
void tls_server_free(struct tls_server **serverp);

/* All of one server; each costs some 20 KB. */
#define TLS_CERTIFICATES_MAX 4096

/* A certificate with its chain, leaf first, and its private key, both as PEM. Paths are for the texts of errors. */
struct tls_pem {
	const char *certificate_path, *key_path;
	struct str certificate, key;
};

/*
 * The first time or again, from any thread. pem[0] is for every client that asks for no name, or for one that is in none
 * of the certificates; the others are for the DNS names that are in them, a star for one label, and the earlier one
 * counts where two have a name. Nothing of `pem` is kept. ERR_SYNTAX (no PEM), ERR_ARG (the key is of another
 * certificate), ERR_LIMIT: what was there stays, the text names the file.
 */
NODISCARD enum errc tls_server_load(
    struct tls_server *server, const struct tls_pem *pem, size_t count, struct err *err);

/* For tests. */
struct tls_tickets;
struct tls_tickets *tls_server_tickets(struct tls_server *server);

bool tls_server_is_loaded(struct tls_server *server);

enum io_result {
	IO_OK,	   /* at least a byte was moved; the handshake is complete */
	IO_WAIT,   /* nothing moved: wait for what *wait_out says */
	IO_EOF,	   /* the peer has said its last, with or without close_notify */
	IO_FAILED, /* the connection is broken */
};

/* NULL when nothing is loaded. The socket stays the caller's. */
struct ssl_st *tls_new(struct tls_server *server, int fd);
void tls_free(struct ssl_st **sslp);

/* The wait is EPOLLIN or EPOLLOUT: what TLS wants, whatever the caller does. */
enum io_result tls_handshake(struct ssl_st *ssl, unsigned *wait_out, struct err *err);
enum io_result tls_read(
    struct ssl_st *ssl, char *p, size_t room, size_t *got_out, unsigned *wait_out);
enum io_result tls_write(
    struct ssl_st *ssl, struct str bytes, size_t *wrote_out, unsigned *wait_out);

/* Bytes are inside that the socket will not announce again: read before waiting. */
bool tls_has_pending(const struct ssl_st *ssl);

/* Says close_notify if the socket takes it. */
void tls_goodbye(struct ssl_st *ssl);

/* What ties a login to this very TLS connection (SASL's channel binding). */
enum tls_binding {
	TLS_BINDING_EXPORTER,	      /* "tls-exporter", RFC 9266 */
	TLS_BINDING_SERVER_END_POINT, /* "tls-server-end-point", RFC 5929 section 4 */
};

/* The longest: a server-end-point made with SHA-512. */
#define TLS_BINDING_MAX ((size_t)64)

/*
 * The binding's bytes; the client has the same. ERR_STATE: the handshake is not complete. ERR_UNSUPPORTED: this
 * connection has none of that type (TLS 1.2 without the extended master secret; a certificate whose signature
 * names no hash): it must then not be offered.
 */
NODISCARD enum errc tls_channel_binding(struct ssl_st *ssl, enum tls_binding type,
    unsigned char out[TLS_BINDING_MAX], size_t *size_out);

/* "TLSv1.3 TLS_AES_256_GCM_SHA384" into `out`, NUL-terminated; its length. */
size_t tls_describe(const struct ssl_st *ssl, char *out, size_t room);
