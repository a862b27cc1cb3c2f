#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "imap/search_envelope.h"
#include "mime/limits.h"
#include "mime/message.h"
#include "mime/structure.h"

/* The envelope as the store keeps it. */
static struct str envelope_of(struct str header, struct arena *arena)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct mime_part *root;
	struct str envelope;

	mime_parse(header, arena, &root);
	(void)mime_envelope(root, arena, header, &out);
	envelope = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return envelope;
}

static const struct {
	const char *header, *field, *text;
	bool has;
} cases[] = {
	{ "Subject: Meeting on Monday\r\n\r\n", "Subject", "on mon", true },
	{ "Subject: Meeting on Monday\r\n\r\n", "Subject", "tuesday", false },
	{ "Subject: =?utf-8?q?caf=C3=A9?=\r\n\r\n", "Subject", "CAF\xc3\x89", true },
	{ "Subject: a \"quoted\\\" word\"\r\n\r\n", "Subject", "\"quoted\\\"", true },
	{ "Subject: caf\xc3\xa9\r\n\r\n", "Subject", "f\xc3\xa9", true },
	{ "Subject: two\r\n lines\r\n\r\n", "Subject", "two lines", true },
	{ "Subject:\r\n\r\n", "Subject", "", true },
	{ "From: a@b\r\n\r\n", "Subject", "", false },
	{ "From: a@b\r\n\r\n", "From", "", true },
	{ "From: a@b\r\n\r\n", "To", "", false },
	{ "From: \"Doe, John\" <john@example.org>\r\n\r\n", "From", "doe, john <john@ex",
	    true },
	{ "From: john@example.org (John Doe)\r\n\r\n", "From", "john doe", true },
	{ "From: =?iso-8859-1?q?J=FCrgen?= <j@example.org>\r\n\r\n", "From", "j\xc3\xbcrgen",
	    true },
	{ "To: friends: a@b, c@d;\r\n\r\n", "To", "friends: <a@b>", true },
	{ "To: a@b\r\nTo: c@d\r\n\r\n", "To", "c@d", true },
	{ "To: a@b\r\nCc: c@d\r\nBcc: e@f\r\n\r\n", "Cc", "c@d", true },
	{ "To: a@b\r\nCc: c@d\r\nBcc: e@f\r\n\r\n", "Cc", "a@b", false },
	{ "To: a@b\r\nCc: c@d\r\nBcc: e@f\r\n\r\n", "Bcc", "e@f", true },
	{ "Date: x\r\nFrom: \"(\" <a@b>\r\nTo: \")\" <c@d>\r\n\r\n", "To", ") <c", true },
};

static void finds_what_stands_in_the_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct text_key key = text_key_of(str_from(cases[i].text), arena);
		enum envelope_field field;
		bool has = !cases[i].has;

		assert_true(envelope_field_find(str_from(cases[i].field), &field));
		assert_int_equal(
		    envelope_has_text(envelope_of(str_from(cases[i].header), arena), field,
			&key, arena, &has),
		    OK);
		if (has != cases[i].has)
			fail_msg("case %zu: %s %s", i, cases[i].field, cases[i].text);
		arena_free(&arena);
	}
}

static void leaves_large_envelopes_to_the_header(void **state)
{
	struct arena *arena = arena_new("test");
	struct text_key key = text_key_of(STR("x"), arena);
	struct buf header = BUF_INIT(SIZE_MAX);
	bool has;

	(void)state;
	BUF_ADD(&header, "Subject: ");
	for (size_t i = 0; i < MIME_STRING_MAX; i++)
		buf_add_char(&header, 'x');
	BUF_ADD(&header, "\r\n\r\n");
	assert_int_equal(envelope_has_text(envelope_of(buf_str(&header), arena),
			     ENVELOPE_SUBJECT, &key, arena, &has),
	    ERR_LIMIT);
	buf_release(&header);
	arena_free(&arena);
}

static const struct str damaged[] = {
	STR_INIT(""),
	STR_INIT("("),
	STR_INIT("(NIL"),
	STR_INIT("(NIL \"x"),
	STR_INIT("(NIL \"x\\"),
	STR_INIT("(NIL {5}\r\nabc"),
	STR_INIT("(NIL {99999999999999999999}\r\nabc"),
	STR_INIT("(NIL x NIL)"),
};

static void says_when_it_is_damaged(void **state)
{
	struct arena *arena = arena_new("test");
	struct text_key key = text_key_of(STR("x"), arena);
	bool has;

	(void)state;
	for (size_t i = 0; i < COUNT(damaged); i++)
		assert_int_equal(
		    envelope_has_text(damaged[i], ENVELOPE_SUBJECT, &key, arena, &has),
		    ERR_CORRUPT);
	assert_int_equal(envelope_has_text(STR("(NIL NIL ((NIL NIL \"a\" "), ENVELOPE_FROM,
			     &key, arena, &has),
	    ERR_CORRUPT);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_stands_in_the_field),
		cmocka_unit_test(leaves_large_envelopes_to_the_header),
		cmocka_unit_test(says_when_it_is_damaged),
	};

	return cmocka_run_group_tests_name("imap/search_envelope", tests, NULL, NULL);
}
