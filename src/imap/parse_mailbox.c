/*
 * imap/parse_mailbox.c - arguments of the commands that name one mailbox or two.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

enum errc imap_read_mailbox(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	return imap_sp_mailbox(c, arena, &command->mailbox, err);
}

/* RENAME SP mailbox SP mailbox */
enum errc imap_read_rename(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->rename.from, err);

	return rc == OK ? imap_sp_mailbox(c, arena, &command->rename.to, err) : rc;
}
