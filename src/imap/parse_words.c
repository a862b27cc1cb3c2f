/*
 * imap/parse_words.c - arguments that many commands have.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

enum errc imap_sp_astring(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	return rc == OK ? imap_astring(c, arena, out, err) : rc;
}

/* SP mailbox */
enum errc imap_sp_mailbox(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	enum errc rc = imap_sp_astring(c, arena, out, err);

	if (rc == OK && out->n > IMAP_MAILBOX_SENT_MAX)
		return err_set(err, ERR_LIMIT, "mailbox name too long");
	return rc;
}

/* SP sequence-set */
enum errc imap_sp_set(
    struct cursor *c, struct arena *arena, struct seqset *out, struct err *err)
{
	enum errc rc = imap_sp(c, err);

	if (rc != OK)
		return rc;
	return seqset_parse(
	    cursor_take_while(c, seqset_is_char), IMAP_SET_RANGES_MAX, arena, out, err);
}
