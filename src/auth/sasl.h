/*
 * auth/sasl.h - the server's side of SASL (RFC 4422) as every protocol uses it: lines of base 64 in and out, no I/O.
 *
 *	rc = sasl_start(&sasl, kit, mechanism, initial, &err);
 *	while (rc == OK)
 *		switch (sasl.next) {
 *		case SASL_SEND:  send sasl.challenge, read a line, rc = sasl_step(&sasl, line, &err);
 *		case SASL_KEYS:  find the keys of sasl.credentials.authcid, rc = sasl_keys(&sasl, &keys, &err);
 *		case SASL_CHECK: sasl.credentials go to auth_start: the end
 *		case SASL_PROVED: the keys were right, the end
 *		}
 *
 * PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login) send the password itself: whether they may be offered without
 * TLS is the protocol's to decide. CRAM-MD5 (RFC 2195) needs a password that is stored as it is. SCRAM (RFC 5802,
 * RFC 7677) needs keys; its exchange and its -PLUS forms (channel binding tls-exporter, RFC 9266) are libgsasl's.
 *
 * auth/login.h drives all of this for a protocol.
 */
#pragma once

#include "auth/scram.h"
#include "base/secret.h"

/* In the order in which they are announced. */
enum sasl_mechanism {
	SASL_SCRAM_SHA256_PLUS,
	SASL_SCRAM_SHA256,
	SASL_SCRAM_SHA1_PLUS,
	SASL_SCRAM_SHA1,
	SASL_CRAM_MD5,
	SASL_PLAIN,
	SASL_LOGIN,
	SASL_MECHANISM_COUNT
};

/* A set of them. */
#define SASL_BIT(mechanism) (1U << (mechanism))
#define SASL_PLUS_SET (SASL_BIT(SASL_SCRAM_SHA256_PLUS) | SASL_BIT(SASL_SCRAM_SHA1_PLUS))
#define SASL_SCRAM_SET (SASL_PLUS_SET | SASL_BIT(SASL_SCRAM_SHA256) | SASL_BIT(SASL_SCRAM_SHA1))
#define SASL_PASSWORD_SET (SASL_BIT(SASL_PLAIN) | SASL_BIT(SASL_LOGIN))

/* Who wants in. Views into the secrets of a struct sasl, or of the caller's. */
struct credentials {
	struct str authzid; /* whose account; empty: that of authcid */
	struct str authcid; /* whose password */
	struct str password;
	/* CRAM-MD5: what was sent. `password` is the answer, 32 hexadecimal digits in lower case */
	struct str challenge;
};

/* What SCRAM needs once in a process: libgsasl's tables. Shared by all threads. */
struct sasl_kit;

NODISCARD enum errc sasl_kit_new(struct sasl_kit **kit_out, struct err *err);
void sasl_kit_free(struct sasl_kit **kitp);

/* What the connection gives to an exchange. */
struct sasl_setting {
	struct sasl_kit *kit;
	struct str hostname; /* stands in CRAM-MD5's challenge */
	/* tls-exporter; empty where the connection has none, or where no -PLUS was offered */
	struct str binding;
};

enum sasl_next { SASL_SEND, SASL_KEYS, SASL_CHECK, SASL_PROVED };

struct sasl_scram;

/* One exchange. Zeroed before sasl_start. */
struct sasl {
	enum sasl_mechanism mechanism;
	enum sasl_next next;
	int step;
	struct secret message[2]; /* what the client has sent so far */
	struct str challenge;	  /* SASL_SEND: base 64, may be empty; until the next call */
	struct credentials
	    credentials; /* SASL_CHECK, SASL_KEYS; views that sasl_release ends */
	char *text;	 /* of a challenge that is no constant; on the heap */
	char *cram;	 /* CRAM-MD5's challenge before base 64; on the heap */
	struct sasl_scram *scram;
};

/* "PLAIN", "LOGIN"; names are taken in either case. */
struct str sasl_mechanism_name(enum sasl_mechanism mechanism);
bool sasl_mechanism_find(struct str name, enum sasl_mechanism *mechanism_out);

static inline bool sasl_is_scram(enum sasl_mechanism mechanism)
{
	return (SASL_SCRAM_SET & SASL_BIT(mechanism)) != 0;
}

/* Of a SCRAM mechanism. */
enum scram_hash sasl_scram_hash(enum sasl_mechanism mechanism);

/*
 * `initial` is the initial response (SASL-IR, RFC 4959; RFC 4954 section 4) in base 64: p == NULL if there was none, "="
 * for one that is empty.
 *
 * OK          sasl->next says what is needed
 * ERR_SYNTAX  bad base 64 or a message that breaks the mechanism's grammar
 * ERR_LIMIT   a message over SASL_MESSAGE_MAX, a name or password over its limit
 * ERR_CLOSED  the client has cancelled with "*"
 * ERR_DENIED  SCRAM: the proof is wrong, or the channel is not the one that the client sees
 * ERR_UNAVAIL libgsasl has no memory
 * After anything but OK the exchange is over.
 */
NODISCARD enum errc sasl_start(struct sasl *sasl, const struct sasl_setting *setting,
    enum sasl_mechanism mechanism, struct str initial, struct err *err);
NODISCARD enum errc sasl_step(struct sasl *sasl, struct str line, struct err *err);
/* The answer to SASL_KEYS: next is SASL_SEND. */
NODISCARD enum errc sasl_keys(
    struct sasl *sasl, const struct scram_keys *keys, struct err *err);

/* Wipes what was sent. May be called again, and on a zeroed struct. */
void sasl_release(struct sasl *sasl);

/* One message of PLAIN, decoded: [authzid] NUL authcid NUL passwd (RFC 4616 section 2). Views into `message`. */
NODISCARD enum errc sasl_plain_parse(
    struct str message, struct credentials *credentials_out, struct err *err);

/* CRAM-MD5's answer, decoded: name, a space, 32 hexadecimal digits (RFC 2195 section 2). The digits in lower case are
 * what `password` must be. Views into `message`. */
NODISCARD enum errc sasl_cram_parse(
    struct str message, struct credentials *credentials_out, struct err *err);

/* Is `password` behind the answer to the challenge? HMAC-MD5 compared in constant time. */
bool sasl_cram_is_right(const struct credentials *credentials, struct str password);

/* Names and passwords as LOGIN commands and mechanisms bring them: not empty, within the limits, UTF-8 without NUL. */
NODISCARD enum errc credentials_check(const struct credentials *credentials, struct err *err);
/* The names alone. */
NODISCARD enum errc credentials_check_names(
    const struct credentials *credentials, struct err *err);
