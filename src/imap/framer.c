#include "imap/framer.h"

#include "base/cursor.h"
#include "base/secret.h"
#include "base/str.h"

#include <assert.h>
#include <string.h>

/* Kept when a command is done; more is given back. */
#define ROOM_KEPT 4096
/* Of a line that came too long in one piece. */
#define BEGINNING_KEPT ((size_t)128)

void framer_init(struct framer *framer, struct frame_limits limits)
{
	*framer = (struct framer){ .limits = limits };
	buf_init(&framer->command, limits.command_max);
}

void framer_release(struct framer *framer)
{
	secret_wipe(framer->command.p, framer->command.n);
	buf_release(&framer->command);
}

void framer_set_limits(struct framer *framer, struct frame_limits limits)
{
	framer->limits = limits;
	framer->command.max = limits.command_max;
}

struct str framer_command(const struct framer *framer)
{
	return buf_str(&framer->command);
}

struct str framer_line(const struct framer *framer)
{
	return str_from_at(buf_str(&framer->command), framer->line_at);
}

struct str framer_data(const struct framer *framer)
{
	return framer->data;
}

bool framer_is_idle(const struct framer *framer)
{
	return framer->state == FRAMER_LINE && framer->command.n == 0;
}

void framer_next(struct framer *framer)
{
	secret_wipe(framer->command.p, framer->command.n);
	buf_clear(&framer->command);
	if (framer->command.room > ROOM_KEPT)
		buf_release(&framer->command);
	framer->state = FRAMER_LINE;
	framer->plain_line = false;
	framer->line_at = 0;
	framer->tail_n = 0;
}

void framer_next_plain(struct framer *framer)
{
	framer_next(framer);
	framer->plain_line = true;
}

/*
 * "{" number ["+"] "}" at the very end of a line without its line end (RFC 7888 section 8: literal). The "~" of a
 * literal8 in front of it is the grammar's matter: the bytes are counted alike.
 */
static bool line_announces(struct str line, struct frame_literal *literal_out)
{
	size_t at = line.n;
	size_t end;

	if (at == 0 || line.p[--at] != '}')
		return false;
	literal_out->synchronous = !(at > 0 && line.p[at - 1] == '+');
	if (!literal_out->synchronous)
		at--;
	end = at;
	while (at > 0 && ascii_is_digit(line.p[at - 1]))
		at--;
	if (at == end || at == 0 || line.p[at - 1] != '{')
		return false;
	if (str_to_u64((struct str){ line.p + at, end - at }, UINT64_MAX - 1,
		&literal_out->size) != OK)
		literal_out->size = UINT64_MAX;
	return true;
}

static struct str without_line_end(struct str line)
{
	if (line.n > 0 && line.p[line.n - 1] == '\n')
		line.n--;
	if (line.n > 0 && line.p[line.n - 1] == '\r')
		line.n--;
	return line;
}

/* Remembers the last bytes of a line that is dropped: it may announce a literal. */
static void keep_tail(struct framer *framer, struct str bytes)
{
	size_t keep;

	if (bytes.n >= FRAME_TAIL_MAX) {
		memcpy(framer->tail, bytes.p + bytes.n - FRAME_TAIL_MAX, FRAME_TAIL_MAX);
		framer->tail_n = FRAME_TAIL_MAX;
		return;
	}
	keep = framer->tail_n;
	if (keep > FRAME_TAIL_MAX - bytes.n)
		keep = FRAME_TAIL_MAX - bytes.n;
	memmove(framer->tail, framer->tail + framer->tail_n - keep, keep);
	if (bytes.n > 0)
		memcpy(framer->tail + keep, bytes.p, bytes.n);
	framer->tail_n = keep + bytes.n;
}

/* Bytes of `in` up to and with the first line feed; all of them if there is none. */
static struct str line_piece(struct str in, bool *ended_out)
{
	const char *end = memchr(in.p, '\n', in.n);

	*ended_out = end != NULL;
	return end == NULL ? in : (struct str){ in.p, (size_t)(end - in.p) + 1 };
}

static size_t feed_skip(struct framer *framer, struct str in, enum frame *frame_out)
{
	bool ended;
	struct str piece = line_piece(in, &ended);
	struct frame_literal literal;
	struct str tail;

	keep_tail(framer, piece);
	*frame_out = FRAME_MORE;
	if (!ended)
		return piece.n;
	tail = without_line_end((struct str){ framer->tail, framer->tail_n });
	framer->tail_n = 0;
	if (!framer->plain_line && line_announces(tail, &literal) && !literal.synchronous) {
		framer->left = literal.size;
		framer->state = FRAMER_DROP;
		return piece.n;
	}
	framer_next(framer);
	*frame_out = FRAME_DROPPED;
	return piece.n;
}

static size_t too_long(struct framer *framer, struct str piece, enum frame *frame_out)
{
	struct buf *command = &framer->command;
	struct str line = { command->p + framer->line_at, command->n - framer->line_at };

	framer->state = FRAMER_SKIP;
	framer->tail_n = 0;
	keep_tail(framer, line);
	/* the line's own end is left for feed_skip to see */
	piece.n -= piece.p[piece.n - 1] == '\n';
	keep_tail(framer, piece);
	/* a tag to answer to */
	if (command->n == 0)
		buf_add_str(command, str_first(piece, BEGINNING_KEPT));
	*frame_out = FRAME_TOO_LONG;
	return piece.n;
}

static size_t feed_line(struct framer *framer, struct str in, enum frame *frame_out)
{
	struct buf *command = &framer->command;
	bool ended;
	struct str piece = line_piece(in, &ended);
	struct str line;

	if (command->n - framer->line_at + piece.n > framer->limits.line_max ||
	    command->n + piece.n > framer->limits.command_max)
		return too_long(framer, piece, frame_out);
	buf_add_str(command, piece);
	*frame_out = FRAME_MORE;
	if (!ended)
		return piece.n;
	line = without_line_end(
	    (struct str){ command->p + framer->line_at, command->n - framer->line_at });
	buf_truncate(command, framer->line_at + line.n);
	*frame_out = FRAME_COMMAND;
	if (!framer->plain_line && line_announces(line, &framer->literal)) {
		/* a line that ended in a bare LF leaves one byte of room missing at the very limit */
		command->max = framer->limits.command_max + 2;
		BUF_ADD(command, "\r\n");
		framer->state = FRAMER_ASK;
		*frame_out = FRAME_LITERAL;
	}
	return piece.n;
}

/* The part of `in` that belongs to the literal; the literal's end brings `then`. */
static struct str literal_piece(struct framer *framer, struct str in, enum frame_state then)
{
	struct str piece = str_first(in, framer->left < in.n ? (size_t)framer->left : in.n);

	framer->left -= piece.n;
	if (framer->left == 0)
		framer->state = then;
	return piece;
}

static size_t feed_literal(struct framer *framer, struct str in, enum frame *frame_out)
{
	struct str piece = literal_piece(framer, in, FRAMER_LINE);

	buf_add_str(&framer->command, piece);
	framer->line_at = framer->command.n;
	*frame_out = FRAME_MORE;
	return piece.n;
}

static size_t feed_spool(struct framer *framer, struct str in, enum frame *frame_out)
{
	framer->data = literal_piece(framer, in, FRAMER_LINE);
	framer->line_at = framer->command.n;
	*frame_out = FRAME_DATA;
	return framer->data.n;
}

static size_t feed_some(struct framer *framer, struct str in, enum frame *frame_out)
{
	switch (framer->state) {
	case FRAMER_KEEP:
		return feed_literal(framer, in, frame_out);
	case FRAMER_SPOOL:
		return feed_spool(framer, in, frame_out);
	case FRAMER_DROP:
		return literal_piece(framer, in, FRAMER_SKIP).n;
	case FRAMER_SKIP:
		return feed_skip(framer, in, frame_out);
	case FRAMER_LINE:
	case FRAMER_ASK:
		break;
	}
	return feed_line(framer, in, frame_out);
}

size_t framer_feed(struct framer *framer, struct str in, enum frame *frame_out)
{
	size_t taken = 0;

	*frame_out = FRAME_MORE;
	while (taken < in.n && *frame_out == FRAME_MORE)
		taken += feed_some(framer, str_from_at(in, taken), frame_out);
	return taken;
}

/* A literal of 0 bytes is over at once. */
static void begin_literal(struct framer *framer, enum frame_state state, enum frame_state then)
{
	framer->left = framer->literal.size;
	framer->state = framer->left > 0 ? state : then;
	framer->line_at = framer->command.n;
}

bool framer_literal_fits(const struct framer *framer, size_t max)
{
	const struct buf *command = &framer->command;

	return framer->literal.size <= max && command->n <= framer->limits.command_max &&
	    framer->literal.size <= framer->limits.command_max - command->n;
}

void framer_accept(struct framer *framer)
{
	assert(framer_literal_fits(framer, SIZE_MAX));
	begin_literal(framer, FRAMER_KEEP, FRAMER_LINE);
}

void framer_spool(struct framer *framer)
{
	begin_literal(framer, FRAMER_SPOOL, FRAMER_LINE);
}

void framer_refuse(struct framer *framer)
{
	bool dropped = !framer->literal.synchronous;

	framer_next(framer);
	if (dropped)
		begin_literal(framer, FRAMER_DROP, FRAMER_SKIP);
}
