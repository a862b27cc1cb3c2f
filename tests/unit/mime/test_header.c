#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/header.h"

#include <string.h>

static void assert_str(struct str got, const char *want)
{
	if (!str_equal(got, str_from(want)))
		fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static const struct {
	struct str line;
	const char *name, *value;
} line_cases[] = {
	{ STR_INIT("Subject: hi\r\n"), "Subject", " hi" },
	{ STR_INIT("Subject:hi"), "Subject", "hi" },
	{ STR_INIT("Subject:\r\n"), "Subject", "" },
	{ STR_INIT("Subject \t: hi\n"), "Subject", " hi" },
	{ STR_INIT("Subject: a\r\n b\r\n\tc\r\n"), "Subject", " a\r\n b\r\n\tc" },
	{ STR_INIT("Subject: a\n \n b\n"), "Subject", " a\n \n b" },
	{ STR_INIT("X: a\rb\r\n"), "X", " a\rb" },
	{ STR_INIT("X: a:b\n"), "X", " a:b" },
	{ STR_INIT("X: \0\xff\n"), "X", " " },
	/* RFC 5322 3.6.8: what no name is */
	{ STR_INIT("From me@here Mon Jan  1 00:00:00 2001\n"), "",
	    "From me@here Mon Jan  1 00:00:00 2001" },
	{ STR_INIT(": x\n"), "", ": x" },
	{ STR_INIT("no colon\n"), "", "no colon" },
	{ STR_INIT(" folded: first\n"), "", " folded: first" },
	{ STR_INIT("na\xc3\xafve: x\n"), "", "na\xc3\xafve: x" },
};

static void reads_a_field_as_it_stands(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(line_cases); i++) {
		struct mime_fields_iter iter = mime_fields(line_cases[i].line);
		struct mime_field field;

		assert_true(mime_field_next(&iter, &field));
		assert_str(field.name, line_cases[i].name);
		if (!memchr(line_cases[i].line.p, '\0', line_cases[i].line.n))
			assert_str(field.value, line_cases[i].value);
		assert_true(str_equal(field.raw, line_cases[i].line));
		assert_false(mime_field_next(&iter, &field));
	}
}

static void ends_at_the_first_empty_line(void **state)
{
	static const struct str headers[] = { STR_INIT("A: 1\r\n\r\nB: 2\r\n"),
		STR_INIT("A: 1\n\nB: 2\n"), STR_INIT("A: 1\r\r\n\r\r\nB: 2\r\r\n") };

	(void)state;
	for (size_t i = 0; i < COUNT(headers); i++) {
		struct mime_fields_iter iter = mime_fields(headers[i]);
		struct mime_field field;

		assert_true(mime_field_next(&iter, &field));
		assert_false(mime_field_next(&iter, &field));
		assert_false(mime_field_find(headers[i], STR("b"), &field));
		assert_true(mime_field_find(headers[i], STR("a"), &field));
	}
}

static void has_no_field_in_no_bytes(void **state)
{
	struct mime_fields_iter iter = mime_fields(STR_EMPTY);
	struct mime_field field;

	(void)state;
	assert_false(mime_field_next(&iter, &field));
}

static void unfolds_a_value(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} cases[] = {
		{ STR_INIT(" a b "), "a b" },
		{ STR_INIT(" a\r\n b"), "a b" },
		{ STR_INIT(" a\n\tb\r\n"), "a\tb" },
		{ STR_INIT("a\r b"), "a\r b" },
		{ STR_INIT(" \r\n "), "" },
		{ STR_INIT(""), "" },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str got = mime_unfold(arena, cases[i].in);

		assert_str(got, cases[i].want);
		assert_non_null(got.p);
	}
	arena_free(&arena);
}

#define HEADER "Received: a\r\n\tb\r\nFROM: me\r\njunk\r\nSubject: s\r\nReceived: c\r\n\r\n"

/* RFC 9051 6.4.5 */
static void selects_fields_byte_for_byte(void **state)
{
	static const struct str names[] = { STR_INIT("received"), STR_INIT("From"),
		STR_INIT("X-None"), STR_INIT("") };
	static const struct {
		struct str header;
		size_t count;
		bool exclude;
		const char *want;
	} cases[] = {
		{ STR_INIT(HEADER), 4, false,
		    "Received: a\r\n\tb\r\nFROM: me\r\nReceived: c\r\n\r\n" },
		{ STR_INIT(HEADER), 4, true, "junk\r\nSubject: s\r\n\r\n" },
		{ STR_INIT(HEADER), 0, false, "\r\n" },
		{ STR_INIT(HEADER), 0, true, HEADER },
		{ STR_INIT("From: x\nTo: y\n\n"), 4, false, "From: x\n\n" },
		{ STR_INIT("From: x\nTo: y"), 4, true, "To: y" },
		{ STR_INIT("From: x"), 4, false, "From: x" },
		{ STR_INIT(""), 4, false, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct buf out = BUF_INIT(1000);

		mime_header_select(
		    cases[i].header, names, cases[i].count, cases[i].exclude, &out);
		assert_str(buf_str(&out), cases[i].want);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_field_as_it_stands),
		cmocka_unit_test(ends_at_the_first_empty_line),
		cmocka_unit_test(has_no_field_in_no_bytes),
		cmocka_unit_test(unfolds_a_value),
		cmocka_unit_test(selects_fields_byte_for_byte),
	};

	return cmocka_run_group_tests_name("mime/header", tests, NULL, NULL);
}
