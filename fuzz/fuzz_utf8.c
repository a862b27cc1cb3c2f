/* Properties: both ways to look at bytes agree on what is UTF-8; normal forms and folded keys are their own. */
#include "base/arena.h"
#include "base/cursor.h"
#include "base/str.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool walks_through(struct str in)
{
	struct cursor c = cursor_of(in);
	uint32_t code;

	for (const char *before = c.p; utf8_next(&c, &code); before = c.p) {
		char bytes[UTF8_CHAR_MAX];
		struct str written = { bytes, utf8_encode(code, bytes) };

		if (!str_equal(written, (struct str){ before, (size_t)(c.p - before) }))
			__builtin_trap();
	}
	return cursor_at_end(&c);
}

static void is_settled(
    struct str in, enum errc (*form)(struct arena *, struct str, struct str *, struct err *))
{
	struct arena *arena = arena_new("fuzz");
	struct str once, twice;
	enum errc rc = form(arena, in, &once, NULL);

	if ((rc == OK) != utf8_is_valid(in))
		__builtin_trap();
	if (rc == OK &&
	    (!utf8_is_valid(once) || form(arena, once, &twice, NULL) != OK ||
		!str_equal(once, twice)))
		__builtin_trap();
	arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };

	if (walks_through(in) != utf8_is_valid(in))
		__builtin_trap();
	is_settled(in, utf8_nfc);
	is_settled(in, utf8_fold);
	return 0;
}
