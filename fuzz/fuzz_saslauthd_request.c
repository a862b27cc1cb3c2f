/*
 * Requests of saslauthd's socket. One that parses is, printed again, the bytes that it was; a beginning of it is
 * incomplete.
 */
#include "authd/saslauthd_request.h"
#include "base/buf.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, text;
	struct buf out = BUF_INIT(4096);
	struct saslauthd_request request, again;
	enum errc rc = saslauthd_request_parse(in, &request, NULL);

	if (rc == OK) {
		expect(saslauthd_request_print(&out, &request, NULL) == OK);
		expect(out.n <= in.n && str_equal(str_first(in, out.n), buf_str(&out)));
		expect(saslauthd_request_parse(str_first(in, out.n - 1), &again, NULL) ==
		    ERR_MORE);
	}
	if (saslauthd_answer_parse(in, &text) == OK) {
		buf_release(&out);
		buf_init(&out, UINT16_MAX + 2);
		saslauthd_answer_print(&out, text);
		expect(str_equal(str_first(in, out.n), buf_str(&out)));
	}
	buf_release(&out);
	return 0;
}
