/*
 * imap/cmd_enable.c - ENABLE (RFC 5161): what a client may switch on, and what that brings with it.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"

#include "imap/view.h"

static const struct {
	struct str name;
	unsigned bit;
	unsigned brings; /* what is switched on with it */
} extensions[] = {
	{ STR_INIT("CONDSTORE"), ENABLED_CONDSTORE, 0 },
	{ STR_INIT("QRESYNC"), ENABLED_QRESYNC, ENABLED_CONDSTORE }, /* RFC 7162 3.2.3 */
	{ STR_INIT("UTF8=ACCEPT"), ENABLED_UTF8, 0 },
	{ STR_INIT("IMAP4rev2"), ENABLED_REV2, 0 },
};

void imap_enable_condstore(struct imap_session *s)
{
	if ((s->enabled & ENABLED_CONDSTORE) != 0)
		return;
	s->enabled |= ENABLED_CONDSTORE;
	if (s->state == IMAP_SELECTED)
		view_tell_highestmodseq(s);
}

static void enable(struct imap_session *s, struct str name)
{
	for (size_t i = 0; i < COUNT(extensions); i++) {
		unsigned bits = extensions[i].bit | extensions[i].brings;

		if (!str_equal_nocase(name, extensions[i].name))
			continue;
		if ((bits & ENABLED_CONDSTORE) != 0)
			imap_enable_condstore(s);
		s->enabled |= bits;
	}
}

static bool is_named(const struct imap_session *s, struct str name)
{
	for (size_t i = 0; i < s->command.enable.count; i++)
		if (str_equal_nocase(s->command.enable.names[i], name))
			return true;
	return false;
}

/* RFC 5161 3.2: only what this command was asked to switch on, and was not on, is told of. */
static void tell(struct imap_session *s, unsigned before)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* ENABLED");
	for (size_t i = 0; i < COUNT(extensions); i++)
		if ((extensions[i].bit & ~before) != 0 && is_named(s, extensions[i].name))
			buf_printf(out, " %.*s", STR_ARG(extensions[i].name));
	BUF_ADD(out, "\r\n");
}

/* RFC 5161 3.1: what is not known or cannot be enabled is passed over. */
enum imap_run imap_run_enable(struct imap_session *s)
{
	unsigned before = s->enabled;

	for (size_t i = 0; i < s->command.enable.count; i++)
		enable(s, s->command.enable.names[i]);
	tell(s, before);
	imap_reply(s, REPLY_OK, NULL, "enabled");
	return RUN_DONE;
}
