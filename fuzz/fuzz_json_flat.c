/*
 * A flat JSON object, as the control socket answers it. What was read, written again and read again is the same.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static void add_text(struct buf *out, struct str text)
{
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < 0x20 || c == '"' || c == '\\')
			buf_printf(out, "\\u%04x", c);
		else
			buf_add_char(out, text.p[i]);
	}
	buf_add_char(out, '"');
}

static void write_flat(struct buf *out, const struct json_flat *flat)
{
	BUF_ADD(out, "{");
	for (size_t i = 0; i < flat->count; i++) {
		const struct json_field *field = &flat->field[i];

		if (i > 0)
			BUF_ADD(out, ",");
		add_text(out, field->name);
		BUF_ADD(out, ":");
		if (field->kind == JSON_KIND_STRING)
			add_text(out, field->text);
		else
			buf_add_str(out, field->text);
	}
	BUF_ADD(out, "}");
}

static void check_again(const struct json_flat *flat, struct arena *arena)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct json_flat again;
	struct cursor c;

	write_flat(&out, flat);
	c = cursor_of(buf_str(&out));
	expect(json_read_flat(&c, arena, &again, NULL) == OK);
	expect(cursor_at_end(&c) && again.count == flat->count);
	for (size_t i = 0; i < flat->count; i++) {
		expect(again.field[i].kind == flat->field[i].kind);
		expect(str_equal(again.field[i].name, flat->field[i].name));
		expect(str_equal(again.field[i].text, flat->field[i].text));
	}
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cursor c = cursor_of((struct str){ (const char *)data, size });
	struct arena *arena = arena_new("fuzz");
	const char *start = c.p;
	struct json_flat flat;

	if (json_read_flat(&c, arena, &flat, NULL) == OK)
		check_again(&flat, arena);
	else
		expect(c.p == start);
	arena_free(&arena);
	return 0;
}
