/*
 * imap/cmd_simple.c - commands that need a few lines: CAPABILITY, NOOP, CHECK, LOGOUT (RFC 3501 6.1, 6.4.1), STARTTLS
 * (6.2.1), NAMESPACE (RFC 2342), UNSELECT (RFC 3691).
 */
#include "imap/imap_int.h"
#include "imap/reply.h"

enum imap_run imap_run_capability(struct imap_session *s)
{
	struct buf *out = &s->base.out;

	BUF_ADD(out, "* CAPABILITY ");
	imap_add_capabilities(s, out);
	BUF_ADD(out, "\r\n");
	imap_reply(s, REPLY_OK, NULL, "that is all");
	return RUN_DONE;
}

enum imap_run imap_run_noop(struct imap_session *s)
{
	return imap_finish(s, NULL, s->command.verb == VERB_CHECK ? "checked" : "nothing done");
}

enum imap_run imap_run_logout(struct imap_session *s)
{
	imap_reply(s, REPLY_BYE, NULL, "logging out");
	imap_reply(s, REPLY_OK, NULL, "logged out");
	imap_session_enter(s, IMAP_ENDED);
	return RUN_CLOSE;
}

enum imap_run imap_run_starttls(struct imap_session *s)
{
	if (s->base.tls || !s->base.tls_possible) {
		imap_reply(s, REPLY_BAD, NULL,
		    s->base.tls ? "TLS is active already" : "there is no TLS here");
		return RUN_DONE;
	}
	imap_reply(s, REPLY_OK, NULL, "begin TLS now");
	return RUN_TLS;
}

enum imap_run imap_run_namespace(struct imap_session *s)
{
	BUF_ADD(&s->base.out,
	    "* NAMESPACE ((\"\" \"/\")) ((\"#Users/\" \"/\")) "
	    "((\"#Public/\" \"/\"))\r\n");
	return imap_finish(s, NULL, "namespaces listed");
}

enum imap_run imap_run_unselect(struct imap_session *s)
{
	imap_deselect(s);
	imap_reply(s, REPLY_OK, NULL, "nothing is selected now");
	return RUN_DONE;
}
