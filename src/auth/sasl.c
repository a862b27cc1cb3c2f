/* auth/sasl.c - the exchanges of all mechanisms; what is behind SCRAM is in sasl_scram.c. */
#include "auth/sasl.h"

#include "auth/limits.h"
#include "auth/sasl_int.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

static const struct str names[] = {
	[SASL_SCRAM_SHA256_PLUS] = STR_INIT("SCRAM-SHA-256-PLUS"),
	[SASL_SCRAM_SHA256] = STR_INIT("SCRAM-SHA-256"),
	[SASL_SCRAM_SHA1_PLUS] = STR_INIT("SCRAM-SHA-1-PLUS"),
	[SASL_SCRAM_SHA1] = STR_INIT("SCRAM-SHA-1"),
	[SASL_CRAM_MD5] = STR_INIT("CRAM-MD5"),
	[SASL_PLAIN] = STR_INIT("PLAIN"),
	[SASL_LOGIN] = STR_INIT("LOGIN"),
};

_Static_assert(COUNT(names) == SASL_MECHANISM_COUNT, "every mechanism has a name");

struct str sasl_mechanism_name(enum sasl_mechanism mechanism)
{
	return names[mechanism];
}

bool sasl_mechanism_find(struct str name, enum sasl_mechanism *mechanism_out)
{
	for (size_t i = 0; i < COUNT(names); i++) {
		if (str_equal_nocase(names[i], name)) {
			*mechanism_out = (enum sasl_mechanism)i;
			return true;
		}
	}
	return false;
}

enum scram_hash sasl_scram_hash(enum sasl_mechanism mechanism)
{
	return mechanism == SASL_SCRAM_SHA1 || mechanism == SASL_SCRAM_SHA1_PLUS ? SCRAM_SHA1
										 : SCRAM_SHA256;
}

enum errc credentials_check_names(const struct credentials *credentials, struct err *err)
{
	const struct credentials *c = credentials;

	if (c->authcid.n > AUTH_NAME_MAX || c->authzid.n > AUTH_NAME_MAX)
		return err_set(err, ERR_LIMIT, "login: a name over %d bytes", AUTH_NAME_MAX);
	if (c->authcid.n == 0)
		return err_set(err, ERR_SYNTAX, "login: empty name");
	if (!utf8_is_valid(c->authcid) || !utf8_is_valid(c->authzid) ||
	    str_find_char(c->authcid, '\0') < c->authcid.n ||
	    str_find_char(c->authzid, '\0') < c->authzid.n)
		return err_set(err, ERR_SYNTAX, "login: a name that is no UTF-8 text");
	return OK;
}

enum errc credentials_check(const struct credentials *credentials, struct err *err)
{
	const struct credentials *c = credentials;
	enum errc rc = credentials_check_names(c, err);

	if (rc != OK)
		return rc;
	if (c->password.n > AUTH_PASSWORD_MAX)
		return err_set(
		    err, ERR_LIMIT, "login: a password over %d bytes", AUTH_PASSWORD_MAX);
	if (c->password.n == 0)
		return err_set(err, ERR_SYNTAX, "login: empty password");
	if (str_find_char(c->password, '\0') < c->password.n)
		return err_set(err, ERR_SYNTAX, "login: a NUL in the password");
	return OK;
}

enum errc sasl_plain_parse(
    struct str message, struct credentials *credentials_out, struct err *err)
{
	struct str rest = message;
	struct credentials c = { .authzid = STR_EMPTY };
	enum errc rc;

	if (!str_split(&rest, '\0', &c.authzid) || !str_split(&rest, '\0', &c.authcid) ||
	    rest.p == NULL)
		return err_set(err, ERR_SYNTAX, "PLAIN: two NULs expected");
	c.password = rest;
	rc = credentials_check(&c, err);
	/* RFC 4616 section 2: passwd is UTF-8 too */
	if (rc == OK && !utf8_is_valid(c.password))
		rc = err_set(err, ERR_SYNTAX, "PLAIN: the password is not UTF-8");
	if (rc == OK)
		*credentials_out = c;
	return rc;
}

static enum errc ask(struct sasl *sasl, struct str challenge)
{
	sasl->next = SASL_SEND;
	sasl->challenge = challenge;
	return OK;
}

static void drop_text(struct sasl *sasl)
{
	if (sasl->text)
		secret_wipe(sasl->text, strlen(sasl->text));
	xfree(sasl->text);
	sasl->text = NULL;
}

/* A challenge that has to be encoded first. */
static enum errc ask_bytes(struct sasl *sasl, struct str bytes)
{
	struct buf text = BUF_INIT(base64_size(bytes.n) + 1);

	base64_encode(&text, bytes);
	buf_add_char(&text, '\0');
	drop_text(sasl);
	sasl->text = xstrdup(text.p);
	buf_release(&text);
	return ask(sasl, str_from(sasl->text));
}

/* One message, decoded. "=" says "empty" in an initial response only. To be released. */
static enum errc decode(struct str line, struct secret *message_out, struct err *err)
{
	struct arena *arena;
	struct str text;
	enum errc rc;

	if (line.n > SASL_MESSAGE_MAX)
		return err_set(
		    err, ERR_LIMIT, "SASL: a message over %d bytes", SASL_MESSAGE_MAX);
	arena = arena_new("sasl");
	rc = base64_decode(arena, line, &text, err);
	if (rc == OK) {
		secret_init(message_out, text);
		if (text.n > 0)
			secret_wipe((char *)(uintptr_t)text.p, text.n);
	}
	arena_free(&arena);
	return rc;
}

static enum errc complete(struct sasl *sasl)
{
	sasl->next = SASL_CHECK;
	return OK;
}

static enum errc receive_plain(struct sasl *sasl, struct err *err)
{
	enum errc rc =
	    sasl_plain_parse(secret_view(&sasl->message[0]), &sasl->credentials, err);

	return rc == OK ? complete(sasl) : rc;
}

static enum errc receive_login(struct sasl *sasl, struct err *err)
{
	enum errc rc;

	if (sasl->step == 1)
		return ask(sasl, STR("UGFzc3dvcmQ6")); /* Password: */
	sasl->credentials = (struct credentials){
		.authcid = secret_view(&sasl->message[0]),
		.password = secret_view(&sasl->message[1]),
	};
	rc = credentials_check(&sasl->credentials, err);
	return rc == OK ? complete(sasl) : rc;
}

static enum errc receive_cram(struct sasl *sasl, struct err *err)
{
	enum errc rc = sasl_cram_parse(secret_view(&sasl->message[0]), &sasl->credentials, err);

	sasl->credentials.challenge = str_from(sasl->cram);
	return rc == OK ? complete(sasl) : rc;
}

static enum errc receive_scram(struct sasl *sasl, struct err *err)
{
	struct str answer = STR_EMPTY;
	enum errc rc;

	switch (sasl->step) {
	case 1:
		rc = scram_first(sasl->scram, sasl->mechanism, secret_view(&sasl->message[0]),
		    &sasl->credentials, err);
		sasl->next = SASL_KEYS;
		return rc;
	case 2:
		rc = scram_proof(sasl->scram, secret_view(&sasl->message[1]), &answer, err);
		return rc == OK ? ask_bytes(sasl, answer) : rc;
	default:
		return err_set(err, ERR_STATE, "SCRAM: no message is expected");
	}
}

/* RFC 4422 section 5.1: where an outcome carries no data, the client answers the server's last with nothing. */
static enum errc end_scram(struct sasl *sasl, struct str line, struct err *err)
{
	if (line.n > 0)
		return err_set(err, ERR_SYNTAX, "SCRAM: an empty message expected");
	sasl->step++;
	sasl->next = SASL_PROVED;
	return OK;
}

/* A message of the client after `step` others. */
static enum errc receive(struct sasl *sasl, struct str line, struct err *err)
{
	enum errc rc;

	if (sasl->step >= (int)COUNT(sasl->message))
		return end_scram(sasl, line, err);
	rc = decode(line, &sasl->message[sasl->step], err);
	if (rc != OK)
		return rc;
	sasl->step++;
	switch (sasl->mechanism) {
	case SASL_PLAIN:
		return receive_plain(sasl, err);
	case SASL_LOGIN:
		return receive_login(sasl, err);
	case SASL_CRAM_MD5:
		return receive_cram(sasl, err);
	default:
		return receive_scram(sasl, err);
	}
}

enum errc sasl_start(struct sasl *sasl, const struct sasl_setting *setting,
    enum sasl_mechanism mechanism, struct str initial, struct err *err)
{
	sasl->mechanism = mechanism;
	sasl->step = 0;
	if (mechanism == SASL_CRAM_MD5) {
		/* RFC 2195 section 2: the server speaks first */
		if (initial.p)
			return err_set(err, ERR_SYNTAX, "CRAM-MD5: no initial response");
		sasl->cram = sasl_cram_challenge(setting->hostname);
		return ask_bytes(sasl, str_from(sasl->cram));
	}
	if (sasl_is_scram(mechanism))
		sasl->scram = scram_new(setting);
	if (!initial.p && mechanism == SASL_LOGIN)
		return ask(sasl, STR("VXNlcm5hbWU6")); /* Username: */
	if (!initial.p)
		return ask(sasl, STR(""));
	return receive(sasl, str_equal(initial, STR("=")) ? STR("") : initial, err);
}

enum errc sasl_step(struct sasl *sasl, struct str line, struct err *err)
{
	if (sasl->next != SASL_SEND)
		return err_set(err, ERR_STATE, "SASL: no message is expected");
	if (str_equal(line, STR("*")))
		return err_set(err, ERR_CLOSED, "the client has cancelled");
	return receive(sasl, line, err);
}

enum errc sasl_keys(struct sasl *sasl, const struct scram_keys *keys, struct err *err)
{
	struct str answer = STR_EMPTY;
	enum errc rc = scram_answer(sasl->scram, keys, &answer, err);

	return rc == OK ? ask_bytes(sasl, answer) : rc;
}

void sasl_release(struct sasl *sasl)
{
	for (size_t i = 0; i < COUNT(sasl->message); i++)
		secret_release(&sasl->message[i]);
	scram_free(&sasl->scram);
	drop_text(sasl);
	xfree(sasl->cram);
	sasl->cram = NULL;
	sasl->credentials = (struct credentials){ .authzid = STR_EMPTY };
}
