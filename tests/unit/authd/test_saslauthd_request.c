#include "tests/cm.h"

#include "auth/limits.h"
#include "authd/limits.h"
#include "authd/saslauthd_request.h"
#include "base/buf.h"
#include "base/str.h"

#include <string.h>

/* What libsasl2's testsaslauthd -u ann -p pw -s smtp -r re sends. */
#define ASKED "\0\3ann\0\2pw\0\4smtp\0\2re"

static void reads_what_libsasl2_writes(void **state)
{
	struct saslauthd_request request;
	struct str in = STR(ASKED);

	(void)state;
	assert_int_equal(saslauthd_request_parse(in, &request, NULL), OK);
	assert_true(str_equal(request.login, STR("ann")));
	assert_true(str_equal(request.password, STR("pw")));
	assert_true(str_equal(request.service, STR("smtp")));
	assert_true(str_equal(request.realm, STR("re")));
	for (size_t n = 0; n < in.n; n++)
		assert_int_equal(
		    saslauthd_request_parse(str_first(in, n), &request, NULL), ERR_MORE);
	assert_int_equal(saslauthd_request_parse(STR(ASKED "\0\5extra"), &request, NULL), OK);
}

static void writes_what_it_reads(void **state)
{
	struct saslauthd_request request = { STR("ann"), STR("pw"), STR("smtp"), STR("re") };
	struct buf out = BUF_INIT(100);

	(void)state;
	assert_int_equal(saslauthd_request_print(&out, &request, NULL), OK);
	assert_true(str_equal(buf_str(&out), STR(ASKED)));
	buf_release(&out);
}

/* Each text at its limit, and one byte over it: refused as soon as its length is there. */
static void holds_the_limits_of_each_text(void **state)
{
	static const size_t max[] = { AUTH_NAME_MAX, AUTH_PASSWORD_MAX, SASLAUTHD_SERVICE_MAX,
		SASLAUTHD_REALM_MAX };
	static char text[AUTH_PASSWORD_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	for (size_t i = 0; i < COUNT(max); i++) {
		for (size_t n = max[i] - 1; n <= max[i] + 1; n++) {
			struct saslauthd_request request = { .login = STR_EMPTY };
			struct str *fields[] = { &request.login, &request.password,
				&request.service, &request.realm };
			enum errc want = n > max[i] ? ERR_LIMIT : OK;
			struct buf out = BUF_INIT(4000);

			*fields[i] = (struct str){ text, n };
			assert_int_equal(saslauthd_request_print(&out, &request, NULL), want);
			if (want != OK) {
				for (size_t empty = 0; empty < i; empty++)
					buf_add(&out, "\0", 2);
				buf_add_char(&out, (char)(unsigned char)(n >> 8));
				buf_add_char(&out, (char)(unsigned char)(n & 0xff));
			}
			assert_int_equal(
			    saslauthd_request_parse(buf_str(&out), &request, NULL), want);
			buf_release(&out);
		}
	}
}

static void reads_answers(void **state)
{
	struct buf out = BUF_INIT(100);
	struct str text;

	(void)state;
	saslauthd_answer_print(&out, STR("OK Success."));
	assert_true(str_equal(buf_str(&out), STR("\0\13OK Success.")));
	assert_int_equal(saslauthd_answer_parse(buf_str(&out), &text), OK);
	assert_true(str_equal(text, STR("OK Success.")));
	assert_int_equal(saslauthd_answer_parse(str_first(buf_str(&out), 12), &text), ERR_MORE);
	buf_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_libsasl2_writes),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(holds_the_limits_of_each_text),
		cmocka_unit_test(reads_answers),
	};

	return cmocka_run_group_tests_name("authd/saslauthd_request", tests, NULL, NULL);
}
