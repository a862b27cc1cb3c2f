#include "base/conf_ini.h"

#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

#include <string.h>

void ini_init(struct ini *ini, char *text, size_t n)
{
	*ini = (struct ini){ text, text + n, 0 };
	if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		ini->p += 3;
}

/* The next line without its end. */
static struct str take_line(struct ini *ini)
{
	size_t left = (size_t)(ini->end - ini->p);
	char *lf = memchr(ini->p, '\n', left);
	struct str line = { ini->p, lf ? (size_t)(lf - ini->p) : left };

	ini->p = lf ? lf + 1 : ini->end;
	ini->line++;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

static const char *bytes_mistake(struct str line)
{
	if (line.n > INI_LINE_MAX)
		return "line is longer than 4096 bytes";
	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') || line.p[i] == 0x7f)
			return "line has a control character";
	return utf8_is_valid(line) ? NULL : "line is not UTF-8";
}

static bool is_name_char(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || c == '-' || c == '.';
}

static bool is_name(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (!is_name_char(s.p[i]))
			return false;
	return s.n > 0;
}

static bool is_comment(struct str s)
{
	return s.n == 0 || s.p[0] == '#' || s.p[0] == ';';
}

static void read_section(struct str line, struct ini_item *item)
{
	size_t end = str_find_char(line, ']');
	struct str name;

	item->kind = INI_BAD_SECTION;
	if (end == line.n) {
		item->mistake = "']' expected at the end of the section's name";
		return;
	}
	name = str_trim(str_first(str_from_at(line, 1), end - 1));
	if (!is_name(name))
		item->mistake = "a section's name has letters, digits and _ - . only";
	else if (!is_comment(str_trim(str_from_at(line, end + 1))))
		item->mistake = "nothing may follow the section's name";
	else
		*item = (struct ini_item){
			.kind = INI_SECTION, .line = item->line, .section = name
		};
}

/* Undoes the quotes in place; `text` begins with one. Returns a mistake or NULL. */
static const char *unquote(struct ini *ini, struct str text, struct str *value_out)
{
	/* the view is into the caller's own bytes, which may be changed */
	char *start = ini->end - (ini->end - (text.p + 1)), *to = start;
	size_t i;

	for (i = 1; i < text.n && text.p[i] != '"'; i++) {
		if (text.p[i] == '\\') {
			i++;
			if (i == text.n || (text.p[i] != '"' && text.p[i] != '\\'))
				return "inside quotes a backslash stands before \" or \\ only";
		}
		*to++ = text.p[i];
	}
	if (i >= text.n)
		return "'\"' expected at the end of the value";
	if (!is_comment(str_trim(str_from_at(text, i + 1))))
		return "nothing may follow the closing quote";
	*value_out = (struct str){ start, (size_t)(to - start) };
	return NULL;
}

static bool looks_commented(struct str value)
{
	for (size_t i = 1; i < value.n; i++)
		if ((value.p[i] == '#' || value.p[i] == ';') && ascii_is_space(value.p[i - 1]))
			return true;
	return false;
}

static void read_entry(struct ini *ini, struct str line, struct ini_item *item)
{
	size_t equals = str_find_char(line, '=');
	struct str key = str_trim(str_first(line, equals));
	struct str value = str_trim(str_from_at(line, equals + 1));

	item->kind = INI_BAD_LINE;
	if (equals == line.n) {
		item->mistake = "[section], key = value, or # comment expected";
		return;
	}
	if (!is_name(key)) {
		item->mistake = "a key has letters, digits and _ - . only";
		return;
	}
	if (value.n > 0 && value.p[0] == '"') {
		item->mistake = unquote(ini, value, &value);
		if (item->mistake)
			return;
	} else {
		item->comment_like = looks_commented(value);
	}
	item->kind = INI_ENTRY;
	item->key = key;
	item->value = value;
}

bool ini_next(struct ini *ini, struct ini_item *item_out)
{
	while (ini->p < ini->end) {
		struct str line = take_line(ini);
		struct ini_item item = { .kind = INI_BAD_LINE, .line = ini->line };

		item.mistake = bytes_mistake(line);
		line = str_trim(line);
		if (!item.mistake) {
			if (is_comment(line))
				continue;
			if (line.p[0] == '[')
				read_section(line, &item);
			else
				read_entry(ini, line, &item);
		}
		*item_out = item;
		return true;
	}
	return false;
}
