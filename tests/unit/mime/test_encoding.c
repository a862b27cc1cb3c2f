#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/encoding.h"

#include <string.h>

static const struct {
	enum mime_encoding encoding;
	struct str in;
	const char *want;
} cases[] = {
	{ MIME_7BIT, STR_INIT("a=41 \r\n"), "a=41 \r\n" },
	{ MIME_ENCODING_OTHER, STR_INIT("a=41 \r\n"), "a=41 \r\n" },
	{ MIME_BASE64, STR_INIT(""), "" },
	{ MIME_BASE64, STR_INIT("YWJj"), "abc" },
	{ MIME_BASE64, STR_INIT("YWJjZA=="), "abcd" },
	{ MIME_BASE64, STR_INIT("YWJjZGU="), "abcde" },
	{ MIME_BASE64, STR_INIT("YWJjZGVm\r\nZ2hp\r\n"), "abcdefghi" },
	/* RFC 2045 6.8: foreign bytes are skipped, padding ends the data */
	{ MIME_BASE64,
	    STR_INIT("Y!W\xff"
		     "J\0j"),
	    "abc" },
	{ MIME_BASE64, STR_INIT("YWI=\r\nfooter"), "ab" },
	{ MIME_BASE64, STR_INIT("=YWJj"), "abc" },
	{ MIME_BASE64, STR_INIT("YWJjZA"), "abcd" },
	{ MIME_BASE64, STR_INIT("YWJjZ"), "abc" },
	{ MIME_BASE64, STR_INIT("Y"), "" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT(""), "" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a=3D=3db=\r\nc=\nd"), "a==bcd" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a =20\r\nb"), "a  \r\nb" },
	/* 6.7 rule 3: blanks at the end of a line were added on the way */
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a \t\r\nb  \nc  "), "a\r\nb\nc" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a= \t\r\nb"), "ab" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a b\tc"), "a b\tc" },
	/* what begins nothing stays */
	{ MIME_QUOTED_PRINTABLE, STR_INIT("=zz=4z=\xff=4"), "=zz=4z=\xff=4" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("= x"), "= x" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("=4\r\n"), "=4\r\n" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("==41"), "=A" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a="), "a" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("a\rb\r"), "a\rb" },
	{ MIME_QUOTED_PRINTABLE, STR_INIT("\xc3\xbc"), "\xc3\xbc" },
};

static void decodes_in_any_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t step = 1; step <= 41; step += 4) {
			struct buf out = BUF_INIT(1000);
			struct mime_decoder decoder;

			mime_decoder_init(&decoder, cases[i].encoding);
			for (size_t at = 0; at < cases[i].in.n; at += step)
				mime_decoder_feed(&decoder,
				    str_first(str_from_at(cases[i].in, at), step), &out);
			mime_decoder_finish(&decoder, &out);
			if (!str_equal(buf_str(&out), str_from(cases[i].want)))
				fail_msg(
				    "case %zu by %zu: %.*s", i, step, STR_ARG(buf_str(&out)));
			buf_release(&out);
		}
	}
}

/* Blanks are held back up to a limit; past it they are text. */
static void holds_few_blanks_back(void **state)
{
	(void)state;
	for (size_t n = MIME_BLANKS_MAX - 1; n <= MIME_BLANKS_MAX + 1; n++) {
		struct buf in = BUF_INIT(10000), out = BUF_INIT(10000);

		for (size_t i = 0; i < n; i++)
			BUF_ADD(&in, " ");
		BUF_ADD(&in, "\nx");
		mime_decode(MIME_QUOTED_PRINTABLE, buf_str(&in), &out);
		assert_int_equal(out.n, n <= MIME_BLANKS_MAX ? 2 : 2 + MIME_BLANKS_MAX);
		buf_release(&in);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_in_any_pieces),
		cmocka_unit_test(holds_few_blanks_back),
	};

	return cmocka_run_group_tests_name("mime/encoding", tests, NULL, NULL);
}
