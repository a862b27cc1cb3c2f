#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/address_lex.h"

/* W word, Q quoted, L literal, S special; '_' after white space or a comment */
static const struct {
	const char *in, *want;
} cases[] = {
	{ "", "" },
	{ "(only a comment)", "" },
	{ "a.b c", "W[a.b]_W[c]" },
	{ "a@b", "W[a]S[@]W[b]" },
	{ "a(x)@ [1.2]", "W[a]_S[@]_L[[1.2]]" },
	{ "[a]@[b", "W[[a]]S[@]W[[b]" },
	{ "a@[IPv6:::1],", "W[a]S[@]L[[IPv6:::1]]S[,]" },
	{ "a@[b@c]", "W[a]S[@]W[[b]S[@]W[c]]" },
	{ "\"a\\\"b\"c", "Q[a\\\"b]W[c]" },
	{ "\"a (b c", "W[\"a]_W[(b]_W[c]" },
	{ "=?a?q?b,c?=d,e", "W[=?a?q?b,c?=d]S[,]W[e]" },
	{ "=?a?q?b c,d?=", "W[=?a?q?b]_W[c]S[,]W[d?=]" },
	{ "<>:;", "S[<]S[>]S[:]S[;]" },
};

static void splits_into_tokens(void **state)
{
	static const char kinds[] = { [TOKEN_WORD] = 'W',
		[TOKEN_QUOTED] = 'Q',
		[TOKEN_LITERAL] = 'L',
		[TOKEN_SPECIAL] = 'S' };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct str in = str_from(cases[i].in);
		struct address_lexer lx = address_lexer_of(in.p, in.p + in.n);
		struct buf out = BUF_INIT(1000);

		while (address_next(&lx) != TOKEN_END)
			buf_printf(&out, "%s%c[%.*s]", lx.after_blank ? "_" : "",
			    kinds[lx.kind], STR_ARG(lx.text));
		if (!str_equal(buf_str(&out), str_from(cases[i].want)))
			fail_msg("%s: %.*s", cases[i].in, STR_ARG(buf_str(&out)));
		buf_release(&out);
	}
}

static const struct {
	const char *in;
	enum join how;
	const char *want; /* NULL: no text at all */
} render_cases[] = {
	{ " (x) ", JOIN_PHRASE, NULL },
	{ "\"\"", JOIN_PHRASE, "" },
	{ " a  \"b\\\"\"(x) c ", JOIN_PHRASE, "a b\" c" },
	{ "a . b", JOIN_PHRASE, "a . b" },
	{ "a . b c @ d", JOIN_ADDRESS, "a.b c@d" },
	{ "a>", JOIN_ADDRESS, "a" },
	{ "a>", JOIN_PHRASE, "a>" },
};

static void puts_texts_together(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(render_cases); i++) {
		struct str in = str_from(render_cases[i].in);
		struct str got = address_render(in.p, in.p + in.n, render_cases[i].how, arena);

		if ((got.p == NULL) != (render_cases[i].want == NULL) ||
		    !str_equal(got, str_from(render_cases[i].want)))
			fail_msg("%s: %.*s", render_cases[i].in, STR_ARG(got));
	}
	assert_true(str_equal(
	    address_render_comment(STR(" a\r\n  b\\) (c) "), arena), STR("a b) (c)")));
	assert_null(address_render_comment(STR(" "), arena).p);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_into_tokens),
		cmocka_unit_test(puts_texts_together),
	};

	return cmocka_run_group_tests_name("mime/address_lex", tests, NULL, NULL);
}
