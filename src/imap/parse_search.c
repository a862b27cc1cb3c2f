/*
 * imap/parse_search.c - arguments of SEARCH.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* SEARCH [SP "CHARSET" SP astring] 1*(SP search-key) */
enum errc imap_read_search(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	command->search.charset = STR_EMPTY;
	if (rc == OK && cursor_take_nocase(c, STR("CHARSET "))) {
		rc = imap_astring(c, arena, &command->search.charset, err);
		if (rc == OK)
			rc = imap_sp(c, err);
	}
	return rc == OK ? imap_search_keys(c, arena, &command->search.key, err) : rc;
}
