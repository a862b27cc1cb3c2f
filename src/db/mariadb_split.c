/*
 * db/mariadb_split.c - the statements of a text and how many parameters each has.
 */
#include "base/arena.h"
#include "base/buf.h"
#include "base/cursor.h"
#include "base/str.h"
#include "db/mariadb_int.h"
#include "db/sql.h"

#include <string.h>

/* What was found in one statement. */
struct found {
	struct buf text;    /* without the numbers of parameters */
	struct buf numbers; /* uint16_t each, of the parameters that have one */
	unsigned params;
	unsigned numbered;
	size_t end; /* of it in the whole text */
};

/* Behind a '?': its number, if it has one. */
static enum errc take_number(struct str text, size_t *atp, struct found *found)
{
	struct cursor c = cursor_of(str_from_at(text, *atp));
	uint64_t number;
	uint16_t kept;

	if (cursor_peek(&c) < '0' || cursor_peek(&c) > '9')
		return OK;
	if (cursor_take_u64(&c, MARIADB_PARAMS_MAX, &number) != OK || number == 0)
		return ERR_INTERNAL;
	kept = (uint16_t)number;
	buf_add(&found->numbers, &kept, sizeof(kept));
	found->numbered++;
	*atp = text.n - (size_t)(c.end - c.p);
	return OK;
}

/* Up to the ';' or the end. */
static enum errc read_statement(struct str text, size_t at, struct found *found)
{
	enum errc rc = OK;

	while (rc == OK && at < text.n && text.p[at] != ';') {
		/* NO_BACKSLASH_ESCAPES: '' is the only escape; -- alone is minus minus */
		size_t opaque = db_sql_opaque(str_from_at(text, at), STR("'\"`"), STR("-- "));
		size_t end = at + (opaque > 0 ? opaque : 1);

		buf_add(&found->text, text.p + at, end - at);
		if (opaque == 0 && text.p[at] == '?') {
			found->params++;
			rc = take_number(text, &end, found);
		}
		at = end;
	}
	found->end = at;
	/* all of them or none */
	return rc != OK || (found->numbered > 0 && found->numbered != found->params)
	    ? ERR_INTERNAL
	    : OK;
}

static void keep(struct found *found, struct arena *arena, struct mariadb_split *split)
{
	unsigned i = split->count++;
	struct str numbers = str_dup(arena, buf_str(&found->numbers));

	split->texts[i] = str_dup(arena, str_trim(buf_str(&found->text)));
	split->params[i] = found->params;
	split->numbers[i] = found->numbered > 0 ? numbers : STR_EMPTY;
}

unsigned mariadb_param_number(const struct mariadb_split *split, unsigned part, unsigned param)
{
	uint16_t number;

	if (split->numbers[part].n == 0)
		return split->param_count - split->params[part] + param + 1;
	memcpy(&number, split->numbers[part].p + param * sizeof(number), sizeof(number));
	return number;
}

/* As many as the first statement has, or as the highest number says. */
static enum errc count_params(struct mariadb_split *split)
{
	split->param_count = split->numbers[0].n > 0 ? 0 : split->params[0];
	for (unsigned part = 0; part < split->count; part++) {
		for (unsigned i = 0; split->numbers[part].n > 0 && i < split->params[part];
		     i++) {
			unsigned number = mariadb_param_number(split, part, i);

			if (number > split->param_count)
				split->param_count = number;
		}
	}
	for (unsigned part = 0; part < split->count; part++) {
		if (split->numbers[part].n == 0 && split->params[part] > split->param_count)
			return ERR_INTERNAL;
	}
	return split->param_count > MARIADB_PARAMS_MAX ? ERR_INTERNAL : OK;
}

static enum errc read_next(
    struct str text, size_t *atp, struct arena *arena, struct mariadb_split *split)
{
	struct found found = { .text = BUF_INIT(SIZE_MAX), .numbers = BUF_INIT(SIZE_MAX) };
	enum errc rc = read_statement(text, *atp, &found);

	if (rc == OK &&
	    (split->count == COUNT(split->texts) || str_trim(buf_str(&found.text)).n == 0))
		rc = ERR_INTERNAL;
	if (rc == OK)
		keep(&found, arena, split);
	*atp = found.end < text.n ? found.end + 1 : text.n;
	buf_release(&found.text);
	buf_release(&found.numbers);
	return rc;
}

enum errc mariadb_split_text(
    struct str text, struct arena *arena, struct mariadb_split *split_out, struct err *err)
{
	struct mariadb_split split = { .count = 0 };
	size_t at = 0;
	enum errc rc = OK;

	do
		rc = read_next(text, &at, arena, &split);
	while (rc == OK && str_trim(str_from_at(text, at)).n > 0);
	if (rc == OK)
		rc = count_params(&split);
	if (rc != OK)
		return err_set(err, rc, "not one or two statements: %.*s", STR_ARG(text));
	*split_out = split;
	return OK;
}
