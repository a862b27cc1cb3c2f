#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/limits.h"
#include "mime/message.h"

#include <string.h>

/* The tree as text: type/subtype, body between bars with lines behind them, children in parentheses. */
static void describe(struct buf *out, const struct mime_part *part, struct str bytes)
{
	struct str body = mime_body_of(bytes, part);

	if (part->kind == MIME_OPAQUE)
		BUF_ADD(out, "opaque ");
	buf_add_str(out, part->head->type);
	BUF_ADD(out, "/");
	buf_add_str(out, part->head->subtype);
	if (!part->child) {
		buf_printf(out, "|%.*s|%d", STR_ARG(body), (int)part->body_lines);
		return;
	}
	BUF_ADD(out, "(");
	for (const struct mime_part *child = part->child; child; child = child->next) {
		describe(out, child, bytes);
		if (child->next)
			BUF_ADD(out, " ");
	}
	BUF_ADD(out, ")");
}

static void assert_tree(const char *what, struct str bytes, const char *want)
{
	struct arena *arena = arena_new("test");
	struct buf out = BUF_INIT(100000);
	struct mime_part *root;

	mime_parse(bytes, arena, &root);
	assert_int_equal(root->header_offset, 0);
	assert_int_equal(root->header_size + root->body_size, bytes.n);
	describe(&out, root, bytes);
	if (!str_equal(buf_str(&out), str_from(want)))
		fail_msg("%s\ngot  %.*s\nwant %s", what, STR_ARG(buf_str(&out)), want);
	buf_release(&out);
	arena_free(&arena);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\r\n\r\n"
#define MIXED_LF "Content-Type: multipart/mixed; boundary=b\n\n"

static const struct {
	const char *what;
	struct str in;
	const char *want;
} cases[] = {
	{ "nothing", STR_INIT(""), "text/plain||0" },
	{ "a header alone", STR_INIT("Subject: x"), "text/plain||0" },
	{ "a header and an empty line", STR_INIT("Subject: x\r\n\r\n"), "text/plain||0" },
	{ "no header", STR_INIT("\r\nbody\r\n"), "text/plain|body\r\n|1" },
	{ "no line end at the end", STR_INIT("A: b\n\nx\ny"), "text/plain|x\ny|1" },
	{ "a bare CR is no line end", STR_INIT("A: b\r\n\r\nx\ry\r\n"),
	    "text/plain|x\ry\r\n|1" },
	{ "RFC 2045 5.2: a type that cannot be read is text/plain",
	    STR_INIT("Content-Type: text\r\n\r\nx"), "text/plain|x|0" },
	{ "the first Content-Type counts",
	    STR_INIT("Content-Type: text/html\nContent-Type: image/gif\n\nx"),
	    "text/html|x|0" },
	{ "the line end before a delimiter belongs to it (RFC 2046 5.1.1)",
	    STR_INIT(MIXED "--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n\r\n--b--\r\n"),
	    "multipart/mixed(text/plain|one|0 text/plain|two\r\n|1)" },
	{ "LF alone ends lines too", STR_INIT(MIXED_LF "--b\n\none\n--b\n\ntwo\n\n--b--\n"),
	    "multipart/mixed(text/plain|one|0 text/plain|two\n|1)" },
	{ "preamble and epilogue are in no part",
	    STR_INIT(MIXED "pre\r\n--b\r\n\r\nx\r\n--b--\r\nepi\r\n--b\r\n\r\ny"),
	    "multipart/mixed(text/plain|x|0)" },
	{ "blanks behind a delimiter", STR_INIT(MIXED "--b \t\r\n\r\nx\r\n--b-- \r\n"),
	    "multipart/mixed(text/plain|x|0)" },
	{ "no close-delimiter", STR_INIT(MIXED "--b\r\n\r\nx\r\n"),
	    "multipart/mixed(text/plain|x\r\n|1)" },
	{ "the end of the bytes ends a delimiter", STR_INIT(MIXED "--b\r\n\r\nx\r\n--b--"),
	    "multipart/mixed(text/plain|x|0)" },
	{ "a part without anything", STR_INIT(MIXED "--b\r\n--b--\r\n"),
	    "multipart/mixed(text/plain||0)" },
	{ "a part with an empty body", STR_INIT(MIXED "--b\r\nA: b\r\n\r\n--b--\r\n"),
	    "multipart/mixed(text/plain||0)" },
	{ "a part with a header and no empty line",
	    STR_INIT(MIXED "--b\r\nContent-Type: a/b\r\n--b--\r\n"),
	    "multipart/mixed(a/b||0)" },
	{ "a delimiter is at the beginning of a line",
	    STR_INIT(MIXED "--b\r\n\r\nx --b\r\n --b\r\n--b--"),
	    "multipart/mixed(text/plain|x --b\r\n --b|1)" },
	{ "longer lines are no delimiters",
	    STR_INIT(MIXED "--b\r\n\r\nx\r\n--bc\r\n--b-\r\n--b--"),
	    "multipart/mixed(text/plain|x\r\n--bc\r\n--b-|2)" },
	{ "a multipart without parts has an empty text", STR_INIT(MIXED "x\r\n"),
	    "multipart/mixed(text/plain||0)" },
	{ "so has one without a boundary", STR_INIT("Content-Type: multipart/mixed\n\nx\n"),
	    "multipart/mixed(text/plain||0)" },
	{ "a quoted, folded boundary",
	    STR_INIT(
		"Content-Type: multipart/mixed; boundary=\"a\n b\"\n\n--a b\n\nx\n--a b--\n"),
	    "multipart/mixed(text/plain|x|0)" },
	{ "blanks at the end of a boundary are none of it",
	    STR_INIT("Content-Type: multipart/mixed; boundary=\"a \"\n\n--a\n\nx\n--a--\n"),
	    "multipart/mixed(text/plain|x|0)" },
	{ "a digest's parts are messages (RFC 2046 5.1.5)",
	    STR_INIT("Content-Type: multipart/digest; boundary=b\n\n--b\n\nFrom: x\n\ny\n--b\n"
		     "Content-Type: text/plain\n\nz\n--b--"),
	    "multipart/digest(message/rfc822(text/plain|y|0) text/plain|z|0)" },
	{ "a message in a message", STR_INIT("Content-Type: message/rfc822\n\nA: b\n\nx\n"),
	    "message/rfc822(text/plain|x\n|1)" },
	{ "message/global (RFC 6532)", STR_INIT("Content-Type: Message/Global\n\nA: b\n\nx\n"),
	    "Message/Global(text/plain|x\n|1)" },
	{ "a message without a body in a part",
	    STR_INIT(MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\nA: b\r\n--b--"),
	    "multipart/mixed(message/rfc822(text/plain||0))" },
	{ "a message part that ends before its message begins",
	    STR_INIT(MIXED "--b\r\nContent-Type: message/rfc822\r\n--b--"),
	    "multipart/mixed(message/rfc822(text/plain||0))" },
};

static void finds_the_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		assert_tree(cases[i].what, cases[i].in, cases[i].want);
}

static void tells_a_boundary_from_one_that_begins_with_it(void **state)
{
	(void)state;
	assert_tree(__func__,
	    STR(MIXED_LF "--b\nContent-Type: multipart/x; boundary=bb\n\n"
			 "--bb\n\n1\n--bb--\n--bb\n--b\n\n2\n--b--\n"),
	    "multipart/mixed(multipart/x(text/plain|1|0) text/plain|2|0)");
	assert_tree(__func__,
	    STR("Content-Type: multipart/x; boundary=bb\n\n--bb\n" MIXED_LF
		"--b\n\n1\n--b\n\n2\n--bb\n\n3\n--bb--\n"),
	    "multipart/x(multipart/mixed(text/plain|1|0 text/plain|2|0) text/plain|3|0)");
}

static void ends_inner_parts_at_an_outer_delimiter(void **state)
{
	(void)state;
	assert_tree(__func__,
	    STR(MIXED_LF "--b\nContent-Type: multipart/x; boundary=i\n\n--i\n\n1\n"
			 "--b\n\n2\n--b--\n"),
	    "multipart/mixed(multipart/x(text/plain|1|0) text/plain|2|0)");
	assert_tree(__func__,
	    STR(MIXED_LF "--b\nContent-Type: message/rfc822\n\n"
			 "Content-Type: multipart/x; boundary=i\n\n--i\n\n1\n--b\n\n2\n"),
	    "multipart/mixed(message/rfc822(multipart/x(text/plain|1|0)) text/plain|2\n|1)");
}

static void gives_the_innermost_a_boundary_used_twice(void **state)
{
	(void)state;
	assert_tree(__func__,
	    STR(MIXED_LF "--b\n" MIXED_LF "--b\n\n1\n--b--\n\n--b\n\n2\n--b--\n"),
	    "multipart/mixed(multipart/mixed(text/plain|1|0) text/plain|2|0)");
}

/* The child's range is within its parent's, even where a line end would belong to both. */
static void keeps_children_inside(void **state)
{
	static const struct str in[] = {
		STR_INIT(
		    MIXED "--b\r\nContent-Type: multipart/x; boundary=i\r\n\r\n--i\r\n--b--"),
		STR_INIT(MIXED
		    "--b\r\nContent-Type: multipart/x; boundary=i\r\n\r\n--i\r\n\r\n--b--"),
		STR_INIT(MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n" MIXED "--b--"),
		STR_INIT(MIXED "--b\r\nContent-Type: message/rfc822\r\n\r\n"
			       "Content-Type: message/rfc822\r\n--b--"),
	};

	(void)state;
	for (size_t i = 0; i < COUNT(in); i++) {
		struct arena *arena = arena_new("test");
		struct mime_part *part;

		mime_parse(in[i], arena, &part);
		for (; part->child; part = part->child) {
			const struct mime_part *child = part->child;

			assert_true(child->header_offset >= part->body_offset);
			assert_true(
			    child->body_offset == child->header_offset + child->header_size);
			assert_true(child->body_offset + child->body_size <=
			    part->body_offset + part->body_size);
		}
		arena_free(&arena);
	}
}

static void knows_offsets_and_fields(void **state)
{
	struct str in =
	    STR("To: a\r\nsubject: s\r\nTO: b\r\nContent-Type: multipart/mixed;"
		" boundary=b\r\n\r\n--b\r\nContent-ID: <i>\r\nTo: c\r\n\r\nx\r\n--b--");
	struct arena *arena = arena_new("test");
	struct mime_part *root, *part;

	(void)state;
	mime_parse(in, arena, &root);
	part = root->child;
	assert_int_equal(root->header_size, str_find(in, STR("--b\r\n")));
	assert_int_equal(part->header_offset, root->header_size + 5);
	assert_int_equal(part->header_size, 26);
	assert_int_equal(part->body_offset, part->header_offset + 26);
	assert_int_equal(part->body_size, 1);
	assert_true(str_equal(mime_value(root, MIME_TO), STR(" a")));
	assert_true(root->head->repeated & 1u << MIME_TO);
	assert_false(root->head->repeated & 1u << MIME_SUBJECT);
	assert_true(str_equal(mime_value(root, MIME_SUBJECT), STR(" s")));
	assert_null(mime_value(root, MIME_FROM).p);
	assert_true(root->is_message);
	assert_false(part->is_message);
	assert_true(str_equal(mime_value(part, MIME_CONTENT_ID), STR(" <i>")));
	assert_null(mime_value(part, MIME_TO).p);
	assert_true(str_starts(mime_header_of(in, part), STR("Content-ID")));
	arena_free(&arena);
}

static void knows_encodings(void **state)
{
	static const struct {
		const char *value;
		enum mime_encoding want;
	} encodings[] = {
		{ "7bit", MIME_7BIT },
		{ "8BIT", MIME_8BIT },
		{ "binary", MIME_BINARY },
		{ " Quoted-Printable  ", MIME_QUOTED_PRINTABLE },
		{ "(a) base64 (b)", MIME_BASE64 },
		{ "base64;", MIME_BASE64 },
		{ "x-uuencode", MIME_ENCODING_OTHER },
		{ "?invalid", MIME_7BIT },
		{ "", MIME_7BIT },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(encodings); i++) {
		struct mime_part *root;

		mime_parse(str_printf(arena, "Content-Transfer-Encoding: %s\r\n\r\n",
			       encodings[i].value),
		    arena, &root);
		assert_int_equal(root->encoding, encodings[i].want);
	}
	arena_free(&arena);
}

static size_t depth_of(const struct mime_part *part, const struct mime_part **last_out)
{
	size_t depth = 0;

	for (; part->child; part = part->child)
		depth++;
	*last_out = part;
	return depth;
}

static void keeps_what_is_too_deep_as_a_leaf(void **state)
{
	(void)state;
	for (size_t levels = MIME_DEPTH_MAX - 1; levels <= MIME_DEPTH_MAX + 1; levels++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(1000000);
		const struct mime_part *last;
		struct mime_part *root;

		for (size_t i = 0; i < levels; i++)
			BUF_ADD(&in, "Content-Type: message/rfc822\r\n\r\n");
		BUF_ADD(&in, "\r\nx");
		mime_parse(buf_str(&in), arena, &root);
		assert_int_equal(
		    depth_of(root, &last), levels < MIME_DEPTH_MAX ? levels : MIME_DEPTH_MAX);
		assert_int_equal(
		    last->kind, levels <= MIME_DEPTH_MAX ? MIME_TEXT : MIME_OPAQUE);
		buf_release(&in);
		arena_free(&arena);
	}
}

static void has_no_more_parts_than_the_limit(void **state)
{
	(void)state;
	for (size_t parts = MIME_PARTS_MAX - 2; parts <= MIME_PARTS_MAX; parts++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(1000000);
		struct mime_part *root;

		BUF_ADD(&in, MIXED);
		for (size_t i = 0; i < parts; i++)
			BUF_ADD(&in, "--b\r\n\r\nx\r\n");
		mime_parse(buf_str(&in), arena, &root);
		assert_int_equal(
		    root->child_count, parts < MIME_PARTS_MAX ? parts : MIME_PARTS_MAX - 1);
		buf_release(&in);
		arena_free(&arena);
	}
}

static void takes_so_many_blanks_behind_a_boundary(void **state)
{
	(void)state;
	for (size_t blanks = MIME_PADDING_MAX - 1; blanks <= MIME_PADDING_MAX + 1; blanks++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(10000);
		struct mime_part *root;

		BUF_ADD(&in, MIXED "--b");
		for (size_t i = 0; i < blanks; i++)
			BUF_ADD(&in, " ");
		BUF_ADD(&in, "\n\nx");
		mime_parse(buf_str(&in), arena, &root);
		assert_int_equal(root->child->body_size, blanks <= MIME_PADDING_MAX);
		buf_release(&in);
		arena_free(&arena);
	}
}

/* Not timed: quadratic work would let the run of all tests take minutes. */
static void takes_hostile_input(void **state)
{
	static const struct str units[] = { STR_INIT("--b\r\n"), STR_INIT("A: b\r\n"),
		STR_INIT("\r"), STR_INIT("\n"), STR_INIT("\0"), STR_INIT("Content-Type: ((((("),
		STR_INIT("--b\r\nContent-Type: multipart/x; boundary=b\r\n\r\n"),
		STR_INIT("--b\r\nContent-Type: message/rfc822\r\n\r\n") };

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(SIZE_MAX);
		struct mime_part *root;

		BUF_ADD(&in, MIXED);
		while (in.n < 1000000)
			buf_add_str(&in, units[i]);
		mime_parse(buf_str(&in), arena, &root);
		assert_int_equal(root->header_size + root->body_size, in.n);
		buf_release(&in);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_parts),
		cmocka_unit_test(tells_a_boundary_from_one_that_begins_with_it),
		cmocka_unit_test(ends_inner_parts_at_an_outer_delimiter),
		cmocka_unit_test(gives_the_innermost_a_boundary_used_twice),
		cmocka_unit_test(keeps_children_inside),
		cmocka_unit_test(knows_offsets_and_fields),
		cmocka_unit_test(knows_encodings),
		cmocka_unit_test(keeps_what_is_too_deep_as_a_leaf),
		cmocka_unit_test(has_no_more_parts_than_the_limit),
		cmocka_unit_test(takes_so_many_blanks_behind_a_boundary),
		cmocka_unit_test(takes_hostile_input),
	};

	return cmocka_run_group_tests_name("mime/message", tests, NULL, NULL);
}
