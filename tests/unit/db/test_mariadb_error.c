#include "tests/cm.h"

#include "db/mariadb_int.h"

static const struct {
	unsigned code;
	const char *sqlstate;
	enum errc want, at_commit;
} cases[] = {
	{ 1213, "40001", ERR_CONFLICT, ERR_CONFLICT }, /* deadlock; Galera's certification */
	{ 1205, "HY000", ERR_CONFLICT, ERR_CONFLICT }, /* lock wait timeout */
	{ 1020, "HY000", ERR_CONFLICT, ERR_CONFLICT },
	{ 1689, "HY000", ERR_CONFLICT, ERR_CONFLICT }, /* the wait for a lock was ended */
	{ 1062, "23000", ERR_EXISTS, ERR_UNCERTAIN },
	{ 1586, "23000", ERR_EXISTS, ERR_UNCERTAIN },
	{ 1452, "23000", ERR_NOTFOUND, ERR_UNCERTAIN },
	{ 1048, "23000", ERR_ARG, ERR_UNCERTAIN },
	{ 1264, "22003", ERR_ARG, ERR_UNCERTAIN },
	{ 1366, "22007", ERR_ARG, ERR_UNCERTAIN },
	{ 1406, "22001", ERR_ARG, ERR_UNCERTAIN },
	{ 4025, "23000", ERR_ARG, ERR_UNCERTAIN },
	{ 2006, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* gone away */
	{ 2013, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* lost during the query */
	{ 2014, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* commands out of sync */
	{ 2057, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* prepared for other columns */
	{ 1927, "70100", ERR_CLOSED, ERR_UNCERTAIN }, /* killed */
	{ 1053, "08S01", ERR_CLOSED, ERR_UNCERTAIN }, /* shutting down */
	{ 1047, "08S01", ERR_CLOSED, ERR_UNCERTAIN }, /* Galera: not in the primary component */
	{ 1290, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* read only */
	{ 1243, "HY000", ERR_CLOSED, ERR_UNCERTAIN }, /* another server behind a proxy */
	{ 9999, "08S01", ERR_CLOSED, ERR_UNCERTAIN }, /* by its class */
	{ 9999, "40002", ERR_CONFLICT, ERR_CONFLICT },
	{ 9999, "40003", ERR_CLOSED, ERR_UNCERTAIN }, /* nobody knows */
	{ 9999, "22000", ERR_ARG, ERR_UNCERTAIN },
	{ 1021, "HY000", ERR_UNAVAIL, ERR_UNCERTAIN }, /* disk full */
	{ 1114, "HY000", ERR_UNAVAIL, ERR_UNCERTAIN }, /* table full */
	{ 1142, "42000", ERR_UNAVAIL, ERR_UNCERTAIN }, /* rights */
	{ 1044, "42000", ERR_UNAVAIL, ERR_UNCERTAIN },
	{ 1045, "28000", ERR_UNAVAIL, ERR_UNCERTAIN },
	{ 1969, "70100", ERR_UNAVAIL, ERR_UNCERTAIN }, /* statement time-out */
	{ 3024, "HY000", ERR_UNAVAIL, ERR_UNCERTAIN },
	{ 2002, "HY000", ERR_UNAVAIL, ERR_UNCERTAIN },
	{ 1792, "25006", ERR_STATE, ERR_UNCERTAIN },
	{ 1049, "42000", ERR_NOTFOUND, ERR_UNCERTAIN },
	{ 1064, "42000", ERR_INTERNAL, ERR_UNCERTAIN }, /* a statement that is wrong */
	{ 1146, "42S02", ERR_INTERNAL, ERR_UNCERTAIN },
};

static void codes_have_their_class(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		enum errc got = mariadb_classify(cases[i].code, cases[i].sqlstate);
		enum errc at_commit = mariadb_classify_commit(cases[i].code, cases[i].sqlstate);

		if (got != cases[i].want || at_commit != cases[i].at_commit)
			fail_msg("%u %s: %s, at COMMIT %s", cases[i].code, cases[i].sqlstate,
			    errc_name(got), errc_name(at_commit));
	}
}

static void those_that_people_can_mend_say_what_to_do(void **state)
{
	static const unsigned codes[] = { 1045, 1044, 1142, 1049, 1021, 1114, 1040, 1461, 1153,
		1665, 1969, 2002 };

	(void)state;
	for (size_t i = 0; i < COUNT(codes); i++) {
		if (mariadb_advice(codes[i])[0] != ':')
			fail_msg("%u: no advice", codes[i]);
	}
	assert_string_equal(mariadb_advice(1064), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(codes_have_their_class),
		cmocka_unit_test(those_that_people_can_mend_say_what_to_do),
	};

	return cmocka_run_group_tests_name("db/mariadb_error", tests, NULL, NULL);
}
