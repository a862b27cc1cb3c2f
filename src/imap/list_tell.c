#include "imap/list_tell.h"

#include "imap/imap_int.h"
#include "imap/list_select.h"
#include "store/mailbox.h"
#include "store/special_use.h"

static void add_attribute(struct buf *out, struct str name)
{
	if (out->p[out->n - 1] != '(')
		buf_add_char(out, ' ');
	buf_add_str(out, name);
}

bool list_is_selectable(const struct mailbox *mailbox)
{
	/* RFC 4314 section 4: what may not be read cannot be selected either */
	return list_exists(mailbox) && !mailbox->no_select &&
	    (mailbox->rights & RIGHT_READ) != 0;
}

static void add_attributes(struct buf *out, const struct mailbox *mailbox, enum list_form form)
{
	if (!list_exists(mailbox) && (form & LIST_FORM_NONEXISTENT) != 0)
		add_attribute(out, STR("\\NonExistent"));
	else if (!list_is_selectable(mailbox))
		add_attribute(out, STR("\\Noselect"));
	/* RFC 9051 7.3.1: \Noinferiors says that there are no children */
	if (mailbox->no_inferiors)
		add_attribute(out, STR("\\Noinferiors"));
	else if (mailbox->has_children)
		add_attribute(out, STR("\\HasChildren"));
	else if (!mailbox->gone)
		add_attribute(out, STR("\\HasNoChildren"));
	if (mailbox->subscribed && (form & LIST_FORM_SUBSCRIBED) != 0)
		add_attribute(out, STR("\\Subscribed"));
	/* RFC 6154 section 2: in a LIST that did not ask for them too */
	for (unsigned i = 0; i < SPECIAL_USE_COUNT; i++)
		if ((mailbox->special_use >> i & 1) != 0)
			add_attribute(out, special_use_word(i));
}

void list_tell(struct imap_session *s, const struct mailbox *mailbox, enum list_form form)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* LIST (");
	add_attributes(out, mailbox, form);
	BUF_ADD(out, ") \"/\" ");
	imap_add_mailbox(s, mailbox->name);
}

/* LSUB shows subscriptions, not mailboxes: \Noselect there means that it is none, or that there is no mailbox. */
void list_tell_lsub(struct imap_session *s, const struct mailbox *mailbox, bool selected)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* LSUB (");
	if (mailbox->no_select || !selected)
		add_attribute(out, STR("\\Noselect"));
	if (mailbox->no_inferiors && selected)
		add_attribute(out, STR("\\Noinferiors"));
	BUF_ADD(out, ") \"/\" ");
	imap_add_mailbox(s, mailbox->name);
	BUF_ADD(out, "\r\n");
}

void list_tell_renamed(struct imap_session *s, const struct mailbox *mailbox, struct str old)
{
	struct buf *out = &s->base.out;

	list_tell(s, mailbox, LIST_FORM_NONEXISTENT);
	if (old.n > 0) {
		BUF_ADD(out, " (\"OLDNAME\" (");
		imap_add_mailbox(s, old);
		BUF_ADD(out, "))");
	}
	BUF_ADD(out, "\r\n");
}
