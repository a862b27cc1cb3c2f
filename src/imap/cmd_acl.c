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

/* "* WORD mailbox", what `add` says, and the answer. */
static enum imap_run tell(struct imap_session *s, struct str sent, const char *word,
    void (*add)(struct imap_session *s, const struct told *told))
{
	struct err err = { .code = OK };
	struct db *db = NULL;
	struct told told;
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, sent, &name))
		return RUN_DONE;
	rc = imap_lease(s, &db, &err);
	if (rc == OK)
		rc = read_told(s, db, name, &told, &err);
	db_return(&db);
	if (rc == OK) {
		buf_printf(&s->base.out, "* %s ", word);
		imap_add_mailbox(s, told.mailbox.name);
		add(s, &told);
		BUF_ADD(&s->base.out, "\r\n");
	}
	return answer(s, rc, &err, "rights told");
}

static void add_list(struct imap_session *s, const struct told *told)
{
	struct buf *out = &s->base.out;

	for (size_t i = 0; i < told->count; i++) {
		buf_add_char(out, ' ');
		(void)imap_add_string(out, told->list[i].name);
		buf_add_char(out, ' ');
		acl_rights_print(out, told->list[i].rights);
	}
}

enum imap_run imap_run_getacl(struct imap_session *s)
{
	return tell(s, s->command.mailbox, "ACL", add_list);
}

static void add_own(struct imap_session *s, const struct told *told)
{
	buf_add_char(&s->base.out, ' ');
	acl_rights_print(&s->base.out, told->mailbox.rights);
}

enum imap_run imap_run_myrights(struct imap_session *s)
{
	return tell(s, s->command.mailbox, "MYRIGHTS", add_own);
}

/* Nobody can take a right from the owner; everybody else may have any or none. */
static void add_possible(struct imap_session *s, const struct told *told)
{
	struct str identifier = s->command.acl.identifier;
	struct buf *out = &s->base.out;

	buf_add_char(out, ' ');
	(void)imap_add_string(out, identifier);
	buf_add_char(out, ' ');
	if (str_equal_nocase(identifier, told->owner.name)) {
		acl_rights_print(out, RIGHT_ALL);
	} else {
		acl_rights_print(out, 0);
		acl_rights_print_optional(out);
	}
}

enum imap_run imap_run_listrights(struct imap_session *s)
{
	return tell(s, s->command.acl.mailbox, "LISTRIGHTS", add_possible);
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
