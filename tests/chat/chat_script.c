#include "tests/chat/chat_int.h"

#include "base/str.h"

static int hex_digit(char c)
{
	if (ascii_is_digit(c))
		return c - '0';
	c = ascii_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of the escape at the start of `rest` (behind the backslash); *size_out: what it took. -1: none. */
static int escape(struct str rest, size_t *size_out)
{
	static const char names[] = "rnt0\\", bytes[] = "\r\n\t\0\\";

	*size_out = 1;
	if (rest.n >= 3 && rest.p[0] == 'x' && hex_digit(rest.p[1]) >= 0 &&
	    hex_digit(rest.p[2]) >= 0) {
		*size_out = 3;
		return hex_digit(rest.p[1]) * 16 + hex_digit(rest.p[2]);
	}
	for (size_t i = 0; rest.n > 0 && i + 1 < sizeof(names); i++) {
		if (rest.p[0] == names[i])
			return bytes[i];
	}
	return -1;
}

static enum errc unescape(
    struct str text, struct arena *arena, struct str *bytes_out, struct err *err)
{
	char *p = arena_alloc_raw(arena, text.n);
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++) {
		size_t size;
		int byte;

		if (text.p[i] != '\\') {
			p[n++] = text.p[i];
			continue;
		}
		byte = escape(str_from_at(text, i + 1), &size);
		if (byte < 0)
			return err_set(
			    err, ERR_SYNTAX, "bad escape; \\r \\n \\t \\0 \\\\ \\xNN");
		p[n++] = (char)byte;
		i += size;
	}
	*bytes_out = (struct str){ p, n };
	return OK;
}

static enum errc parse_line(
    struct str text, struct arena *arena, struct line *line, struct err *err)
{
	static const struct {
		struct str mark;
		enum line_kind kind;
	} kinds[] = {
		{ STR_INIT("C:"), LINE_SEND },
		{ STR_INIT("C>"), LINE_SEND },
		{ STR_INIT("S:"), LINE_EXPECT },
		{ STR_INIT("S>"), LINE_RAW },
		{ STR_INIT("S*"), LINE_ANY_ORDER },
		{ STR_INIT("S?"), LINE_OPTIONAL },
	};
	size_t i = 0;

	if (text.p[0] == '@') {
		line->kind = LINE_DIRECTIVE;
		line->text = str_trim(str_from_at(text, 1));
		return OK;
	}
	while (i < COUNT(kinds) && !str_starts(text, kinds[i].mark))
		i++;
	if (i == COUNT(kinds) || (text.n > 2 && text.p[2] != ' '))
		return err_set(err, ERR_SYNTAX, "neither C: C> S: S> S* S? @ nor #");
	line->kind = kinds[i].kind;
	line->text = str_from_at(text, text.n > 2 ? 3 : 2);
	if (text.p[1] == '>')
		return unescape(line->text, arena, &line->text, err);
	if (line->kind == LINE_SEND)
		line->text = str_printf(
		    arena, "%.*s%s", STR_ARG(line->text), line->ends_in_lf ? "\n" : "\r\n");
	return OK;
}

static size_t count_lines(struct str file)
{
	size_t lines = 1;

	for (size_t i = 0; i < file.n; i++)
		lines += file.p[i] == '\n';
	return lines;
}

enum errc script_parse(
    struct str file, struct arena *arena, struct script *script_out, struct err *err)
{
	struct line *line = ARENA_NEW(arena, struct line, count_lines(file));
	struct str text;
	unsigned number = 0;
	size_t count = 0;
	bool lf = false;

	while (str_split(&file, '\n', &text)) {
		struct err why;

		number++;
		if (text.n == 0 || text.p[0] == '#')
			continue;
		line[count].number = number;
		lf = lf || str_equal(text, STR("@lines lf"));
		line[count].ends_in_lf = lf;
		if (parse_line(text, arena, &line[count], &why) != OK)
			return err_set(err, ERR_SYNTAX, "line %u: %s", number, why.text);
		count++;
	}
	*script_out = (struct script){ line, count };
	return OK;
}
