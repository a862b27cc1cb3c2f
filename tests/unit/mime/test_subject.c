#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/limits.h"
#include "mime/subject.h"

static const struct {
	const char *in, *base;
	bool is_reply;
} cases[] = {
	{ "", "", false },
	{ "  \t ", "", false },
	{ "hello", "hello", false },
	{ " hello \t  world\r\n again ", "hello world again", false },
	{ "Re: hello", "hello", true },
	{ "re : hello", "hello", true },
	{ "RE:hello", "hello", true },
	{ "Re[2]: hello", "hello", true },
	{ "Re [x] : hello", "hello", true },
	{ "Fw: hello", "hello", true },
	{ "FWD: Fw: re: hello", "hello", true },
	{ "hello (fwd)", "hello", true },
	{ "hello (FWD) (fwd) ", "hello", true },
	{ "hello(fwd)", "hello", true },
	{ "[list] hello", "hello", false },
	{ "[list] Re: hello", "hello", true },
	{ "Re: [list] hello", "hello", true },
	{ "Re: [a] [b] Re: [c] hello", "hello", true },
	{ "[foo] Fwd: [bar] Re: fw: b (fWd)  (fwd)", "b", true },
	{ "[xyz]", "[xyz]", false },
	{ "[a][b]", "[b]", false },
	{ "Re: [xyz]", "[xyz]", true },
	{ "b (a)", "b (a)", false },
	{ "Re: [FWD: c]", "c", true },
	{ "[fwd: [fwd: Re: c (fwd)]]", "c", true },
	{ "[fwd: c", "[fwd: c", false },
	{ "[fwd:]", "", true },
	{ "Re:", "", true },
	{ "Re: (fwd)", "", true },
	{ "Request: x", "Request: x", false },
	{ "Re x", "Re x", false },
	{ "[un [closed] x", "[un [closed] x", false },
	{ "=?utf-8?q?Re:_J=C3=BC?=", "J\xc3\xbc", true },
};

static void finds_the_base_subject(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct mime_subject subject = mime_subject(str_from(cases[i].in), arena);

		if (!str_equal(subject.base, str_from(cases[i].base)) ||
		    subject.is_reply != cases[i].is_reply)
			fail_msg("\"%s\": \"%.*s\" %d", cases[i].in, STR_ARG(subject.base),
			    subject.is_reply);
		arena_free(&arena);
	}
}

/* i;unicode-casemap: '_' is behind the letters, case does not count. */
static void has_a_key_to_sort_by(void **state)
{
	static const char *const in_order[] = { "", "a", "Re: B", "b (a)", "c", "[xyz]", "_" };
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 1; i < COUNT(in_order); i++)
		assert_true(str_compare(mime_subject(str_from(in_order[i - 1]), arena).key,
				mime_subject(str_from(in_order[i]), arena).key) < 0);
	assert_true(str_equal(mime_subject(STR("re: \xc3\xbc"
					       "b"),
				  arena)
				  .key,
	    mime_subject(STR("=?iso-8859-1?q?=DCB?="), arena).key));
	arena_free(&arena);
}

static void looks_at_so_many_bytes(void **state)
{
	(void)state;
	for (size_t n = MIME_SUBJECT_MAX - 1; n <= MIME_SUBJECT_MAX + 1; n++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(SIZE_MAX);

		while (in.n < n)
			BUF_ADD(&in, "x");
		assert_int_equal(mime_subject(buf_str(&in), arena).base.n,
		    n < MIME_SUBJECT_MAX ? n : (size_t)MIME_SUBJECT_MAX);
		buf_release(&in);
		arena_free(&arena);
	}
}

static void takes_hostile_input(void **state)
{
	static const char *const units[] = { "[", "[]", "Re:", "[fwd:", "(fwd)", "re[", "]" };

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct arena *arena = arena_new("test");
		struct buf in = BUF_INIT(SIZE_MAX);

		while (in.n < MIME_SUBJECT_MAX)
			buf_add_str(&in, str_from(units[i]));
		(void)mime_subject(buf_str(&in), arena);
		buf_release(&in);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_base_subject),
		cmocka_unit_test(has_a_key_to_sort_by),
		cmocka_unit_test(looks_at_so_many_bytes),
		cmocka_unit_test(takes_hostile_input),
	};

	return cmocka_run_group_tests_name("mime/subject", tests, NULL, NULL);
}
