/* Property: what decodes, as base 64 or as hexadecimal digits, encodes to the same text again. */
#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/hex.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct buf again = BUF_INIT(size + 4);
	struct str plain;

	if (base64_decode(arena, in, &plain, NULL) == OK) {
		base64_encode(&again, plain);
		if (!str_equal(buf_str(&again), in))
			__builtin_trap();
	}
	buf_clear(&again);
	if (hex_decode(arena, in, &plain, NULL) == OK) {
		hex_encode(&again, plain);
		if (!str_equal_nocase(buf_str(&again), in))
			__builtin_trap();
	}
	buf_release(&again);
	arena_free(&arena);
	return 0;
}
