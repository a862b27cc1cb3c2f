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

/* SELECT SP mailbox [select-params] (RFC 4466 section 2.4) */
enum errc imap_read_select(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->select.mailbox, err);

	return rc == OK ? imap_select_params(c, arena, &command->select.params, err) : rc;
}

/* use-attr: "\" atom */
static enum errc read_use(
    struct cursor *c, struct arena *arena, struct str *out, struct err *err)
{
	const char *start = c->p;
	struct str name;
	enum errc rc;

	if (!cursor_take(c, '\\'))
		return err_set(err, ERR_SYNTAX, "attribute expected");
	rc = imap_atom(c, arena, &name, err);
	if (rc == OK)
		*out = str_dup(arena, (struct str){ start, (size_t)(c->p - start) });
	return rc;
}

/* "USE" SP "(" [use-attr *(SP use-attr)] ")" (RFC 6154 section 6) */
static enum errc read_uses(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str *uses = ARENA_NEW(arena, struct str, IMAP_CREATE_USES_MAX);
	size_t count = 0;

	if (!cursor_take_nocase(c, STR("USE (")))
		return err_set(err, ERR_SYNTAX, "unknown parameter of CREATE");
	while (!cursor_take(c, ')')) {
		enum errc rc = count > 0 ? imap_sp(c, err) : OK;

		if (rc == OK && count == IMAP_CREATE_USES_MAX)
			return err_set(err, ERR_LIMIT, "too many uses");
		if (rc == OK)
			rc = read_use(c, arena, &uses[count++], err);
		if (rc != OK)
			return rc;
	}
	command->create.uses = uses;
	command->create.use_count = count;
	return OK;
}

/* CREATE SP mailbox [SP "(" create-param ")"] (RFC 4466 section 2.2); there is one parameter, and it comes once */
enum errc imap_read_create(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->create.mailbox, err);

	command->create.uses = NULL;
	command->create.use_count = 0;
	if (rc != OK || !cursor_take_str(c, STR(" (")))
		return rc;
	rc = read_uses(c, arena, command, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "parameters without their end");
	return rc;
}

/* RENAME SP mailbox SP mailbox */
enum errc imap_read_rename(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->rename.from, err);

	return rc == OK ? imap_sp_mailbox(c, arena, &command->rename.to, err) : rc;
}
