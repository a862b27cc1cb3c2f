/*
 * One connection of Dovecot's authentication protocol on a store of its own. The input is lines; a first byte of 1 sends
 * one byte by byte, of 2 together with the next. However it comes: what the server says are whole lines, and of each
 * request there is one outcome at the most.
 */
#include "base/arena.h"
#include "base/str.h"
#include "fuzz/session_world.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LINES_MAX 128
#define IDS_MAX 32

enum mark { MARK_BYTES = 1, MARK_JOIN };

struct run {
	struct peer *peer;
	struct buf joined;
	unsigned asked[IDS_MAX], ended[IDS_MAX]; /* by id */
};

/* The number behind the first TAB; IDS_MAX: none that is counted. */
static size_t id_of(struct str line)
{
	struct str word, id;
	uint64_t number;

	if (!str_split(&line, '\t', &word) || !str_split(&line, '\t', &id) ||
	    str_to_u64(id, IDS_MAX - 1, &number) != OK)
		return IDS_MAX;
	return (size_t)number;
}

static void take_answers(struct run *run)
{
	struct buf *said = &run->peer->said;

	while (said->n > 0) {
		struct str all = buf_str(said);
		struct str line = str_first(all, str_find_char(all, '\n'));
		size_t id = id_of(line);

		session_expect(line.n < all.n);
		session_expect(
		    str_find_char(line, '\r') == line.n && str_find_char(line, '\0') == line.n);
		if (str_starts(line, STR("OK\t")) || str_starts(line, STR("FAIL\t"))) {
			session_expect(id <= IDS_MAX);
			if (id < IDS_MAX)
				session_expect(++run->ended[id] <= run->asked[id]);
		} else {
			session_expect(str_starts(line, STR("CONT\t")));
		}
		buf_consume(said, line.n + 1);
	}
}

/* AUTH and CONT with an id may be answered by an outcome. */
static void count_asked(struct run *run, struct str line)
{
	size_t id;

	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	id = id_of(line);
	if (id < IDS_MAX &&
	    (str_starts(line, STR("AUTH\t")) || str_starts(line, STR("CONT\t"))))
		run->asked[id]++;
}

static void do_line(struct run *run, struct str line)
{
	unsigned mark = line.n > 0 ? (unsigned char)line.p[0] : 0;

	if (mark == MARK_BYTES || mark == MARK_JOIN)
		line = str_from_at(line, 1);
	count_asked(run, line);
	buf_add_str(&run->joined, line);
	BUF_ADD(&run->joined, "\n");
	if (mark == MARK_JOIN)
		return;
	session_feed(run->peer, buf_str(&run->joined), mark == MARK_BYTES);
	buf_clear(&run->joined);
	take_answers(run);
}

static struct session_world the_world;

static void close_the_world(void)
{
	session_world_close(&the_world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run run = { .peer = NULL };
	struct str in = { (const char *)data, size }, line;

	if (the_world.runs == 0)
		(void)atexit(close_the_world);
	buf_init(&run.joined, SESSION_IN_MAX);
	session_world_begin(&the_world);
	run.peer = session_world_open(&the_world, 0, "dovecot");
	session_expect(str_find(buf_str(&run.peer->said), STR("\nDONE\n")) < run.peer->said.n);
	buf_clear(&run.peer->said);
	for (size_t i = 0; in.n > 0 && i < LINES_MAX && run.peer->session; i++) {
		(void)str_split(&in, '\n', &line);
		do_line(&run, line);
	}
	buf_release(&run.joined);
	session_world_end(&the_world);
	return 0;
}
