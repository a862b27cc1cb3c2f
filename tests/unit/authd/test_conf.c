#include "tests/cm.h"

#include "authd/authd.h"
#include "authd/limits.h"
#include "base/str.h"

static const struct {
	struct str text;
	enum errc want;
	unsigned mode;
} modes[] = {
	{ STR_INIT("0660"), OK, 0660 },
	{ STR_INIT("600"), OK, 0600 },
	{ STR_INIT("0666"), OK, 0666 },
	{ STR_INIT("0777"), ERR_ARG, 0 },
	{ STR_INIT("0060"), ERR_ARG, 0 },
	{ STR_INIT("4660"), ERR_ARG, 0 },
	{ STR_INIT("0680"), ERR_ARG, 0 },
	{ STR_INIT("66"), ERR_ARG, 0 },
	{ STR_INIT(""), ERR_ARG, 0 },
	{ STR_INIT("rw"), ERR_ARG, 0 },
};

static void takes_permissions_of_sockets(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(modes); i++) {
		unsigned mode = 0;

		if (authd_mode(modes[i].text, &mode, NULL) != modes[i].want ||
		    mode != modes[i].mode)
			fail_msg("case %zu: %o", i, mode);
	}
}

/* What "config check" finds in a section [authd]. */
static bool is_good(const char *section)
{
	const struct conf_table *const tables[] = { &authd_conf_table };
	struct conf *conf = NULL;
	enum errc rc = conf_load_text(tables, COUNT(tables), "test", str_from(section), &conf);

	conf_free(&conf);
	return rc == OK;
}

static void is_for_this_machine_alone(void **state)
{
	(void)state;
	assert_true(is_good("[authd]\ndovecot = unix:/run/a, 127.0.0.1:12345, [::1]:12345\n"));
	assert_true(is_good("[authd]\ndovecot = localhost:12345\nsaslauthd = unix:/run/mux\n"));
	assert_false(is_good("[authd]\ndovecot = 192.0.2.1:12345\n"));
	assert_false(is_good("[authd]\ndovecot = *:12345\n"));
	assert_false(is_good("[authd]\ndovecot = 127.0.0.1\n")); /* no port */
	assert_false(is_good("[authd]\nsaslauthd = 127.0.0.1:12345\n"));
	assert_false(is_good("[authd]\nmechanisms = PLAIN NONE\n"));
	assert_false(is_good("[authd]\ndovecot_mode = 0999\n"));
}

static void knows_services_by_their_names(void **state)
{
	(void)state;
	assert_int_equal(authd_service_of(STR("smtp")), AUTHD_SMTP);
	assert_int_equal(authd_service_of(STR("Submission")), AUTHD_SMTP);
	assert_int_equal(authd_service_of(STR("imap")), AUTHD_IMAP);
	assert_int_equal(authd_service_of(STR("pop")), AUTHD_POP3);
	assert_int_equal(authd_service_of(STR("sieve")), AUTHD_SIEVE);
	assert_int_equal(authd_service_of(STR("http")), AUTHD_HTTP);
	assert_int_equal(authd_service_of(STR("xmpp")), AUTHD_OTHER);
	assert_int_equal(authd_service_of(STR("")), AUTHD_OTHER);
}

static void asks_each_account_for_its_service(void **state)
{
	const struct auth_conf auth_conf = { .throttle_delay_max_ms = 30000 };
	const struct login_service like = { .conf = &auth_conf,
		.mechanisms = SASL_PASSWORD_SET | SASL_SCRAM_SET };
	struct authd_env env = { .conf = NULL };

	(void)state;
	authd_env_fill(&env, &like);
	assert_int_equal(env.login[AUTHD_SMTP].service, ACCOUNT_SMTP);
	assert_int_equal(env.login[AUTHD_OTHER].service, ACCOUNT_SERVICES_ALL);
	assert_int_equal(env.login[AUTHD_SMTP].mechanisms & SASL_PLUS_SET, 0);
	assert_int_equal(env.login[AUTHD_SMTP].conf->throttle_delay_max_ms, AUTHD_DELAY_MAX_MS);
	for (size_t i = 0; i < AUTHD_SERVICES; i++)
		assert_non_null(env.login[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_permissions_of_sockets),
		cmocka_unit_test(is_for_this_machine_alone),
		cmocka_unit_test(knows_services_by_their_names),
		cmocka_unit_test(asks_each_account_for_its_service),
	};

	return cmocka_run_group_tests_name("authd/conf", tests, NULL, NULL);
}
