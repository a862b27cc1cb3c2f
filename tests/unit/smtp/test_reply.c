#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "smtp/reply.h"

static void lets_no_text_begin_a_line(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	smtp_reply(
	    &out, (struct smtp_status){ 550, "5.1.1" }, "<%s> no such user", "a\r\n250 OK\t");
	assert_true(str_equal(buf_str(&out), STR("550 5.1.1 <a??250 OK?> no such user\r\n")));
	buf_release(&out);
}

/* RFC 5321 4.5.3.1.5: 512 bytes with code and CRLF */
static void cuts_long_text(void **state)
{
	struct buf out = BUF_INIT(1000);

	(void)state;
	smtp_reply(&out, (struct smtp_status){ 250, "2.0.0" }, "%0600d", 0);
	assert_true(out.n <= 512);
	assert_true(str_ends_nocase(buf_str(&out), STR("0\r\n")));
	buf_release(&out);
}

static void never_refuses_for_good_because_of_our_own_trouble(void **state)
{
	(void)state;
	for (int rc = 0; rc < ERRC_COUNT; rc++) {
		struct smtp_status status = smtp_status_of((enum errc)rc);

		assert_true(status.code >= 250 && status.code < 600);
		assert_int_equal(status.enhanced[0], status.code / 100 + '0');
		if (errc_is_temporary((enum errc)rc))
			assert_int_equal(status.code / 100, 4);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_no_text_begin_a_line),
		cmocka_unit_test(cuts_long_text),
		cmocka_unit_test(never_refuses_for_good_because_of_our_own_trouble),
	};

	return cmocka_run_group_tests_name("smtp/reply", tests, NULL, NULL);
}
