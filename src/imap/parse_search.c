/*
 * imap/parse_search.c - arguments of SEARCH (RFC 9051 6.4.4).
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

static const struct {
	struct str word;
	unsigned bit;
} return_words[] = {
	{ STR_INIT("MIN"), SEARCH_RETURN_MIN },
	{ STR_INIT("MAX"), SEARCH_RETURN_MAX },
	{ STR_INIT("ALL"), SEARCH_RETURN_ALL },
	{ STR_INIT("COUNT"), SEARCH_RETURN_COUNT },
	{ STR_INIT("SAVE"), SEARCH_RETURN_SAVE },
};

static enum errc read_return_option(struct cursor *c, unsigned *returns, struct err *err)
{
	struct str word = cursor_take_while(c, ascii_is_alpha);

	for (size_t i = 0; i < COUNT(return_words); i++) {
		if (!str_equal_nocase(word, return_words[i].word))
			continue;
		*returns |= return_words[i].bit;
		return OK;
	}
	return err_set(err, ERR_SYNTAX, "unknown result option");
}

/* search-return-opts, behind "RETURN (" */
static enum errc read_return_options(struct cursor *c, unsigned *returns_out, struct err *err)
{
	unsigned returns = 0;

	while (!cursor_take(c, ')')) {
		enum errc rc = returns != 0 ? imap_sp(c, err) : OK;

		if (rc == OK)
			rc = read_return_option(c, &returns, err);
		if (rc != OK)
			return rc;
	}
	/* RFC 4731 3.1: none is ALL */
	*returns_out = returns != 0 ? returns : (unsigned)SEARCH_RETURN_ALL;
	return imap_sp(c, err);
}

/* SEARCH [SP "RETURN" SP "(" options ")"] [SP "CHARSET" SP astring] 1*(SP search-key) */
enum errc imap_read_search(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	command->search.charset = STR_EMPTY;
	command->search.returns = 0;
	if (rc == OK && cursor_take_nocase(c, STR("RETURN (")))
		rc = read_return_options(c, &command->search.returns, err);
	if (rc == OK && cursor_take_nocase(c, STR("CHARSET "))) {
		rc = imap_astring(c, arena, &command->search.charset, err);
		if (rc == OK)
			rc = imap_sp(c, err);
	}
	return rc == OK ? imap_search_keys(c, arena, &command->search.key, err) : rc;
}
