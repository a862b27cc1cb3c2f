#include "tests/cm.h"

#include "base/conf_names.h"
#include "base/str.h"

static const struct {
	struct str wanted, name;
	bool near;
} cases[] = {
	{ STR_INIT("idle_timeout"), STR_INIT("idle_timeout"), true },
	{ STR_INIT("Idle_Timeout"), STR_INIT("idle_timeout"), true },
	{ STR_INIT("idle_timout"), STR_INIT("idle_timeout"), true },
	{ STR_INIT("idel_timeout"), STR_INIT("idle_timeout"), true },
	{ STR_INIT("idletimeout"), STR_INIT("idle_timeout"), true },
	{ STR_INIT("abc"), STR_INIT("abx"), true },
	{ STR_INIT("abc"), STR_INIT("ayx"), false },
	{ STR_INIT("port"), STR_INIT("prot"), true },
	{ STR_INIT("port"), STR_INIT("host"), false },
	{ STR_INIT("banner"), STR_INIT("timeout"), false },
	{ STR_INIT("x"), STR_INIT(""), false },
	{ STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"),
	    true },
	{ STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    STR_INIT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
	    false },
};

static void takes_slips_of_the_keyboard_for_what_was_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct conf_guess guess = conf_guess_of(cases[i].wanted);

		conf_guess_try(&guess, cases[i].name);
		if ((guess.best.n > 0) != cases[i].near)
			fail_msg("case %zu", i);
	}
}

static void prefers_the_nearest_name(void **state)
{
	struct conf_guess guess = conf_guess_of(STR("login_timout"));

	(void)state;
	conf_guess_try(&guess, STR("login_timer"));
	conf_guess_try(&guess, STR("login_timeout"));
	conf_guess_try(&guess, STR("logins_time"));
	assert_true(str_equal(guess.best, STR("login_timeout")));
}

static void knows_the_keys_of_dbmail(void **state)
{
	struct conf_guess guess = conf_guess_of(STR("pid_directry"));

	(void)state;
	assert_true(conf_dbmail_has_section(STR("LMTP")));
	assert_false(conf_dbmail_has_section(STR("lmtp")));
	assert_non_null(conf_dbmail_why_not(STR("DBMAIL"), STR("pid_directory")));
	assert_non_null(conf_dbmail_why_not(STR("IMAP"), STR("PID_directory")));
	assert_non_null(conf_dbmail_why_not(STR("IMAP"), STR("idle_interval")));
	assert_null(conf_dbmail_why_not(STR("DBMAIL"), STR("idle_interval")));
	assert_null(conf_dbmail_why_not(STR("DBMAIL"), STR("nonsense")));
	conf_dbmail_guess_key(&guess, STR("IMAP"));
	assert_true(str_equal(guess.best, STR("pid_directory")));
	guess = conf_guess_of(STR("DBMIAL"));
	conf_dbmail_guess_section(&guess);
	assert_true(str_equal(guess.best, STR("DBMAIL")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_slips_of_the_keyboard_for_what_was_meant),
		cmocka_unit_test(prefers_the_nearest_name),
		cmocka_unit_test(knows_the_keys_of_dbmail),
	};

	return cmocka_run_group_tests_name("base/conf_names", tests, NULL, NULL);
}
