#include "tests/cm.h"

#include "auth/limits.h"
#include "auth/scram.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/openssl.h"
#include "base/str.h"
#include "tests/unit/auth/scram_client.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

/* RFC 5802 section 5, RFC 7677 section 3: every message of the dialogues. */
static const struct dialogue {
	enum scram_hash hash;
	struct str nonce, client_first, server_first, client_final, server_final, salt;
} dialogues[] = {
	{ SCRAM_SHA1, STR_INIT("fyko+d2lbbFgONRv9qkxdawL"),
	    STR_INIT("n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"),
	    STR_INIT("r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"),
	    STR_INIT("c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,"
		     "p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="),
	    STR_INIT("v=rmF9pqV8S7suAoZWja4dJRkFsKQ="), STR_INIT("QSXCR+Q6sek8bf92") },
	{ SCRAM_SHA256, STR_INIT("rOprNGfwEbeRWgbNEkqO"),
	    STR_INIT("n,,n=user,r=rOprNGfwEbeRWgbNEkqO"),
	    STR_INIT("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		     "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"),
	    STR_INIT("c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
		     "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="),
	    STR_INIT("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
	    STR_INIT("W22ZaJ0SNY7soEsUEjb6gQ==") },
};

/* So that what the other tests do with it is RFC's. */
static void our_client_says_what_the_rfcs_say(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(dialogues); i++) {
		const struct dialogue *c = &dialogues[i];
		struct scram_dialogue d = { .hash = c->hash,
			.password = STR("pencil"),
			.gs2 = STR("n,,"),
			.name = STR("user"),
			.nonce = c->nonce };

		assert_true(str_equal(scram_client_first(&d, arena), c->client_first));
		assert_true(
		    str_equal(scram_client_final(&d, c->server_first, arena), c->client_final));
		assert_true(str_equal(d.signature, c->server_final));
	}
	arena_free(&arena);
}

static struct scram_keys keys_of(struct arena *arena, const struct dialogue *c)
{
	struct scram_keys keys = { .iterations = 4096 };
	struct str salt;

	assert_int_equal(base64_decode(arena, c->salt, &salt, NULL), OK);
	memcpy(keys.salt, salt.p, salt.n);
	keys.salt_size = salt.n;
	assert_int_equal(scram_derive(c->hash, STR("pencil"), &keys, NULL), OK);
	return keys;
}

/* The keys that we make check the RFC's proof and make its signature. */
static void keys_fit_the_dialogues(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(dialogues); i++) {
		const struct dialogue *c = &dialogues[i];
		const EVP_MD *md = c->hash == SCRAM_SHA1 ? EVP_sha1() : EVP_sha256();
		struct scram_keys keys = keys_of(arena, c);
		size_t size = scram_key_size(c->hash),
		       comma = str_rfind_char(c->client_final, ',');
		struct str message = str_printf(arena, "%.*s,%.*s,%.*s",
		    STR_ARG(str_from_at(c->client_first, 3)), STR_ARG(c->server_first),
		    STR_ARG(str_first(c->client_final, comma)));
		struct str proof, signature;
		uint8_t out[64], client[64];
		unsigned n = 0;

		assert_int_equal(
		    base64_decode(arena, str_from_at(c->client_final, comma + 3), &proof, NULL),
		    OK);
		assert_int_equal(
		    base64_decode(arena, str_from_at(c->server_final, 2), &signature, NULL),
		    OK);
		HMAC(md, keys.stored, (int)size, (const unsigned char *)message.p, message.n,
		    out, &n);
		for (size_t k = 0; k < size; k++)
			client[k] = (uint8_t)(out[k] ^ (uint8_t)proof.p[k]);
		EVP_Digest(client, size, out, &n, md, NULL);
		assert_memory_equal(out, keys.stored, size);
		HMAC(md, keys.server, (int)size, (const unsigned char *)message.p, message.n,
		    out, &n);
		assert_memory_equal(out, signature.p, size);
	}
	arena_free(&arena);
}

static void what_is_printed_is_parsed(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(dialogues); i++) {
		struct scram_keys keys = keys_of(arena, &dialogues[i]), again;
		struct str text = scram_print(arena, dialogues[i].hash, &keys);

		assert_int_equal(scram_parse(dialogues[i].hash, text, &again, NULL), OK);
		assert_int_equal(again.iterations, 4096);
		assert_int_equal(again.salt_size, keys.salt_size);
		assert_memory_equal(again.salt, keys.salt, keys.salt_size);
		assert_memory_equal(
		    again.stored, keys.stored, scram_key_size(dialogues[i].hash));
		assert_memory_equal(
		    again.server, keys.server, scram_key_size(dialogues[i].hash));
	}
	/* made with Python's hashlib and hmac from the dialogue of RFC 5802 */
	{
		struct scram_keys keys = keys_of(arena, &dialogues[0]);

		assert_true(str_equal(scram_print(arena, SCRAM_SHA1, &keys),
		    STR("4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:"
			"D+CSWLOshSulAsxiupA+qs2/fTE=")));
	}
	arena_free(&arena);
}

#define KEYS1 "6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE="

static void refuses_texts_that_are_no_keys(void **state)
{
	static const struct {
		struct str text;
		enum errc want;
	} cases[] = {
		{ STR_INIT("4096:QSXCR+Q6sek8bf92$" KEYS1), OK },
		{ STR_INIT("4095:QSXCR+Q6sek8bf92$" KEYS1), ERR_LIMIT },
		{ STR_INIT("999999:QSXCR+Q6sek8bf92$" KEYS1), OK },
		{ STR_INIT("1000000:QSXCR+Q6sek8bf92$" KEYS1), OK },
		{ STR_INIT("1000001:QSXCR+Q6sek8bf92$" KEYS1), ERR_LIMIT },
		{ STR_INIT("99999999999:QSXCR+Q6sek8bf92$" KEYS1), ERR_CORRUPT },
		{ STR_INIT("4096:$" KEYS1), ERR_CORRUPT },
		{ STR_INIT("4096:AA==$" KEYS1), OK },
		{ STR_INIT("4096$" KEYS1), ERR_CORRUPT },
		{ STR_INIT("4096:QSXCR+Q6sek8bf92"), ERR_CORRUPT },
		{ STR_INIT("4096:QSXCR+Q6sek8bf92$"), ERR_CORRUPT },
		{ STR_INIT("4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y="), ERR_CORRUPT },
		{ STR_INIT("4096:QSXCR+Q6sek8bf92$QSXCR+Q6sek8bf92:QSXCR+Q6sek8bf92"),
		    ERR_CORRUPT },
		{ STR_INIT("x:QSXCR+Q6sek8bf92$" KEYS1), ERR_CORRUPT },
		{ STR_INIT(""), ERR_CORRUPT },
	};
	struct arena *arena = arena_new("test");
	struct scram_keys keys = { .iterations = 4096, .salt_size = SCRAM_SALT_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc rc = scram_parse(SCRAM_SHA1, cases[i].text, &keys, NULL);

		if (rc != cases[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
	}
	/* keys of the other hash are too short */
	assert_int_equal(scram_parse(SCRAM_SHA256, cases[0].text, &keys, NULL), ERR_CORRUPT);
	/* the longest salt */
	keys = (struct scram_keys){ .iterations = 4096, .salt_size = SCRAM_SALT_MAX };
	assert_int_equal(
	    scram_parse(SCRAM_SHA1, scram_print(arena, SCRAM_SHA1, &keys), &keys, NULL), OK);
	assert_int_equal(keys.salt_size, SCRAM_SALT_MAX);
	assert_int_equal(
	    scram_parse(SCRAM_SHA1,
		STR("4096:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
		    "AAAAAAAAAAAAAAAAAAAA$" KEYS1),
		&keys, NULL),
	    ERR_CORRUPT);
	arena_free(&arena);
}

static void a_salt_is_of_the_site_the_hash_and_the_name(void **state)
{
	uint8_t site[32] = { 1 }, other[32] = { 2 };
	struct scram_keys ann = { .salt_size = 0 }, same = ann, bob = ann, sha1 = ann,
			  there = ann;

	(void)state;
	scram_salt(site, SCRAM_SHA256, STR("Ann@example.org"), &ann);
	scram_salt(site, SCRAM_SHA256, STR("ann@EXAMPLE.org"), &same);
	scram_salt(site, SCRAM_SHA256, STR("bob@example.org"), &bob);
	scram_salt(site, SCRAM_SHA1, STR("ann@example.org"), &sha1);
	scram_salt(other, SCRAM_SHA256, STR("ann@example.org"), &there);
	assert_int_equal(ann.salt_size, SCRAM_SALT_SIZE);
	assert_memory_equal(ann.salt, same.salt, SCRAM_SALT_SIZE);
	assert_memory_not_equal(ann.salt, bob.salt, SCRAM_SALT_SIZE);
	assert_memory_not_equal(ann.salt, sha1.salt, SCRAM_SALT_SIZE);
	assert_memory_not_equal(ann.salt, there.salt, SCRAM_SALT_SIZE);
}

/* RFC 4013 section 3. */
static void passwords_are_prepared(void **state)
{
	static char large[AUTH_PASSWORD_MAX + 1];
	struct scram_keys a = { .iterations = 4096, .salt_size = 4 }, b = a;

	(void)state;
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("I\xc2\xadX"), &a, NULL), OK);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("IX"), &b, NULL), OK);
	assert_memory_equal(a.stored, b.stored, 20);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("\xe2\x85\xa8"), &a, NULL), OK);
	assert_memory_equal(a.stored, b.stored, 20);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("\x07"), &a, NULL), ERR_ARG);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("\xd8\xa7\x31"), &a, NULL), ERR_ARG);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("\xff"), &a, NULL), ERR_ARG);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("\xc2\xad"), &a, NULL), ERR_ARG);
	assert_int_equal(scram_derive(SCRAM_SHA1, STR("a\0b"), &a, NULL), ERR_ARG);
	memset(large, 'x', sizeof(large));
	assert_int_equal(
	    scram_derive(SCRAM_SHA1, (struct str){ large, AUTH_PASSWORD_MAX }, &a, NULL), OK);
	assert_int_equal(
	    scram_derive(SCRAM_SHA1, (struct str){ large, AUTH_PASSWORD_MAX + 1 }, &a, NULL),
	    ERR_ARG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(our_client_says_what_the_rfcs_say),
		cmocka_unit_test(keys_fit_the_dialogues),
		cmocka_unit_test(what_is_printed_is_parsed),
		cmocka_unit_test(refuses_texts_that_are_no_keys),
		cmocka_unit_test(a_salt_is_of_the_site_the_hash_and_the_name),
		cmocka_unit_test(passwords_are_prepared),
	};

	return cmocka_run_group_tests_name("auth/scram", tests, NULL, NULL);
}
