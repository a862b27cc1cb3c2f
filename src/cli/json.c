#include "cli/json.h"

#include "base/cursor.h"
#include "base/utf8.h"

#include <assert.h>

/* What stands before a value: a comma after another, and a line of its own for what an array of the top holds. */
static void begin_value(struct json *json)
{
	if (json->after_name) {
		json->after_name = false;
		return;
	}
	if (json->has_items[json->depth])
		(void)fputc(',', json->out);
	if (json->depth == 1)
		(void)fputc('\n', json->out);
	else if (json->has_items[json->depth])
		(void)fputc(' ', json->out);
	json->has_items[json->depth] = true;
}

static void open_level(struct json *json, char bracket)
{
	begin_value(json);
	assert(json->depth < JSON_DEPTH_MAX);
	(void)fputc(bracket, json->out);
	json->has_items[++json->depth] = false;
}

static void close_level(struct json *json, char bracket)
{
	if (json->depth == 1 && json->has_items[1])
		(void)fputc('\n', json->out);
	json->depth--;
	(void)fputc(bracket, json->out);
	if (json->depth == 0)
		(void)fputc('\n', json->out);
}

void json_object(struct json *json)
{
	open_level(json, '{');
}

void json_object_end(struct json *json)
{
	close_level(json, '}');
}

void json_array(struct json *json)
{
	open_level(json, '[');
}

void json_array_end(struct json *json)
{
	close_level(json, ']');
}

static void write_char(FILE *out, uint32_t code)
{
	static const char letters[] = "btnvfr"; /* U+0008 to U+000D; v has no short form */
	char bytes[UTF8_CHAR_MAX];

	if (code == '"' || code == '\\')
		(void)fprintf(out, "\\%c", (int)code);
	else if (code >= 8 && code <= 13 && code != 11)
		(void)fprintf(out, "\\%c", letters[code - 8]);
	else if (code < 0x20 || code == 0x7f || code == 0x2028 || code == 0x2029)
		(void)fprintf(out, "\\u%04x", (unsigned)code);
	else
		(void)fwrite(bytes, 1, utf8_encode(code, bytes), out);
}

static void write_text(FILE *out, struct str text)
{
	struct cursor c = cursor_of(text);

	(void)fputc('"', out);
	while (!cursor_at_end(&c)) {
		uint32_t code = 0xfffd;

		if (!utf8_next(&c, &code))
			c.p++;
		write_char(out, code);
	}
	(void)fputc('"', out);
}

void json_name(struct json *json, const char *name)
{
	begin_value(json);
	(void)fprintf(json->out, "\"%s\": ", name);
	json->after_name = true;
}

void json_name_of(struct json *json, struct str name)
{
	begin_value(json);
	write_text(json->out, name);
	(void)fputs(": ", json->out);
	json->after_name = true;
}

void json_str(struct json *json, struct str value)
{
	begin_value(json);
	write_text(json->out, value);
}

void json_int(struct json *json, int64_t value)
{
	begin_value(json);
	(void)fprintf(json->out, "%lld", (long long)value);
}

void json_bool(struct json *json, bool value)
{
	begin_value(json);
	(void)fputs(value ? "true" : "false", json->out);
}

void json_name_str(struct json *json, const char *name, struct str value)
{
	json_name(json, name);
	json_str(json, value);
}

void json_name_int(struct json *json, const char *name, int64_t value)
{
	json_name(json, name);
	json_int(json, value);
}

void json_name_bool(struct json *json, const char *name, bool value)
{
	json_name(json, name);
	json_bool(json, value);
}
