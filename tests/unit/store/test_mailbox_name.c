#include "tests/cm.h"

#include "base/str.h"
#include "store/admin_int.h"

static const struct {
	struct str in;
	enum errc want;
	struct str out;
} check_cases[] = {
	{ STR_INIT("Sent"), OK, STR_INIT("Sent") },
	{ STR_INIT("inbox"), OK, STR_INIT("INBOX") },
	{ STR_INIT("InBox/Sent"), OK, STR_INIT("INBOX/Sent") },
	{ STR_INIT("Inboxes"), OK, STR_INIT("Inboxes") },
	{ STR_INIT("a/inbox"), OK, STR_INIT("a/inbox") },
	{ STR_INIT("#users/ann/inbox"), OK, STR_INIT("#Users/ann/INBOX") },
	{ STR_INIT("#PUBLIC/Inbox/x"), OK, STR_INIT("#Public/INBOX/x") },
	{ STR_INIT("e\xcc\x81t\xc3\xa9"), OK, STR_INIT("\xc3\xa9t\xc3\xa9") }, /* form C */
	{ STR_INIT("a b.c,d&e+f@g"), OK, STR_INIT("a b.c,d&e+f@g") },
	{ STR_INIT(""), ERR_ARG, STR_INIT("") },
	{ STR_INIT("/"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("/a"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a/"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a//b"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a\nb"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a\0b"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a\x7f"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a\xc2\x85"), ERR_ARG, STR_INIT("") },     /* U+0085 */
	{ STR_INIT("a\xe2\x80\xa8"), ERR_ARG, STR_INIT("") }, /* U+2028 */
	{ STR_INIT("a\xff"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("a%"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("*"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("#news"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("#Public"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("#Users"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("#Users/ann"), ERR_ARG, STR_INIT("") },
	{ STR_INIT("#Public/#x"), ERR_ARG, STR_INIT("") },
};

static void checks_names(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(check_cases); i++) {
		struct str out = STR("");
		enum errc rc = mailbox_name_check(check_cases[i].in, arena, &out, NULL);

		if (rc != check_cases[i].want || !str_equal(out, check_cases[i].out))
			fail_msg("case %zu: %s '%.*s'", i, errc_name(rc), STR_ARG(out));
	}
	arena_free(&arena);
}

static enum errc check_sized(size_t bytes, size_t levels)
{
	static char name[STORE_MAILBOX_NAME_MAX + 2];
	struct arena *arena = arena_new("test");
	struct str out;
	enum errc rc;

	memset(name, 'x', sizeof(name));
	for (size_t i = 1; i < levels; i++)
		name[2 * i - 1] = '/';
	rc = mailbox_name_check((struct str){ name, bytes }, arena, &out, NULL);
	arena_free(&arena);
	return rc;
}

static void keeps_its_limits(void **state)
{
	(void)state;
	assert_int_equal(check_sized(STORE_MAILBOX_NAME_MAX - 1, 1), OK);
	assert_int_equal(check_sized(STORE_MAILBOX_NAME_MAX, 1), OK);
	assert_int_equal(check_sized(STORE_MAILBOX_NAME_MAX + 1, 1), ERR_ARG);
	assert_int_equal(check_sized(200, STORE_MAILBOX_DEPTH_MAX - 1), OK);
	assert_int_equal(check_sized(200, STORE_MAILBOX_DEPTH_MAX), OK);
	assert_int_equal(check_sized(200, STORE_MAILBOX_DEPTH_MAX + 1), ERR_ARG);
}

static const struct {
	struct str name;
	enum mailbox_space space;
	struct str login, stored;
} path_cases[] = {
	{ STR_INIT("a/b"), SPACE_OWN, STR_INIT(""), STR_INIT("a/b") },
	{ STR_INIT("#Users"), SPACE_USERS, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("#Users/ann"), SPACE_USERS, STR_INIT("ann"), STR_INIT("") },
	{ STR_INIT("#Users/ann@x.test/a/b"), SPACE_USERS, STR_INIT("ann@x.test"),
	    STR_INIT("a/b") },
	{ STR_INIT("#Public"), SPACE_PUBLIC, STR_INIT(""), STR_INIT("") },
	{ STR_INIT("#Public/a/b"), SPACE_PUBLIC, STR_INIT(""), STR_INIT("a/b") },
	{ STR_INIT("#Publics/a"), SPACE_OWN, STR_INIT(""), STR_INIT("#Publics/a") },
};

static void takes_names_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(path_cases); i++) {
		struct mailbox_path path = mailbox_name_path(path_cases[i].name);

		if (path.space != path_cases[i].space ||
		    !str_equal(path.login, path_cases[i].login) ||
		    !str_equal(path.stored, path_cases[i].stored))
			fail_msg("case %zu", i);
	}
}

static void what_is_below_a_name_follows_it(void **state)
{
	static const struct str sorted[] = { STR_INIT("a"), STR_INIT("a/b"), STR_INIT("a/b/c"),
		STR_INIT("a/c"), STR_INIT("a b"), STR_INIT("a.b"), STR_INIT("aa"),
		STR_INIT("b"), STR_INIT("\xc3\xa9") };

	(void)state;
	for (size_t i = 0; i < COUNT(sorted); i++) {
		for (size_t j = 0; j < COUNT(sorted); j++) {
			int order = mailbox_name_compare(sorted[i], sorted[j]);

			if ((order < 0) != (i < j) || (order == 0) != (i == j))
				fail_msg("%zu and %zu: %d", i, j, order);
		}
	}
}

static void knows_what_is_below(void **state)
{
	(void)state;
	assert_true(mailbox_name_is_below(STR("a/b"), STR("a")));
	assert_true(mailbox_name_is_below(STR("a/b/c"), STR("a")));
	assert_false(mailbox_name_is_below(STR("a"), STR("a")));
	assert_false(mailbox_name_is_below(STR("ab"), STR("a")));
	assert_false(mailbox_name_is_below(STR("b/a"), STR("a")));
	assert_true(str_equal(mailbox_name_parent(STR("a/b/c")), STR("a/b")));
	assert_int_equal(mailbox_name_parent(STR("a")).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(checks_names),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(takes_names_apart),
		cmocka_unit_test(what_is_below_a_name_follows_it),
		cmocka_unit_test(knows_what_is_below),
	};

	return cmocka_run_group_tests_name("store/mailbox_name", tests, NULL, NULL);
}
