/*
 * imap/cmd_enable.c - ENABLE (RFC 5161): what a client may switch on, and what that brings with it.
 */
#include "imap/imap_int.h"
#include "imap/reply.h"

static const struct {
	struct str name;
	unsigned enables;
} extensions[] = {
	{ STR_INIT("CONDSTORE"), ENABLED_CONDSTORE },
};

static unsigned find(struct str name)
{
	for (size_t i = 0; i < COUNT(extensions); i++)
		if (str_equal_nocase(name, extensions[i].name))
			return extensions[i].enables;
	return 0;
}

/* RFC 5161 3.2: only what this command has switched on is told of. */
static void tell(struct imap_session *s, unsigned before)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* ENABLED");
	for (size_t i = 0; i < COUNT(extensions); i++)
		if ((extensions[i].enables & s->enabled & ~before) != 0)
			buf_printf(out, " %.*s", STR_ARG(extensions[i].name));
	BUF_ADD(out, "\r\n");
}

/* RFC 5161 3.1: what is not known or cannot be enabled is passed over. */
enum imap_run imap_run_enable(struct imap_session *s)
{
	unsigned before = s->enabled;

	for (size_t i = 0; i < s->command.enable.count; i++)
		s->enabled |= find(s->command.enable.names[i]);
	tell(s, before);
	imap_reply(s, REPLY_OK, NULL, "enabled");
	return RUN_DONE;
}
