#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/index.h"
#include "mime/message.h"
#include "mime/section.h"

/* One of each kind, after RFC 9051 6.4.5.1's example. */
#define MESSAGE                                                                                \
	"Subject: root\r\nContent-Type: multipart/mixed; boundary=r\r\n\r\n"                   \
	"--r\r\nX: 1\r\n\r\none\r\n"                                                           \
	"--r\r\nContent-Type: message/rfc822\r\n\r\n"                                          \
	"Subject: two\r\n\r\ntwo's text\r\n"                                                   \
	"--r\r\nContent-Type: message/rfc822\r\n\r\n"                                          \
	"Subject: three\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"                  \
	"--i\r\n\r\n3.1\r\n--i\r\nX: 3.2\r\n\r\n3.2\r\n--i--\r\n"                              \
	"--r\r\nContent-Type: multipart/mixed; boundary=j\r\n\r\n"                             \
	"--j\r\n\r\n4.1\r\n--j--\r\n"                                                          \
	"--r--\r\n"

#define ALL MIME_SECTION_ALL
#define HEADER MIME_SECTION_HEADER
#define TEXT MIME_SECTION_TEXT
#define MIME MIME_SECTION_MIME

struct section_case {
	const char *numbers;
	enum mime_section_what what;
	const char *want; /* NULL: there is none */
};

static const struct section_case mixed_cases[] = {
	{ "", ALL, MESSAGE },
	{ "", HEADER, "Subject: root\r\nContent-Type: multipart/mixed; boundary=r\r\n\r\n" },
	{ "", MIME, NULL },
	{ "1", ALL, "one" },
	{ "1", MIME, "X: 1\r\n\r\n" },
	{ "1", HEADER, NULL },
	{ "1", TEXT, NULL },
	{ "1.1", ALL, NULL },
	{ "2", ALL, "Subject: two\r\n\r\ntwo's text" },
	{ "2", MIME, "Content-Type: message/rfc822\r\n\r\n" },
	{ "2", HEADER, "Subject: two\r\n\r\n" },
	{ "2", TEXT, "two's text" },
	{ "2.1", ALL, "two's text" },
	{ "2.1", MIME, "Subject: two\r\n\r\n" },
	{ "2.1.1", ALL, NULL },
	{ "2.2", ALL, NULL },
	{ "3", HEADER, "Subject: three\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n" },
	{ "3", TEXT, "--i\r\n\r\n3.1\r\n--i\r\nX: 3.2\r\n\r\n3.2\r\n--i--" },
	{ "3.1", ALL, "3.1" },
	{ "3.1", MIME, "\r\n" },
	{ "3.2", ALL, "3.2" },
	{ "3.2", MIME, "X: 3.2\r\n\r\n" },
	{ "3.3", ALL, NULL },
	{ "4", ALL, "--j\r\n\r\n4.1\r\n--j--" },
	{ "4.1", ALL, "4.1" },
	{ "4", HEADER, NULL },
	{ "5", ALL, NULL },
	{ "0", ALL, NULL },
	{ "1.", ALL, NULL },
	{ ".1", ALL, NULL },
	{ "x", ALL, NULL },
	{ "4294967297", ALL, NULL },
};

#define PLAIN "Subject: x\r\n\r\nbody\r\n"

static const struct section_case plain_cases[] = {
	{ "", ALL, PLAIN },
	{ "", TEXT, "body\r\n" },
	{ "1", ALL, "body\r\n" },
	{ "1", MIME, "Subject: x\r\n\r\n" },
	{ "1", HEADER, NULL },
	{ "1.1", ALL, NULL },
	{ "2", ALL, NULL },
};

#define NESTED "Content-Type: message/rfc822\r\n\r\n"

static const struct section_case nested_cases[] = {
	{ "1", ALL, NESTED PLAIN },
	{ "1", HEADER, NESTED },
	{ "1", TEXT, PLAIN },
	{ "1.1", ALL, PLAIN },
	{ "1.1", HEADER, "Subject: x\r\n\r\n" },
	{ "1.1.1", ALL, "body\r\n" },
	{ "1.1.1.1", ALL, NULL },
	{ "1.2", ALL, NULL },
};

static void check(struct str bytes, const struct section_case *cases, size_t count)
{
	struct arena *arena = arena_new("test");
	struct buf index = BUF_INIT(10000);
	struct mime_part *roots[2];

	mime_parse(bytes, arena, &roots[0]);
	mime_index_write(roots[0], &index);
	assert_int_equal(mime_index_read(buf_str(&index), 0, arena, &roots[1], NULL), OK);
	for (size_t i = 0; i < 2 * count; i++) {
		const struct section_case *c = &cases[i / 2];
		struct mime_range range = { 0, 0 };
		bool found = mime_section(roots[i % 2], str_from(c->numbers), c->what, &range);
		struct str got = str_first(str_from_at(bytes, range.offset), range.size);

		if (found != (c->want != NULL) || (found && !str_equal(got, str_from(c->want))))
			fail_msg("%s %d: %.*s", c->numbers, (int)c->what, STR_ARG(got));
	}
	buf_release(&index);
	arena_free(&arena);
}

static void finds_sections_by_number(void **state)
{
	(void)state;
	check(STR(MESSAGE), mixed_cases, COUNT(mixed_cases));
	check(STR(PLAIN), plain_cases, COUNT(plain_cases));
	check(STR(NESTED NESTED PLAIN), nested_cases, COUNT(nested_cases));
}

static void has_an_empty_part_in_an_empty_multipart(void **state)
{
	static const struct section_case cases[] = { { "1", ALL, "" }, { "1", MIME, "" },
		{ "2", ALL, NULL } };

	(void)state;
	check(STR("Content-Type: multipart/mixed\r\n\r\nx"), cases, COUNT(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_sections_by_number),
		cmocka_unit_test(has_an_empty_part_in_an_empty_multipart),
	};

	return cmocka_run_group_tests_name("mime/section", tests, NULL, NULL);
}
