#include "tests/cm.h"

#include "base/str.h"
#include "db/pgsql_int.h"

#include <string.h>

static struct pgsql_target target_of(const char *url)
{
	struct pgsql_target target;
	struct err err;

	if (pgsql_target_init(&target, str_from(url), &err) != OK)
		fail_msg("%s: %s", url, err.text);
	return target;
}

static void takes_a_url_apart(void **state)
{
	struct pgsql_target target = target_of(
	    "postgresql://ann:s%40crets@a.example:5433,%2Frun%2Fpg,[::1]/mail"
	    "?sslmode=verify-full&target_session_attrs=read-write&options=-c%20x%3D1");

	(void)state;
	assert_string_equal(target.user, "ann");
	assert_string_equal(target.password.p, "s@crets");
	assert_string_equal(target.name, "mail");
	assert_int_equal(target.hosts, 3);
	assert_string_equal(target.host[0], "a.example");
	assert_string_equal(target.port[0], "5433");
	assert_string_equal(target.host[1], "/run/pg");
	assert_null(target.port[1]);
	assert_string_equal(target.host[2], "::1");
	assert_int_equal(target.options, 2);
	assert_string_equal(target.option[0], "sslmode");
	assert_string_equal(target.value[0], "verify-full");
	assert_string_equal(target.option[1], "target_session_attrs");
	assert_string_equal(target.session_options, "-c x=1");
	assert_true(target.prepares);
	assert_int_equal(target.connect_ms, PGSQL_CONNECT_MS);
	assert_int_equal(target.query_ms, PGSQL_QUERY_MS);
	pgsql_target_release(&target);
	pgsql_target_release(&target); /* may be called again */
}

static void leaves_to_libpq_what_is_not_said(void **state)
{
	struct pgsql_target target = target_of("postgres:///mail");

	(void)state;
	assert_null(target.user);
	assert_null(target.password.p);
	assert_int_equal(target.hosts, 1);
	assert_null(target.host[0]);
	assert_null(target.port[0]);
	assert_null(target.session_options);
	pgsql_target_release(&target);
}

static void keeps_our_own_options_from_libpq(void **state)
{
	struct pgsql_target target = target_of(
	    "pgsql://h/mail?prepare=off&connect_timeout=2&statement_timeout=7&sslmode=disable");

	(void)state;
	assert_false(target.prepares);
	assert_int_equal(target.connect_ms, 2000);
	assert_int_equal(target.query_ms, 7000);
	assert_int_equal(target.options, 1);
	assert_string_equal(target.option[0], "sslmode");
	pgsql_target_release(&target);
}

static void refuses_what_cannot_be(void **state)
{
	static const char *const urls[] = {
		"pgsql://h/mail?prepare=maybe",
		"pgsql://h/mail?statement_timeout=0",
		"pgsql://h/mail?statement_timeout=86401",
		"pgsql://h/mail?connect_timeout=soon",
		"pgsql://h/mail?host=other",
		"pgsql://h/mail?sslmood=require",
		"pgsql://h/mail?dbname=other",
		"pgsql://:secret@h/mail?password=secret",
		"pgsql://h/mail?client_encoding=LATIN1",
		"pgsql://u:pa%00ss@h/mail",
		"pgsql://h/ma%00il",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct pgsql_target target;
		struct err err;

		if (pgsql_target_init(&target, str_from(urls[i]), &err) != ERR_SYNTAX)
			fail_msg("%s", urls[i]);
		assert_null(strstr(err.text, "secret"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_url_apart),
		cmocka_unit_test(leaves_to_libpq_what_is_not_said),
		cmocka_unit_test(keeps_our_own_options_from_libpq),
		cmocka_unit_test(refuses_what_cannot_be),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
