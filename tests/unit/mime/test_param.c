#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/param.h"

static void assert_str(struct str got, const char *want)
{
	if (!str_equal(got, str_from(want)))
		fail_msg("got \"%.*s\", want \"%s\"", STR_ARG(got), want);
}

static const struct {
	const char *value, *type, *subtype; /* NULL: no type */
} type_cases[] = {
	{ "text/plain", "text", "plain" },
	{ " TEXT / (x) Plain ; a=b", "TEXT", "Plain" },
	{ "(a)text/(b(c))html(d)", "text", "html" },
	{ "application/vnd.x+y-z", "application", "vnd.x+y-z" },
	{ "text/plain/x", "text", "plain" },
	{ "text/plain charset=x", "text", "plain" },
	{ "text", NULL, NULL },
	{ "text/", NULL, NULL },
	{ "/plain", NULL, NULL },
	{ "", NULL, NULL },
	{ "\"text\"/plain", NULL, NULL },
	{ "(text/plain", NULL, NULL },
};

static void reads_types(void **state)
{
	struct str type, subtype, rest;

	(void)state;
	for (size_t i = 0; i < COUNT(type_cases); i++) {
		bool found =
		    mime_content_type(str_from(type_cases[i].value), &type, &subtype, &rest);

		assert_int_equal(found, type_cases[i].type != NULL);
		if (!found)
			continue;
		assert_str(type, type_cases[i].type);
		assert_str(subtype, type_cases[i].subtype);
	}
}

/* name=[value] */
static const struct {
	const char *in, *want;
} param_cases[] = {
	{ "; charset=us-ascii", "charset=[us-ascii]" },
	/* RFC 2045 5.1: the same */
	{ "; charset=us-ascii (Plain text)", "charset=[us-ascii]" },
	{ "; charset=\"us-ascii\"", "charset=[us-ascii]" },
	{ " ; a = b ;; c=\"d e\" ; ", "a=[b]c=[d e]" },
	{ ";a=b;a=c", "a=[b]a=[c]" },
	{ "; a=\"\"; b=; c", "a=[]b=[]" },
	{ "; a=\"x\\\"y\\\\z\"", "a=[x\"y\\z]" },
	{ "; a=\"x\r\n y\"", "a=[x y]" },
	{ ";\r\n\ta=b;\r\n\tc=d", "a=[b]c=[d]" },
	/* found in the wild */
	{ "; name=my file.txt; a=b", "name=[my file.txt]a=[b]" },
	{ "; name=my\r\n file.txt", "name=[my file.txt]" },
	{ "; name=a(1).txt", "name=[a(1).txt]" },
	{ "; charset=utf-8 format=flowed", "charset=[utf-8]format=[flowed]" },
	{ "; charset=\"utf-8\" format=flowed", "charset=[utf-8]format=[flowed]" },
	{ " charset=utf-8", "charset=[utf-8]" },
	{ "; boundary=----=_Part/1:2?", "boundary=[----=_Part/1:2?]" },
	{ "; name=\"open; a=b", "name=[open]a=[b]" },
	{ "; name=\"x\"y; a=b", "name=[x]a=[b]" },
	{ "; =x; a=b", "a=[b]" },
	{ "; \"; a=b", "a=[b]" },
	{ "; a=b; (c=d", "a=[b]" },
	{ "; a=\"b\\", "a=[b\\]" },
	{ "", "" },
	{ ";", "" },
	/* RFC 2231 section 3 and 4.1 */
	{ "; URL*0=\"ftp://\";\r\n URL*1=\"cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar\"",
	    "URL=[ftp://cs.utk.edu/pub/moore/bulk-mailer/bulk-mailer.tar]" },
	{ "; title*=us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A",
	    "title*=[us-ascii'en-us'This%20is%20%2A%2A%2Afun%2A%2A%2A]" },
	{ "; title*0*=us-ascii'en'This%20is%20even%20more%20\r\n"
	  "; title*1*=%2A%2A%2Afun%2A%2A%2A%20\r\n; title*2=\"isn't it!\"",
	    "title*=[us-ascii'en'This%20is%20even%20more%20%2A%2A%2Afun%2A%2A%2A%20isn%27t%"
	    "20it!]" },
	{ "; k*1=b; x=y; k*0=a; K*2=c", "x=[y]k=[abc]" },
	{ "; k*0=a; k*1*=b%25", "k*=[''ab%25]" },
	{ "; k*1=b; k*2=c", "k*1=[b]k*2=[c]" },
	{ "; k*0=a; k*2=c", "k=[a]k*2=[c]" },
	{ "; *=x; *0=y; k**=z", "*=[x]*0=[y]k**=[z]" },
};

static void reads_parameters(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(param_cases); i++) {
		struct arena *arena = arena_new("test");
		struct buf out = BUF_INIT(10000);
		struct mime_param params[MIME_PARAMS_MAX];
		size_t count =
		    mime_params(str_from(param_cases[i].in), arena, params, COUNT(params));

		for (size_t j = 0; j < count; j++)
			buf_printf(&out, "%.*s=[%.*s]", STR_ARG(params[j].name),
			    STR_ARG(params[j].value));
		assert_str(buf_str(&out), param_cases[i].want);
		buf_release(&out);
		arena_free(&arena);
	}
}

static void stops_at_the_limit(void **state)
{
	(void)state;
	for (size_t n = MIME_PARAMS_MAX - 1; n <= MIME_PARAMS_MAX + 1; n++) {
		struct arena *arena = arena_new("test");
		struct mime_param params[MIME_PARAMS_MAX];
		struct buf in = BUF_INIT(100000);

		for (size_t i = 0; i < n; i++)
			buf_printf(&in, ";k*%zu=x", i);
		assert_int_equal(mime_params(buf_str(&in), arena, params, SIZE_MAX), 1);
		assert_int_equal(
		    params[0].value.n, n < MIME_PARAMS_MAX ? n : (size_t)MIME_PARAMS_MAX);
		buf_release(&in);
		arena_free(&arena);
	}
}

static const struct {
	const char *in, *name, *raw, *utf8;
} find_cases[] = {
	{ "; Name=x", "name", "x", "x" },
	{ "; name*=iso-8859-1'de'J%FCrgen", "name", "J\xfcrgen", "J\xc3\xbcrgen" },
	{ "; name*0*=utf-8''J%C3; name*1*=%BCrgen", "name", "J\xc3\xbcrgen", "J\xc3\xbcrgen" },
	{ "; name=plain; name*=utf-8''ext", "name", "ext", "ext" },
	{ "; name*=no-quotes%20here", "name", "no-quotes here", "no-quotes here" },
	{ "; name*=x-none''a%zz", "name", "a%zz", "a%zz" },
	{ "; name=\"=?iso-8859-1?Q?J=FCrgen?=\"", "name",
	    "=?iso-8859-1?Q?J=FCrgen?=", "J\xc3\xbcrgen" },
};

static void finds_and_decodes(void **state)
{
	struct arena *arena = arena_new("test");
	struct str got;

	(void)state;
	for (size_t i = 0; i < COUNT(find_cases); i++) {
		struct str in = str_from(find_cases[i].in), name = str_from(find_cases[i].name);

		assert_true(mime_param_find(in, name, arena, &got));
		assert_str(got, find_cases[i].raw);
		assert_true(mime_param_text(in, name, arena, &got));
		assert_str(got, find_cases[i].utf8);
	}
	assert_false(mime_param_find(STR("; names=x; nam=y"), STR("name"), arena, &got));
	assert_false(mime_param_text(STR(""), STR("name"), arena, &got));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_types),
		cmocka_unit_test(reads_parameters),
		cmocka_unit_test(stops_at_the_limit),
		cmocka_unit_test(finds_and_decodes),
	};

	return cmocka_run_group_tests_name("mime/param", tests, NULL, NULL);
}
