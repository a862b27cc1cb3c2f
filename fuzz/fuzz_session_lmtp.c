/*
 * One LMTP session on a store of its own. The input is lines, sent with CRLF; a first byte below 4 says how:
 *
 *	1		byte by byte
 *	2		together with the next line
 *	3		without the CRLF
 *
 * However it comes: replies are whole and of the grammar (RFC 5321 4.2), each command has one, and a message has one for
 * each recipient that was taken (RFC 2033 4.2).
 */
#include "base/arena.h"
#include "base/str.h"
#include "fuzz/session_world.h"
#include "lmtp/lmtp_int.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 128

enum mark { MARK_BYTES = 1, MARK_JOIN, MARK_BARE, MARK_COUNT };

struct run {
	struct peer *peer;
	struct arena *arena;
	struct buf joined; /* lines that wait for the next one */
	size_t lines;	   /* in it */
};

static const struct lmtp_session *lmtp_of(const struct run *run)
{
	return (const struct lmtp_session *)run->peer->session;
}

static bool is_digit(char c, char low, char high)
{
	return c >= low && c <= high;
}

/* Whole replies, counted. */
static size_t take_replies(struct run *run)
{
	struct str line;
	size_t replies = 0;
	bool more = false;

	while (session_line(run->peer, run->arena, &line)) {
		session_expect(line.n >= 4 && is_digit(line.p[0], '2', '5') &&
		    is_digit(line.p[1], '0', '9') && is_digit(line.p[2], '0', '9'));
		session_expect(line.p[3] == ' ' || line.p[3] == '-');
		for (size_t i = 4; i < line.n; i++)
			session_expect(
			    line.p[i] != '\r' && line.p[i] != '\n' && line.p[i] != 0);
		more = line.p[3] == '-';
		replies += !more;
	}
	session_expect(!more);
	return replies;
}

enum place { COMMAND, DATA, CHUNK, END };

static enum place place_of(const struct run *run)
{
	if (!run->peer->session)
		return END;
	if (lmtp_of(run)->state == LMTP_DATA)
		return DATA;
	return lmtp_of(run)->state == LMTP_CHUNK ? CHUNK : COMMAND;
}

/*
 * One line of a command or of data, in a session that had nothing left before: how many replies may come? A message has
 * as many as it has recipients; BDAT's come when the chunk is complete, so one that waits for bytes has none.
 */
static void check_count(
    const struct run *run, enum place before, size_t recipients, size_t replies, bool fresh)
{
	enum place after = place_of(run);
	bool waits =
	    (before == COMMAND && fresh && after == CHUNK) || (before == DATA && after == DATA);

	if (after == END)
		session_expect(replies >= 1 && replies <= recipients + 1);
	else if (waits)
		session_expect(replies == 0);
	else if (before == COMMAND && fresh && lmtp_of(run)->s.in.n == 0)
		session_expect(replies == 1 || replies == recipients);
	else if (before == DATA)
		session_expect(replies == recipients && recipients > 0);
}

static void send_joined(struct run *run, bool singly)
{
	enum place before = place_of(run);
	size_t recipients = lmtp_of(run)->plan_count;
	bool fresh = lmtp_of(run)->s.in.n == 0 && !lmtp_of(run)->skip_line;
	size_t replies;

	session_feed(run->peer, buf_str(&run->joined), singly);
	replies = take_replies(run);
	if (run->lines == 1)
		check_count(run, before, recipients, replies, fresh);
	buf_clear(&run->joined);
	run->lines = 0;
}

static void do_line(struct run *run, struct str line)
{
	unsigned mark = line.n > 0 && (unsigned char)line.p[0] < MARK_COUNT
	    ? (unsigned char)line.p[0]
	    : MARK_COUNT;

	if (mark != MARK_COUNT)
		line = str_from_at(line, 1);
	buf_add_str(&run->joined, line);
	run->lines++;
	if (mark == MARK_BARE)
		run->lines++; /* no line: nothing is known of its replies */
	else
		BUF_ADD(&run->joined, "\r\n");
	if (mark != MARK_JOIN)
		send_joined(run, mark == MARK_BYTES);
}

static struct session_world the_world;

static void close_the_world(void)
{
	session_world_close(&the_world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .arena = arena_new("fuzz") };
	struct str in = { (const char *)data, size }, line;

	if (the_world.runs == 0)
		(void)atexit(close_the_world);
	buf_init(&run.joined, SESSION_IN_MAX);
	session_world_begin(&the_world);
	run.peer = session_world_open(&the_world, 0, "lmtp");
	session_expect(take_replies(&run) == 1);
	for (size_t i = 0; in.n > 0 && i < LINES_MAX && run.peer->session; i++) {
		(void)str_split(&in, '\n', &line);
		do_line(&run, line);
	}
	buf_release(&run.joined);
	session_world_end(&the_world);
	arena_free(&run.arena);
	return 0;
}
