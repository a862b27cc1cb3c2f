#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "cli/json_read.h"

static const struct {
	struct str in;
	enum errc want;
	size_t fields;
} cases[] = {
	{ STR_INIT("{}"), OK, 0 },
	{ STR_INIT(" { } \n"), OK, 0 },
	{ STR_INIT("{\"a\":1}"), OK, 1 },
	{ STR_INIT("{ \"a\" : \"x\" , \"b\" : true,\"c\":null, \"d\" : false }"), OK, 4 },
	{ STR_INIT("{\"a\":-1.5e+7}"), OK, 1 },
	{ STR_INIT("{\"a\":01}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":1.}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":+1}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":1,}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\" 1}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{a:1}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":1"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"x}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"\\\"}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"\\x41\"}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"\\ud800\"}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"\\udc00\\ud800\"}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":\"\n\"}"), ERR_SYNTAX, 0 },
	{ STR_INIT("{\"a\":{}}"), ERR_UNSUPPORTED, 0 },
	{ STR_INIT("{\"a\":[1]}"), ERR_UNSUPPORTED, 0 },
	{ STR_INIT("[]"), ERR_SYNTAX, 0 },
	{ STR_INIT(""), ERR_SYNTAX, 0 },
};

static void reads_flat_objects_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct cursor c = cursor_of(cases[i].in);
		struct json_flat flat;
		enum errc got = json_read_flat(&c, arena, &flat, NULL);

		if (got != cases[i].want || (got == OK && flat.count != cases[i].fields) ||
		    (got == OK && !cursor_at_end(&c)))
			fail_msg("case %zu: got %d", i, (int)got);
		arena_free(&arena);
	}
}

static void undoes_every_escape(void **state)
{
	struct arena *arena = arena_new("test");
	struct cursor c = cursor_of(
	    STR("{\"t\":\"a\\\"\\\\\\/\\b\\f\\n\\r\\tb\\u0041\\u00e9\\u20ac\\uD83D\\uDE00.\","
		"\"n\":42,\"m\":-3,\"e\":\"\"}"));
	struct json_flat flat;

	(void)state;
	assert_int_equal(json_read_flat(&c, arena, &flat, NULL), OK);
	assert_true(str_equal(json_flat_text(&flat, "t"),
	    STR("a\"\\/\b\f\n\r\tbA\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.")));
	assert_int_equal(json_flat_int(&flat, "n"), 42);
	assert_int_equal(json_flat_int(&flat, "m"), 0);
	assert_int_equal(json_flat_int(&flat, "none"), 0);
	assert_non_null(json_flat_text(&flat, "e").p);
	assert_null(json_flat_text(&flat, "none").p);
	arena_free(&arena);
}

static enum errc read_members(unsigned count)
{
	struct arena *arena = arena_new("test");
	struct str text = STR("{");
	struct json_flat flat;
	struct cursor c;
	enum errc rc;

	for (unsigned i = 0; i < count; i++)
		text = str_printf(arena, "%.*s%s\"a\":1", STR_ARG(text), i > 0 ? "," : "");
	text = str_printf(arena, "%.*s}", STR_ARG(text));
	c = cursor_of(text);
	rc = json_read_flat(&c, arena, &flat, NULL);
	arena_free(&arena);
	return rc;
}

static void has_room_for_so_many_members(void **state)
{
	(void)state;
	assert_int_equal(read_members(JSON_FIELDS_MAX - 1), OK);
	assert_int_equal(read_members(JSON_FIELDS_MAX), OK);
	assert_int_equal(read_members(JSON_FIELDS_MAX + 1), ERR_LIMIT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_flat_objects_and_nothing_else),
		cmocka_unit_test(undoes_every_escape),
		cmocka_unit_test(has_room_for_so_many_members),
	};

	return cmocka_run_group_tests_name("cli/json_read", tests, NULL, NULL);
}
