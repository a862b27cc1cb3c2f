#include "auth/limits.h"
#include "auth/scram.h"
#include "base/arena.h"
#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The first byte chooses the hash, the rest is auth_keys.data. What is taken costs no more than it may, and is written
 * again as something that means the same. */
static bool are_equal(
    enum scram_hash hash, const struct scram_keys *a, const struct scram_keys *b)
{
	size_t size = scram_key_size(hash);

	return a->iterations == b->iterations && a->salt_size == b->salt_size &&
	    memcmp(a->salt, b->salt, a->salt_size) == 0 &&
	    memcmp(a->stored, b->stored, size) == 0 && memcmp(a->server, b->server, size) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct scram_keys keys, again;
	struct arena *arena;
	enum scram_hash hash;

	if (size == 0)
		return 0;
	hash = data[0] % SCRAM_HASHES;
	if (scram_parse(hash, (struct str){ (const char *)data + 1, size - 1 }, &keys, NULL) !=
	    OK)
		return 0;
	if (keys.iterations < SCRAM_ITERATIONS_MIN || keys.iterations > SCRAM_ITERATIONS_MAX ||
	    keys.salt_size == 0 || keys.salt_size > SCRAM_SALT_MAX)
		__builtin_trap();
	arena = arena_new("fuzz");
	if (scram_parse(hash, scram_print(arena, hash, &keys), &again, NULL) != OK ||
	    !are_equal(hash, &keys, &again))
		__builtin_trap();
	arena_free(&arena);
	return 0;
}
