/*
 * imap/parse_list.c - arguments of LIST, LSUB and STATUS.
 */
#include "imap/parse_int.h"

#include "base/arena.h"
#include "imap/lex.h"
#include "imap/limits.h"

/* LIST SP mailbox SP list-mailbox; LSUB alike */
enum errc imap_read_list(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->list.reference, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK)
		rc = imap_list_mailbox(c, arena, &command->list.pattern, err);
	if (rc == OK && command->list.pattern.n > IMAP_MAILBOX_SENT_MAX)
		return err_set(err, ERR_LIMIT, "pattern too long");
	return rc;
}

static const struct {
	struct str word;
	enum status_item item;
} status_words[] = {
	{ STR_INIT("MESSAGES"), STATUS_MESSAGES },
	{ STR_INIT("RECENT"), STATUS_RECENT },
	{ STR_INIT("UIDNEXT"), STATUS_UIDNEXT },
	{ STR_INIT("UIDVALIDITY"), STATUS_UIDVALIDITY },
	{ STR_INIT("UNSEEN"), STATUS_UNSEEN },
};

static enum errc read_status_att(struct cursor *c, unsigned *items, struct err *err)
{
	struct str word = cursor_take_while(c, ascii_is_alpha);

	for (size_t i = 0; i < COUNT(status_words); i++) {
		if (!str_equal_nocase(word, status_words[i].word))
			continue;
		*items |= (unsigned)status_words[i].item;
		return OK;
	}
	return err_set(err, ERR_SYNTAX, "unknown status item");
}

/* STATUS SP mailbox SP "(" status-att *(SP status-att) ")" */
enum errc imap_read_status(
    struct cursor *c, struct arena *arena, struct imap_command *command, struct err *err)
{
	enum errc rc = imap_sp_mailbox(c, arena, &command->status.mailbox, err);

	if (rc == OK)
		rc = imap_sp(c, err);
	if (rc == OK && !cursor_take(c, '('))
		return err_set(err, ERR_SYNTAX, "list of status items expected");
	command->status.items = 0;
	if (rc == OK)
		rc = read_status_att(c, &command->status.items, err);
	while (rc == OK && cursor_take(c, ' '))
		rc = read_status_att(c, &command->status.items, err);
	if (rc == OK && !cursor_take(c, ')'))
		return err_set(err, ERR_SYNTAX, "list of status items without its end");
	return rc;
}
