#include "cli/log_line.h"

#include "base/arena.h"
#include "base/str.h"
#include "cli/json_read.h"

static enum errc no_line(struct err *err)
{
	return err_set(err, ERR_SYNTAX, "log: no line of ours");
}

static bool is_word(char c)
{
	return c > ' ' && c != '=' && c != '"' && c != 0x7f;
}

static bool is_name(char c)
{
	return (c >= 'a' && c <= 'z') || ascii_is_digit(c) || c == '-' || c == '_';
}

static bool is_not_end(char c)
{
	return c != '"' && c != '\\';
}

/* Between quotes: \" and \\ stand for what is behind them, \xNN stays as it is. */
static bool take_quoted(struct cursor *c, struct arena *arena, struct str *value_out)
{
	struct str run = cursor_take_while(c, is_not_end);
	size_t n = run.n;
	char *to;

	*value_out = run;
	if (cursor_take(c, '"'))
		return true;
	to = arena_alloc_raw(arena, n + (size_t)(c->end - c->p) + 1);
	for (size_t i = 0; i < n; i++)
		to[i] = run.p[i];
	while (!cursor_take(c, '"')) {
		if (cursor_at_end(c))
			return false;
		if (*c->p == '\\' && c->end - c->p > 1 && c->p[1] != 'x')
			c->p++;
		to[n++] = *c->p++;
	}
	*value_out = (struct str){ to, n };
	return true;
}

static bool take_field(struct cursor *c, struct arena *arena, struct log_line *line)
{
	struct log_line_field *field = &line->field[line->count];

	if (line->count == LOG_FIELDS_READ || !cursor_take(c, ' '))
		return false;
	field->name = cursor_take_while(c, is_name);
	if (field->name.n == 0 || !cursor_take(c, '='))
		return false;
	if (!cursor_take(c, '"'))
		field->value = cursor_take_while(c, is_word);
	else if (!take_quoted(c, arena, &field->value))
		return false;
	line->count++;
	return true;
}

static bool take_word(struct cursor *c, struct str *word_out)
{
	*word_out = cursor_take_while(c, is_word);
	return word_out->n > 0;
}

/* "2026-11-20T20:11:36.123Z" */
static bool is_time(struct str s)
{
	return s.n >= 20 && ascii_is_digit(s.p[0]) && s.p[4] == '-' && s.p[10] == 'T' &&
	    s.p[s.n - 1] == 'Z';
}

static enum errc parse_text(
    struct str text, struct arena *arena, struct log_line *line, struct err *err)
{
	struct cursor c = cursor_of(text);

	if (!take_word(&c, &line->time) || !is_time(line->time) || !cursor_take(&c, ' ') ||
	    !take_word(&c, &line->level) || !cursor_take(&c, ' ') ||
	    !take_word(&c, &line->service) || !cursor_take(&c, ' ') ||
	    !take_word(&c, &line->event))
		return no_line(err);
	while (!cursor_at_end(&c))
		if (!take_field(&c, arena, line))
			return no_line(err);
	return OK;
}

static enum errc parse_json(
    struct str text, struct arena *arena, struct log_line *line, struct err *err)
{
	struct cursor c = cursor_of(text);
	struct json_flat flat;
	enum errc rc = json_read_flat(&c, arena, &flat, err);

	if (rc != OK || !cursor_at_end(&c))
		return no_line(err);
	line->time = json_flat_text(&flat, "time");
	line->level = json_flat_text(&flat, "level");
	line->service = json_flat_text(&flat, "service");
	line->event = json_flat_text(&flat, "event");
	if (!is_time(line->time) || line->level.n == 0 || line->event.n == 0)
		return no_line(err);
	for (size_t i = 0; i < flat.count && line->count < LOG_FIELDS_READ; i++) {
		struct str name = flat.field[i].name;

		if (!str_equal(name, STR("time")) && !str_equal(name, STR("level")) &&
		    !str_equal(name, STR("service")) && !str_equal(name, STR("event")))
			line->field[line->count++] =
			    (struct log_line_field){ name, flat.field[i].text };
	}
	return OK;
}

enum errc log_line_parse(
    struct str line, struct arena *arena, struct log_line *line_out, struct err *err)
{
	*line_out = (struct log_line){ .count = 0 };
	if (line.n > 0 && line.p[0] == '{')
		return parse_json(line, arena, line_out, err);
	return parse_text(line, arena, line_out, err);
}

struct str log_line_field(const struct log_line *line, const char *name)
{
	for (size_t i = 0; i < line->count; i++)
		if (str_equal(line->field[i].name, str_from(name)))
			return line->field[i].value;
	return STR_EMPTY;
}
