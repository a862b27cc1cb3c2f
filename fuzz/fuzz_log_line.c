/*
 * A line of a log. Any text that is logged as a field comes back out of the line, in both formats, but for bytes that are
 * made visible; and any line at all may be read.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/log_text.h"
#include "base/str.h"
#include "cli/log_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define VALUE_MAX 256

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

/* What the value is once it is readable: as log_text_quoted writes it, without the backslashes of \" and \\. */
static struct str visible(struct arena *arena, struct str value)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str quoted, text;
	char *p;
	size_t n = 0;

	log_text_quoted(&out, value, VALUE_MAX);
	quoted = buf_str(&out);
	p = arena_alloc(arena, quoted.n + 1);
	for (size_t i = 0; i < quoted.n; i++) {
		if (quoted.p[i] == '\\' && i + 1 < quoted.n && quoted.p[i + 1] != 'x')
			i++;
		p[n++] = quoted.p[i];
	}
	text = (struct str){ p, n };
	buf_release(&out);
	return text;
}

static void check_text(struct arena *arena, struct str value)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct log_line line;

	BUF_ADD(&out, "2026-11-20T20:11:36.123Z info lmtp deliver sid=1 user=\"");
	log_text_quoted(&out, value, VALUE_MAX);
	BUF_ADD(&out, "\" uid=7");
	expect(log_line_parse(buf_str(&out), arena, &line, NULL) == OK && line.count == 3);
	expect(str_equal(line.field[1].value, visible(arena, value)));
	buf_release(&out);
}

static void check_json(struct arena *arena, struct str value)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct log_line line;

	BUF_ADD(&out,
	    "{\"time\":\"2026-11-20T20:11:36.123Z\",\"level\":\"info\",\"service\":\"lmtp\","
	    "\"event\":\"deliver\",\"user\":\"");
	log_text_json(&out, value, VALUE_MAX);
	BUF_ADD(&out, "\",\"uid\":7}");
	expect(log_line_parse(buf_str(&out), arena, &line, NULL) == OK && line.count == 2);
	expect(str_equal(log_line_field(&line, "uid"), STR("7")));
	buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct log_line line;

	if (log_line_parse(in, arena, &line, NULL) == OK)
		expect(line.time.n >= 20 && line.level.n > 0 && line.event.n > 0 &&
		    line.count <= LOG_FIELDS_READ);
	check_text(arena, in);
	check_json(arena, in);
	arena_free(&arena);
	return 0;
}
