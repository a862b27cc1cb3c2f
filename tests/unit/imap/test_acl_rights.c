#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "imap/acl_rights.h"
#include "store/mailbox.h"

static const struct {
	struct str text;
	enum errc want;
	unsigned rights;
	const char *printed;
} cases[] = {
	{ STR_INIT(""), OK, 0, "\"\"" },
	{ STR_INIT("l"), OK, RIGHT_LOOKUP, "l" },
	{ STR_INIT("srlrs"), OK, RIGHT_LOOKUP | RIGHT_READ | RIGHT_SEEN, "lrs" },
	{ STR_INIT("lrswipkxtea"), OK, RIGHT_ALL, "lrswipkxteacd" },
	/* RFC 4314 2.1.1: the rights of RFC 2086 */
	{ STR_INIT("c"), OK, RIGHT_CREATE, "kc" },
	{ STR_INIT("d"), OK, RIGHT_DELETE | RIGHT_DELETED | RIGHT_EXPUNGE, "xted" },
	{ STR_INIT("t"), OK, RIGHT_DELETED, "td" },
	{ STR_INIT("lrswipcda"), OK, RIGHT_ALL, "lrswipkxteacd" },
	{ STR_INIT("lrz"), ERR_SYNTAX, 0, "" },
	{ STR_INIT("0"), ERR_SYNTAX, 0, "" },
	{ STR_INIT("R"), ERR_SYNTAX, 0, "" },
	{ STR_INIT("l r"), ERR_SYNTAX, 0, "" },
};

static void reads_and_writes_letters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf text = BUF_INIT(64);
		unsigned rights = 0;
		enum errc got = acl_rights_parse(cases[i].text, &rights, NULL);

		if (got == OK)
			acl_rights_print(&text, rights);
		if (got != cases[i].want || rights != cases[i].rights ||
		    !str_equal(buf_str(&text), str_from(cases[i].printed)))
			fail_msg("case %zu: %.*s", i, STR_ARG(buf_str(&text)));
		buf_release(&text);
	}
}

static void lists_every_letter_for_itself(void **state)
{
	struct buf text = BUF_INIT(64);

	(void)state;
	acl_rights_print_optional(&text);
	assert_true(str_equal(buf_str(&text), STR(" l r s w i p k x t e a c d")));
	buf_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_letters),
		cmocka_unit_test(lists_every_letter_for_itself),
	};

	return cmocka_run_group_tests_name("imap/acl_rights", tests, NULL, NULL);
}
