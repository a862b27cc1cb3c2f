#include "base/arena.h"
#include "base/str.h"
#include "smtp/command.h"
#include "smtp/framer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parsed once parses again to the same: the address holds nothing that could end a line or a path. */
static void check(struct smtp_path path)
{
	struct smtp_path again;

	if (smtp_path_parse(path.address, true, &again, NULL) != OK ||
	    !str_equal(again.address, path.address) || !str_equal(again.domain, path.domain))
		__builtin_trap();
	for (size_t i = 0; i < path.address.n; i++)
		if ((unsigned char)path.address.p[i] < 0x20)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, line, name;
	struct arena *arena = arena_new("fuzz");
	struct smtp_path_command command;
	uint64_t bdat;
	size_t used = 0;
	bool last;

	if (smtp_line_take(in, &line, &used) == OK) {
		struct smtp_line split = smtp_line_split(line);

		if (smtp_path_command(split.rest, STR("FROM"), arena, &command, NULL) == OK)
			check(command.path);
		if (smtp_path_command(split.rest, STR("TO"), arena, &command, NULL) == OK)
			check(command.path);
		if (smtp_bdat_parse(split.rest, &bdat, &last, NULL) == OK && split.rest.n == 0)
			__builtin_trap();
		if (smtp_helo_parse(split.rest, &name, NULL) == OK && name.n == 0)
			__builtin_trap();
	}
	if (used > size)
		__builtin_trap();
	arena_free(&arena);
	return 0;
}
