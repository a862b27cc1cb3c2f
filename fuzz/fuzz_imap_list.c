/*
 * Pattern and name, a line each: the same answer as trying everything.
 */
#include "base/arena.h"
#include "base/str.h"
#include "imap/list_pattern.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Names of this length at the most: the simple way takes exponential time. */
#define SIMPLE_MAX 12

static bool simple(struct str pattern, struct str name)
{
	if (pattern.n == 0)
		return name.n == 0;
	if (pattern.p[0] == '*' || pattern.p[0] == '%') {
		if (simple(str_from_at(pattern, 1), name))
			return true;
		if (name.n == 0 || (pattern.p[0] == '%' && name.p[0] == '/'))
			return false;
		return simple(pattern, str_from_at(name, 1));
	}
	return name.n > 0 && name.p[0] == pattern.p[0] &&
	    simple(str_from_at(pattern, 1), str_from_at(name, 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str name = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct str pattern;
	bool got;

	if (str_split(&name, '\n', &pattern) && name.p != NULL) {
		got = list_pattern_matches(list_pattern_new(arena, pattern), name);
		if (name.n <= SIMPLE_MAX && pattern.n <= SIMPLE_MAX &&
		    !str_starts(name, STR("INBOX")) && str_find_char(name, '*') == name.n &&
		    str_find_char(name, '%') == name.n && got != simple(pattern, name))
			__builtin_trap();
	}
	arena_free(&arena);
	return 0;
}
