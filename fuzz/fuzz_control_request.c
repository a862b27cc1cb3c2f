/*
 * A request on the control socket. What was read, written again and read again is the same.
 */
#include "base/arena.h"
#include "base/str.h"
#include "main/control_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static bool same(struct str a, struct str b)
{
	return (a.p != NULL) == (b.p != NULL) && str_equal(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct control_request first, second;

	if (control_request_parse(in, arena, &first, NULL) == OK) {
		struct str line = control_request_write(arena, &first);

		expect(str_find_char(line, '\n') == line.n);
		/* written, a byte may be three */
		if (line.n <= CONTROL_LINE_MAX) {
			expect(control_request_parse(line, arena, &second, NULL) == OK);
			expect(first.verb == second.verb && same(first.user, second.user) &&
			    same(first.address, second.address) && same(first.sid, second.sid));
		}
	}
	arena_free(&arena);
	return 0;
}
