#include "tests/cm.h"

#include "cli/json.h"

#include <stdlib.h>
#include <string.h>

/* A file in memory that a writer writes to. */
struct memory {
	FILE *file;
	char *text;
	size_t n;
};

static void memory_open(struct memory *memory)
{
	memory->file = open_memstream(&memory->text, &memory->n);
	assert_non_null(memory->file);
}

static void assert_wrote(struct memory *memory, const char *want)
{
	(void)fclose(memory->file);
	assert_string_equal(memory->text, want);
	(free)(memory->text);
}

static void writes_objects_and_arrays(void **state)
{
	struct memory memory;
	struct json json;

	(void)state;
	memory_open(&memory);
	json = JSON_TO(memory.file);
	json_array(&json);
	json_object(&json);
	json_name_str(&json, "name", STR("ann"));
	json_name_int(&json, "id", -4);
	json_name(&json, "list");
	json_array(&json);
	json_int(&json, 1);
	json_bool(&json, false);
	json_array_end(&json);
	json_object_end(&json);
	json_object(&json);
	json_object_end(&json);
	json_array_end(&json);
	assert_wrote(
	    &memory, "[\n{\"name\": \"ann\", \"id\": -4, \"list\": [1, false]},\n{}\n]\n");
}

static void an_empty_list_is_a_list(void **state)
{
	struct memory memory;
	struct json json;

	(void)state;
	memory_open(&memory);
	json = JSON_TO(memory.file);
	json_array(&json);
	json_array_end(&json);
	assert_wrote(&memory, "[]\n");
}

/* RFC 8259 section 7, and that no answer can fail to be UTF-8 */
static void escapes_text(void **state)
{
	static const struct {
		struct str in;
		const char *want;
	} cases[] = {
		{ STR_INIT("a\"b\\c/d"), "[\n\"a\\\"b\\\\c/d\"\n]\n" },
		{ STR_INIT("\b\t\n\v\f\r\x1b\x7f"),
		    "[\n\"\\b\\t\\n\\u000b\\f\\r\\u001b\\u007f\"\n]\n" },
		{ STR_INIT("a\0b"), "[\n\"a\\u0000b\"\n]\n" },
		{ STR_INIT("\xc3\xa9\xf0\x9f\x90\xa7"),
		    "[\n\"\xc3\xa9\xf0\x9f\x90\xa7\"\n]\n" },
		{ STR_INIT("\xe2\x80\xa8"), "[\n\"\\u2028\"\n]\n" },
		{ STR_INIT("a\xff\xc3"), "[\n\"a\xef\xbf\xbd\xef\xbf\xbd\"\n]\n" },
		{ STR_INIT("\xed\xa0\x80"),
		    "[\n\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"\n]\n" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct memory memory;
		struct json json;

		memory_open(&memory);
		json = JSON_TO(memory.file);
		json_array(&json);
		json_str(&json, cases[i].in);
		json_array_end(&json);
		assert_wrote(&memory, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_objects_and_arrays),
		cmocka_unit_test(an_empty_list_is_a_list),
		cmocka_unit_test(escapes_text),
	};

	return cmocka_run_group_tests_name("cli/json", tests, NULL, NULL);
}
