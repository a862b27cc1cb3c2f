#include "base/arena.h"
#include "base/str.h"
#include "base/utf8.h"
#include "store/admin_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, out, again;
	struct arena *arena = arena_new("fuzz");

	if (mailbox_name_check(in, arena, &out, NULL) == OK) {
		/* a checked name is its own checked name, and can be shown and stored */
		if (mailbox_name_check(out, arena, &again, NULL) != OK ||
		    !str_equal(out, again) || !utf8_is_valid(out) ||
		    mailbox_name_path(out).stored.n == 0)
			__builtin_trap();
	}
	arena_free(&arena);
	return 0;
}
