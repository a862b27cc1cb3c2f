#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/address.h"
#include "mime/limits.h"

static void add(struct buf *out, struct str s, const char *after)
{
	if (s.p)
		buf_printf(out, "[%.*s]%s", STR_ARG(s), after);
	else
		buf_printf(out, "-%s", after);
}

/* name adl mailbox host; '-' is NIL */
static const struct {
	const char *in, *want;
} cases[] = {
	{ "", "" },
	{ " \r\n ", "" },
	{ "(nobody)", "" },
	{ ",,;,", "" },
	{ "user@domain", "- - [user] [domain]\n" },
	{ "<user@domain>", "- - [user] [domain]\n" },
	{ "foo bar <user@domain>", "[foo bar] - [user] [domain]\n" },
	{ "\"foo \\\"bar\\\"\" <user@domain>", "[foo \"bar\"] - [user] [domain]\n" },
	{ "foo  \"bar,\"\r\n baz <user@domain>", "[foo bar, baz] - [user] [domain]\n" },
	{ "user@domain (Real (R.) Name)", "[Real (R.) Name] - [user] [domain]\n" },
	{ "(Real\r\n Name) user@domain", "[Real Name] - [user] [domain]\n" },
	{ "a@b, c@d,e@f", "- - [a] [b]\n- - [c] [d]\n- - [e] [f]\n" },
	/* RFC 5322 A.1.2, A.1.3, A.5, A.6.1 */
	{ "\"Joe Q. Public\" <john.q.public@example.com>",
	    "[Joe Q. Public] - [john.q.public] [example.com]\n" },
	{ "Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
	    "[Mary Smith] - [mary] [x.test]\n- - [jdoe] [example.org]\n[Who?] - [one] "
	    "[y.test]\n" },
	{ "A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
	    "- - [A Group] -\n[Ed Jones] - [c] [a.test]\n- - [joe] [where.test]\n[John] - "
	    "[jdoe] "
	    "[one.test]\n- - - -\n" },
	{ "Undisclosed recipients:;", "- - [Undisclosed recipients] -\n- - - -\n" },
	{ "Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>",
	    "[Pete] - [pete] [silly.test]\n" },
	{ "A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n"
	  "         joe@example.org,\r\n  John <jdoe@one.test> (my dear friend); (the end of "
	  "the "
	  "group)",
	    "- - [A Group] -\n[Chris Jones] - [c] [public.example]\n- - [joe] [example.org]\n"
	    "[John] - [jdoe] [one.test]\n- - - -\n" },
	{ "(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;",
	    "- - [Hidden recipients] -\n- - - -\n" },
	{ "Joe Q. Public <john.q.public@example.com>",
	    "[Joe Q. Public] - [john.q.public] [example.com]\n" },
	{ "Mary Smith <@node.test:mary@example.net>, , jdoe@test  . example",
	    "[Mary Smith] [@node.test] [mary] [example.net]\n- - [jdoe] [test.example]\n" },
	{ "<@a,@b (x):c@d>", "- [@a,@b] [c] [d]\n" },
	{ "group: <@r:u@d>;, g2: x@y",
	    "- - [group] -\n- [@r] [u] [d]\n- - - -\n- - [g2] -\n- - [x] "
	    "[y]\n- - - -\n" },
	{ "\"john doe\"@x", "- - [john doe] [x]\n" },
	{ "<\"a@b\"@c>", "- - [a@b] [c]\n" },
	{ "user@[127.0.0.1]", "- - [user] [[127.0.0.1]]\n" },
	{ "<user@[IPv6:::1]>", "- - [user] [[IPv6:::1]]\n" },
	{ "j\xc3\xbcrgen@b\xc3\xbc.example", "- - [j\xc3\xbcrgen] [b\xc3\xbc.example]\n" },
	{ "=?utf-8?Q?Doe,_J?= <j@x>", "[=?utf-8?Q?Doe,_J?=] - [j] [x]\n" },
	/* what is missing is empty, since NIL means a group (RFC 9051 7.5.2) */
	{ "undisclosed-recipients", "- - [undisclosed-recipients] []\n" },
	{ "user (hello)", "[hello] - [user] []\n" },
	{ "hello <user>", "[hello] - [user] []\n" },
	{ "@domain", "- - [] [domain]\n" },
	{ "user@", "- - [user] []\n" },
	{ "<>", "- - [] []\n" },
	{ "hello <>", "[hello] - [] []\n" },
	{ "\"\" <a@b>", "- - [a] [b]\n" },
	/* found in the wild */
	{ "a@b <a@b>", "[a@b] - [a] [b]\n" },
	{ "a@b; c@d", "- - [a] [b]\n- - [c] [d]\n" },
	{ "John Doe jd@example.com", "[John Doe] - [jd] [example.com]\n" },
	{ "jd@example.com John Doe", "[John Doe] - [jd] [example.com]\n" },
	{ "[list] name <a@b>", "[[list] name] - [a] [b]\n" },
	{ "Foo <a@b, Bar <c@d>", "[Foo] - [a] [b]\n[Bar] - [c] [d]\n" },
	{ "Foo <bar> <a@b>", "[Foo <bar>] - [a] [b]\n" },
	{ "\"Foo <a@b>", "[\"Foo] - [a] [b]\n" },
	{ "Foo (bar <a@b>", "[Foo (bar] - [a] [b]\n" },
	{ "a@b@c", "- - [a@b] [c]\n" },
	{ "<a b@c>", "- - [a b] [c]\n" },
	{ "<a@b", "- - [a] [b]\n" },
	{ "a@b>", "- - [a] [b]\n" },
	{ "group: a@b", "- - [group] -\n- - [a] [b]\n- - - -\n" },
	{ "group: other: a@b;", "- - [group] -\n[other:] - [a] [b]\n- - - -\n" },
	{ "a\\", "- - [a\\] []\n" },
};

static void reads_lists(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct mime_address_list list = { .first = NULL };
		struct buf out = BUF_INIT(10000);

		mime_addresses(str_from(cases[i].in), MIME_ADDRESSES_MAX, arena, &list);
		for (const struct mime_address *a = list.first; a; a = a->next) {
			add(&out, a->name, " ");
			add(&out, a->adl, " ");
			add(&out, a->mailbox, " ");
			add(&out, a->host, "\n");
		}
		if (!str_equal(buf_str(&out), str_from(cases[i].want)))
			fail_msg("%s\ngot\n%.*swant\n%s", cases[i].in, STR_ARG(buf_str(&out)),
			    cases[i].want);
		buf_release(&out);
		arena_free(&arena);
	}
}

static void joins_fields_up_to_the_limit(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_address_list list = { .first = NULL };

	(void)state;
	mime_addresses(STR("a@b, c@d"), 3, arena, &list);
	assert_int_equal(list.count, 2);
	mime_addresses(STR("e@f"), 3, arena, &list);
	assert_int_equal(list.count, 3);
	mime_addresses(STR("g@h"), 3, arena, &list);
	assert_int_equal(list.count, 3);
	assert_true(str_equal(list.first->next->next->mailbox, STR("e")));
	assert_null(list.first->next->next->next);
	arena_free(&arena);
}

static void finds_the_first_address(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_address address;

	(void)state;
	assert_true(mime_address_first(STR("g:;, h: A <a@b>, c@d;"), arena, &address));
	assert_true(str_equal(address.mailbox, STR("a")));
	assert_true(str_equal(address.name, STR("A")));
	assert_false(mime_address_first(STR("g:;"), arena, &address));
	assert_false(mime_address_first(STR_EMPTY, arena, &address));
	arena_free(&arena);
}

static void writes_lists_for_reading(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_address_list list = { .first = NULL };
	struct buf out = BUF_INIT(1000);

	(void)state;
	mime_addresses(
	    STR("A \"B\" <a (x)@ (y) b>, g: c@d, e@f;, h:;, i@j"), 100, arena, &list);
	mime_addresses_write(&list, &out);
	assert_true(str_equal(buf_str(&out), STR("A B <a@b>, g: <c@d>, <e@f>;, h: ;, <i@j>")));
	buf_release(&out);
	arena_free(&arena);
}

static void takes_hostile_input(void **state)
{
	static const char *const units[] = { "(", "\"", "<", "\\", "a:", ";", "@", "=?",
		"=?a?q?", "(\\", "\"\\", "<@", "[", "a b ", ",", ".", "<a@b>", "((a)" };

	(void)state;
	for (size_t i = 0; i < COUNT(units); i++) {
		struct arena *arena = arena_new("test");
		struct mime_address_list list = { .first = NULL };
		struct buf in = BUF_INIT(SIZE_MAX);

		while (in.n < 300000)
			buf_add_str(&in, str_from(units[i]));
		mime_addresses(buf_str(&in), MIME_ADDRESSES_MAX, arena, &list);
		assert_true(list.count <= MIME_ADDRESSES_MAX);
		buf_release(&in);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_lists),
		cmocka_unit_test(joins_fields_up_to_the_limit),
		cmocka_unit_test(finds_the_first_address),
		cmocka_unit_test(writes_lists_for_reading),
		cmocka_unit_test(takes_hostile_input),
	};

	return cmocka_run_group_tests_name("mime/address", tests, NULL, NULL);
}
