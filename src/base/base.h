/*
 * base/base.h - the words that every file speaks: error codes, text views, counting.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args), nonnull(fmt)))

/* Elements of an array (never of a pointer). */
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Every way in which a function can fail. The groups decide the answer that a peer gets: the first is
 * permanent, the second temporary, the third temporary and an error line in the log. Each protocol maps the
 * whole list in one table whose length is asserted, so a new code asks every protocol for its answer.
 */
enum errc {
	OK = 0,
	ERR_END,  /* no more rows or items */
	ERR_MORE, /* more bytes are needed */

	/* the caller's or the client's */
	ERR_SYNTAX,
	ERR_LIMIT,
	ERR_ARG,
	ERR_STATE,
	ERR_DENIED,
	ERR_NOTFOUND, /* it was looked for and is not there; "could not look" is ERR_UNAVAIL */
	ERR_EXISTS,
	ERR_QUOTA,
	ERR_UNSUPPORTED,

	/* the world's: try later */
	ERR_UNAVAIL,
	ERR_TIMEOUT,
	ERR_CONFLICT, /* the transaction must be run again */
	ERR_CLOSED,
	ERR_UNCERTAIN, /* a write may have happened */

	/* ours */
	ERR_CORRUPT, /* stored data breaks a rule */
	ERR_INTERNAL,

	ERRC_COUNT
};

/* What went wrong, for the log and for administrators. Callers may pass NULL where they do not care. */
struct err {
	enum errc code;
	char text[256]; /* NUL-terminated; cut, never overrun */
};

/*
 * Fill `err` (unless NULL) and give `code`, so that `return err_set(...)` is one line. A macro, so that the compiler
 * sees which code is returned.
 */
#define err_set(err, code, ...)                                                                \
	({                                                                                     \
		enum errc err_set_code = (code);                                               \
		err_fill((err), err_set_code, __VA_ARGS__);                                    \
		errc_same(err_set_code);                                                       \
	})
void err_fill(struct err *err, enum errc code, const char *fmt, ...) PRINTF_LIKE(3, 4);
static inline enum errc errc_same(enum errc code)
{
	return code; /* a call, as a value that nobody uses would be warned of */
}

/* The constant name of a code: "ERR_SYNTAX". */
const char *errc_name(enum errc code);

/* The second and third group: the same request may succeed later. */
bool errc_is_temporary(enum errc code);

/* A view of bytes with a length; never assumed to end in NUL. An empty one may have p == NULL. */
struct str {
	const char *p;
	size_t n;
};

#define STR_INIT(literal)                                                                      \
	{                                                                                      \
		(literal), sizeof(literal) - 1                                                 \
	}
#define STR(literal) ((struct str)STR_INIT(literal))
#define STR_EMPTY ((struct str){ NULL, 0 })

/* For printf: "%.*s", STR_ARG(s). Text over INT_MAX bytes is cut. */
#define STR_ARG(s) str_print_len(s), (s).n > 0 ? (s).p : ""

int str_print_len(struct str s);
