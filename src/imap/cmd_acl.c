/*
 * imap/cmd_acl.c - GETACL, MYRIGHTS, LISTRIGHTS, SETACL, DELETEACL (RFC 4314 section 3).
 *
 * Identifiers are logins and "anyone". There are no negative rights and no groups.
 */
#include "imap/acl_rights.h"
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "mime/structure.h"
#include "store/account.h"
#include "store/acl.h"

/* What is told of a mailbox. */
struct told {
	struct mailbox mailbox;
	struct acl_entry *list;
	size_t count;
	struct account owner;
};

static enum imap_run answer(
    struct imap_session *s, enum errc rc, const struct err *err, const char *text)
{
	if (rc == OK)
		return imap_finish(s, NULL, text);
	imap_reply_error(s, rc, err);
	return RUN_DONE;
}

/* The mailbox and, for who administers it, what its verb tells. */
static enum errc read_told(
    struct imap_session *s, struct db *db, struct str name, struct told *told, struct err *err)
{
	enum errc rc = mailbox_find(db, s->actor, name, s->arena, &told->mailbox, err);

	if (rc != OK || s->command.verb == VERB_MYRIGHTS)
		return rc;
	/* RFC 4314 section 4: lookup says that it is there, administer what it allows */
	if ((told->mailbox.rights & RIGHT_ADMINISTER) == 0)
		return err_set(err, ERR_DENIED, "no right to administer the mailbox");
	if (s->command.verb == VERB_LISTRIGHTS)
		return account_by_id(db, told->mailbox.owner, s->arena, &told->owner, err);
	return acl_list(db, &told->mailbox, s->arena, &told->list, &told->count, err);
}

static enum imap_run ask(
    struct imap_session *s, struct str sent, struct told *told, bool *answered)
{
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct str name;
	enum errc rc;

	*answered = true;
	if (!imap_mailbox_name(s, sent, &name))
		return RUN_DONE;
	rc = imap_lease(s, &db, &err);
	if (rc == OK)
		rc = read_told(s, db, name, told, &err);
	db_return(&db);
	*answered = rc != OK;
	return rc == OK ? RUN_DONE : answer(s, rc, &err, NULL);
}

enum imap_run imap_run_getacl(struct imap_session *s)
{
	struct buf *out = &s->base.out;
	struct told told;
	bool answered;
	enum imap_run run = ask(s, s->command.mailbox, &told, &answered);

	if (answered)
		return run;
	BUF_ADD(out, "* ACL ");
	imap_add_mailbox(s, told.mailbox.name);
	for (size_t i = 0; i < told.count; i++) {
		buf_add_char(out, ' ');
		(void)imap_add_string(out, told.list[i].name);
		buf_add_char(out, ' ');
		acl_rights_print(out, told.list[i].rights);
	}
	BUF_ADD(out, "\r\n");
	return imap_finish(s, NULL, "rights told");
}

enum imap_run imap_run_myrights(struct imap_session *s)
{
	struct buf *out = &s->base.out;
	struct told told;
	bool answered;
	enum imap_run run = ask(s, s->command.mailbox, &told, &answered);

	if (answered)
		return run;
	BUF_ADD(out, "* MYRIGHTS ");
	imap_add_mailbox(s, told.mailbox.name);
	buf_add_char(out, ' ');
	acl_rights_print(out, told.mailbox.rights);
	BUF_ADD(out, "\r\n");
	return imap_finish(s, NULL, "rights told");
}

/* Nobody can take a right from the owner; everybody else may have any or none. */
enum imap_run imap_run_listrights(struct imap_session *s)
{
	struct str identifier = s->command.acl.identifier;
	struct buf *out = &s->base.out;
	struct told told;
	bool answered;
	enum imap_run run = ask(s, s->command.acl.mailbox, &told, &answered);

	if (answered)
		return run;
	BUF_ADD(out, "* LISTRIGHTS ");
	imap_add_mailbox(s, told.mailbox.name);
	buf_add_char(out, ' ');
	(void)imap_add_string(out, identifier);
	buf_add_char(out, ' ');
	if (str_equal_nocase(identifier, told.owner.name)) {
		acl_rights_print(out, RIGHT_ALL);
	} else {
		acl_rights_print(out, 0);
		acl_rights_print_optional(out);
	}
	BUF_ADD(out, "\r\n");
	return imap_finish(s, NULL, "rights listed");
}

/* SETACL and DELETEACL. */
enum imap_run imap_run_setacl(struct imap_session *s)
{
	struct acl_change change = { .name = s->command.acl.identifier, .operation = ACL_SET };
	struct err err = { .code = OK };
	struct str name;

	if (s->command.verb == VERB_SETACL) {
		change.operation = s->command.acl.operation;
		change.rights = s->command.acl.rights;
	}
	if (!imap_mailbox_name(s, s->command.acl.mailbox, &name))
		return RUN_DONE;
	return answer(s, acl_change(s->env->store, s->actor, name, &change, &err), &err,
	    "rights changed");
}
