/*
 * imap/parse_acl.c - arguments of SETACL, DELETEACL and LISTRIGHTS (RFC 4314 section 3); GETACL and MYRIGHTS name a mailbox.
 */
#include "imap/parse_int.h"

#include "base/str.h"
#include "imap/acl_rights.h"

/* LISTRIGHTS SP mailbox SP identifier; DELETEACL alike */
enum errc imap_read_identifier(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->acl.mailbox, err);

	return rc == OK ? imap_sp_astring(c, arena, &command->acl.identifier, err) : rc;
}

/* SETACL SP mailbox SP identifier SP mod-rights */
enum errc imap_read_setacl(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	struct str text;
	enum errc rc = imap_read_identifier(c, arena, command, err);

	if (rc == OK)
		rc = imap_sp_astring(c, arena, &text, err);
	if (rc != OK)
		return rc;
	command->acl.operation = ACL_SET;
	if (text.n > 0 && (text.p[0] == '+' || text.p[0] == '-')) {
		command->acl.operation = text.p[0] == '+' ? ACL_ADD : ACL_REMOVE;
		text = str_from_at(text, 1);
	}
	return acl_rights_parse(text, &command->acl.rights, err);
}
