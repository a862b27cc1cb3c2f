/*
 * net/tls_ticket.h - the keys of session tickets: one for new tickets, the one before it for those that are out.
 *
 * A ticket lets a client come back without a full handshake. Whoever gets its key can read what TLS 1.2 sent, so keys
 * live in memory alone and for hours, not as long as the process. They outlive a reload of the certificates.
 */
#pragma once

#include "base/base.h"

/* A new key after so long; its tickets are good for as long again at the most. */
#define TLS_TICKET_KEY_S INT64_C(21600)

struct ssl_ctx_st;
struct tls_tickets;

struct tls_tickets *tls_tickets_new(void);
void tls_tickets_free(struct tls_tickets **ticketsp);

/* Lets connections of `ctx` use them; their tickets outlive `ctx`. `tickets` outlives every connection. */
void tls_tickets_use(struct tls_tickets *tickets, struct ssl_ctx_st *ctx);

/* For tests: as if so many seconds had passed. */
void tls_tickets_age(struct tls_tickets *tickets, int64_t seconds);
