/*
 * imap/parse_quota.c - arguments of GETQUOTA, GETQUOTAROOT and SETQUOTA (RFC 9208 section 7).
 */
#include "imap/parse_int.h"

#include "imap/lex.h"

/* GETQUOTA SP quota-root-name */
enum errc imap_read_getquota(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	return imap_sp_astring(c, arena, &command->quota_root, err);
}

/* resource-name SP resource-limit: an atom and a number of 63 bits */
static enum errc read_resource(struct cursor *c, struct arena *arena, struct err *err)
{
	struct str name;
	uint64_t limit;
	enum errc rc = imap_atom(c, arena, &name, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK && cursor_take_u64(c, INT64_MAX, &limit) != OK)
		return err_set(err, ERR_SYNTAX, "limit expected");
	return rc;
}

/* SETQUOTA SP quota-root-name SP "(" [setquota-resource *(SP setquota-resource)] ")" */
enum errc imap_read_setquota(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	bool first = true;
	enum errc rc = imap_sp_astring(c, arena, &command->quota_root, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK && !cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list of resources expected");
	for (; rc == OK && !cursor_take(c, ')'); first = false) {
		if (!first)
			rc = imap_sp(c, err);
		if (rc == OK)
			rc = read_resource(c, arena, err);
	}
	return rc;
}
