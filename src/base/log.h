/*
 * base/log.h - one line an event: a constant word and fields, as key=value text or as JSON.
 *
 *	2026-11-20T20:11:36.123Z info imap login sid=7f3ac01b user="ann@example.org" mech=SCRAM-SHA-256 ms=4
 *
 * A `struct log` is a link of a chain (process, listener, session, command); a line carries the fields of the
 * whole chain, outermost first, then its own. Where a name comes twice the innermost counts. Text from outside
 * goes in with F_STR and cannot leave its quotes, let alone its line. Secrets have no macro here.
 *
 * Any thread may write through a link that no thread is changing: a line is one write(2).
 */
#pragma once

#include "base/base.h"
#include "base/counter.h"
#include "base/str.h"

enum log_level {
	LOG_LEVEL_ERROR, /* someone must act */
	LOG_LEVEL_WARN,	 /* someone should look */
	LOG_LEVEL_INFO,	 /* a login, a delivery, a refusal, the end of a session */
	LOG_LEVEL_DEBUG, /* states, statements */
	LOG_LEVEL_TRACE, /* bytes */
};

enum log_format { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

/* A longer value is cut there and ends in "...", as one character (U+2026). */
#define LOG_VALUE_MAX 256

/* A longer line drops the fields that have no room and ends in cut=1. A pipe takes it in one piece. */
#define LOG_LINE_MAX 4096

/* Fields that one link can hold; the chain may have any number of links. */
#define LOG_LINK_FIELDS 6

/* Where lines go. Shared by all threads; only `level` changes after the start. */
struct log_sink {
	int fd;
	enum log_format format;
	_Atomic int level;		 /* the most talkative enum log_level that is written */
	struct counter lost;		 /* lines that could not be written */
	struct counter errors, warnings; /* lines of these levels */
};

#define LOG_SINK_STDERR                                                                        \
	((struct log_sink){ .fd = 2, .format = LOG_FORMAT_TEXT, .level = LOG_LEVEL_INFO })

enum log_kind { LOG_STR, LOG_WORD, LOG_INT, LOG_UINT, LOG_ERR };

struct log_field {
	const char *name; /* constant; one of those in STYLE's list where one fits */
	enum log_kind kind;
	union {
		struct str str;
		const char *word;
		int64_t i;
		uint64_t u;
		const struct err *err;
	};
};

/* Text from outside. */
#define F_STR(n, v) ((struct log_field){ .name = (n), .kind = LOG_STR, .str = (v) })
#define F_CSTR(n, v) ((struct log_field){ .name = (n), .kind = LOG_STR, .str = str_from(v) })
/* A word of our own (NUL-terminated): a mechanism, a state, a formatted peer. Without quotes. */
#define F_WORD(n, v) ((struct log_field){ .name = (n), .kind = LOG_WORD, .word = (v) })
#define F_INT(n, v) ((struct log_field){ .name = (n), .kind = LOG_INT, .i = (v) })
#define F_UINT(n, v) ((struct log_field){ .name = (n), .kind = LOG_UINT, .u = (v) })
/* err="ERR_UNAVAIL text"; takes a const struct err *. */
#define F_ERR(e) ((struct log_field){ .name = "err", .kind = LOG_ERR, .err = (e) })

struct log {
	const struct log *parent; /* outlives this link; NULL for the process */
	struct log_sink *sink;
	const char *service; /* constant: "imap" */
	size_t count;
	struct log_field field[LOG_LINK_FIELDS];
};

/* The process's link. `service` is a constant. */
void log_init(struct log *log, struct log_sink *sink, const char *service);

/* A link behind `parent`. `service` NULL: the parent's. */
void log_child(struct log *log, const struct log *parent, const char *service);

/*
 * Adds a field to every line that is written from here on, or replaces the one of that name. Text is borrowed:
 * it lives as long as the link. A seventh field is a mistake of ours (assert).
 */
void log_set(struct log *log, struct log_field field);

/* Opens (or opens again, after a rotation) a file and lets `sink->fd`, which stays the same number, be it. */
#define LOG_FILE_MODE 0640
NODISCARD enum errc log_sink_to_file(struct log_sink *sink, const char *path, struct err *err);

/* Lets `sink->fd`, which stays the same number, be `fd` from here on; `fd` stays the caller's. */
NODISCARD enum errc log_sink_to_fd(struct log_sink *sink, int fd, struct err *err);

/* Would a line of that level be written? False for NULL. */
static inline bool log_is_on(const struct log *log, enum log_level level)
{
	return log &&
	    (int)level <= atomic_load_explicit(&log->sink->level, memory_order_relaxed);
}

/* Use the macros below. field[0] is not looked at. */
void log_write(const struct log *log, enum log_level level, const char *event,
    const struct log_field *field, size_t count);

/* The fields are evaluated only when the level is on. A NULL log is silent. */
#define LOG_AT(log, level, event, ...)                                                         \
	(log_is_on((log), (level))                                                             \
		? log_write((log), (level), (event),                                           \
		      (const struct log_field[]){ { .name = NULL }, __VA_ARGS__ },             \
		      sizeof((const struct log_field[]){ { .name = NULL }, __VA_ARGS__ }) /    \
			  sizeof(struct log_field))                                            \
		: (void)0)

/* log_info(log, "login", F_STR("user", name), F_WORD("mech", mech), F_INT("ms", took)); */
#define log_error(log, ...) LOG_AT((log), LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(log, ...) LOG_AT((log), LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(log, ...) LOG_AT((log), LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...) LOG_AT((log), LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_trace(log, ...) LOG_AT((log), LOG_LEVEL_TRACE, __VA_ARGS__)
