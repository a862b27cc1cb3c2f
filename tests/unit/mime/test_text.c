#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/message.h"
#include "mime/text.h"

#define MESSAGE                                                                                \
	"Subject: =?iso-8859-1?q?Gr=FC=DFe?=\r\n aus Wien\r\n"                                 \
	"To: A <user-to (comment)@ (comment) example.org>\r\nX-Empty:\r\n"                     \
	"Content-Type: multipart/mixed; boundary=b\r\n\r\npreamble text\r\n"                   \
	"--b\r\nContent-Type: text/plain; charset=iso-8859-1\r\n"                              \
	"Content-Transfer-Encoding: quoted-printable\r\n\r\n"                                  \
	"Caf=E9 au=\r\n lait\r\n"                                                              \
	"--b\r\nContent-Type: text/html; charset=utf-8\r\n"                                    \
	"Content-Transfer-Encoding: base64\r\n\r\nPGI+c2VjcmV0PC9iPg==\r\n"                    \
	"--b\r\nContent-Type: image/gif\r\nContent-Description: picture\r\n\r\nbinary\r\n"     \
	"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: "                                 \
	"=?utf-8?q?inner?=\r\n\r\ndeep\r\n"                                                    \
	"--b--\r\n"

static const struct {
	const char *key;
	bool in_message, in_body;
} cases[] = {
	{ "", true, true },
	{ "gr\xc3\xbc\xc3\x9f", true, false },
	{ "GR\xc3\x9c\xc3\x9f"
	  "E AUS",
	    true, false },
	{ "e aus wien", true, false },
	{ "caf\xc3\xa9 au lait", true, true },
	{ "CAFE\xcc\x81", true, true },
	{ "caf=e9", false, false },
	{ "<b>SECRET", true, true },
	{ "PGI+", false, false },
	{ "binary", false, false },
	{ "picture", true, true },
	{ "Subject: inner", true, true },
	{ "deep", true, true },
	{ "preamble", false, false },
	{ "multipart/mixed", true, false },
	{ "aus wien to:", false, false },
	{ "laitcontent", false, false },
};

static void looks_into_decoded_text(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_part *root;

	(void)state;
	mime_parse(STR(MESSAGE), arena, &root);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct text_key key = text_key_of(str_from(cases[i].key), arena);

		if (text_in_message(root, STR(MESSAGE), &key) != cases[i].in_message ||
		    text_in_body(root, STR(MESSAGE), &key) != cases[i].in_body)
			fail_msg("\"%s\"", cases[i].key);
	}
	arena_free(&arena);
}

static const struct {
	const char *name, *key;
	bool want;
} field_cases[] = {
	{ "subject", "wien", true },
	{ "SUBJECT", "gr\xc3\xbc", true },
	{ "subject", "", true },
	{ "x-empty", "", true },
	{ "x-empty", "x", false },
	{ "x-none", "", false },
	{ "to", "comment", true },
	{ "to", "user-to@example.org", true },
	{ "to", "A <user-to@", true },
	{ "subject", "example.org", false },
};

static void looks_into_fields(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(field_cases); i++) {
		struct text_key key = text_key_of(str_from(field_cases[i].key), arena);

		if (text_in_field(STR(MESSAGE), str_from(field_cases[i].name), &key) !=
		    field_cases[i].want)
			fail_msg("%s: %s", field_cases[i].name, field_cases[i].key);
	}
	arena_free(&arena);
}

/* The key lies across the blocks in which a body is decoded, at every place. */
static void finds_what_lies_across_blocks(void **state)
{
	(void)state;
	for (size_t before = 16384 - 30; before < 16384 + 4; before++) {
		struct arena *arena = arena_new("test");
		struct text_key key = text_key_of(STR("a needle \xc3\xa4"), arena);
		struct buf in = BUF_INIT(SIZE_MAX);
		struct mime_part *root;

		BUF_ADD(&in, "\r\n");
		while (in.n < before)
			BUF_ADD(&in, "x");
		BUF_ADD(&in, "A Needle \xc3\x84");
		mime_parse(buf_str(&in), arena, &root);
		assert_true(text_in_body(root, buf_str(&in), &key));
		buf_release(&in);
		arena_free(&arena);
	}
}

static void looks_into_values(void **state)
{
	struct arena *arena = arena_new("test");
	struct text_key key = text_key_of(STR("b C"), arena), empty = { STR_EMPTY };

	(void)state;
	assert_true(text_in_value(STR("=?utf-8?q?A_B?=\r\n c"), &key));
	assert_false(text_in_value(STR("=?utf-8?q?A_B?=c"), &key));
	assert_true(text_in_utf8(STR("a b c"), &key));
	assert_false(text_in_utf8(STR("=?utf-8?q?a_b_c?="), &key));
	assert_true(text_in_value(STR_EMPTY, &empty));
	assert_true(text_in_utf8(STR_EMPTY, &empty));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(looks_into_decoded_text),
		cmocka_unit_test(looks_into_fields),
		cmocka_unit_test(finds_what_lies_across_blocks),
		cmocka_unit_test(looks_into_values),
	};

	return cmocka_run_group_tests_name("mime/text", tests, NULL, NULL);
}
