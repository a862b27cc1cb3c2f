#include "tests/cm.h"

#include "base/str.h"
#include "net/spool.h"
#include "smtp/framer.h"
#include "smtp/limits.h"

#include <string.h>

/* RFC 5321 4.5.2, and what must not be taken for the end of data (4.1.1.4). */
static const struct {
	struct str sent, kept;
	size_t left; /* bytes behind the end */
	bool ended;
} data_cases[] = {
	{ STR_INIT("a\r\n.\r\n"), STR_INIT("a\r\n"), 0, true },
	{ STR_INIT(".\r\n"), STR_INIT(""), 0, true },
	{ STR_INIT("a\r\n.\r\nQUIT\r\n"), STR_INIT("a\r\n"), 6, true },
	{ STR_INIT("..a\r\n...\r\n.\r\n"), STR_INIT(".a\r\n..\r\n"), 0, true },
	{ STR_INIT(".a\r\n.\r\n"), STR_INIT("a\r\n"), 0, true },
	/* a bare LF ends no line: data goes on */
	{ STR_INIT("a\n.\n"), STR_INIT("a\n.\n"), 0, false },
	{ STR_INIT("a\n.\r\nb\r\n.\r\n"), STR_INIT("a\n.\r\nb\r\n"), 0, true },
	{ STR_INIT("a\r\n.\nb\r\n.\r\n"), STR_INIT("a\r\n\nb\r\n"), 0, true },
	{ STR_INIT("a\r.\r\n\r\n.\r\n"), STR_INIT("a\r.\r\n\r\n"), 0, true },
	/* a bare CR behind the dot: the dot was stuffed, the CR is data */
	{ STR_INIT(".\rb\r\n.\r\n"), STR_INIT("\rb\r\n"), 0, true },
	{ STR_INIT(".\r\r\n.\r\n"), STR_INIT("\r\r\n"), 0, true },
	{ STR_INIT("\r\r\n.\r\n"), STR_INIT("\r\r\n"), 0, true },
	/* NUL and 8-bit are kept */
	{ STR_INIT("\0\xff\r\n.\r\n"), STR_INIT("\0\xff\r\n"), 0, true },
};

static void check(size_t number, size_t cut, struct spool *spool)
{
	struct str sent = data_cases[number].sent, kept;
	struct smtp_data data;
	size_t used = 0;

	smtp_data_init(&data);
	spool_clear(spool);
	while (used < sent.n && data.state != SMTP_DATA_END) {
		size_t n = sent.n - used < cut ? sent.n - used : cut;
		size_t took = smtp_data_take(&data, (struct str){ sent.p + used, n }, spool);

		assert_true(took == n || data.state == SMTP_DATA_END);
		used += took;
	}
	assert_int_equal(data.rc, OK);
	assert_int_equal(spool_view(spool, &kept, NULL), OK);
	if (data_cases[number].ended) {
		assert_int_equal(data.state, SMTP_DATA_END);
		assert_int_equal(sent.n - used, data_cases[number].left);
		if (!str_equal(kept, data_cases[number].kept))
			fail_msg("case %zu, cut %zu: kept %zu bytes", number, cut, kept.n);
	} else {
		assert_int_not_equal(data.state, SMTP_DATA_END);
	}
}

static void ends_data_at_crlf_dot_crlf_and_nowhere_else(void **state)
{
	struct spool *spool = spool_new("/tmp", 4096, 1000);

	(void)state;
	for (size_t i = 0; i < COUNT(data_cases); i++)
		for (size_t cut = 1; cut <= data_cases[i].sent.n; cut++)
			check(i, cut, spool);
	spool_free(&spool);
}

static void reads_on_to_the_end_of_a_message_that_is_too_big(void **state)
{
	struct spool *spool = spool_new("/tmp", 4096, 3);
	struct smtp_data data;

	(void)state;
	smtp_data_init(&data);
	assert_int_equal(smtp_data_take(&data, STR("ab\r\n.\r\nX"), spool), 7);
	assert_int_equal(data.state, SMTP_DATA_END);
	assert_int_equal(data.rc, ERR_LIMIT);
	spool_free(&spool);
}

static const struct {
	struct str in;
	enum errc want;
	struct str line;
	size_t used;
} line_cases[] = {
	{ STR_INIT("NOOP\r\nQUIT\r\n"), OK, STR_INIT("NOOP"), 6 },
	{ STR_INIT("\r\n"), OK, STR_INIT(""), 2 },
	{ STR_INIT("NOOP"), ERR_MORE, STR_INIT(""), 4 },
	{ STR_INIT("NOOP\r"), ERR_MORE, STR_INIT(""), 4 },
	{ STR_INIT(""), ERR_MORE, STR_INIT(""), 0 },
	{ STR_INIT("NOOP\n"), ERR_MORE, STR_INIT(""), 5 },
	/* one line, in which nothing hides: QUIT is no command */
	{ STR_INIT("NOOP\nQUIT\r\n"), ERR_SYNTAX, STR_INIT(""), 11 },
	{ STR_INIT("NO\rOP\r\n"), ERR_SYNTAX, STR_INIT(""), 7 },
	{ STR_INIT("NO\0OP\r\n"), ERR_SYNTAX, STR_INIT(""), 7 },
};

static void takes_lines_that_end_in_crlf(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(line_cases); i++) {
		struct str line = STR_EMPTY;
		size_t used = 99;

		assert_int_equal(
		    smtp_line_take(line_cases[i].in, &line, &used), line_cases[i].want);
		assert_int_equal(used, line_cases[i].used);
		if (line_cases[i].want == OK)
			assert_true(str_equal(line, line_cases[i].line));
	}
}

static void takes_a_line_of_the_longest_length(void **state)
{
	static char bytes[SMTP_LINE_MAX + 1];
	struct str line;
	size_t used;

	(void)state;
	for (size_t n = SMTP_LINE_MAX - 1; n <= SMTP_LINE_MAX + 1; n++) {
		enum errc want = n <= SMTP_LINE_MAX ? OK : ERR_LIMIT;

		memset(bytes, 'a', sizeof(bytes));
		bytes[n - 2] = '\r';
		bytes[n - 1] = '\n';
		assert_int_equal(smtp_line_take((struct str){ bytes, n }, &line, &used), want);
		/* of the line that is too long the CR stays, and its end is found behind it */
		assert_int_equal(used, want == OK ? n : SMTP_LINE_MAX - 1);
	}
}

static void skips_to_the_end_of_a_line(void **state)
{
	bool done = true;

	(void)state;
	assert_int_equal(smtp_line_skip(STR("abc"), &done), 3);
	assert_false(done);
	assert_int_equal(smtp_line_skip(STR("abc\r\nNOOP\r\n"), &done), 5);
	assert_true(done);
	assert_int_equal(smtp_line_skip(STR("abc\nd\r"), &done), 5);
	assert_false(done);
	assert_int_equal(smtp_line_skip(STR("\r\nNOOP\r\n"), &done), 2);
	assert_true(done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_data_at_crlf_dot_crlf_and_nowhere_else),
		cmocka_unit_test(reads_on_to_the_end_of_a_message_that_is_too_big),
		cmocka_unit_test(takes_lines_that_end_in_crlf),
		cmocka_unit_test(takes_a_line_of_the_longest_length),
		cmocka_unit_test(skips_to_the_end_of_a_line),
	};

	return cmocka_run_group_tests_name("smtp/framer", tests, NULL, NULL);
}
