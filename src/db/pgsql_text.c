/*
 * db/pgsql_text.c - our statements as PostgreSQL wants them: $1 for the first ?, and what an INSERT may do.
 */
#include "base/heap.h"
#include "base/str.h"
#include "db/pgsql_int.h"
#include "db/sql.h"

static bool in_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

/* What the words of a statement, outside of literals, say about it. */
struct words {
	bool is_insert, has_values, has_own_end;
	size_t count;
	int depth, rows; /* of parentheses; rows behind VALUES */
};

static void look_at_word(struct words *words, struct str word)
{
	if (words->count++ == 0)
		words->is_insert = str_equal_nocase(word, STR("INSERT"));
	if (str_equal_nocase(word, STR("VALUES")))
		words->has_values = true;
	if (str_equal_nocase(word, STR("CONFLICT")) ||
	    str_equal_nocase(word, STR("RETURNING")) || str_equal_nocase(word, STR("SELECT")))
		words->has_own_end = true;
}

static void look_at_char(struct words *words, char c)
{
	if (c == '(' && words->depth++ == 0 && words->has_values)
		words->rows++;
	if (c == ')')
		words->depth--;
}

static size_t word_size(struct str rest)
{
	size_t n = 0;

	while (n < rest.n && in_word(rest.p[n]))
		n++;
	return n;
}

enum errc pgsql_text_init(struct pgsql_text *text, struct str statement, struct err *err)
{
	struct buf out = BUF_INIT(SIZE_MAX);
	struct words words = { .count = 0 };
	int params = 0;

	for (struct str rest = statement; rest.n > 0;) {
		size_t n = db_sql_opaque(rest, STR("'\""), STR("--"));
		size_t word = n > 0 ? 0 : word_size(rest);

		if (word > 0)
			look_at_word(&words, str_first(rest, word));
		else if (n == 0)
			look_at_char(&words, rest.p[0]);
		if (n == 0)
			n = word > 0 ? word : 1;
		if (rest.p[0] == '?')
			buf_printf(&out, "$%d", ++params);
		else
			buf_add(&out, rest.p, n);
		rest = str_from_at(rest, n);
		if (params > PGSQL_PARAMS_MAX)
			break;
	}
	buf_add_char(&out, '\0');
	if (params > PGSQL_PARAMS_MAX) {
		buf_release(&out);
		return err_set(err, ERR_LIMIT, "over %d parameters", PGSQL_PARAMS_MAX);
	}
	*text = (struct pgsql_text){ .text = out.p,
		.params = params,
		/* of several rows it could skip one alone, and nobody would know */
		.may_skip = words.is_insert && words.rows == 1 && !words.has_own_end };
	return OK;
}

void pgsql_text_release(struct pgsql_text *text)
{
	xfree(text->text);
	*text = (struct pgsql_text){ .text = NULL };
}
