/*
 * imap/cmd_mailbox.c - CREATE, DELETE, RENAME, SUBSCRIBE, UNSUBSCRIBE, STATUS (RFC 3501 6.3).
 */
#include "imap/imap_int.h"
#include "imap/reply.h"
#include "imap/view.h"
#include "store/mailbox.h"

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

enum imap_run imap_run_create(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct str name;
	int64_t id;
	enum errc rc;

	if (!imap_mailbox_name(s, without_last_separator(s->command.mailbox), &name))
		return RUN_DONE;
	rc = mailbox_create(s->env->store, s->actor, name, &id, &err);
	return done(s, rc, &err, "mailbox created");
}

static enum errc find(
    struct imap_session *s, struct str name, struct mailbox *mailbox, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);
	db_return(&db);
	return rc;
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
	if (rc == OK)
		rc = mailbox_delete(s->env->store, s->actor, name, &err);
	if (rc == OK && s->view != NULL && s->view->mailbox == mailbox.id)
		imap_deselect(s);
	return done(s, rc, &err, "mailbox deleted");
}

enum imap_run imap_run_rename(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct str from, to;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.rename.from, &from) ||
	    !imap_mailbox_name(s, without_last_separator(s->command.rename.to), &to))
		return RUN_DONE;
	rc = mailbox_rename(s->env->store, s->actor, from, to, &err);
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

static enum errc read_status(struct imap_session *s, struct str name, struct mailbox *mailbox,
    struct mailbox_state *state, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);
	if (rc == OK && mailbox->no_select)
		rc = err_set(err, ERR_STATE, "the mailbox holds no messages");
	if (rc == OK && (mailbox->rights & RIGHT_READ) == 0)
		rc = err_set(err, ERR_DENIED, "no right to read the mailbox");
	if (rc == OK)
		rc = mailbox_state(s->env->store, db, mailbox->owner, mailbox->id, state, err);
	db_return(&db);
	return rc;
}

static void add_status(struct buf *out, unsigned items, const struct mailbox_state *state)
{
	const struct {
		enum status_item item;
		const char *name;
		uint32_t value;
	} all[] = {
		{ STATUS_MESSAGES, "MESSAGES", state->messages },
		{ STATUS_RECENT, "RECENT", state->recent },
		{ STATUS_UIDNEXT, "UIDNEXT", state->uidnext },
		{ STATUS_UIDVALIDITY, "UIDVALIDITY", state->uidvalidity },
		{ STATUS_UNSEEN, "UNSEEN", state->unseen },
	};
	const char *before = "";

	for (size_t i = 0; i < COUNT(all); i++) {
		if ((items & (unsigned)all[i].item) == 0)
			continue;
		buf_printf(out, "%s%s %u", before, all[i].name, all[i].value);
		before = " ";
	}
}

enum imap_run imap_run_status(struct imap_session *s)
{
	struct err err = { .code = OK };
	struct mailbox_state state;
	struct mailbox mailbox;
	struct str name;
	enum errc rc;

	if (!imap_mailbox_name(s, s->command.status.mailbox, &name))
		return RUN_DONE;
	rc = read_status(s, name, &mailbox, &state, &err);
	if (rc == OK) {
		struct buf *out = &s->base.out;

		BUF_ADD(out, "* STATUS ");
		imap_add_mailbox(out, mailbox.name);
		BUF_ADD(out, " (");
		add_status(out, s->command.status.items, &state);
		BUF_ADD(out, ")\r\n");
	}
	return done(s, rc, &err, "status told");
}
