#include "tests/cm.h"

#include "base/buf.h"
#include "base/str.h"
#include "mime/limits.h"
#include "mime/structure.h"

#define TEXT "(\"text\" \"plain\" (\"charset\" \"x\") NIL NIL \"7bit\" 7 1"
#define ENVELOPE "(NIL {2}\r\n)( ((NIL NIL \"u\" \"d\")) NIL NIL NIL NIL NIL \"\" NIL)"
#define MESSAGE "(\"MESSAGE\" \"RFC822\" NIL NIL NIL \"7bit\" 9 " ENVELOPE " "

static const struct {
	const char *in, *want; /* NULL: ERR_CORRUPT */
} cases[] = {
	{ TEXT " NIL NIL NIL NIL)", TEXT ")" },
	{ TEXT " \"md5\" (\"inline\" (\"a\" \"b\")) (\"en\" \"fr\") \"x\")", TEXT ")" },
	{ TEXT ")", TEXT ")" },
	{ "(" TEXT " NIL NIL NIL NIL)" TEXT " NIL) \"mixed\" (\"boundary\" \"b\") NIL NIL NIL)",
	    "(" TEXT ")" TEXT ") \"mixed\")" },
	{ MESSAGE TEXT " NIL NIL NIL NIL) 3 NIL NIL NIL NIL)", MESSAGE TEXT ") 3)" },
	{ "(\"message\" \"global\" NIL NIL NIL \"8bit\" 9 " ENVELOPE " " TEXT ") 3 NIL)",
	    "(\"message\" \"global\" NIL NIL NIL \"8bit\" 9 " ENVELOPE " " TEXT ") 3)" },
	{ "(\"message\" \"partial\" NIL NIL NIL \"7bit\" 9 NIL NIL NIL NIL)",
	    "(\"message\" \"partial\" NIL NIL NIL \"7bit\" 9)" },
	{ "(\"a\" \"b\" NIL NIL NIL \"7bit\" 9 NIL ({3}\r\n(\"( NIL) NIL NIL)",
	    "(\"a\" \"b\" NIL NIL NIL \"7bit\" 9)" },
	{ "({1}\r\n\" \"b\\\"\" NIL {0}\r\n NIL \"7bit\" 9)",
	    "({1}\r\n\" \"b\\\"\" NIL {0}\r\n NIL \"7bit\" 9)" },
	{ "", NULL },
	{ "NIL", NULL },
	{ "()", NULL },
	{ TEXT " NIL NIL NIL NIL) ", NULL },
	{ TEXT " NIL NIL NIL NIL", NULL },
	{ TEXT "  NIL)", NULL },
	{ TEXT " (NIL)", NULL },
	{ TEXT " NIL))", NULL },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 7)", NULL },
	{ "(\"text\" \"plain\" NIL NIL NIL \"7bit\" 7 NIL)", NULL },
	{ "(\"text\" NIL NIL NIL NIL \"7bit\" 7 1)", NULL },
	{ "(\"a\" \"b\" NIL NIL NIL \"7bit\" x)", NULL },
	{ "(\"a\" \"b\" NIL NIL NIL NIL 7)", NULL },
	{ "(\"a\" \"b\" NIL {9}\r\nx NIL \"7bit\" 7)", NULL },
	{ "(\"a\" \"b\" NIL {1}x NIL \"7bit\" 7)", NULL },
	{ "(\"a\" \"b\" NIL {99999999999999999999}\r\nx NIL \"7bit\" 7)", NULL },
	{ "(\"a\" \"b", NULL },
	{ "(\"a\" \"b\\", NULL },
	{ "(" TEXT "))", NULL },
	{ MESSAGE "3)", NULL },
};

static void leaves_extension_data_out(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT(1000);
		struct err err = { .text = "" };
		enum errc rc = imap_body_from_structure(str_from(cases[i].in), &out, &err);

		if (rc != (cases[i].want ? OK : ERR_CORRUPT) ||
		    (cases[i].want && !str_equal(buf_str(&out), str_from(cases[i].want))))
			fail_msg("%s: %s %.*s", cases[i].in, err.text, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static void refuses_what_is_cut(void **state)
{
	struct str whole = str_from(cases[4].in);

	(void)state;
	for (size_t n = 0; n < whole.n; n++) {
		struct buf out = BUF_INIT(1000);

		assert_int_equal(
		    imap_body_from_structure(str_first(whole, n), &out, NULL), ERR_CORRUPT);
		buf_release(&out);
	}
}

static void refuses_too_much_depth(void **state)
{
	(void)state;
	for (size_t depth = MIME_DEPTH_MAX - 1; depth <= MIME_DEPTH_MAX + 1; depth++) {
		struct buf in = BUF_INIT(100000), out = BUF_INIT(100000);

		for (size_t i = 0; i < depth; i++)
			BUF_ADD(&in, "(");
		BUF_ADD(&in, TEXT ")");
		for (size_t i = 0; i < depth; i++)
			BUF_ADD(&in, " \"x\")");
		assert_int_equal(imap_body_from_structure(buf_str(&in), &out, NULL),
		    depth <= MIME_DEPTH_MAX ? OK : ERR_CORRUPT);
		buf_release(&in);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leaves_extension_data_out),
		cmocka_unit_test(refuses_what_is_cut),
		cmocka_unit_test(refuses_too_much_depth),
	};

	return cmocka_run_group_tests_name("mime/bodyform", tests, NULL, NULL);
}
