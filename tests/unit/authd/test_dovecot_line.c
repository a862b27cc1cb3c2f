#include "tests/cm.h"

#include "authd/dovecot_line.h"
#include "authd/limits.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

static const struct {
	struct str in;
	enum errc want;
	enum dovecot_verb verb;
	uint32_t id;
} lines[] = {
	{ STR_INIT("VERSION\t1\t2"), OK, DOVECOT_VERSION, 0 },
	{ STR_INIT("VERSION\t1\t2\t3"), OK, DOVECOT_VERSION, 0 },
	{ STR_INIT("VERSION\t1"), ERR_SYNTAX, DOVECOT_VERSION, 0 },
	{ STR_INIT("VERSION\t1\t"), ERR_SYNTAX, DOVECOT_VERSION, 0 },
	{ STR_INIT("VERSION"), ERR_SYNTAX, DOVECOT_VERSION, 0 },
	{ STR_INIT("CPID\t0"), OK, DOVECOT_CPID, 0 },
	{ STR_INIT("CPID\t4294967295"), OK, DOVECOT_CPID, UINT32_MAX },
	{ STR_INIT("CPID\t4294967296"), ERR_SYNTAX, DOVECOT_CPID, 0 },
	{ STR_INIT("CPID\t-1"), ERR_SYNTAX, DOVECOT_CPID, 0 },
	{ STR_INIT("AUTH\t1\tPLAIN\tservice=smtp"), OK, DOVECOT_AUTH, 1 },
	{ STR_INIT("AUTH\t0\tPLAIN\tservice=smtp"), ERR_SYNTAX, DOVECOT_AUTH, 0 },
	{ STR_INIT("AUTH\t1\tPLAIN"), ERR_SYNTAX, DOVECOT_AUTH, 1 },
	{ STR_INIT("AUTH\t1\tPLAIN\tservice="), ERR_SYNTAX, DOVECOT_AUTH, 1 },
	{ STR_INIT("AUTH\t1\t\tservice=smtp"), ERR_SYNTAX, DOVECOT_AUTH, 1 },
	{ STR_INIT("AUTH\t1"), ERR_SYNTAX, DOVECOT_AUTH, 1 },
	{ STR_INIT("AUTH\tPLAIN\tservice=smtp"), ERR_SYNTAX, DOVECOT_AUTH, 0 },
	{ STR_INIT("AUTH\t7\tPLAIN\tresp=YQ==\tservice=smtp"), ERR_SYNTAX, DOVECOT_AUTH, 7 },
	{ STR_INIT("CONT\t1\t"), OK, DOVECOT_CONT, 1 },
	{ STR_INIT("CONT\t1"), ERR_SYNTAX, DOVECOT_CONT, 1 },
	{ STR_INIT("CONT\t0\tYQ=="), ERR_SYNTAX, DOVECOT_CONT, 0 },
	{ STR_INIT("CANCEL\t9"), OK, DOVECOT_CANCEL, 9 },
	{ STR_INIT("CANCEL"), ERR_SYNTAX, DOVECOT_CANCEL, 0 },
	{ STR_INIT("auth\t1\tPLAIN\tservice=smtp"), OK, DOVECOT_UNKNOWN, 0 },
	{ STR_INIT("SERVICE\tSMTP"), OK, DOVECOT_UNKNOWN, 0 },
	{ STR_INIT(""), OK, DOVECOT_UNKNOWN, 0 },
	{ STR_INIT("\0"), OK, DOVECOT_UNKNOWN, 0 },
};

static void parses_commands_and_their_ids(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lines); i++) {
		struct arena *arena = arena_new("test");
		struct dovecot_command command;
		enum errc got = dovecot_line_parse(lines[i].in, arena, &command, NULL);

		if (got != lines[i].want || command.verb != lines[i].verb ||
		    command.id != lines[i].id)
			fail_msg("case %zu: got %d, verb %d, id %u", i, (int)got,
			    (int)command.verb, command.id);
		arena_free(&arena);
	}
}

static void knows_what_auth_says_of_the_client(void **state)
{
	struct arena *arena = arena_new("test");
	struct dovecot_command command;
	const struct dovecot_auth *auth = &command.auth;

	(void)state;
	assert_int_equal(
	    dovecot_line_parse(
		STR("AUTH\t3\tPLAIN\tservice=smtp\tlip=192.0.2.1\trip=2001:db8::9\tlport=587\t"
		    "rport=40000\tsecured=tls\ttls_protocol=TLSv1.3\ttls_cipher=A\001tB\t"
		    "final-resp-ok\tservices=no\tsecuredx\tresp=YQ=="),
		arena, &command, NULL),
	    OK);
	assert_true(str_equal(auth->mechanism, STR("PLAIN")));
	assert_true(str_equal(auth->service, STR("smtp")));
	assert_true(str_equal(auth->address, STR("2001:db8::9")));
	assert_true(str_equal(auth->local_address, STR("192.0.2.1")));
	assert_int_equal(auth->port, 40000);
	assert_int_equal(auth->local_port, 587);
	assert_true(str_equal(auth->tls_protocol, STR("TLSv1.3")));
	assert_true(str_equal(auth->tls_cipher, STR("A\tB")));
	assert_true(auth->secured && auth->final_resp_ok);
	assert_true(str_equal(auth->response, STR("YQ==")));

	assert_int_equal(dovecot_line_parse(STR("AUTH\t3\tPLAIN\tservice=smtp\trport=65536\t"
						"lport=x\tsecuredx\tresp="),
			     arena, &command, NULL),
	    OK);
	assert_false(auth->secured || auth->final_resp_ok);
	assert_int_equal(auth->port, 0);
	assert_int_equal(auth->local_port, 0);
	assert_null(auth->response.p); /* Exim: there is none */
	assert_int_equal(dovecot_line_parse(STR("AUTH\t3\tPLAIN\tservice=smtp\tresp=="), arena,
			     &command, NULL),
	    OK);
	assert_true(str_equal(auth->response, STR("="))); /* an empty one */
	arena_free(&arena);
}

static const struct {
	struct str text, escaped;
} escapes[] = {
	{ STR_INIT("plain"), STR_INIT("plain") },
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("\0\001\t\r\n"), STR_INIT("\0010\0011\001t\001r\001l") },
	{ STR_INIT("a\tb"), STR_INIT("a\001tb") },
};

static void escapes_and_unescapes(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(escapes); i++) {
		struct buf out = BUF_INIT(100);

		dovecot_escape(&out, escapes[i].text);
		assert_true(str_equal(buf_str(&out), escapes[i].escaped));
		assert_true(str_equal(dovecot_unescape(arena, buf_str(&out)), escapes[i].text));
		buf_release(&out);
	}
	/* anything else behind the escape is itself; one at the end is nothing */
	assert_true(str_equal(dovecot_unescape(arena, STR("a\001xb\001")), STR("axb")));
	arena_free(&arena);
}

static void takes_lines_up_to_their_limit(void **state)
{
	static char bytes[DOVECOT_LINE_MAX + 2];
	struct str in = { bytes, sizeof(bytes) }, line;
	size_t used = 0;

	(void)state;
	memset(bytes, 'x', sizeof(bytes));
	assert_int_equal(
	    dovecot_line_take(str_first(in, DOVECOT_LINE_MAX), &line, &used), ERR_MORE);
	assert_int_equal(dovecot_line_take(in, &line, &used), ERR_LIMIT);
	bytes[DOVECOT_LINE_MAX] = '\n';
	assert_int_equal(dovecot_line_take(in, &line, &used), OK);
	assert_int_equal(line.n, DOVECOT_LINE_MAX);
	assert_int_equal(used, DOVECOT_LINE_MAX + 1);
	bytes[DOVECOT_LINE_MAX] = 'x';
	bytes[DOVECOT_LINE_MAX + 1] = '\n';
	assert_int_equal(dovecot_line_take(in, &line, &used), ERR_LIMIT);
	assert_int_equal(dovecot_line_take(STR("a\r\nb\n"), &line, &used), OK);
	assert_true(str_equal(line, STR("a")));
	assert_int_equal(used, 3);
	assert_int_equal(dovecot_line_take(STR(""), &line, &used), ERR_MORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_commands_and_their_ids),
		cmocka_unit_test(knows_what_auth_says_of_the_client),
		cmocka_unit_test(escapes_and_unescapes),
		cmocka_unit_test(takes_lines_up_to_their_limit),
	};

	return cmocka_run_group_tests_name("authd/dovecot_line", tests, NULL, NULL);
}
