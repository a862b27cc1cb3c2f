#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "cli/args.h"

#include <string.h>

static const struct cli_option table[] = {
	{ .name = "password", .value = "P" },
	{ .name = "alias", .value = "A", .many = true },
	{ .name = "json" },
};

#define ARGV(...) ((char *[]){ __VA_ARGS__ }), COUNT(((char *[]){ __VA_ARGS__ }))

static enum errc parse(
    struct arena *arena, char **argv, size_t argc, struct cli_args *args, struct err *err)
{
	static const struct cli_options options = { .item = table, .count = COUNT(table) };

	return cli_args_parse(&options, (int)argc, argv, arena, args, err);
}

static void takes_words_and_options_in_any_order(void **state)
{
	struct arena *arena = arena_new("test");
	struct cli_args args;
	const struct str *aliases;
	size_t count;

	(void)state;
	assert_int_equal(parse(arena,
			     ARGV("--alias", "a@x", "ann", "--json", "--password=p=q",
				 "--alias=b@x", "more"),
			     &args, NULL),
	    OK);
	assert_int_equal(args.word_count, 2);
	assert_true(str_equal(args.words[0], STR("ann")));
	assert_true(str_equal(args.words[1], STR("more")));
	assert_true(cli_has(&args, "json"));
	assert_true(str_equal(cli_value(&args, "password"), STR("p=q")));
	aliases = cli_values(&args, "alias", arena, &count);
	assert_int_equal(count, 2);
	assert_true(str_equal(aliases[1], STR("b@x")));
	arena_free(&arena);
}

static void two_dashes_end_the_options(void **state)
{
	struct arena *arena = arena_new("test");
	struct cli_args args;

	(void)state;
	assert_int_equal(parse(arena, ARGV("--", "--json", "-x"), &args, NULL), OK);
	assert_int_equal(args.word_count, 2);
	assert_false(cli_has(&args, "json"));
	/* a dash alone is a word */
	assert_int_equal(parse(arena, ARGV("-"), &args, NULL), OK);
	assert_int_equal(args.word_count, 1);
	arena_free(&arena);
}

static void an_empty_value_is_a_value(void **state)
{
	struct arena *arena = arena_new("test");
	struct cli_args args;

	(void)state;
	assert_int_equal(parse(arena, ARGV("--password="), &args, NULL), OK);
	assert_true(cli_has(&args, "password"));
	assert_int_equal(cli_value(&args, "password").n, 0);
	assert_int_equal(parse(arena, ARGV("--password", ""), &args, NULL), OK);
	assert_true(cli_has(&args, "password"));
	arena_free(&arena);
}

static void refuses_what_is_not_in_the_table(void **state)
{
	static const struct {
		char *argv[3];
		const char *says;
	} cases[] = {
		{ { "--pasword", "x", "y" }, "--pasword (did you mean --password?)" },
		{ { "--xyzzyx", "x", "y" }, "unknown option --xyzzyx" },
		{ { "--json=1", "x", "y" }, "takes no value" },
		{ { "x", "y", "--password" }, "needs a value" },
		{ { "-j", "x", "y" }, "unknown option -j" },
		{ { "--json", "--json", "y" }, "given twice" },
	};
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *argv[3] = { cases[i].argv[0], cases[i].argv[1], cases[i].argv[2] };
		struct cli_args args;
		struct err err;

		assert_int_equal(parse(arena, argv, 3, &args, &err), ERR_ARG);
		if (!strstr(err.text, cases[i].says))
			fail_msg("case %zu: %s", i, err.text);
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_words_and_options_in_any_order),
		cmocka_unit_test(two_dashes_end_the_options),
		cmocka_unit_test(an_empty_value_is_a_value),
		cmocka_unit_test(refuses_what_is_not_in_the_table),
	};

	return cmocka_run_group_tests_name("cli/args", tests, NULL, NULL);
}
