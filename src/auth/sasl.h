/*
 * auth/sasl.h - the server's side of SASL (RFC 4422) as every protocol uses it: lines of base 64 in and out, no I/O.
 *
 *	rc = sasl_start(&sasl, mechanism, initial, &err);
 *	while (rc == ERR_MORE)
 *		send sasl.challenge, read a line, rc = sasl_step(&sasl, line, &err);
 *	OK: sasl.credentials go to auth_start, then sasl_release
 *
 * PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login). Both send the password itself: whether they may be offered
 * without TLS is the protocol's to decide.
 */
#pragma once

#include "base/secret.h"

enum sasl_mechanism { SASL_PLAIN, SASL_LOGIN, SASL_MECHANISM_COUNT };

/* Who wants in. Views into the secrets of a struct sasl, or of the caller's. */
struct credentials {
	struct str authzid; /* whose account; empty: that of authcid */
	struct str authcid; /* whose password */
	struct str password;
};

/* One exchange. Zeroed before sasl_start. */
struct sasl {
	enum sasl_mechanism mechanism;
	int step;
	struct secret message[2];	/* what the client has sent so far */
	struct str challenge;		/* after ERR_MORE: base 64, may be empty; a constant */
	struct credentials credentials; /* after OK; views that sasl_release ends */
};

/* "PLAIN", "LOGIN"; names are taken in either case. */
struct str sasl_mechanism_name(enum sasl_mechanism mechanism);
bool sasl_mechanism_find(struct str name, enum sasl_mechanism *mechanism_out);

/*
 * `initial` is the initial response (SASL-IR, RFC 4959; RFC 4954 section 4) in base 64: p == NULL if there was none, "="
 * for one that is empty.
 *
 * OK          the credentials are complete (nothing is known of their truth)
 * ERR_MORE    send the challenge
 * ERR_SYNTAX  bad base 64 or a message that breaks the mechanism's grammar
 * ERR_LIMIT   a message over SASL_MESSAGE_MAX, a name or password over its limit
 * ERR_CLOSED  the client has cancelled with "*"
 * After anything but ERR_MORE the exchange is over.
 */
NODISCARD enum errc sasl_start(
    struct sasl *sasl, enum sasl_mechanism mechanism, struct str initial, struct err *err);
NODISCARD enum errc sasl_step(struct sasl *sasl, struct str line, struct err *err);

/* Wipes what was sent. May be called again, and on a zeroed struct. */
void sasl_release(struct sasl *sasl);

/* One message of PLAIN, decoded: [authzid] NUL authcid NUL passwd (RFC 4616 section 2). Views into `message`. */
NODISCARD enum errc sasl_plain_parse(
    struct str message, struct credentials *credentials_out, struct err *err);

/* Names and passwords as LOGIN commands and mechanisms bring them: not empty, within the limits, UTF-8 without NUL. */
NODISCARD enum errc credentials_check(const struct credentials *credentials, struct err *err);
