/*
 * imap/cmd_mailbox.c - CREATE (uses: RFC 6154), DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE (RFC 9051 6.3).
 */
#include "imap/imap_int.h"
#include "imap/list_tell.h"
#include "imap/reply.h"
#include "imap/view.h"
#include "store/mailbox.h"
#include "store/special_use.h"

static enum imap_run done(
    struct imap_session *s, enum errc rc, const struct err *err, const char *text)
{
	if (rc == OK)
		return imap_finish(s, NULL, text);
	imap_reply_error(s, rc, err);
	return RUN_DONE;
}

/* RFC 3501 6.3.3: a separator at the end declares that names will be made below; we need no declaration. */
static struct str without_last_separator(struct str name)
{
	return name.n > 1 && name.p[name.n - 1] == '/' ? str_first(name, name.n - 1) : name;
}

static enum errc find(
    struct imap_session *s, struct str name, struct mailbox *mailbox, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find_listed(db, s->actor, name, s->arena, mailbox, err);
	db_return(&db);
	return rc;
}

/*
 * RFC 9051 6.3.9.7: what became of a name, for who knows it by another: the one that was sent, if it is not in the form
 * that is kept, or the one before a RENAME (`old`, else empty). The command is done: what cannot be read is not told.
 */
static void tell_name(struct imap_session *s, struct str name, struct str old)
{
	struct mailbox mailbox;

	if ((s->enabled & ENABLED_REV2) == 0 || find(s, name, &mailbox, NULL) != OK)
		return;
	if (old.n == 0 && !str_equal(mailbox.name, name))
		old = name;
	if (old.n > 0)
		list_tell_renamed(s, &mailbox, old);
}

/* False: one of them is none that a folder here can have. */
static bool read_uses(const struct imap_session *s, unsigned *uses_out)
{
	*uses_out = 0;
	for (size_t i = 0; i < s->command.create.use_count; i++) {
		unsigned use = special_use_of_word(s->command.create.uses[i]);

		if (use == 0)
			return false;
		*uses_out |= use;
	}
	return true;
}

enum imap_run imap_run_create(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct str name;
	unsigned uses;
	int64_t id;
	enum errc rc = ERR_UNSUPPORTED;

	if (!imap_mailbox_name(s, without_last_separator(s->command.create.mailbox), &name))
		return RUN_DONE;
	if (read_uses(s, &uses))
		rc = mailbox_create_for(s->env->store, s->actor, name, uses, &id, &err);
	if (rc == ERR_UNSUPPORTED) {
		/* RFC 6154 section 3 */
		imap_reply(s, REPLY_NO, "USEATTR", "a mailbox cannot have that use here");
		return RUN_DONE;
	}
	if (rc == OK)
		tell_name(s, name, STR_EMPTY);
	return done(s, rc, &err, "mailbox created");
}

enum imap_run imap_run_delete(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct mailbox mailbox = { .id = 0 };
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.mailbox, &name))
		return RUN_DONE;
	rc = find(s, name, &mailbox, &err);
	/* RFC 9051 6.3.5 */
	if (rc == OK && str_equal(mailbox.name, STR("INBOX")))
		rc = err_set(&err, ERR_ARG, "INBOX cannot be deleted");
	if (rc == OK)
		rc = mailbox_delete(s->env->store, s->actor, name, &err);
	if (rc == OK && s->view != NULL && s->view->mailbox == mailbox.id)
		imap_deselect(s);
	if (rc == OK && (s->enabled & ENABLED_REV2) != 0 && !str_equal(mailbox.name, name)) {
		/* with others below it, a name stays */
		mailbox.no_select = mailbox.has_children;
		mailbox.gone = !mailbox.has_children;
		list_tell_renamed(s, &mailbox, name);
	}
	if (rc == ERR_STATE) {
		imap_reply(s, REPLY_NO, "HASCHILDREN", err.text);
		return RUN_DONE;
	}
	return done(s, rc, &err, "mailbox deleted");
}

enum imap_run imap_run_rename(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct mailbox was = { .name = STR_EMPTY };
	struct str from, to;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.rename.from, &from) ||
	    !imap_mailbox_name(s, without_last_separator(s->command.rename.to), &to))
		return RUN_DONE;
	rc = find(s, from, &was, &err);
	if (rc == OK)
		rc = mailbox_rename(s->env->store, s->actor, from, to, &err);
	/* INBOX is still there */
	if (rc == OK && !str_equal(was.name, STR("INBOX")))
		tell_name(s, to, from);
	if (rc == ERR_UNSUPPORTED) {
		imap_reply(s, REPLY_NO, "CANNOT", err.text);
		return RUN_DONE;
	}
	return done(s, rc, &err, "mailbox renamed");
}

enum imap_run imap_run_subscribe(struct imap_session *s)
{
	bool subscribe = s->command.verb == VERB_SUBSCRIBE;
	struct err err = { .code = OK };
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.mailbox, &name))
		return RUN_DONE;
	rc = mailbox_subscribe(s->env->store, s->actor, name, subscribe, &err);
	return done(s, rc, &err, subscribe ? "subscribed" : "unsubscribed");
}
