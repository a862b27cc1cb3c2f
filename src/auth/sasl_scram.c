/*
 * auth/sasl_scram.c - SCRAM's exchange by libgsasl.
 *
 * libgsasl asks for salt and keys in the middle of its step, by a callback that would have to wait for the database. So
 * the client's first message is run twice: once to learn the name (whatever is made of it is thrown away), and again, as
 * it was, when the keys are there.
 */
#include "auth/limits.h"
#include "auth/sasl_int.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/heap.h"
#include "base/str.h"
#include "base/utf8.h"

#include <gsasl.h>
#include <stdio.h>
#include <string.h>

struct sasl_kit {
	Gsasl *gsasl;
};

struct sasl_scram {
	struct sasl_kit *kit;
	const char *mechanism;
	char *binding; /* base 64; NULL: none */
	Gsasl_session *session;
	struct secret first;	/* the client's first message */
	struct secret names[2]; /* authzid, authcid */
	char *output;		/* gsasl's */
	size_t output_size;
};

/* Nothing is known beyond the properties of the session. */
static int no_callback(Gsasl *gsasl, Gsasl_session *session, Gsasl_property property)
{
	(void)gsasl;
	(void)session;
	(void)property;
	return GSASL_NO_CALLBACK;
}

enum errc sasl_kit_new(struct sasl_kit **kit_out, struct err *err)
{
	struct sasl_kit *kit = xcalloc(1, sizeof(*kit));
	int rc = gsasl_init(&kit->gsasl);

	*kit_out = NULL;
	if (rc != GSASL_OK) {
		xfree(kit);
		return err_set(
		    err, ERR_UNAVAIL, "libgsasl does not start: %s", gsasl_strerror(rc));
	}
	gsasl_callback_set(kit->gsasl, no_callback);
	*kit_out = kit;
	return OK;
}

void sasl_kit_free(struct sasl_kit **kitp)
{
	struct sasl_kit *kit = *kitp;

	*kitp = NULL;
	if (!kit)
		return;
	gsasl_done(kit->gsasl);
	xfree(kit);
}

/* Base 64 as libgsasl wants its properties, NUL-terminated, on the heap. */
static char *base64_text(struct str bytes)
{
	struct buf text = BUF_INIT(1024);
	char *copy;

	base64_encode(&text, bytes);
	buf_add_char(&text, '\0');
	copy = xstrdup(text.p);
	secret_wipe(text.p, text.n);
	buf_release(&text);
	return copy;
}

struct sasl_scram *scram_new(const struct sasl_setting *setting)
{
	struct sasl_scram *scram = xcalloc(1, sizeof(*scram));

	scram->kit = setting->kit;
	if (setting->binding.n > 0)
		scram->binding = base64_text(setting->binding);
	return scram;
}

static void drop_output(struct sasl_scram *scram)
{
	gsasl_free(scram->output);
	scram->output = NULL;
	scram->output_size = 0;
}

static void end_session(struct sasl_scram *scram)
{
	drop_output(scram);
	if (scram->session)
		gsasl_finish(scram->session);
	scram->session = NULL;
}

void scram_free(struct sasl_scram **scramp)
{
	struct sasl_scram *scram = *scramp;

	*scramp = NULL;
	if (!scram)
		return;
	end_session(scram);
	secret_release(&scram->first);
	secret_release(&scram->names[0]);
	secret_release(&scram->names[1]);
	if (scram->binding)
		secret_wipe(scram->binding, strlen(scram->binding));
	xfree(scram->binding);
	xfree(scram);
}

static enum errc begin_session(struct sasl_scram *scram, struct err *err)
{
	int rc = gsasl_server_start(scram->kit->gsasl, scram->mechanism, &scram->session);

	if (rc != GSASL_OK) {
		scram->session = NULL;
		return err_set(
		    err, ERR_UNAVAIL, "%s: %s", scram->mechanism, gsasl_strerror(rc));
	}
	/* also without -PLUS: a client that says we could not, while we could, is lied to (RFC 5802 section 6) */
	if (scram->binding &&
	    gsasl_property_set(scram->session, GSASL_CB_TLS_EXPORTER, scram->binding) !=
		GSASL_OK)
		return err_set(err, ERR_UNAVAIL, "%s: no memory", scram->mechanism);
	return OK;
}

/* One message, whatever gsasl makes of it. */
static int step(struct sasl_scram *scram, struct str message)
{
	drop_output(scram);
	return gsasl_step(scram->session, message.n > 0 ? message.p : "", message.n,
	    &scram->output, &scram->output_size);
}

static enum errc failure(const struct sasl_scram *scram, int rc, struct err *err)
{
	switch (rc) {
	case GSASL_MECHANISM_PARSE_ERROR:
	case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
		return err_set(err, ERR_SYNTAX, "%s: not its grammar", scram->mechanism);
	case GSASL_MALLOC_ERROR:
	case GSASL_CRYPTO_ERROR:
		return err_set(
		    err, ERR_UNAVAIL, "%s: %s", scram->mechanism, gsasl_strerror(rc));
	case GSASL_AUTHENTICATION_ERROR:
		return err_set(err, ERR_DENIED, "wrong password, or another channel");
	default: /* a channel binding that this connection has not, above all */
		return err_set(err, ERR_DENIED, "%s", gsasl_strerror(rc));
	}
}

static void keep_name(
    struct sasl_scram *scram, int slot, Gsasl_property property, struct str *view_out)
{
	const char *text = gsasl_property_fast(scram->session, property);

	secret_init(&scram->names[slot], str_from(text));
	*view_out = secret_view(&scram->names[slot]);
}

/* RFC 5802 5.1: an equals sign in a name is followed by 2C or 3D; libgsasl lets others stand. */
static bool is_escaped(struct str name)
{
	for (size_t at = str_find_char(name, '='); at < name.n;
	     name = str_from_at(name, at + 1), at = str_find_char(name, '=')) {
		struct str code = str_first(str_from_at(name, at + 1), 2);

		if (!str_equal_nocase(code, STR("2C")) && !str_equal_nocase(code, STR("3D")))
			return false;
	}
	return true;
}

/* The gs2 header's authzid and the name, as they stand between commas: "a=..." or nothing, "n=...". */
static bool names_are_escaped(struct str message)
{
	struct str flag, authzid, name;

	return str_split(&message, ',', &flag) && str_split(&message, ',', &authzid) &&
	    str_split(&message, ',', &name) && name.n > 2 && is_escaped(str_from_at(name, 2)) &&
	    (authzid.n < 2 || is_escaped(str_from_at(authzid, 2)));
}

enum errc scram_first(struct sasl_scram *scram, enum sasl_mechanism mechanism,
    struct str message, struct credentials *credentials_out, struct err *err)
{
	struct credentials c = { .authzid = STR_EMPTY };
	int got;
	enum errc rc;

	scram->mechanism =
	    sasl_mechanism_name(mechanism).p; /* a constant with a NUL behind it */
	/* RFC 5802 section 7: UTF-8 without NUL; libgsasl looks at bytes, and takes an
	 * empty message for none */
	if (message.n == 0 || !utf8_is_valid(message) ||
	    str_find_char(message, '\0') < message.n || !names_are_escaped(message))
		return err_set(err, ERR_SYNTAX, "%s: not its grammar", scram->mechanism);
	rc = begin_session(scram, err);
	if (rc != OK)
		return rc;
	got = step(scram, message);
	if (got != GSASL_NEEDS_MORE)
		return failure(scram, got, err);
	keep_name(scram, 0, GSASL_AUTHZID, &c.authzid);
	keep_name(scram, 1, GSASL_AUTHID, &c.authcid);
	end_session(scram);
	secret_init(&scram->first, message);
	*credentials_out = c;
	return credentials_check_names(&c, err);
}

static bool set_bytes(Gsasl_session *session, Gsasl_property property, struct str bytes)
{
	char *text = base64_text(bytes);
	bool ok = gsasl_property_set(session, property, text) == GSASL_OK;

	secret_wipe(text, strlen(text));
	xfree(text);
	return ok;
}

static bool set_keys(struct sasl_scram *scram, const struct scram_keys *keys)
{
	bool sha1 = strncmp(scram->mechanism, "SCRAM-SHA-1", 11) == 0;
	size_t size = scram_key_size(sha1 ? SCRAM_SHA1 : SCRAM_SHA256);
	char iterations[16];

	(void)snprintf(iterations, sizeof(iterations), "%u", keys->iterations);
	return gsasl_property_set(scram->session, GSASL_SCRAM_ITER, iterations) == GSASL_OK &&
	    set_bytes(scram->session, GSASL_SCRAM_SALT,
		(struct str){ (const char *)keys->salt, keys->salt_size }) &&
	    set_bytes(scram->session, GSASL_SCRAM_STOREDKEY,
		(struct str){ (const char *)keys->stored, size }) &&
	    set_bytes(scram->session, GSASL_SCRAM_SERVERKEY,
		(struct str){ (const char *)keys->server, size });
}

enum errc scram_answer(struct sasl_scram *scram, const struct scram_keys *keys,
    struct str *answer_out, struct err *err)
{
	enum errc rc = begin_session(scram, err);
	int got;

	if (rc != OK)
		return rc;
	if (!set_keys(scram, keys))
		return err_set(err, ERR_UNAVAIL, "%s: no memory", scram->mechanism);
	got = step(scram, secret_view(&scram->first));
	if (got != GSASL_NEEDS_MORE)
		return failure(scram, got, err);
	*answer_out = (struct str){ scram->output, scram->output_size };
	return OK;
}

enum errc scram_proof(
    struct sasl_scram *scram, struct str message, struct str *answer_out, struct err *err)
{
	int got;

	if (str_find_char(message, '\0') < message.n)
		return err_set(err, ERR_SYNTAX, "%s: a NUL", scram->mechanism);
	got = step(scram, message);
	if (got != GSASL_OK)
		return failure(scram, got, err);
	*answer_out = (struct str){ scram->output, scram->output_size };
	return OK;
}
