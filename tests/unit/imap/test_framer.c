#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "imap/framer.h"

#include <string.h>

static const struct frame_limits small = { .line_max = 40, .command_max = 60 };

/* Feeds `in` in pieces of `step` bytes and writes what is told: commands in [], spooled bytes in <>. */
static struct str told(struct arena *arena, struct str in, size_t step)
{
	struct framer framer;
	struct buf out = BUF_INIT(10000);
	struct str text;

	framer_init(&framer, small);
	for (size_t at = 0; at < in.n;) {
		enum frame frame;
		size_t n = in.n - at < step ? in.n - at : step;

		at += framer_feed(&framer, (struct str){ in.p + at, n }, &frame);
		switch (frame) {
		case FRAME_COMMAND:
			BUF_ADD(&out, "[");
			buf_add_str(&out, framer_command(&framer));
			BUF_ADD(&out, "]");
			framer_next(&framer);
			break;
		case FRAME_LITERAL:
			buf_printf(&out, "?%s", framer.literal.synchronous ? "" : "+");
			if (framer.literal.size > 20 || !framer_literal_fits(&framer, 20)) {
				BUF_ADD(&out, "no");
				framer_refuse(&framer);
			} else if (str_starts(framer_command(&framer), STR("s "))) {
				framer_spool(&framer);
			} else {
				framer_accept(&framer);
			}
			break;
		case FRAME_DATA:
			/* neighbouring pieces are one */
			if (out.n > 0 && out.p[out.n - 1] == '>')
				buf_truncate(&out, out.n - 1);
			else
				BUF_ADD(&out, "<");
			buf_add_str(&out, framer_data(&framer));
			BUF_ADD(&out, ">");
			break;
		case FRAME_TOO_LONG:
			BUF_ADD(&out, "long");
			break;
		case FRAME_DROPPED:
			BUF_ADD(&out, "dropped");
			break;
		case FRAME_MORE:
			break;
		}
	}
	if (framer_is_idle(&framer))
		BUF_ADD(&out, ".");
	text = str_dup(arena, buf_str(&out));
	framer_release(&framer);
	buf_release(&out);
	return text;
}

static const struct {
	struct str in, want;
} cases[] = {
	{ STR_INIT("a NOOP\r\n"), STR_INIT("[a NOOP].") },
	{ STR_INIT("a NOOP\nb NOOP\r\n"), STR_INIT("[a NOOP][b NOOP].") },
	{ STR_INIT("\r\n"), STR_INIT("[].") },
	{ STR_INIT("a NOOP"), STR_INIT("") },
	{ STR_INIT("a NOOP\r\r\n"), STR_INIT("[a NOOP\r].") },
	{ STR_INIT("a L {3}\r\nabc d\r\nb N\r\n"), STR_INIT("?[a L {3}\r\nabc d][b N].") },
	{ STR_INIT("a L {3+}\r\nabc {2+}\r\nde\r\n"),
	    STR_INIT("?+?+[a L {3+}\r\nabc {2+}\r\nde].") },
	{ STR_INIT("a L {0}\r\n\r\n"), STR_INIT("?[a L {0}\r\n].") },
	{ STR_INIT("a L {2}\r\n\r\n\r\n"), STR_INIT("?[a L {2}\r\n\r\n].") },
	{ STR_INIT("a L {4}\r\n{9}\n\r\n"), STR_INIT("?[a L {4}\r\n{9}\n].") },
	{ STR_INIT("a L {3}\nabc\n"), STR_INIT("?[a L {3}\r\nabc].") },
	{ STR_INIT("s L {7}\r\nab\r\ncde\r\nb\r\n"),
	    STR_INIT("?<ab\r\ncde>[s L {7}\r\n][b].") },
	{ STR_INIT("s L {0+}\r\n\r\nb\r\n"), STR_INIT("?+[s L {0+}\r\n][b].") },
	/* literal8 (RFC 3516): NUL and line ends are bytes like any others */
	{ STR_INIT("a L ~{4}\r\n\0\r\n\0 d\r\nb\r\n"),
	    STR_INIT("?[a L ~{4}\r\n\0\r\n\0 d][b].") },
	{ STR_INIT("s L ~{2+}\r\n\0\n x ~{1}\r\n{\r\n"),
	    STR_INIT("?+<\0\n>?<{>[s L ~{2+}\r\n x ~{1}\r\n].") },
	{ STR_INIT("a L ~{21+}\r\n01234567890123456789\0 ~{1+}\r\n\0\r\nb\r\n"),
	    STR_INIT("?+nodropped[b].") },
	/* several spooled ones in a command */
	{ STR_INIT("s L {2}\r\nab {3+}\r\ncde\r\nb\r\n"),
	    STR_INIT("?<ab>?+<cde>[s L {2}\r\n {3+}\r\n][b].") },
	/* the second is refused: nothing, or all the rest of the command, is dropped */
	{ STR_INIT("s L {2}\r\nab {21}\r\nb\r\n"), STR_INIT("?<ab>?no[b].") },
	{ STR_INIT("s L {2+}\r\nab {21+}\r\n012345678901234567890 {1+}\r\n\n {1}\r\nb\r\n"),
	    STR_INIT("?+<ab>?+nodropped[b].") },
	/* a refused literal: the client has not sent it, or it is dropped with the rest of its command */
	{ STR_INIT("a L {21}\r\nb N\r\n"), STR_INIT("?no[b N].") },
	{ STR_INIT("a L {21+}\r\n012345678901234567890 x\r\nb N\r\n"),
	    STR_INIT("?+nodropped[b N].") },
	{ STR_INIT("a L {21+}\r\n012345678901234567890 {3+}\r\n\r\n\r {1}\r\nb N\r\n"),
	    STR_INIT("?+nodropped[b N].") },
	{ STR_INIT("a L {99999999999999999999}\r\nb\r\n"), STR_INIT("?no[b].") },
	/* no literals */
	{ STR_INIT("a }\r\n"), STR_INIT("[a }].") },
	{ STR_INIT("a {}\r\n"), STR_INIT("[a {}].") },
	{ STR_INIT("a {+}\r\n"), STR_INIT("[a {+}].") },
	{ STR_INIT("a 3}\r\n"), STR_INIT("[a 3}].") },
	{ STR_INIT("3}\r\n"), STR_INIT("[3}].") },
	{ STR_INIT("}\r\n"), STR_INIT("[}].") },
	{ STR_INIT("+}\r\n"), STR_INIT("[+}].") },
	{ STR_INIT("a {3-}\r\n"), STR_INIT("[a {3-}].") },
	/* 40 bytes with the line end, and 41 */
	{ STR_INIT("a 345678901234567890123456789012345678\r\nb\r\n"),
	    STR_INIT("[a 345678901234567890123456789012345678][b].") },
	{ STR_INIT("a 3456789012345678901234567890123456789\r\nb\r\n"),
	    STR_INIT("longdropped[b].") },
	{ STR_INIT("a 345678901234567890123456789012345678901234 {3+}\r\n\r\nx\r\nb\r\n"),
	    STR_INIT("longdropped[b].") },
	{ STR_INIT("a 345678901234567890123456789012345678901234 {3}\r\nb\r\n"),
	    STR_INIT("longdropped[b].") },
	/* 60 bytes in several lines, and 61 */
	{ STR_INIT("a {20+}\r\n01234567890123456789 2345678901234567890123456789\r\nb\r\n"),
	    STR_INIT("?+[a {20+}\r\n01234567890123456789 2345678901234567890123456789][b].") },
	{ STR_INIT("a {20+}\r\n01234567890123456789 23456789012345678901234567890\r\nb\r\n"),
	    STR_INIT("?+longdropped[b].") },
};

static void finds_the_same_at_every_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t step = 1; step <= cases[i].in.n; step++) {
			struct arena *arena = arena_new("test");
			struct str got = told(arena, cases[i].in, step);

			if (!str_equal(got, cases[i].want))
				fail_msg(
				    "case %zu in steps of %zu: %.*s", i, step, STR_ARG(got));
			arena_free(&arena);
		}
	}
}

static void takes_a_plain_line_as_it_is(void **state)
{
	struct framer framer;
	enum frame frame;

	(void)state;
	framer_init(&framer, small);
	framer_next_plain(&framer);
	assert_int_equal(framer_feed(&framer, STR("DONE {3}\r\nx"), &frame), 10);
	assert_int_equal(frame, FRAME_COMMAND);
	assert_true(str_equal(framer_command(&framer), STR("DONE {3}")));
	framer_next(&framer);
	assert_int_equal(framer_feed(&framer, STR("a {3}\r\n"), &frame), 7);
	assert_int_equal(frame, FRAME_LITERAL);
	framer_release(&framer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_same_at_every_cut),
		cmocka_unit_test(takes_a_plain_line_as_it_is),
	};

	return cmocka_run_group_tests_name("imap/framer", tests, NULL, NULL);
}
