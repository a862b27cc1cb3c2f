#include "tests/cm.h"

#include "auth/limits.h"
#include "auth/scheme.h"
#include "base/arena.h"
#include "base/str.h"

/* Each password and what somebody else made of it: the source stands beside it. */
static const struct {
	struct str encryption, stored, password;
} right[] = {
	/* phc-winner-argon2, test.c */
	{ STR_INIT("argon2id"),
	    STR_INIT("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$"
		     "CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"),
	    STR_INIT("password") },
	/* Drepper, "Unix crypt using SHA-256 and SHA-512"; openssl passwd -5 and -6 -salt saltstring */
	{ STR_INIT("crypt"),
	    STR_INIT("$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"),
	    STR_INIT("Hello world!") },
	{ STR_INIT("crypt"),
	    STR_INIT("$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/"
		     "O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"),
	    STR_INIT("Hello world!") },
	/* crypt_blowfish, wrapper.c */
	{ STR_INIT("crypt"),
	    STR_INIT("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
	    STR_INIT("U*U") },
	/* openssl passwd -1 -salt abcdefgh */
	{ STR_INIT("crypt"), STR_INIT("$1$abcdefgh$fzmjzFdo5nMtBG8gtud5e0"),
	    STR_INIT("Hello world!") },
	{ STR_INIT("md5"), STR_INIT("$1$abcdefgh$fzmjzFdo5nMtBG8gtud5e0"),
	    STR_INIT("Hello world!") },
	/* python3 -c 'import crypt; print(crypt.crypt("secret", "ab"))', and "$y$j9T$abcdefgh", "$gy$j75$abcdefgh" */
	{ STR_INIT("crypt"), STR_INIT("abNANd1rDfiNc"), STR_INIT("secret") },
	{ STR_INIT("crypt"),
	    STR_INIT("$y$j9T$abcdefgh$IUWJt2doU4Kf6E/JP1UkAT3S5O3Q7SSA8SJirXIlEu9"),
	    STR_INIT("secret") },
	{ STR_INIT("crypt"),
	    STR_INIT("$gy$j75$abcdefgh$lRD8hCfuUnaykqHEd24aR4OED0E.hiL5k0lM9Kg0qT5"),
	    STR_INIT("secret") },
	/* escrypt's tests.c: the second vector of RFC 7914 section 12 in crypt's letters, r 8 and p 1 */
	{ STR_INIT("crypt"),
	    STR_INIT("$7$C6..../....SodiumChloride$"
		     "kBGj9fHznVYFQMEn/qDCfrDevf9YDtcDdKvEqHJLV8D"),
	    STR_INIT("pleaseletmein") },
	/* python3: crypt(3) of "$2y$05$CCCCCCCCCCCCCCCCCCCCC.", "$2b$05$abcdefghijklmnopqrstuu" */
	{ STR_INIT("crypt"),
	    STR_INIT("$2y$05$CCCCCCCCCCCCCCCCCCCCC.pIKrLVkBX9/OvQMSygY1pWEVn72t6na"),
	    STR_INIT("secret") },
	{ STR_INIT("crypt"),
	    STR_INIT("$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"),
	    STR_INIT("secret") },
	/* RFC 1321 A.5 */
	{ STR_INIT("md5"), STR_INIT("900150983cd24fb0d6963f7d28e17f72"), STR_INIT("abc") },
	{ STR_INIT("md5sum"), STR_INIT("900150983CD24FB0D6963F7D28E17F72"), STR_INIT("abc") },
	/* base 64 of that digest as DBMail's padded buffer begins, and of the digest alone */
	{ STR_INIT("md5base64"),
	    STR_INIT("kAFQmDzST7DWlj99KOF/cgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
	    STR_INIT("abc") },
	{ STR_INIT("md5base64"), STR_INIT("kAFQmDzST7DWlj99KOF/cg=="), STR_INIT("abc") },
	/* FIPS 180-2, appendices A, B, C */
	{ STR_INIT("sha1"), STR_INIT("a9993e364706816aba3e25717850c26c9cd0d89d"),
	    STR_INIT("abc") },
	{ STR_INIT("sha256"),
	    STR_INIT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
	    STR_INIT("abc") },
	{ STR_INIT("sha512"),
	    STR_INIT("ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a2"
		     "74fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),
	    STR_INIT("abc") },
	/* ISO/IEC 10118-3, Whirlpool of "abc" */
	{ STR_INIT("whirlpool"),
	    STR_INIT("4e2448a4c6f486bb16b6562c73b4020bf3043e3a731bce721ae1b303d97e6d4c7181eebdb"
		     "6c57e277d0e34957114cbd6c797fc9d95d8b582d225292076d4eef5"),
	    STR_INIT("abc") },
	/*
	 * The first is of the algorithm's published vectors ("abc": 2AAB1484E8C158F2 F2BFB8C5FF41B57A 525129131C957B5F),
	 * each word from its lowest byte; all four are what libmhash 0.9.9.9 makes (MHASH_TIGER192), as DBMail used it
	 */
	{ STR_INIT("tiger"), STR_INIT("f258c1e88414ab2a527ab541ffc5b8bf935f7b951c132951"),
	    STR_INIT("abc") },
	{ STR_INIT("tiger"), STR_INIT("9f00f599072300dd276abb38c8eb6dec37790c116f9d2bdf"),
	    STR_INIT("Tiger") },
	{ STR_INIT("tiger"), STR_INIT("0452D6C63AEC47FEEB78DB47421B82BB5B0E3164A4B52376"),
	    STR_INIT("secret") },
	{ STR_INIT("tiger"), STR_INIT("f044e6721ea4126d624cb4f7e2f0b61775b0c5d2d56df085"),
	    STR_INIT("The quick brown fox jumps over the lazy dog") },
	{ STR_INIT(""), STR_INIT("as it is"), STR_INIT("as it is") },
};

static void knows_passwords_that_others_have_hashed(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(right); i++) {
		struct err err = { .code = OK };
		bool match = false;
		enum errc rc = scheme_verify(
		    right[i].encryption, right[i].stored, right[i].password, &match, &err);

		if (rc != OK || !match)
			fail_msg("case %zu: %s %s", i, errc_name(rc), err.text);
		rc = scheme_verify(
		    right[i].encryption, right[i].stored, STR("wrong"), &match, &err);
		if (rc != OK || match)
			fail_msg("case %zu takes a wrong password", i);
	}
}

static void one_changed_character_is_another_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(right); i++) {
		char stored[256];
		bool match = true;
		struct str s = right[i].stored;
		enum errc rc;

		memcpy(stored, s.p, s.n);
		/* the last character of a base 64 text may hold bits that do not count */
		stored[10] = stored[10] == '1' ? '2' : '1';
		if (s.n < 12)
			continue;
		rc = scheme_verify(right[i].encryption, (struct str){ stored, s.n },
		    right[i].password, &match, NULL);
		if (rc == OK && match)
			fail_msg("case %zu", i);
	}
}

static void an_empty_password_never_matches(void **state)
{
	bool match = true;

	(void)state;
	assert_int_equal(scheme_verify(STR(""), STR(""), STR(""), &match, NULL), OK);
	assert_false(match);
	match = true;
	assert_int_equal(scheme_verify(STR("md5"), STR(""), STR("x"), &match, NULL), OK);
	assert_false(match);
	/* MD5 of nothing */
	match = true;
	assert_int_equal(scheme_verify(STR("md5sum"), STR("d41d8cd98f00b204e9800998ecf8427e"),
			     STR(""), &match, NULL),
	    OK);
	assert_false(match);
}

/* A NUL ends the password of crypt(3): "secret\0more" must not be "secret". */
static void a_nul_is_part_of_the_password(void **state)
{
	bool match = true;

	(void)state;
	assert_int_equal(
	    scheme_verify(STR("crypt"), STR("abNANd1rDfiNc"), STR("secret\0x"), &match, NULL),
	    OK);
	assert_false(match);
}

static const struct {
	struct str encryption, stored;
	enum errc want;
} checks[] = {
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=262144,t=4,p=1$c29tZXNhbHQ$x"), OK },
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=262145,t=1,p=1$c29tZXNhbHQ$x"),
	    ERR_LIMIT },
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=262144,t=5,p=1$c29tZXNhbHQ$x"),
	    ERR_LIMIT },
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=8,t=1,p=17$c29tZXNhbHQ$x"),
	    ERR_LIMIT },
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=8,t=1,p=16$c29tZXNhbHQ$x"), OK },
	{ STR_INIT("argon2id"), STR_INIT("$argon2id$v=19$m=99999999999,t=1,p=1$c29tZXNhbHQ$x"),
	    ERR_CORRUPT },
	{ STR_INIT("argon2id"), STR_INIT("$argon2d$v=19$m=8,t=1,p=1$c29tZXNhbHQ$x"),
	    ERR_CORRUPT },
	{ STR_INIT("argon2id"), STR_INIT("secret"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("$6$rounds=999999$salt$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$6$rounds=1000000$salt$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$6$rounds=1000001$salt$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$5$rounds=999999999$salt$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$5$rounds=x$salt$x"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("$2b$14$CCCCCCCCCCCCCCCCCCCCC."), OK },
	{ STR_INIT("crypt"), STR_INIT("$2b$15$CCCCCCCCCCCCCCCCCCCCC."), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$y$jBT$salt$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$y$jCT$salt$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$y$jDT$salt$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$y$jCU$salt$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$y$j9T/.$salt$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$y$j"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("$7$CU..../....SALT$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$7$DU..../....SALT$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$7$EU..../....SALT$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$7$DV..../....SALT$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$7$D...../....SALT$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$7$DU/.../....SALT$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$7$DU....2....SALT$x"), OK },
	{ STR_INIT("crypt"), STR_INIT("$7$DU....3....SALT$x"), ERR_LIMIT },
	{ STR_INIT("crypt"), STR_INIT("$7$DU..../..!.$x"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("$7$DU...."), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("$7$"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("_J9..rasmBYk8r9AiWNc"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("*"), ERR_CORRUPT },
	{ STR_INIT("crypt"), STR_INIT("!$6$x$y"), ERR_CORRUPT }, /* a locked shadow entry */
	{ STR_INIT("sha1"), STR_INIT("a9993e364706816aba3e25717850c26c"), ERR_CORRUPT },
	{ STR_INIT("sha256"), STR_INIT("secret"), ERR_CORRUPT },
	{ STR_INIT("md5base64"), STR_INIT("kAFQ"), ERR_CORRUPT },
	{ STR_INIT("tiger"), STR_INIT("00"), ERR_CORRUPT },
	{ STR_INIT("tiger"), STR_INIT("f258c1e88414ab2a527ab541ffc5b8bf935f7b951c13295g"),
	    ERR_CORRUPT },
	{ STR_INIT("rot13"), STR_INIT("x"), ERR_UNSUPPORTED },
};

static void refuses_what_is_no_hash_or_too_dear(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(checks); i++) {
		enum errc rc = scheme_check(checks[i].encryption, checks[i].stored, NULL);

		if (rc != checks[i].want)
			fail_msg("case %zu: %s", i, errc_name(rc));
	}
}

static void verifies_what_it_makes(void **state)
{
	static const struct str schemes[] = { STR_INIT("argon2id"), STR_INIT("crypt"),
		STR_INIT("plaintext") };
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(schemes); i++) {
		struct str stored, encryption;
		bool match = false;

		assert_int_equal(scheme_make(schemes[i], STR("p\xc3\xa4ss word"), arena,
				     &stored, &encryption, NULL),
		    OK);
		assert_int_equal(
		    scheme_verify(encryption, stored, STR("p\xc3\xa4ss word"), &match, NULL),
		    OK);
		assert_true(match);
	}
	arena_free(&arena);
}

static void new_hashes_cost_what_owasp_asks(void **state)
{
	struct arena *arena = arena_new("test");
	struct str stored, encryption;

	(void)state;
	assert_int_equal(
	    scheme_make(STR("argon2id"), STR("x"), arena, &stored, &encryption, NULL), OK);
	assert_true(str_starts(stored, STR("$argon2id$v=19$m=19456,t=2,p=1$")));
	assert_true(str_equal(encryption, STR("argon2id")));
	arena_free(&arena);
}

static void makes_nothing_of_bad_passwords(void **state)
{
	static char large[AUTH_PASSWORD_MAX + 1];
	struct arena *arena = arena_new("test");
	struct str stored, encryption;

	(void)state;
	memset(large, 'x', sizeof(large));
	assert_int_equal(
	    scheme_make(STR("plaintext"), STR(""), arena, &stored, &encryption, NULL), ERR_ARG);
	assert_int_equal(
	    scheme_make(STR("plaintext"), STR("a\0b"), arena, &stored, &encryption, NULL),
	    ERR_ARG);
	assert_int_equal(scheme_make(STR("plaintext"), (struct str){ large, sizeof(large) },
			     arena, &stored, &encryption, NULL),
	    ERR_ARG);
	assert_int_equal(scheme_make(STR("plaintext"), (struct str){ large, sizeof(large) - 1 },
			     arena, &stored, &encryption, NULL),
	    OK);
	assert_int_equal(scheme_make(STR("md5"), STR("x"), arena, &stored, &encryption, NULL),
	    ERR_UNSUPPORTED);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_passwords_that_others_have_hashed),
		cmocka_unit_test(one_changed_character_is_another_password),
		cmocka_unit_test(an_empty_password_never_matches),
		cmocka_unit_test(a_nul_is_part_of_the_password),
		cmocka_unit_test(refuses_what_is_no_hash_or_too_dear),
		cmocka_unit_test(verifies_what_it_makes),
		cmocka_unit_test(new_hashes_cost_what_owasp_asks),
		cmocka_unit_test(makes_nothing_of_bad_passwords),
	};

	return cmocka_run_group_tests_name("auth/scheme", tests, NULL, NULL);
}
