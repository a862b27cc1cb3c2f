#include "imap/target.h"

#include "imap/reply.h"

#define COPYUID_MAX ((size_t)1024 * 1024)

enum errc target_find(
    struct imap_session *s, struct str name, struct mailbox *mailbox, struct err *err)
{
	struct db *db;
	enum errc rc = imap_lease(s, &db, err);

	if (rc != OK)
		return rc;
	rc = mailbox_find(db, s->actor, name, s->arena, mailbox, err);
	db_return(&db);
	if (rc == OK && mailbox->no_select)
		rc = err_set(err, ERR_STATE, "the mailbox holds no messages");
	return rc;
}

enum imap_run target_failed(struct imap_session *s, enum errc rc, const struct err *err)
{
	if (rc == ERR_NOTFOUND)
		imap_reply(s, REPLY_NO, "TRYCREATE", "no such mailbox");
	else
		imap_reply_error(s, rc, err);
	return RUN_DONE;
}

struct str target_copyuid(struct imap_session *s, const struct copied *copied, const char *word)
{
	struct buf text = BUF_INIT(COPYUID_MAX);
	struct str out;

	buf_printf(&text, "[COPYUID %u ", copied->uidvalidity);
	seqset_print(&text, copied->from, copied->count);
	buf_add_char(&text, ' ');
	seqset_print(&text, copied->to, copied->count);
	buf_printf(&text, "] %s", word);
	out = str_dup(s->arena, text.overflow ? str_from(word) : buf_str(&text));
	buf_release(&text);
	return out;
}
