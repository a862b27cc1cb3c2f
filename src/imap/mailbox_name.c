/*
 * imap/mailbox_name.c - names of mailboxes between the wire and the store.
 */
#include "base/utf8.h"
#include "imap/imap_int.h"
#include "imap/lex.h"
#include "imap/reply.h"
#include "imap/utf7.h"

bool imap_speaks_utf8(const struct imap_session *s)
{
	return (s->enabled & (unsigned)(ENABLED_UTF8 | ENABLED_REV2)) != 0;
}

enum errc imap_decode_mailbox(
    struct imap_session *s, struct str sent, struct str *name_out, struct err *err)
{
	if (!imap_speaks_utf8(s))
		return utf7_decode(sent, s->arena, name_out, err);
	/* RFC 6855 section 3, RFC 9051 5.1: "&" is a character like any other then */
	if (!utf8_is_valid(sent))
		return err_set(err, ERR_SYNTAX, "the mailbox name is not UTF-8");
	*name_out = sent;
	return OK;
}

bool imap_mailbox_name(struct imap_session *s, struct str sent, struct str *name_out)
{
	struct err err = { .code = OK };

	if (imap_decode_mailbox(s, sent, name_out, &err) == OK)
		return true;
	if (imap_speaks_utf8(s))
		imap_reply(s, REPLY_BAD, NULL, err.text);
	else
		imap_reply(s, REPLY_NO, "CANNOT", err.text);
	return false;
}

static bool is_plain(struct str name)
{
	for (size_t i = 0; i < name.n; i++)
		if (!imap_is_astring_char(name.p[i]))
			return false;
	return name.n > 0 && !str_equal_nocase(name, STR("NIL"));
}

/* Neither form holds control characters: a literal is never needed. */
void imap_add_mailbox(struct imap_session *s, struct str name)
{
	struct buf *out = &s->base.out;
	struct buf sent = BUF_INIT((size_t)STORE_MAILBOX_NAME_MAX * 4);

	if (imap_speaks_utf8(s))
		buf_add_str(&sent, name);
	else
		utf7_encode(&sent, name);
	if (is_plain(buf_str(&sent))) {
		buf_add_str(out, buf_str(&sent));
		buf_release(&sent);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < sent.n; i++) {
		if (sent.p[i] == '"' || sent.p[i] == '\\')
			buf_add_char(out, '\\');
		buf_add_char(out, sent.p[i]);
	}
	buf_add_char(out, '"');
	buf_release(&sent);
}
