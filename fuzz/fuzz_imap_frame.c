/*
 * The framer tells the same, however its input is cut.
 */
#include "base/arena.h"
#include "base/str.h"
#include "imap/framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct frame_limits limits = { .line_max = 100, .command_max = 200 };

static void answer_literal(struct framer *framer, struct buf *told)
{
	buf_printf(told, "?%llu%c", (unsigned long long)framer->literal.size,
	    framer->literal.synchronous ? ' ' : '+');
	if (str_starts(framer_command(framer), STR("s")) && framer->literal.size < 50)
		framer_spool(framer);
	else if (framer_literal_fits(framer, 50))
		framer_accept(framer);
	else
		framer_refuse(framer);
}

static void note(struct framer *framer, enum frame frame, struct buf *told)
{
	switch (frame) {
	case FRAME_COMMAND:
		buf_printf(told, "[%zu:", framer_command(framer).n);
		buf_add_str(told, framer_command(framer));
		if (str_ends_nocase(framer_command(framer), STR("plain")))
			framer_next_plain(framer);
		else
			framer_next(framer);
		break;
	case FRAME_LITERAL:
		answer_literal(framer, told);
		break;
	case FRAME_DATA:
		buf_add_str(told, framer_data(framer));
		break;
	case FRAME_TOO_LONG:
		BUF_ADD(told, "!");
		break;
	case FRAME_DROPPED:
		BUF_ADD(told, "-");
		break;
	case FRAME_MORE:
		break;
	}
}

static void feed(struct str in, size_t step, struct buf *told)
{
	struct framer framer;

	framer_init(&framer, limits);
	for (size_t at = 0; at < in.n;) {
		enum frame frame;
		size_t n = in.n - at < step ? in.n - at : step;
		size_t taken = framer_feed(&framer, (struct str){ in.p + at, n }, &frame);

		if (taken > n || (taken == 0 && frame == FRAME_MORE))
			__builtin_trap();
		at += taken;
		note(&framer, frame, told);
	}
	if (framer_command(&framer).n > limits.command_max + 2)
		__builtin_trap();
	framer_release(&framer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct buf whole = BUF_INIT(SIZE_MAX), bytes = BUF_INIT(SIZE_MAX),
		   pieces = BUF_INIT(SIZE_MAX);

	feed(in, SIZE_MAX, &whole);
	feed(in, 1, &bytes);
	feed(in, 7, &pieces);
	if (!str_equal(buf_str(&whole), buf_str(&bytes)) ||
	    !str_equal(buf_str(&whole), buf_str(&pieces)))
		__builtin_trap();
	buf_release(&whole);
	buf_release(&bytes);
	buf_release(&pieces);
	return 0;
}
