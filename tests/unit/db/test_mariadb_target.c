#include "tests/cm.h"

#include "base/str.h"
#include "db/mariadb_int.h"

static struct mariadb_target parsed(const char *url)
{
	struct mariadb_target target;
	struct err err;

	if (mariadb_target_init(&target, str_from(url), &err) != OK)
		fail_msg("%s: %s", url, err.text);
	return target;
}

static void a_url_without_options_has_the_defaults(void **state)
{
	struct mariadb_target target = parsed("mysql://u:p@a,%2Frun%2Fs/mail");

	(void)state;
	assert_string_equal(target.user, "u");
	assert_string_equal(target.name, "mail");
	assert_string_equal(target.hosts[0], "a");
	assert_string_equal(target.hosts[1], "/run/s");
	assert_false(target.tls);
	assert_true(target.connect_timeout_s > 0 && target.statement_timeout_s > 0);
	mariadb_target_release(&target);
}

static const struct {
	const char *options;
	bool tls, verify;
} tls_cases[] = {
	{ "ssl=on", true, true },
	{ "ssl=1&ssl_verify=off", true, false },
	{ "ssl_ca=/ca.pem", true, true },
	{ "ssl_cert=/c.pem&ssl_key=/k.pem", true, true },
	{ "ssl=off&ssl_ca=/ca.pem", false, true },
	{ "ssl_ca=/ca.pem&ssl=0", false, true },
	{ "ssl_verify=on", false, true },
};

static void options_of_tls_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tls_cases); i++) {
		char url[128];
		struct mariadb_target target;

		(void)snprintf(url, sizeof(url), "mysql://h/m?%s", tls_cases[i].options);
		target = parsed(url);
		if (target.tls != tls_cases[i].tls || target.tls_verify != tls_cases[i].verify)
			fail_msg("%s", url);
		mariadb_target_release(&target);
	}
}

static void paths_and_times_are_taken(void **state)
{
	struct mariadb_target target = parsed("mysql://h/m?ssl_ca=/ca&ssl_cert=/c&ssl_key=/"
					      "k&connect_timeout=1&statement_timeout=3600");

	(void)state;
	assert_string_equal(target.tls_ca, "/ca");
	assert_string_equal(target.tls_cert, "/c");
	assert_string_equal(target.tls_key, "/k");
	assert_int_equal(target.connect_timeout_s, 1);
	assert_int_equal(target.statement_timeout_s, 3600);
	mariadb_target_release(&target);
}

static void what_it_does_not_know_is_refused(void **state)
{
	static const struct {
		const char *url;
		enum errc want;
	} bad[] = {
		{ "mysql://h/", ERR_ARG },
		{ "mysql://h", ERR_ARG },
		{ "mysql://h/m?sslmode=on", ERR_ARG },
		{ "mysql://h/m?ssl=yes", ERR_ARG },
		{ "mysql://h/m?ssl_verify=", ERR_ARG },
		{ "mysql://h/m?ssl_ca=ca.pem", ERR_ARG },
		{ "mysql://h/m?connect_timeout=0", ERR_ARG },
		{ "mysql://h/m?statement_timeout=3601", ERR_ARG },
		{ "mysql://h/m?statement_timeout=x", ERR_ARG },
		{ "mysql://h:x/m", ERR_SYNTAX },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct mariadb_target target;
		enum errc got = mariadb_target_init(&target, str_from(bad[i].url), NULL);

		if (got != bad[i].want)
			fail_msg("%s: %s", bad[i].url, errc_name(got));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_url_without_options_has_the_defaults),
		cmocka_unit_test(options_of_tls_are_taken),
		cmocka_unit_test(paths_and_times_are_taken),
		cmocka_unit_test(what_it_does_not_know_is_refused),
	};

	return cmocka_run_group_tests_name("db/mariadb_target", tests, NULL, NULL);
}
