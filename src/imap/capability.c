/*
 * imap/capability.c - what is announced: what the table of verbs has, and how the connection is.
 */
#include "imap/imap_int.h"

/* RFC 3501 6.2.2, 7.2.1: the mechanisms that this connection can use now. */
static void add_mechanisms(const struct imap_session *s, struct buf *out)
{
	unsigned mechanisms = login_mechanisms(&s->env->login, &s->base);

	for (int i = 0; i < SASL_MECHANISM_COUNT; i++)
		if ((mechanisms >> i & 1) != 0)
			buf_printf(out, " AUTH=%.*s",
			    STR_ARG(sasl_mechanism_name((enum sasl_mechanism)i)));
	if (!login_takes_passwords(&s->env->login, &s->base))
		BUF_ADD(out, " LOGINDISABLED");
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
	add_mechanisms(s, out);
}
