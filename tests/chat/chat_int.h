/*
 * tests/chat/chat_int.h - the parts of the runner: script (chat_script.c), pattern (chat_match.c), sessions
 * (chat_peer.c).
 */
#pragma once

#include "tests/chat/chat.h"

#include "base/arena.h"

#include <pthread.h>

#define CHAT_SESSIONS_MAX 16
#define CHAT_VARIABLES_MAX 32
#define CHAT_OUTPUT_MAX ((size_t)(64 * 1024 * 1024))

enum line_kind {
	LINE_SEND,	/* C: and C> */
	LINE_EXPECT,	/* S: */
	LINE_RAW,	/* S> */
	LINE_ANY_ORDER, /* S* */
	LINE_OPTIONAL,	/* S? */
	LINE_DIRECTIVE, /* @ */
};

struct line {
	unsigned number; /* in the file, from 1 */
	enum line_kind kind;
	struct str text; /* without the mark; of C> and S> the bytes; of C: with its end */
	bool ends_in_lf; /* and not in CRLF */
};

struct script {
	struct line *line;
	size_t count;
};

NODISCARD enum errc script_parse(
    struct str file, struct arena *arena, struct script *script_out, struct err *err);

struct variables {
	struct arena *arena;
	size_t count;
	struct str name[CHAT_VARIABLES_MAX], value[CHAT_VARIABLES_MAX];
};

/* {$name} replaced. ERR_NOTFOUND: never set. */
NODISCARD enum errc variables_expand(
    const struct variables *variables, struct str text, struct buf *out, struct err *err);

/* Does the line match? Remembers {name:=...} if so. ERR_NOTFOUND: no; ERR_SYNTAX: a bad pattern. */
NODISCARD enum errc pattern_match(
    struct str pattern, struct str line, struct variables *variables, struct err *err);

/* One session and what it said. */
struct peer {
	struct chat *chat;
	struct session *session; /* NULL: not opened, or ended */
	struct session_ref ref;
	bool was_opened;
	enum step want;
	struct buf said; /* not yet expected */
	int64_t timer_at_ms;
	unsigned woken; /* under chat->lock */
};

struct chat {
	pthread_mutex_t lock; /* woken of the peers, generation of their refs */
	pthread_cond_t changed;
	struct peer peer[CHAT_SESSIONS_MAX];
};

/* How a session is opened. */
struct peer_options {
	const char *service;
	const char *address;
	bool tls, starttls;
};

NODISCARD enum errc peer_open(struct peer *peer, const struct chat_host *host,
    const struct peer_options *options, struct err *err);
void peer_free(struct peer *peer);

/* Input, as much as the session takes before it ends. */
NODISCARD enum errc peer_feed(struct peer *peer, struct str bytes, struct err *err);

/* Lets the session run for what has come. True if it ran. */
bool peer_pump(struct peer *peer);

/* Waits a few seconds for a wake. False: none came. */
bool peer_wait(struct peer *peer);
