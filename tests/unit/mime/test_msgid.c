#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/msgid.h"

static const struct {
	const char *in, *want; /* identifiers, each in bars */
} cases[] = {
	{ "", "" },
	{ " <a@b>", "|a@b|" },
	{ "<a@b> <c@d>\r\n\t<e@f>", "|a@b||c@d||e@f|" },
	{ "<a@b><c@d>,<e@f>", "|a@b||c@d||e@f|" },
	{ "Your message of \"Mon\" <a@b> (c)", "|a@b|" },
	{ "< a @ b >", "|a@b|" },
	{ "<a\r\n b@c>", "|ab@c|" },
	/* RFC 5256: the same identifier */
	{ "<\"01KF8JCEOCBS0045PS\"@xxx.yyy.com>", "|01KF8JCEOCBS0045PS@xxx.yyy.com|" },
	{ "<\"a b\\\"c\"@d>", "|a b\"c@d|" },
	{ "<no-at-sign>", "|no-at-sign|" },
	{ "<>", "" },
	{ "<a@b", "" },
	{ "<a@b <c@d>", "|c@d|" },
	{ "a@b", "" },
	{ "> <a@b>", "|a@b|" },
};

static void reads_identifiers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct buf out = BUF_INIT(1000);
		struct str ids[10];
		size_t count = mime_message_ids(str_from(cases[i].in), arena, ids, 10);

		for (size_t j = 0; j < count; j++)
			buf_printf(&out, "|%.*s|", STR_ARG(ids[j]));
		if (!str_equal(buf_str(&out), str_from(cases[i].want)))
			fail_msg("%s: %.*s", cases[i].in, STR_ARG(buf_str(&out)));
		buf_release(&out);
		arena_free(&arena);
	}
}

static void stops_at_the_limit(void **state)
{
	struct arena *arena = arena_new("test");
	struct str ids[3];

	(void)state;
	for (size_t max = 0; max <= 3; max++)
		assert_int_equal(
		    mime_message_ids(STR("<a> <b>"), arena, ids, max), max < 2 ? max : 2);
	arena_free(&arena);
}

static void takes_one_without_brackets(void **state)
{
	struct arena *arena = arena_new("test");
	struct str id;

	(void)state;
	assert_true(mime_message_id(STR(" a@b (x)"), arena, &id));
	assert_true(str_equal(id, STR("a@b")));
	assert_true(mime_message_id(STR("x <a@b>"), arena, &id));
	assert_true(str_equal(id, STR("a@b")));
	assert_false(mime_message_id(STR(" \r\n "), arena, &id));
	assert_false(mime_message_id(STR_EMPTY, arena, &id));
	arena_free(&arena);
}

static void takes_hostile_input(void **state)
{
	static const char *const units[] = { "<", ">", "<a", "\"", "<\"", "< >" };

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(SIZE_MAX);
		struct str ids[100];

		while (in.n < 1000000)
			buf_add_str(&in, str_from(units[i]));
		(void)mime_message_ids(buf_str(&in), arena, ids, COUNT(ids));
		buf_release(&in);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_identifiers),
		cmocka_unit_test(stops_at_the_limit),
		cmocka_unit_test(takes_one_without_brackets),
		cmocka_unit_test(takes_hostile_input),
	};

	return cmocka_run_group_tests_name("mime/msgid", tests, NULL, NULL);
}
