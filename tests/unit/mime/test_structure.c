#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/structure.h"

struct print_case {
	struct str in;
	const char *want;
	unsigned flags;
};

typedef unsigned print_fn(
    const struct mime_part *part, struct arena *arena, struct str bytes, struct buf *out);

static void check(const struct print_case *cases, size_t count, print_fn *print)
{
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new("test");
		struct buf out = BUF_INIT(100000);
		struct mime_part *root;
		unsigned flags;

		mime_parse(cases[i].in, arena, &root);
		flags = print(root, arena, cases[i].in, &out);
		if (!str_equal(buf_str(&out), str_from(cases[i].want)) ||
		    flags != cases[i].flags)
			fail_msg("case %zu, flags %u\ngot  %.*s\nwant %s", i, flags,
			    STR_ARG(buf_str(&out)), cases[i].want);
		buf_release(&out);
		arena_free(&arena);
	}
}

#define USER "((NIL NIL \"u\" \"d\"))"

static const struct print_case envelope_cases[] = {
	{ STR_INIT("Date: Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\r\nSubject: a \"b\" \\c\r\n"
		   "From: Terry Gray <gray@cac>\r\nSender: s@d\r\nReply-To: r@d, g:;\r\n"
		   "To: imap@cac\r\nCc: a@b, C <c@d>\r\nBcc: e@f\r\nIn-Reply-To: <x@y>\r\n"
		   "Message-ID:  <B@cac> \r\n\r\n"),
	    "(\"Wed, 17 Jul 1996 02:23:25 -0700 (PDT)\" \"a \\\"b\\\" \\\\c\" "
	    "((\"Terry Gray\" NIL \"gray\" \"cac\")) ((NIL NIL \"s\" \"d\")) "
	    "((NIL NIL \"r\" \"d\")(NIL NIL \"g\" NIL)(NIL NIL NIL NIL)) "
	    "((NIL NIL \"imap\" \"cac\")) ((NIL NIL \"a\" \"b\")(\"C\" NIL \"c\" \"d\")) "
	    "((NIL NIL \"e\" \"f\")) \"<x@y>\" \"<B@cac>\")",
	    0 },
	/* RFC 3501 7.4.2: absent is NIL; Sender and Reply-To default to From */
	{ STR_INIT(""), "(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)", 0 },
	{ STR_INIT("From: u@d\n\n"), "(NIL NIL " USER " " USER " " USER " NIL NIL NIL NIL NIL)",
	    0 },
	/* present and empty: texts are "", lists are NIL or default */
	{ STR_INIT("Date:\nSubject: \nFrom: u@d\nSender:\nReply-To: (x)\nTo: \nCc: ,\nBcc:\n"
		   "In-Reply-To:\nMessage-ID: \n\n"),
	    "(\"\" \"\" " USER " " USER " " USER " NIL NIL NIL \"\" \"\")", 0 },
	/* RFC 5322 4.5.3: several fields are one list; of texts the first counts */
	{ STR_INIT("To: u@d\nSubject: a\nTO: x@y\nSubject: b\n\n"),
	    "(NIL \"a\" NIL NIL NIL ((NIL NIL \"u\" \"d\")(NIL NIL \"x\" \"y\")) NIL NIL NIL "
	    "NIL)",
	    0 },
	/* unfolded; encoded words as they are */
	{ STR_INIT("Subject: =?utf-8?q?a?=\r\n =?utf-8?q?b?=\r\n\r\n"),
	    "(NIL \"=?utf-8?q?a?= =?utf-8?q?b?=\" NIL NIL NIL NIL NIL NIL NIL NIL)", 0 },
	/* literals */
	{ STR_INIT("Subject: J\xc3\xbcrgen\r\nFrom: \xc3\xbc <u@d>\r\n\r\n"),
	    "(NIL {7}\r\nJ\xc3\xbcrgen (({2}\r\n\xc3\xbc NIL \"u\" \"d\")) (({2}\r\n\xc3\xbc "
	    "NIL "
	    "\"u\" \"d\")) (({2}\r\n\xc3\xbc NIL \"u\" \"d\")) NIL NIL NIL NIL NIL)",
	    MIME_TEXT_8BIT },
	{ STR_INIT("Subject: \xfc\r\n\r\n"),
	    "(NIL {1}\r\n\xfc NIL NIL NIL NIL NIL NIL NIL NIL)",
	    MIME_TEXT_8BIT | MIME_TEXT_INVALID },
	{ STR_INIT("Subject: a\0b\r\n\r\n"),
	    "(NIL {3}\r\na\x80"
	    "b NIL NIL NIL NIL NIL NIL NIL NIL)",
	    MIME_TEXT_8BIT | MIME_TEXT_INVALID },
	{ STR_INIT("Subject: a\rb\r\n\r\n"),
	    "(NIL {3}\r\na\rb NIL NIL NIL NIL NIL NIL NIL NIL)", 0 },
};

#define TEXT "\"text\" \"plain\" (\"charset\" \"us-ascii\") NIL NIL \"7bit\" "
#define NO_EXT " NIL NIL NIL NIL)"

static const struct print_case structure_cases[] = {
	{ STR_INIT(""), "(" TEXT "0 0" NO_EXT, 0 },
	{ STR_INIT("A: b\r\n\r\none\r\ntwo"), "(" TEXT "8 1" NO_EXT, 0 },
	{ STR_INIT("Content-Type: TEXT/HTML; Charset=\"utf-8\"; format=flowed\r\n"
		   "Content-Transfer-Encoding: BASE64\r\n\r\n"),
	    "(\"TEXT\" \"HTML\" (\"Charset\" \"utf-8\" \"format\" \"flowed\") NIL NIL "
	    "\"BASE64\" "
	    "0 0" NO_EXT,
	    0 },
	{ STR_INIT("Content-Type: text/plain; format=flowed\r\n\r\n"),
	    "(\"text\" \"plain\" (\"format\" \"flowed\" \"charset\" \"us-ascii\") NIL NIL "
	    "\"7bit\" "
	    "0 0" NO_EXT,
	    0 },
	{ STR_INIT("Content-Type: image/png; name=\"a \\\"b\\\".png\"\r\nContent-ID: <i@d>\r\n"
		   "Content-Description: a\r\n picture\r\nContent-MD5: Q2hlY2s=\r\n"
		   "Content-Disposition: attachment; filename*=utf-8''%C3%BC\r\n"
		   "Content-Language: en, (x) fr-CA\r\nContent-Location: http://x/y\r\n"
		   "Content-Transfer-Encoding: ?invalid\r\n\r\nx\n"),
	    "(\"image\" \"png\" (\"name\" \"a \\\"b\\\".png\") \"<i@d>\" \"a picture\" "
	    "\"7bit\" 2 "
	    "\"Q2hlY2s=\" (\"attachment\" (\"filename*\" \"utf-8''%C3%BC\")) (\"en\" "
	    "\"fr-CA\") "
	    "\"http://x/y\")",
	    0 },
	{ STR_INIT("Content-Type: a/b\r\nContent-Disposition: inline\r\nContent-ID:\r\n"
		   "Content-Language: ,\r\n\r\n"),
	    "(\"a\" \"b\" NIL \"\" NIL \"7bit\" 0 NIL (\"inline\" NIL) NIL NIL)", 0 },
	{ STR_INIT("Content-Type: multipart/mixed; boundary=b\r\nContent-Language: en\r\n\r\n"
		   "--b\r\n\r\nhello\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
		   "From: u@d\r\n\r\nhi\r\n--b--\r\n"),
	    "((" TEXT "7 1" NO_EXT
	    "(\"message\" \"rfc822\" NIL NIL NIL \"7bit\" 15 (NIL NIL " USER " " USER " " USER
	    " NIL NIL NIL NIL NIL) (" TEXT "2 0" NO_EXT " 2" NO_EXT
	    " \"mixed\" (\"boundary\" \"b\") NIL (\"en\") NIL)",
	    0 },
	{ STR_INIT("Content-Type: multipart/mixed; boundary=foo\n\n"),
	    "((" TEXT "0 0" NO_EXT " \"mixed\" (\"boundary\" \"foo\") NIL NIL NIL)", 0 },
	{ STR_INIT("Content-Type: multipart/mixed\n\n"),
	    "((" TEXT "0 0" NO_EXT " \"mixed\" NIL NIL NIL NIL)", 0 },
	{ STR_INIT("Content-Type: a/b; c=\xc3\xbc\n\n"),
	    "(\"a\" \"b\" (\"c\" {2}\r\n\xc3\xbc) NIL NIL \"7bit\" 0" NO_EXT, MIME_TEXT_8BIT },
};

static void prints_envelopes(void **state)
{
	(void)state;
	check(envelope_cases, COUNT(envelope_cases), mime_envelope);
}

static void prints_structures(void **state)
{
	(void)state;
	check(structure_cases, COUNT(structure_cases), mime_bodystructure);
}

static void calls_what_is_too_deep_octets(void **state)
{
	struct arena *arena = arena_new("test");
	struct buf in = BUF_INIT(100000), out = BUF_INIT(1000000), body = BUF_INIT(1000000);
	struct mime_part *root;

	(void)state;
	for (int i = 0; i < 200; i++)
		BUF_ADD(&in, "Content-Type: message/rfc822\r\n\r\n");
	mime_parse(buf_str(&in), arena, &root);
	assert_int_equal(mime_bodystructure(root, arena, buf_str(&in), &out), 0);
	assert_true(
	    str_find(buf_str(&out), STR("(\"application\" \"octet-stream\" NIL")) < out.n);
	assert_int_equal(imap_body_from_structure(buf_str(&out), &body, NULL), OK);
	buf_release(&in);
	buf_release(&out);
	buf_release(&body);
	arena_free(&arena);
}

static void shows_strings_up_to_a_limit(void **state)
{
	(void)state;
	for (size_t n = MIME_STRING_MAX - 1; n <= MIME_STRING_MAX + 1; n++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(200000), out = BUF_INIT(1000000);
		struct mime_part *root;
		size_t shown = n < MIME_STRING_MAX ? n : MIME_STRING_MAX;

		buf_printf(&in, "Subject: %0*d\r\n\r\n", (int)n, 0);
		mime_parse(buf_str(&in), arena, &root);
		(void)mime_envelope(root, arena, buf_str(&in), &out);
		assert_int_equal(
		    out.n, sizeof("(NIL \"\" NIL NIL NIL NIL NIL NIL NIL NIL)") - 1 + shown);
		buf_release(&in);
		buf_release(&out);
		arena_free(&arena);
	}
}

/* Many long addresses and many long parts: what is printed stays well-formed and near its limit. */
static void ends_lists_early_when_too_much_is_printed(void **state)
{
	struct arena *arena = arena_new("test");
	struct buf in = BUF_INIT(SIZE_MAX), out = BUF_INIT(SIZE_MAX), body = BUF_INIT(SIZE_MAX);
	struct mime_part *root;

	(void)state;
	BUF_ADD(&in, "From: ");
	for (int i = 0; i < 5000; i++)
		buf_printf(&in, "%0900d <a@b.example>,\r\n ", i);
	BUF_ADD(&in, "x@y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n");
	for (int i = 0; i < 5000; i++)
		buf_printf(&in, "--b\r\nContent-Description: %0900d\r\n\r\n\r\n", i);
	BUF_ADD(&in, "--b--\r\n");
	mime_parse(buf_str(&in), arena, &root);
	(void)mime_envelope(root, arena, buf_str(&in), &out);
	assert_in_range(out.n, MIME_PRINTED_MAX, MIME_PRINTED_MAX + 10000);
	buf_clear(&out);
	(void)mime_bodystructure(root, arena, buf_str(&in), &out);
	assert_in_range(out.n, MIME_PRINTED_MAX, MIME_PRINTED_MAX + 10000);
	assert_int_equal(imap_body_from_structure(buf_str(&out), &body, NULL), OK);
	buf_release(&in);
	buf_release(&out);
	buf_release(&body);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(prints_envelopes),
		cmocka_unit_test(prints_structures),
		cmocka_unit_test(calls_what_is_too_deep_octets),
		cmocka_unit_test(shows_strings_up_to_a_limit),
		cmocka_unit_test(ends_lists_early_when_too_much_is_printed),
	};

	return cmocka_run_group_tests_name("mime/structure", tests, NULL, NULL);
}
