/* auth/sasl.c - PLAIN and LOGIN. */
#include "auth/sasl.h"

#include "auth/limits.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/str.h"
#include "base/utf8.h"

static const struct str names[] = {
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

enum errc credentials_check(const struct credentials *credentials, struct err *err)
{
	const struct credentials *c = credentials;

	if (c->authcid.n > AUTH_NAME_MAX || c->authzid.n > AUTH_NAME_MAX)
		return err_set(err, ERR_LIMIT, "login: a name over %d bytes", AUTH_NAME_MAX);
	if (c->password.n > AUTH_PASSWORD_MAX)
		return err_set(
		    err, ERR_LIMIT, "login: a password over %d bytes", AUTH_PASSWORD_MAX);
	if (c->authcid.n == 0 || c->password.n == 0)
		return err_set(err, ERR_SYNTAX, "login: empty name or password");
	if (!utf8_is_valid(c->authcid) || !utf8_is_valid(c->authzid) ||
	    str_find_char(c->authcid, '\0') < c->authcid.n ||
	    str_find_char(c->authzid, '\0') < c->authzid.n)
		return err_set(err, ERR_SYNTAX, "login: a name that is no UTF-8 text");
	if (str_find_char(c->password, '\0') < c->password.n)
		return err_set(err, ERR_SYNTAX, "login: a NUL in the password");
	return OK;
}

enum errc sasl_plain_parse(
    struct str message, struct credentials *credentials_out, struct err *err)
{
	struct str rest = message;
	struct credentials c;
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
	sasl->challenge = challenge;
	return ERR_MORE;
}

/* Keeps one decoded message. "=" says "empty" in an initial response only. */
static enum errc take(struct sasl *sasl, int slot, struct str line, struct err *err)
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
		secret_init(&sasl->message[slot], text);
		if (text.n > 0)
			secret_wipe((char *)(uintptr_t)text.p, text.n);
	}
	arena_free(&arena);
	return rc;
}

static enum errc finish_login(struct sasl *sasl, struct err *err)
{
	sasl->credentials = (struct credentials){
		.authcid = secret_view(&sasl->message[0]),
		.password = secret_view(&sasl->message[1]),
	};
	return credentials_check(&sasl->credentials, err);
}

/* A message of the client after `step` others. */
static enum errc receive(struct sasl *sasl, struct str line, struct err *err)
{
	enum errc rc = take(sasl, sasl->step, line, err);

	if (rc != OK)
		return rc;
	sasl->step++;
	if (sasl->mechanism == SASL_PLAIN)
		return sasl_plain_parse(
		    secret_view(&sasl->message[0]), &sasl->credentials, err);
	if (sasl->step == 1)
		return ask(sasl, STR("UGFzc3dvcmQ6")); /* Password: */
	return finish_login(sasl, err);
}

enum errc sasl_start(
    struct sasl *sasl, enum sasl_mechanism mechanism, struct str initial, struct err *err)
{
	sasl->mechanism = mechanism;
	sasl->step = 0;
	if (!initial.p && mechanism == SASL_LOGIN)
		return ask(sasl, STR("VXNlcm5hbWU6")); /* Username: */
	if (!initial.p)
		return ask(sasl, STR(""));
	return receive(sasl, str_equal(initial, STR("=")) ? STR("") : initial, err);
}

enum errc sasl_step(struct sasl *sasl, struct str line, struct err *err)
{
	if (str_equal(line, STR("*")))
		return err_set(err, ERR_CLOSED, "the client has cancelled");
	return receive(sasl, line, err);
}

void sasl_release(struct sasl *sasl)
{
	for (size_t i = 0; i < COUNT(sasl->message); i++)
		secret_release(&sasl->message[i]);
	sasl->credentials = (struct credentials){ .authzid = STR_EMPTY };
}
