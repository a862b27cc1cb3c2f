/*
 * imap/capability.c - what is announced: what the table of verbs has, and how the connection is.
 */
#include "imap/imap_int.h"

bool imap_login_is_allowed(const struct imap_session *s)
{
	return s->base.tls || s->base.peer.is_loopback || s->env->conf->plaintext_login;
}

void imap_add_capabilities(const struct imap_session *s, struct buf *out)
{
	/* RFC 7888 section 5: one of them. A stranger may send 4096 bytes: that is what LITERAL- says */
	if (s->state == IMAP_STRANGER || s->env->conf->literal_minus)
		BUF_ADD(out, "IMAP4rev1 IMAP4rev2 LITERAL-");
	else
		BUF_ADD(out, "IMAP4rev1 IMAP4rev2 LITERAL+");
	for (int verb = 0; verb < VERB_COUNT; verb++) {
		const char *capability = imap_verb_row((enum imap_verb)verb)->capability;

		if (capability != NULL)
			buf_printf(out, " %s", capability);
	}
	if (s->state != IMAP_STRANGER) {
		if (s->env->conf->compress && !s->base.compressed)
			BUF_ADD(out, " COMPRESS=DEFLATE");
		return;
	}
	if (s->base.tls_possible && !s->base.tls)
		BUF_ADD(out, " STARTTLS");
	if (imap_login_is_allowed(s))
		BUF_ADD(out, " AUTH=PLAIN AUTH=LOGIN");
	else
		BUF_ADD(out, " LOGINDISABLED");
}
