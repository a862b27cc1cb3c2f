/*
 * db/mariadb_split.c - the statements of a text and how many parameters each has.
 */
#include "base/str.h"
#include "db/mariadb_int.h"

/* The end of what starts at `at` and is not looked into; else `at` itself. NO_BACKSLASH_ESCAPES: '' is the only escape. */
static size_t skip_opaque(struct str text, size_t at)
{
	struct str rest = str_from_at(text, at);
	char first = rest.p[0];
	size_t end;

	if (first == '\'' || first == '"' || first == '`')
		end = str_find_char(str_from_at(rest, 1), first) + 2;
	else if (str_starts(rest, STR("-- ")))
		end = str_find_char(rest, '\n');
	else if (str_starts(rest, STR("/*")))
		end = str_find(str_from_at(rest, 2), STR("*/")) + 4;
	else
		return at;
	return end < rest.n ? at + end : text.n;
}

/* The first statement of `text`, without the ';' behind it. */
static struct str first_statement(struct str text, unsigned *params_out)
{
	size_t at = 0;

	*params_out = 0;
	while (at < text.n && text.p[at] != ';') {
		size_t end = skip_opaque(text, at);

		*params_out += end == at && text.p[at] == '?';
		at = end > at ? end : at + 1;
	}
	return str_first(text, at);
}

enum errc mariadb_split_text(struct str text, struct mariadb_split *split_out, struct err *err)
{
	struct mariadb_split split = { .count = 0 };
	struct str rest = text;

	while (str_trim(rest).n > 0) {
		struct str statement;

		if (split.count == COUNT(split.texts))
			return err_set(
			    err, ERR_INTERNAL, "more than two statements: %.*s", STR_ARG(text));
		statement = first_statement(rest, &split.params[split.count]);
		rest = str_from_at(rest, statement.n < rest.n ? statement.n + 1 : rest.n);
		split.texts[split.count++] = str_trim(statement);
	}
	if (split.count == 0 || split.texts[0].n == 0)
		return err_set(err, ERR_INTERNAL, "no statement: %.*s", STR_ARG(text));
	if (split.params[1] > split.params[0] || split.params[0] > MARIADB_PARAMS_MAX)
		return err_set(err, ERR_INTERNAL, "too many parameters: %.*s", STR_ARG(text));
	*split_out = split;
	return OK;
}
