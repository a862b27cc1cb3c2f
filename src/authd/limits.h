/*
 * authd/limits.h - the largest that is taken of programs that ask for passwords, and how long they may take.
 */
#pragma once

/* Dovecot's own document expects lines within 16384 bytes; a message of SASL_MESSAGE_MAX fits, with what is beside it. */
#define DOVECOT_LINE_MAX ((size_t)16384)
#define DOVECOT_REQUESTS_MAX 128 /* of one connection, from AUTH to their answer */
#define DOVECOT_REQUEST_BYTES                                                                  \
	((size_t)32768) /* that one holds: its messages, twice while they are checked */
#define DOVECOT_HANDSHAKE_MS 30000 /* for VERSION and CPID */
#define DOVECOT_REQUEST_MS 150000  /* for the client's next message */

/*
 * What an attempt may wait for failures before it, whatever auth.throttle_delay_max says: Postfix lets go of an answer
 * that takes 10 seconds, and would tell its client of trouble where there is none.
 */
#define AUTHD_DELAY_MAX_MS 8000

#define SASLAUTHD_SERVICE_MAX 64
#define SASLAUTHD_REALM_MAX 255
#define SASLAUTHD_REQUEST_MS 30000 /* from the connection to the whole request */
