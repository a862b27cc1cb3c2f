#include "tests/cm.h"

#include "auth/limits.h"
#include "auth/sasl.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/str.h"

/* RFC 4616 section 4 */
static const struct {
	struct str message;
	enum errc want;
	struct str authzid, authcid, password;
} plain_cases[] = {
	{ STR_INIT("\0tim\0tanstaaftanstaaf"), OK, STR_INIT(""), STR_INIT("tim"),
	    STR_INIT("tanstaaftanstaaf") },
	{ STR_INIT("Ursel\0Kurt\0xipj3plmq"), OK, STR_INIT("Ursel"), STR_INIT("Kurt"),
	    STR_INIT("xipj3plmq") },
	{ STR_INIT("\0\xc3\xa9va\0\xc3\xa9"), OK, STR_INIT(""), STR_INIT("\xc3\xa9va"),
	    STR_INIT("\xc3\xa9") },
	{ STR_INIT(""), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("tim"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0tim"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0tim\0"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0\0pw"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0tim\0p\0w"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0t\xff\0pw"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\xff\0tim\0pw"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0tim\0\xff"), ERR_SYNTAX, STR_INIT(""), STR_INIT(""), STR_INIT("") },
};

static void parses_messages_of_plain(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(plain_cases); i++) {
		struct credentials got = { .authzid = STR_EMPTY };
		enum errc rc = sasl_plain_parse(plain_cases[i].message, &got, NULL);

		if (rc != plain_cases[i].want ||
		    !str_equal(got.authzid, plain_cases[i].authzid) ||
		    !str_equal(got.authcid, plain_cases[i].authcid) ||
		    !str_equal(got.password, plain_cases[i].password))
			fail_msg("case %zu: %s", i, errc_name(rc));
	}
}

static void takes_plain_with_an_initial_response(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(
	    sasl_start(&sasl, SASL_PLAIN, STR("AHRpbQB0YW5zdGFhZnRhbnN0YWFm"), NULL), OK);
	assert_true(str_equal(sasl.credentials.authcid, STR("tim")));
	assert_true(str_equal(sasl.credentials.password, STR("tanstaaftanstaaf")));
	sasl_release(&sasl);
	assert_int_equal(sasl.credentials.authcid.n, 0);
	sasl_release(&sasl);
}

static void asks_for_plain_with_an_empty_challenge(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(sasl_start(&sasl, SASL_PLAIN, STR_EMPTY, NULL), ERR_MORE);
	assert_int_equal(sasl.challenge.n, 0);
	assert_int_equal(sasl_step(&sasl, STR("AHRpbQB0YW5zdGFhZnRhbnN0YWFm"), NULL), OK);
	assert_true(str_equal(sasl.credentials.authcid, STR("tim")));
	sasl_release(&sasl);
}

static void asks_for_name_and_password_with_login(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(sasl_start(&sasl, SASL_LOGIN, STR_EMPTY, NULL), ERR_MORE);
	assert_true(str_equal(sasl.challenge, STR("VXNlcm5hbWU6")));
	assert_int_equal(sasl_step(&sasl, STR("dGlt"), NULL), ERR_MORE);
	assert_true(str_equal(sasl.challenge, STR("UGFzc3dvcmQ6")));
	assert_int_equal(sasl_step(&sasl, STR("cHc="), NULL), OK);
	assert_true(str_equal(sasl.credentials.authcid, STR("tim")));
	assert_true(str_equal(sasl.credentials.password, STR("pw")));
	sasl_release(&sasl);

	/* the name may come as the initial response */
	assert_int_equal(sasl_start(&sasl, SASL_LOGIN, STR("dGlt"), NULL), ERR_MORE);
	assert_true(str_equal(sasl.challenge, STR("UGFzc3dvcmQ6")));
	assert_int_equal(sasl_step(&sasl, STR("cHc="), NULL), OK);
	sasl_release(&sasl);
}

static void ends_when_cancelled_or_broken(void **state)
{
	static const struct {
		enum sasl_mechanism mechanism;
		struct str line;
		enum errc want;
	} cases[] = {
		{ SASL_PLAIN, STR_INIT("*"), ERR_CLOSED },
		{ SASL_LOGIN, STR_INIT("*"), ERR_CLOSED },
		{ SASL_PLAIN, STR_INIT("AHRpbQ"), ERR_SYNTAX }, /* padding */
		{ SASL_PLAIN, STR_INIT("!"), ERR_SYNTAX },
		{ SASL_PLAIN, STR_INIT(""), ERR_SYNTAX },
		{ SASL_PLAIN, STR_INIT("="), ERR_SYNTAX },
		{ SASL_LOGIN, STR_INIT("=="), ERR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sasl sasl = { .step = 0 };

		assert_int_equal(
		    sasl_start(&sasl, cases[i].mechanism, STR_EMPTY, NULL), ERR_MORE);
		if (sasl_step(&sasl, cases[i].line, NULL) != cases[i].want)
			fail_msg("case %zu", i);
		sasl_release(&sasl);
	}
}

static void an_equals_sign_is_an_empty_initial_response(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	/* RFC 4954 section 4: nothing is in it, which is no message of PLAIN */
	assert_int_equal(sasl_start(&sasl, SASL_PLAIN, STR("="), NULL), ERR_SYNTAX);
	sasl_release(&sasl);
	assert_int_equal(sasl_start(&sasl, SASL_LOGIN, STR("="), NULL), ERR_MORE);
	assert_int_equal(sasl_step(&sasl, STR("cHc="), NULL), ERR_SYNTAX);
	sasl_release(&sasl);
}

static enum errc plain_of(size_t name, size_t password)
{
	struct buf message = BUF_INIT(100000), line = BUF_INIT(200000);
	struct sasl sasl = { .step = 0 };
	enum errc rc;

	buf_add_char(&message, '\0');
	for (size_t i = 0; i < name; i++)
		buf_add_char(&message, 'n');
	buf_add_char(&message, '\0');
	for (size_t i = 0; i < password; i++)
		buf_add_char(&message, 'p');
	base64_encode(&line, buf_str(&message));
	rc = sasl_start(&sasl, SASL_PLAIN, buf_str(&line), NULL);
	sasl_release(&sasl);
	buf_release(&message);
	buf_release(&line);
	return rc;
}

static void keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(plain_of(AUTH_NAME_MAX - 1, 1), OK);
	assert_int_equal(plain_of(AUTH_NAME_MAX, 1), OK);
	assert_int_equal(plain_of(AUTH_NAME_MAX + 1, 1), ERR_LIMIT);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX - 1), OK);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX), OK);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX + 1), ERR_LIMIT);
	assert_int_equal(plain_of(1, SASL_MESSAGE_MAX), ERR_LIMIT);
}

static void knows_its_mechanisms_by_name(void **state)
{
	enum sasl_mechanism mechanism = SASL_PLAIN;

	(void)state;
	assert_true(sasl_mechanism_find(STR("login"), &mechanism));
	assert_int_equal(mechanism, SASL_LOGIN);
	assert_true(str_equal(sasl_mechanism_name(SASL_PLAIN), STR("PLAIN")));
	assert_false(sasl_mechanism_find(STR("PLAINER"), &mechanism));
	assert_false(sasl_mechanism_find(STR(""), &mechanism));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_messages_of_plain),
		cmocka_unit_test(takes_plain_with_an_initial_response),
		cmocka_unit_test(asks_for_plain_with_an_empty_challenge),
		cmocka_unit_test(asks_for_name_and_password_with_login),
		cmocka_unit_test(ends_when_cancelled_or_broken),
		cmocka_unit_test(an_equals_sign_is_an_empty_initial_response),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(knows_its_mechanisms_by_name),
	};

	return cmocka_run_group_tests_name("auth/sasl", tests, NULL, NULL);
}
