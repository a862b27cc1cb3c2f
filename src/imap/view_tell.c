/*
 * imap/view_tell.c - what is told of the selected mailbox: flags, keywords, messages.
 */
#include "imap/imap_int.h"
#include "imap/view.h"
#include "store/mailbox.h"
#include "store/message.h"

static const struct {
	uint64_t bit;
	const char *name;
} system_flags[] = {
	{ FLAG_ANSWERED, "\\Answered" },
	{ FLAG_FLAGGED, "\\Flagged" },
	{ FLAG_DELETED, "\\Deleted" },
	{ FLAG_SEEN, "\\Seen" },
	{ FLAG_DRAFT, "\\Draft" },
};

/* Flags with spaces between them, behind "(". */
static void add_flag(struct buf *out, struct str name)
{
	if (out->p[out->n - 1] != '(')
		buf_add_char(out, ' ');
	buf_add_str(out, name);
}

static void add_keywords(struct buf *out, const struct view_message *message)
{
	size_t count, extra_count;
	const struct str *names = index_keywords(message->version, &count);
	uint64_t bits = message->entry->flags >> FLAG_KEYWORD_SHIFT;
	const uint16_t *extra;

	for (size_t i = 0; bits != 0 && i < count && i < FLAG_KEYWORDS_IN_MASK; i++, bits >>= 1)
		if ((bits & 1) != 0 && names[i].n > 0)
			add_flag(out, names[i]);
	if (message->entry->extra == 0)
		return;
	extra = index_extra_keywords(message->version, message->entry->uid, &extra_count);
	for (size_t i = 0; i < extra_count; i++)
		if (extra[i] < count && names[extra[i]].n > 0)
			add_flag(out, names[extra[i]]);
}

void view_add_flags(
    struct buf *out, const struct imap_session *s, const struct view_message *message)
{
	buf_add_char(out, '(');
	for (size_t i = 0; i < COUNT(system_flags); i++)
		if ((message->entry->flags & system_flags[i].bit) != 0)
			add_flag(out, str_from(system_flags[i].name));
	add_keywords(out, message);
	/* RFC 9051 appendix E: \Recent is no more */
	if ((s->enabled & ENABLED_REV2) == 0 && view_is_recent(s->view, message->entry->uid))
		add_flag(out, STR("\\Recent"));
	buf_add_char(out, ')');
}

void view_add_modseq(struct buf *out, const struct index_entry *entry)
{
	BUF_ADD(out, "MODSEQ (");
	buf_add_u64(out, (uint64_t)entry->modseq);
	buf_add_char(out, ')');
}

void view_tell_message(
    struct imap_session *s, uint32_t seq, const struct view_message *message, bool flags)
{
	struct buf *out = &s->base.out;
	bool condstore = (s->enabled & ENABLED_CONDSTORE) != 0;
	const char *before = "";

	BUF_ADD(out, "* ");
	buf_add_u64(out, seq);
	BUF_ADD(out, " FETCH (");
	/* RFC 3501 6.4.8: UID in any FETCH response that a UID command causes; RFC 7162 3.2.4, RFC 9051 7.5.2: in all */
	if (s->command.uid || condstore || (s->enabled & ENABLED_REV2) != 0) {
		BUF_ADD(out, "UID ");
		buf_add_u64(out, message->entry->uid);
		before = " ";
	}
	if (flags) {
		buf_printf(out, "%sFLAGS ", before);
		view_add_flags(out, s, message);
	}
	if (condstore) {
		buf_add_char(out, ' ');
		view_add_modseq(out, message->entry);
	}
	BUF_ADD(out, ")\r\n");
}

void view_tell_highestmodseq(struct imap_session *s)
{
	BUF_ADD(&s->base.out, "* OK [HIGHESTMODSEQ ");
	buf_add_u64(&s->base.out, (uint64_t)s->view->complete);
	BUF_ADD(&s->base.out, "] up to here everything was told\r\n");
}

void view_tell_if_behind(struct imap_session *s)
{
	const struct imap_view *view = s->view;

	if (view == NULL || (s->enabled & ENABLED_QRESYNC) == 0 || view->newest == NULL)
		return;
	if (view->complete < index_modseq(view->newest))
		view_tell_highestmodseq(s);
}

/* Rights that a system flag takes (RFC 4314 section 4). */
static unsigned right_for(uint64_t flag)
{
	if (flag == FLAG_SEEN)
		return RIGHT_SEEN;
	return flag == FLAG_DELETED ? RIGHT_DELETED : RIGHT_WRITE;
}

/* NULL: none are known. */
static const struct str *keywords_of(const struct imap_view *view, size_t *count_out)
{
	const struct index_version *version =
	    view->newest != NULL ? view->newest : view->partial;

	*count_out = 0;
	return version != NULL ? index_keywords(version, count_out) : NULL;
}

/* Names of system flags and keywords; those that can be changed, or all. */
static void add_flag_names(struct buf *out, const struct imap_view *view, bool changeable)
{
	size_t count;
	const struct str *names = keywords_of(view, &count);

	buf_add_char(out, '(');
	for (size_t i = 0; i < COUNT(system_flags); i++)
		if (!changeable || (view->rights & right_for(system_flags[i].bit)) != 0)
			add_flag(out, str_from(system_flags[i].name));
	if (changeable && (view->rights & RIGHT_WRITE) == 0)
		count = 0;
	for (size_t i = 0; i < count; i++)
		if (names[i].n > 0)
			add_flag(out, names[i]);
	if (changeable && (view->rights & RIGHT_WRITE) != 0)
		add_flag(out, STR("\\*"));
	buf_add_char(out, ')');
}

static size_t count_keywords(const struct imap_view *view)
{
	size_t count, named = 0;
	const struct str *names = keywords_of(view, &count);

	for (size_t i = 0; i < count; i++)
		named += names[i].n > 0;
	return named;
}

void view_tell_flags(struct imap_session *s)
{
	struct imap_view *view = s->view;
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* FLAGS ");
	add_flag_names(out, view, false);
	BUF_ADD(out, "\r\n* OK [PERMANENTFLAGS ");
	if (view->read_only)
		BUF_ADD(out, "()");
	else
		add_flag_names(out, view, true);
	BUF_ADD(out, "] flags that are kept\r\n");
	view->keywords = count_keywords(view);
}

void view_tell_keywords(struct imap_session *s)
{
	if (count_keywords(s->view) != s->view->keywords)
		view_tell_flags(s);
}
