/*
 * db/sql.c - statement texts: the engine's dialect and the administrator's table names.
 */
#include "db/sql.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

struct str db_sql_text(const struct db_sql *sql, enum db_engine engine)
{
	const char *own = NULL;

	switch (engine) {
	case DB_SQLITE:
		own = sql->sqlite;
		break;
	case DB_PGSQL:
		own = sql->pgsql;
		break;
	case DB_MARIADB:
		own = sql->mariadb;
		break;
	}
	return str_from(own ? own : sql->text);
}

static bool in_identifier(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

size_t db_sql_opaque(struct str rest, struct str quotes, struct str dashes)
{
	size_t end;

	if (str_find_char(quotes, rest.p[0]) < quotes.n)
		end = str_find_char(str_from_at(rest, 1), rest.p[0]) + 2;
	else if (str_starts(rest, dashes))
		end = str_find_char(rest, '\n');
	else if (str_starts(rest, STR("/*")))
		end = str_find(str_from_at(rest, 2), STR("*/")) + 4;
	else
		return 0;
	return end < rest.n ? end : rest.n;
}

struct str db_rewrite_prefix(struct arena *arena, struct str text, struct str prefix)
{
	struct str standard = STR("dbmail_");
	struct buf out = BUF_INIT(SIZE_MAX);
	struct str result;
	size_t at = 0, copied = 0;

	while (at < text.n) {
		size_t opaque = db_sql_opaque(str_from_at(text, at), STR("'"), STR("--"));

		if (opaque > 0) {
			at += opaque;
			continue;
		}
		if (!in_identifier(text.p[at])) {
			at++;
			continue;
		}
		if (str_starts(str_from_at(text, at), standard)) {
			buf_add(&out, text.p + copied, at - copied);
			buf_add_str(&out, prefix);
			copied = at + standard.n;
		}
		while (at < text.n && in_identifier(text.p[at]))
			at++;
	}
	buf_add(&out, text.p + copied, text.n - copied);
	result = str_dup(arena, buf_str(&out));
	buf_release(&out);
	return result;
}
