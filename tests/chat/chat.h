/*
 * tests/chat/chat.h - runs dialogues (*.chat) on sessions without a socket.
 *
 *	# a comment; empty lines count for nothing
 *	C: a1 SELECT INBOX		the line and CRLF
 *	C> \x00raw\r\n			these bytes and nothing else: \r \n \t \0 \\ \xNN
 *	S: * {[0-9]+} EXISTS		one line; {regexp} (POSIX extended) and … (any text) are free
 *	S: * BODY[] {12}		digits in braces, as literals have them, stand for themselves; so does \{
 *	S> exactly these bytes\r\n
 *	S* * FLAGS (…)			lines of S* in a row may come in any order
 *	S? * RECENT			is skipped if the next line is another
 *	S: OK [UIDVALIDITY {v:=[0-9]+}]	remembers what the regexp matched …
 *	C: a2 SELECT INBOX (QRESYNC ({$v} 1))	… and uses it, in C and S lines
 *
 *	@session 2			the lines below are of this session, opened when it is first used
 *	@service lmtp			of the sessions opened below; first the name of the folder the file is in
 *	@peer 192.0.2.7			of the sessions opened below; 127.0.0.1, and "unix", are local
 *	@tls on				sessions opened below are encrypted from the start
 *	@starttls off			sessions opened below cannot start TLS
 *	@lines lf			lines of C and S below end in LF alone
 *	@event bus			EVENT_BUS; also timer (it must be set), done, shutdown, eof
 *	@closed				the session has ended, and said nothing more
 *	@anything else			is the host's
 *
 * Behind STEP_DEFLATE the dialogue goes on as it would be without it: what is packed is the driver's matter.
 *
 * C lines in a row are one piece of input (so they are pipelined; behind STARTTLS the rest of it is lost). A file is run thrice: each piece whole, byte
 * by byte, and cut at random; what the server says has to be the same.
 */
#pragma once

#include "base/base.h"
#include "base/buf.h"
#include "net/session.h"

/* So many bytes a session may keep beyond its commands. */
#define CHAT_KEEP_MAX 32

struct chat;

/* What the dialogues are held with. */
struct chat_host {
	void *arg;
	/* Before and after each run of a file: a fresh world. `chat` is for chat_wake; end may be NULL. */
	enum errc (*begin)(void *arg, struct chat *chat, struct err *err);
	void (*end)(void *arg);
	/* As struct service's `open`. NULL: no such service. */
	struct session *(*open)(void *arg, const char *service, const struct session *base);
	/* "@user ann@example.test secret": word "user" and the rest. ERR_UNSUPPORTED: unknown. May be NULL. */
	enum errc (*directive)(void *arg, struct str word, struct str rest, struct err *err);
};

/* What reactor_wake is elsewhere. Any thread. */
void chat_wake(struct chat *chat, struct session_ref ref, unsigned events);

enum chat_feed { CHAT_WHOLE, CHAT_BYTES, CHAT_RANDOM };

/* One run of one file. False: `report` says where and why, in a line or two that end in LF. */
bool chat_run(const struct chat_host *host, const char *path, enum chat_feed feed,
    uint64_t seed, struct buf *report);

/* Each *.chat of a folder in each way; how many files have failed. *files_out: how many there are. */
unsigned chat_run_folder(
    const struct chat_host *host, const char *folder, struct buf *report, unsigned *files_out);
