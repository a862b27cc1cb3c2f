#include "imap/reply.h"

#include "base/log.h"
#include "imap/imap_int.h"
#include "imap/parse.h"
#include "imap/view.h"

#include <string.h>

static const char *const words[] = {
	[REPLY_OK] = "OK",
	[REPLY_NO] = "NO",
	[REPLY_BAD] = "BAD",
	[REPLY_UNTAGGED_OK] = "OK",
	[REPLY_UNTAGGED_NO] = "NO",
	[REPLY_UNTAGGED_BAD] = "BAD",
	[REPLY_BYE] = "BYE",
};

/* text: 1*TEXT-CHAR, which is no CR, LF, NUL, nor 8-bit. */
static void add_text(struct buf *out, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		buf_add_char(out, ascii_is_print(text.p[i]) ? text.p[i] : '?');
}

static void add_start(struct imap_session *s, enum reply_kind kind)
{
	struct buf *out = &s->base.out;
	bool tagged = kind <= REPLY_BAD && s->command.tag.n > 0;

	if (tagged)
		add_text(out, s->command.tag);
	else
		buf_add_char(out, '*');
	buf_add_char(out, ' ');
	buf_add_str(out, str_from(words[kind]));
	buf_add_char(out, ' ');
}

/* What a tagged answer means for those who count, and for '$'. */
static void note_result(struct imap_session *s, enum reply_kind kind, const char *code)
{
	static const char *const ours[] = { "UNAVAILABLE", "SERVERBUG", "CORRUPTION", "INUSE" };

	if (kind > REPLY_BAD)
		return;
	if (kind == REPLY_NO)
		imap_search_refused(s);
	s->result = kind == REPLY_OK ? RESULT_OK
	    : kind == REPLY_NO	     ? RESULT_REFUSED
				     : RESULT_BAD;
	for (size_t i = 0; kind == REPLY_NO && code != NULL && i < COUNT(ours); i++)
		if (strcmp(code, ours[i]) == 0)
			s->result = RESULT_TEMPORARY;
}

void imap_reply(
    struct imap_session *s, enum reply_kind kind, const char *code, const char *text)
{
	struct buf *out = &s->base.out;

	note_result(s, kind, code);
	add_start(s, kind);
	if (code != NULL) {
		buf_add_char(out, '[');
		add_text(out, str_from(code));
		BUF_ADD(out, "] ");
	}
	add_text(out, str_from(text));
	BUF_ADD(out, "\r\n");
}

void imap_reply_text(struct imap_session *s, enum reply_kind kind, struct str text)
{
	note_result(s, kind, NULL);
	add_start(s, kind);
	add_text(&s->base.out, text);
	BUF_ADD(&s->base.out, "\r\n");
}

void imap_continue(struct imap_session *s, const char *text)
{
	BUF_ADD(&s->base.out, "+ ");
	add_text(&s->base.out, str_from(text));
	BUF_ADD(&s->base.out, "\r\n");
}

/* Codes of RFC 5530. A row without a text shows that of the error. */
static const struct {
	enum reply_kind kind;
	const char *code, *text;
} errors[] = {
	[OK] = { REPLY_OK, NULL, "done" },
	[ERR_END] = { REPLY_NO, "SERVERBUG", "internal error" },
	[ERR_MORE] = { REPLY_NO, "SERVERBUG", "internal error" },
	[ERR_SYNTAX] = { REPLY_BAD, NULL, NULL },
	[ERR_LIMIT] = { REPLY_NO, "LIMIT", NULL },
	[ERR_ARG] = { REPLY_NO, "CANNOT", NULL },
	[ERR_STATE] = { REPLY_NO, "CANNOT", NULL },
	[ERR_DENIED] = { REPLY_NO, "NOPERM", NULL },
	[ERR_NOTFOUND] = { REPLY_NO, "NONEXISTENT", "no such mailbox" },
	[ERR_EXISTS] = { REPLY_NO, "ALREADYEXISTS", "there is a mailbox of that name" },
	[ERR_QUOTA] = { REPLY_NO, "OVERQUOTA", "quota exceeded" },
	[ERR_UNSUPPORTED] = { REPLY_BAD, NULL, NULL },
	[ERR_UNAVAIL] = { REPLY_NO, "UNAVAILABLE",
	    "temporarily not possible, try again later" },
	[ERR_TIMEOUT] = { REPLY_NO, "UNAVAILABLE", "it took too long, try again later" },
	[ERR_CONFLICT] = { REPLY_NO, "INUSE", "in use, try again" },
	[ERR_CLOSED] = { REPLY_NO, "UNAVAILABLE", "temporarily not possible, try again later" },
	[ERR_UNCERTAIN] = { REPLY_NO, "UNAVAILABLE",
	    "it may have been done: look, and try again" },
	[ERR_CORRUPT] = { REPLY_NO, "CORRUPTION", "stored data is damaged" },
	[ERR_INTERNAL] = { REPLY_NO, "SERVERBUG", "internal error" },
};
_Static_assert(COUNT(errors) == ERRC_COUNT, "every code has its answer");

void imap_reply_error(struct imap_session *s, enum errc rc, const struct err *err)
{
	const char *text = errors[rc].text;

	if (errc_is_temporary(rc))
		log_warn(s->base.log, "command-failed",
		    F_STR("cmd", imap_verb_name(s->command.verb)), F_ERR(err));
	view_tell_if_behind(s);
	if (text == NULL)
		text = err != NULL && err->text[0] != '\0' ? err->text : "not possible";
	imap_reply(s, errors[rc].kind, errors[rc].code, text);
}
