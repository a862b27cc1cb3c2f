/*
 * net/tls_set.h - certificates with their keys, and which of them a client gets: immutable and counted.
 *
 * A client that names a server (SNI, RFC 6066 section 3) gets the certificate that has the name, as it stands or by a
 * wildcard; every other client gets the first one.
 */
#pragma once

#include "net/tls.h"

struct ssl_ctx_st;
struct tls_set;
struct tls_tickets;

/* Errors as tls_server_load. `tickets` outlives every connection. */
NODISCARD enum errc tls_set_new(const struct tls_pem *pem, size_t count,
    struct tls_tickets *tickets, struct tls_set **set_out, struct err *err);

struct tls_set *tls_set_hold(struct tls_set *set);
void tls_set_drop(struct tls_set *set);

/* NULL or of no certificate: the first one. Borrowed from the set. */
struct ssl_ctx_st *tls_set_find(const struct tls_set *set, struct str name);

/* For struct ssl_st whose app data is the set: gives it the certificate of the name that it was asked for. */
int tls_set_choose(struct ssl_st *ssl, int *alert, void *unused);
