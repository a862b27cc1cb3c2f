#include "smtp/reply.h"

#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>

#define TEXT_MAX 400

void smtp_reply_line(struct buf *out, int code, bool last, struct str text)
{
	buf_printf(out, "%03d%c", code, last ? ' ' : '-');
	for (size_t i = 0; i < text.n && i < TEXT_MAX; i++) {
		char c = text.p[i];

		buf_add_char(out, (unsigned char)c < 0x20 || c == 0x7f ? '?' : c);
	}
	BUF_ADD(out, "\r\n");
}

void smtp_reply(struct buf *out, struct smtp_status status, const char *fmt, ...)
{
	char text[TEXT_MAX + 1];
	size_t n = 0;
	va_list args;
	int printed;

	if (status.enhanced)
		n = (size_t)snprintf(text, sizeof(text), "%s ", status.enhanced);
	va_start(args, fmt);
	printed = vsnprintf(text + n, sizeof(text) - n, fmt, args);
	va_end(args);
	if (printed > 0)
		n = n + (size_t)printed < TEXT_MAX ? n + (size_t)printed : TEXT_MAX;
	smtp_reply_line(out, status.code, true, (struct str){ text, n });
}

static const struct smtp_status statuses[] = {
	[OK] = { 250, "2.0.0" },
	[ERR_END] = { 451, "4.3.0" },
	[ERR_MORE] = { 451, "4.3.0" },
	[ERR_SYNTAX] = { 501, "5.5.2" },
	[ERR_LIMIT] = { 552, "5.3.4" },
	[ERR_ARG] = { 501, "5.5.4" },
	[ERR_STATE] = { 503, "5.5.1" },
	[ERR_DENIED] = { 550, "5.7.1" },
	[ERR_NOTFOUND] = { 550, "5.1.1" },
	[ERR_EXISTS] = { 451, "4.3.0" },
	[ERR_QUOTA] = { 552, "5.2.2" },
	[ERR_UNSUPPORTED] = { 504, "5.5.4" },
	[ERR_UNAVAIL] = { 451, "4.3.0" },
	[ERR_TIMEOUT] = { 451, "4.3.0" },
	[ERR_CONFLICT] = { 451, "4.3.0" },
	[ERR_CLOSED] = { 451, "4.3.0" },
	[ERR_UNCERTAIN] = { 451, "4.3.0" },
	[ERR_CORRUPT] = { 451, "4.3.0" },
	[ERR_INTERNAL] = { 451, "4.3.0" },
};

_Static_assert(COUNT(statuses) == ERRC_COUNT, "every error has an answer");

struct smtp_status smtp_status_of(enum errc rc)
{
	return (size_t)rc < COUNT(statuses) ? statuses[rc] : statuses[ERR_INTERNAL];
}

const char *smtp_text_of(enum errc rc, const struct err *err)
{
	return errc_is_temporary(rc) ? "temporary trouble here, try again later" : err->text;
}
