#include "tests/cm.h"

#include "auth/limits.h"
#include "auth/sasl.h"
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/str.h"
#include "tests/unit/auth/scram_client.h"

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

static struct sasl_kit *kit;

/* What is next, or the error as a negative number. */
static int begin(struct sasl *sasl, enum sasl_mechanism mechanism, struct str initial)
{
	struct sasl_setting setting = { .kit = kit, .hostname = STR("mail.example.test") };
	enum errc rc = sasl_start(sasl, &setting, mechanism, initial, NULL);

	return rc == OK ? (int)sasl->next : -(int)rc;
}

static int answer(struct sasl *sasl, struct str line)
{
	enum errc rc = sasl_step(sasl, line, NULL);

	return rc == OK ? (int)sasl->next : -(int)rc;
}

static void takes_plain_with_an_initial_response(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(
	    begin(&sasl, SASL_PLAIN, STR("AHRpbQB0YW5zdGFhZnRhbnN0YWFm")), SASL_CHECK);
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
	assert_int_equal(begin(&sasl, SASL_PLAIN, STR_EMPTY), SASL_SEND);
	assert_int_equal(sasl.challenge.n, 0);
	assert_int_equal(answer(&sasl, STR("AHRpbQB0YW5zdGFhZnRhbnN0YWFm")), SASL_CHECK);
	assert_true(str_equal(sasl.credentials.authcid, STR("tim")));
	sasl_release(&sasl);
}

static void asks_for_name_and_password_with_login(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(begin(&sasl, SASL_LOGIN, STR_EMPTY), SASL_SEND);
	assert_true(str_equal(sasl.challenge, STR("VXNlcm5hbWU6")));
	assert_int_equal(answer(&sasl, STR("dGlt")), SASL_SEND);
	assert_true(str_equal(sasl.challenge, STR("UGFzc3dvcmQ6")));
	assert_int_equal(answer(&sasl, STR("cHc=")), SASL_CHECK);
	assert_true(str_equal(sasl.credentials.authcid, STR("tim")));
	assert_true(str_equal(sasl.credentials.password, STR("pw")));
	sasl_release(&sasl);

	/* the name may come as the initial response */
	assert_int_equal(begin(&sasl, SASL_LOGIN, STR("dGlt")), SASL_SEND);
	assert_true(str_equal(sasl.challenge, STR("UGFzc3dvcmQ6")));
	assert_int_equal(answer(&sasl, STR("cHc=")), SASL_CHECK);
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

		assert_int_equal(begin(&sasl, cases[i].mechanism, STR_EMPTY), SASL_SEND);
		if (answer(&sasl, cases[i].line) != -(int)cases[i].want)
			fail_msg("case %zu", i);
		sasl_release(&sasl);
	}
}

static void an_equals_sign_is_an_empty_initial_response(void **state)
{
	struct sasl sasl = { .step = 0 };

	(void)state;
	/* RFC 4954 section 4: nothing is in it, which is no message of PLAIN */
	assert_int_equal(begin(&sasl, SASL_PLAIN, STR("=")), -ERR_SYNTAX);
	sasl_release(&sasl);
	assert_int_equal(begin(&sasl, SASL_LOGIN, STR("=")), SASL_SEND);
	assert_int_equal(answer(&sasl, STR("cHc=")), -ERR_SYNTAX);
	sasl_release(&sasl);
}

static int plain_of(size_t name, size_t password)
{
	struct buf message = BUF_INIT(100000), line = BUF_INIT(200000);
	struct sasl sasl = { .step = 0 };
	int rc;

	buf_add_char(&message, '\0');
	for (size_t i = 0; i < name; i++)
		buf_add_char(&message, 'n');
	buf_add_char(&message, '\0');
	for (size_t i = 0; i < password; i++)
		buf_add_char(&message, 'p');
	base64_encode(&line, buf_str(&message));
	rc = begin(&sasl, SASL_PLAIN, buf_str(&line));
	sasl_release(&sasl);
	buf_release(&message);
	buf_release(&line);
	return rc;
}

static void keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(plain_of(AUTH_NAME_MAX - 1, 1), SASL_CHECK);
	assert_int_equal(plain_of(AUTH_NAME_MAX, 1), SASL_CHECK);
	assert_int_equal(plain_of(AUTH_NAME_MAX + 1, 1), -ERR_LIMIT);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX - 1), SASL_CHECK);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX), SASL_CHECK);
	assert_int_equal(plain_of(1, AUTH_PASSWORD_MAX + 1), -ERR_LIMIT);
	assert_int_equal(plain_of(1, SASL_MESSAGE_MAX), -ERR_LIMIT);
}

static struct str encoded(struct arena *arena, struct str text)
{
	struct buf line = BUF_INIT(100000);
	struct str copy;

	base64_encode(&line, text);
	copy = str_dup(arena, buf_str(&line));
	buf_release(&line);
	return copy;
}

static struct str decoded(struct arena *arena, struct str line)
{
	struct str text = STR_EMPTY;

	assert_int_equal(base64_decode(arena, line, &text, NULL), OK);
	return text;
}

/* RFC 2195 section 2 */
static void knows_the_answer_of_cram_md5(void **state)
{
	struct credentials c = { .authzid = STR_EMPTY };

	(void)state;
	assert_int_equal(
	    sasl_cram_parse(STR("tim b913a602c7eda7a495b4e6e7334d3890"), &c, NULL), OK);
	assert_true(str_equal(c.authcid, STR("tim")));
	c.challenge = STR("<1896.697170952@postoffice.reston.mci.net>");
	assert_true(sasl_cram_is_right(&c, STR("tanstaaftanstaaf")));
	assert_false(sasl_cram_is_right(&c, STR("tanstaaftanstaa")));
	c.challenge = STR("<1896.697170952@postoffice.reston.mci.nes>");
	assert_false(sasl_cram_is_right(&c, STR("tanstaaftanstaaf")));
}

static void cram_md5_speaks_first_and_never_the_same(void **state)
{
	struct arena *arena = arena_new("test");
	struct sasl one = { .step = 0 }, two = { .step = 0 };
	struct str challenge;

	(void)state;
	assert_int_equal(begin(&one, SASL_CRAM_MD5, STR_EMPTY), SASL_SEND);
	assert_int_equal(begin(&two, SASL_CRAM_MD5, STR_EMPTY), SASL_SEND);
	assert_false(str_equal(one.challenge, two.challenge));
	challenge = decoded(arena, one.challenge);
	assert_true(str_starts(challenge, STR("<")));
	assert_true(str_ends_nocase(challenge, STR("@mail.example.test>")));
	assert_int_equal(
	    answer(&one, encoded(arena, STR("a name b913a602c7eda7a495b4e6e7334d3890"))),
	    SASL_CHECK);
	assert_true(str_equal(one.credentials.challenge, challenge));
	assert_true(str_equal(one.credentials.authcid, STR("a name")));
	sasl_release(&one);
	sasl_release(&two);
	/* RFC 4954 section 4: no initial response to a mechanism whose server speaks first */
	assert_int_equal(begin(&one, SASL_CRAM_MD5, STR("dGlt")), -ERR_SYNTAX);
	sasl_release(&one);
	arena_free(&arena);
}

static void breaks_off_bad_answers_of_cram_md5(void **state)
{
	static const struct str bad[] = {
		STR_INIT(""),
		STR_INIT("tim"),
		STR_INIT("tim "),
		STR_INIT(" b913a602c7eda7a495b4e6e7334d3890"),
		STR_INIT("tim b913a602c7eda7a495b4e6e7334d389"),
		STR_INIT("tim b913a602c7eda7a495b4e6e7334d38900"),
		STR_INIT("tim B913A602C7EDA7A495B4E6E7334D3890"),
		STR_INIT("tim b913a602c7eda7a495b4e6e7334d389g"),
		STR_INIT("t\0m b913a602c7eda7a495b4e6e7334d3890"),
		STR_INIT("\xff b913a602c7eda7a495b4e6e7334d3890"),
	};
	struct credentials c;

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++)
		if (sasl_cram_parse(bad[i], &c, NULL) != ERR_SYNTAX)
			fail_msg("case %zu", i);
}

static const struct scram_case {
	enum sasl_mechanism mechanism;
	const char *gs2;
	bool server_binds;	    /* the server has a binding of this connection */
	const char *client_binding; /* NULL: none */
	int first;		    /* after the client's first message */
	bool right;		    /* the proof is accepted */
} scram_cases[] = {
	{ SASL_SCRAM_SHA1, "n,,", false, NULL, SASL_KEYS, true },
	{ SASL_SCRAM_SHA256, "n,,", false, NULL, SASL_KEYS, true },
	{ SASL_SCRAM_SHA256, "n,a=user,", false, NULL, SASL_KEYS, true },
	/* the client could bind and believes that we cannot: true */
	{ SASL_SCRAM_SHA256, "y,,", false, NULL, SASL_KEYS, true },
	/* and not true: somebody took -PLUS from the list (RFC 5802 section 6) */
	{ SASL_SCRAM_SHA256, "y,,", true, NULL, -ERR_DENIED, false },
	{ SASL_SCRAM_SHA1_PLUS, "p=tls-exporter,,", true, "the channel", SASL_KEYS, true },
	{ SASL_SCRAM_SHA256_PLUS, "p=tls-exporter,,", true, "the channel", SASL_KEYS, true },
	/* somebody in between has another channel */
	{ SASL_SCRAM_SHA256_PLUS, "p=tls-exporter,,", true, "another one", SASL_KEYS, false },
	{ SASL_SCRAM_SHA256_PLUS, "p=tls-exporter,,", false, "the channel", -ERR_DENIED,
	    false },
	{ SASL_SCRAM_SHA256_PLUS, "p=tls-unique,,", true, "the channel", -ERR_DENIED, false },
	{ SASL_SCRAM_SHA256_PLUS, "n,,", true, NULL, -ERR_DENIED, false },
};

static struct scram_keys make_keys(enum scram_hash hash, struct str password)
{
	struct scram_keys keys = { .iterations = 4096, .salt_size = 4, .salt = "salt" };

	assert_int_equal(scram_derive(hash, password, &keys, NULL), OK);
	return keys;
}

static struct scram_dialogue dialogue_of(const struct scram_case *c, struct str password)
{
	return (struct scram_dialogue){ .hash = sasl_scram_hash(c->mechanism),
		.password = password,
		.gs2 = str_from(c->gs2),
		.binding = str_from(c->client_binding),
		.name = STR("user"),
		.nonce = STR("fyko+d2lbbFgONRv9qkxdawL") };
}

/* The dialogue up to the proof; what came of that. */
static int exchange(const struct scram_case *c, struct str password, struct str first_line,
    struct sasl *sasl, struct arena *arena)
{
	struct scram_dialogue d = dialogue_of(c, password);
	struct sasl_setting setting = { .kit = kit };
	struct scram_keys keys = make_keys(d.hash, STR("pencil"));
	struct str first = scram_client_first(&d, arena);
	enum errc rc;
	int next;

	if (c->server_binds)
		setting.binding = STR("the channel");
	rc = sasl_start(sasl, &setting, c->mechanism,
	    first_line.p ? first_line : encoded(arena, first), NULL);
	next = rc == OK ? (int)sasl->next : -(int)rc;
	if (next != c->first)
		fail_msg("%s %s: %d", sasl_mechanism_name(c->mechanism).p, c->gs2, next);
	if (next < 0)
		return next;
	assert_true(str_equal(sasl->credentials.authcid, STR("user")));
	assert_int_equal(sasl_keys(sasl, &keys, NULL), OK);
	assert_int_equal(sasl->next, SASL_SEND);
	next = answer(sasl,
	    encoded(arena, scram_client_final(&d, decoded(arena, sasl->challenge), arena)));
	if (next == SASL_SEND)
		assert_true(str_equal(decoded(arena, sasl->challenge), d.signature));
	return next;
}

static void scram_proves_who_is_there(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(scram_cases); i++) {
		struct sasl sasl = { .step = 0 };
		int next = exchange(&scram_cases[i], STR("pencil"), STR_EMPTY, &sasl, arena);

		if (scram_cases[i].right && next != SASL_SEND)
			fail_msg("case %zu: %d", i, next);
		if (!scram_cases[i].right && next != -ERR_DENIED)
			fail_msg("case %zu: %d", i, next);
		if (next == SASL_SEND) {
			assert_int_equal(answer(&sasl, STR("")), SASL_PROVED);
			/* that was the end */
			assert_int_equal(answer(&sasl, STR("")), -ERR_STATE);
		}
		sasl_release(&sasl);
	}
	arena_free(&arena);
}

static void scram_knows_a_wrong_password(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sasl sasl = { .step = 0 };

		assert_int_equal(
		    exchange(&scram_cases[i], STR("pencils"), STR_EMPTY, &sasl, arena),
		    -ERR_DENIED);
		sasl_release(&sasl);
	}
	arena_free(&arena);
}

static void scram_ends_with_an_empty_message(void **state)
{
	struct arena *arena = arena_new("test");
	struct sasl sasl = { .step = 0 };

	(void)state;
	assert_int_equal(
	    exchange(&scram_cases[1], STR("pencil"), STR_EMPTY, &sasl, arena), SASL_SEND);
	assert_int_equal(answer(&sasl, STR("AAAA")), -ERR_SYNTAX);
	sasl_release(&sasl);
	arena_free(&arena);
}

static void scram_reads_names_as_they_are_escaped(void **state)
{
	struct arena *arena = arena_new("test");
	struct sasl sasl = { .step = 0 };

	(void)state;
	/* RFC 5802 5.1: "=2C" is a comma, "=3D" an equals sign */
	assert_int_equal(
	    begin(&sasl, SASL_SCRAM_SHA1, encoded(arena, STR("n,a=z=2C,n=a=2Cb=3Dc,r=nonce"))),
	    SASL_KEYS);
	assert_true(str_equal(sasl.credentials.authcid, STR("a,b=c")));
	assert_true(str_equal(sasl.credentials.authzid, STR("z,")));
	sasl_release(&sasl);
	arena_free(&arena);
}

static void scram_breaks_off_what_is_not_its_grammar(void **state)
{
	static const struct str bad[] = {
		STR_INIT(""),
		STR_INIT("n"),
		STR_INIT("n,,"),
		STR_INIT("n,,n=user"),
		STR_INIT("n,,n=,r=nonce"),
		STR_INIT("n,,n=us=er,r=nonce"),
		STR_INIT("n,,n=user,r="),
		STR_INIT("x,,n=user,r=nonce"),
		STR_INIT("n,,m=ext,n=user,r=nonce"),
		STR_INIT("n,,n=us\0er,r=nonce"),
		STR_INIT("n,,n=us\xff"
			 "er,r=nonce"),
		STR_INIT("n,b=user,n=user,r=nonce"),
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct sasl sasl = { .step = 0 };

		if (begin(&sasl, SASL_SCRAM_SHA256,
			bad[i].n > 0 ? encoded(arena, bad[i]) : STR("=")) != -ERR_SYNTAX)
			fail_msg("case %zu", i);
		sasl_release(&sasl);
	}
	arena_free(&arena);
}

static void scram_breaks_off_bad_proofs(void **state)
{
	static const struct {
		struct str final;
		int want;
	} cases[] = {
		{ STR_INIT(""), -ERR_SYNTAX },
		{ STR_INIT("c=biws"), -ERR_SYNTAX },
		{ STR_INIT("c=biws,r=another,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), -ERR_DENIED },
		{ STR_INIT("c=biws,r=\0,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="), -ERR_SYNTAX },
	};
	struct scram_keys keys = make_keys(SCRAM_SHA1, STR("pencil"));
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct sasl sasl = { .step = 0 };
		int next;

		assert_int_equal(begin(&sasl, SASL_SCRAM_SHA1, STR_EMPTY), SASL_SEND);
		assert_int_equal(sasl.challenge.n, 0);
		assert_int_equal(
		    answer(&sasl, encoded(arena, STR("n,,n=user,r=nonce"))), SASL_KEYS);
		/* a line where none is awaited */
		assert_int_equal(answer(&sasl, STR("AAAA")), -ERR_STATE);
		assert_int_equal(sasl_keys(&sasl, &keys, NULL), OK);
		next = answer(&sasl, encoded(arena, cases[i].final));
		if (next != cases[i].want)
			fail_msg("case %zu: %d", i, next);
		sasl_release(&sasl);
	}
	arena_free(&arena);
}

static int scram_name_of(size_t size)
{
	struct arena *arena = arena_new("test");
	struct buf message = BUF_INIT(100000);
	struct sasl sasl = { .step = 0 };
	int next;

	BUF_ADD(&message, "n,,n=");
	for (size_t i = 0; i < size; i++)
		buf_add_char(&message, 'n');
	BUF_ADD(&message, ",r=nonce");
	next = begin(&sasl, SASL_SCRAM_SHA256, encoded(arena, buf_str(&message)));
	sasl_release(&sasl);
	buf_release(&message);
	arena_free(&arena);
	return next;
}

static void scram_keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(scram_name_of(AUTH_NAME_MAX - 1), SASL_KEYS);
	assert_int_equal(scram_name_of(AUTH_NAME_MAX), SASL_KEYS);
	assert_int_equal(scram_name_of(AUTH_NAME_MAX + 1), -ERR_LIMIT);
	assert_int_equal(scram_name_of(SASL_MESSAGE_MAX), -ERR_LIMIT);
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

static int make_kit(void **state)
{
	(void)state;
	return sasl_kit_new(&kit, NULL) == OK ? 0 : -1;
}

static int free_kit(void **state)
{
	(void)state;
	sasl_kit_free(&kit);
	return 0;
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
		cmocka_unit_test(knows_the_answer_of_cram_md5),
		cmocka_unit_test(cram_md5_speaks_first_and_never_the_same),
		cmocka_unit_test(breaks_off_bad_answers_of_cram_md5),
		cmocka_unit_test(scram_proves_who_is_there),
		cmocka_unit_test(scram_knows_a_wrong_password),
		cmocka_unit_test(scram_ends_with_an_empty_message),
		cmocka_unit_test(scram_reads_names_as_they_are_escaped),
		cmocka_unit_test(scram_breaks_off_what_is_not_its_grammar),
		cmocka_unit_test(scram_breaks_off_bad_proofs),
		cmocka_unit_test(scram_keeps_its_limits),
		cmocka_unit_test(knows_its_mechanisms_by_name),
	};

	return cmocka_run_group_tests_name("auth/sasl", tests, make_kit, free_kit);
}
