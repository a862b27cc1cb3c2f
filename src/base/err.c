#include "base/base.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

static const char *const names[] = {
	[OK] = "OK",
	[ERR_END] = "ERR_END",
	[ERR_MORE] = "ERR_MORE",
	[ERR_SYNTAX] = "ERR_SYNTAX",
	[ERR_LIMIT] = "ERR_LIMIT",
	[ERR_ARG] = "ERR_ARG",
	[ERR_STATE] = "ERR_STATE",
	[ERR_DENIED] = "ERR_DENIED",
	[ERR_NOTFOUND] = "ERR_NOTFOUND",
	[ERR_EXISTS] = "ERR_EXISTS",
	[ERR_QUOTA] = "ERR_QUOTA",
	[ERR_UNSUPPORTED] = "ERR_UNSUPPORTED",
	[ERR_UNAVAIL] = "ERR_UNAVAIL",
	[ERR_TIMEOUT] = "ERR_TIMEOUT",
	[ERR_CONFLICT] = "ERR_CONFLICT",
	[ERR_CLOSED] = "ERR_CLOSED",
	[ERR_UNCERTAIN] = "ERR_UNCERTAIN",
	[ERR_CORRUPT] = "ERR_CORRUPT",
	[ERR_INTERNAL] = "ERR_INTERNAL",
};

_Static_assert(COUNT(names) == ERRC_COUNT, "every code has a name");

void err_fill(struct err *err, enum errc code, const char *fmt, ...)
{
	if (err) {
		va_list args;

		err->code = code;
		va_start(args, fmt);
		(void)vsnprintf(err->text, sizeof(err->text), fmt, args);
		va_end(args);
	}
}

const char *errc_name(enum errc code)
{
	return (size_t)code < COUNT(names) ? names[code] : "ERR_?";
}

bool errc_is_temporary(enum errc code)
{
	return code >= ERR_UNAVAIL;
}

int str_print_len(struct str s)
{
	return s.n > INT_MAX ? INT_MAX : (int)s.n;
}
