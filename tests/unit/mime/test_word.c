#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/word.h"

static const struct {
	struct str in;
	const char *want;
} cases[] = {
	{ STR_INIT(""), "" },
	{ STR_INIT(" plain text\r\n"), "plain text" },
	{ STR_INIT("folded\r\n text\n\tmore"), "folded text\tmore" },
	/* RFC 2047 section 8 */
	{ STR_INIT("=?US-ASCII?Q?Keith_Moore?="), "Keith Moore" },
	{ STR_INIT("=?ISO-8859-1?Q?Keld_J=F8rn_Simonsen?="), "Keld J\xc3\xb8rn Simonsen" },
	{ STR_INIT("=?ISO-8859-1?B?SWYgeW91IGNhbiByZWFkIHRoaXMgeW8=?=\r\n"
		   " =?ISO-8859-2?B?dSB1bmRlcnN0YW5kIHRoZSBleGFtcGxlLg==?="),
	    "If you can read this you understand the example." },
	{ STR_INIT("(=?ISO-8859-1?Q?a?=)"), "(a)" },
	{ STR_INIT("(=?ISO-8859-1?Q?a?= b)"), "(a b)" },
	{ STR_INIT("(=?ISO-8859-1?Q?a?= =?ISO-8859-1?Q?b?=)"), "(ab)" },
	{ STR_INIT("(=?ISO-8859-1?Q?a?=  \r\n    =?ISO-8859-1?Q?b?=)"), "(ab)" },
	{ STR_INIT("(=?ISO-8859-1?Q?a_b?=)"), "(a b)" },
	{ STR_INIT("(=?ISO-8859-1?Q?a?= =?ISO-8859-2?Q?_b?=)"), "(a b)" },
	/* RFC 2231 section 5 */
	{ STR_INIT("=?US-ASCII*EN?Q?Keith_Moore?="), "Keith Moore" },
	/* found in the wild */
	{ STR_INIT("=?utf-8?q?J=C3?= =?UTF-8?B?vHJnZW4=?="), "J\xc3\xbcrgen" },
	{ STR_INIT("=?utf-8?q?hello world?="), "hello world" },
	{ STR_INIT("a=?utf-8?q?b?=c"), "abc" },
	{ STR_INIT("=?utf-8?q?a?==?utf-8?q?b?="), "ab" },
	{ STR_INIT("=?utf-8?q?what?_now?="), "what? now" },
	{ STR_INIT("=?utf-8?B?YQ?="), "a" },
	{ STR_INIT("=?utf-8?q?"
		   "?="),
	    "" },
	{ STR_INIT("=?utf-8?q?=41=4=zz?="), "A=4=zz" },
	{ STR_INIT("=?koi8-r?Q?=D0=D2=C9?="), "\xd0\xbf\xd1\x80\xd0\xb8" },
	{ STR_INIT("=?iso-2022-jp?B?GyRCRnxLXBsoQg==?="), "\xe6\x97\xa5\xe6\x9c\xac" },
	/* a half character at the end of its word's text */
	{ STR_INIT("=?utf-8?q?J=C3?= x"), "J\xef\xbf\xbd x" },
	/* left as it is */
	{ STR_INIT("=?x-none?q?a?="), "=?x-none?q?a?=" },
	{ STR_INIT("=?utf-8?q?a?= =?x-none?q?b?= c"), "a =?x-none?q?b?= c" },
	{ STR_INIT("=?utf-8?x?a?="), "=?utf-8?x?a?=" },
	{ STR_INIT("=?utf-8?b?!?="), "=?utf-8?b?!?=" },
	{ STR_INIT("=?utf-8?q?a"), "=?utf-8?q?a" },
	{ STR_INIT("=?utf-8?q?a\r\n b?="), "=?utf-8?q?a b?=" },
	{ STR_INIT("=?"
		   "?q?a?="),
	    "=?"
	    "?q?a?=" },
	{ STR_INIT("=? =?utf-8?q?a?="), "=? a" },
	{ STR_INIT("=?"), "=?" },
	/* bytes */
	{ STR_INIT("J\xc3\xbcrgen"), "J\xc3\xbcrgen" },
	{ STR_INIT("J\xfcrgen"), "J\xef\xbf\xbdrgen" },
	{ STR_INIT("a\0b"), "a b" },
	{ STR_INIT("=?utf-8?q?a=00b?="), "a b" },
};

static void decodes_words(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str got = mime_word_text(cases[i].in, arena);

		if (!str_equal(got, str_from(cases[i].want)))
			fail_msg("%.*s: got %.*s, want %s", STR_ARG(cases[i].in), STR_ARG(got),
			    cases[i].want);
	}
	arena_free(&arena);
}

static void takes_hostile_input(void **state)
{
	static const char *const units[] = { "=?", "=?a?q?", "=?utf-8?q?", "=",
		"=?utf-8?q?=C3?= ", "\xff", "=?a?q?\n", "?=", "=?iso-2022-jp?b?GyRC?= " };

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct buf in = BUF_INIT(SIZE_MAX), out = BUF_INIT(SIZE_MAX);

		while (in.n < 300000)
			buf_add_str(&in, str_from(units[i]));
		mime_word_decode(buf_str(&in), &out);
		assert_true(out.n <= 3 * in.n);
		buf_release(&in);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_words),
		cmocka_unit_test(takes_hostile_input),
	};

	return cmocka_run_group_tests_name("mime/word", tests, NULL, NULL);
}
