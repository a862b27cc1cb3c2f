#include "tests/cm.h"

#include "base/arena.h"
#include "base/hex.h"
#include "base/sha256.h"
#include "base/str.h"

/* FIPS 180-4 examples. */
static const struct {
	struct str in, hex;
} cases[] = {
	{ STR_INIT(""),
	    STR_INIT("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") },
	{ STR_INIT("abc"),
	    STR_INIT("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") },
	{ STR_INIT("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
	    STR_INIT("248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1") },
};

static void gives_the_published_values(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t got[SHA256_SIZE];
		struct str want;

		sha256(cases[i].in, got);
		assert_int_equal(hex_decode(arena, cases[i].hex, &want, NULL), OK);
		assert_memory_equal(got, want.p, SHA256_SIZE);
	}
	arena_free(&arena);
}

static void gives_the_same_in_pieces_and_again(void **state)
{
	struct sha256 hash;

	(void)state;
	sha256_init(&hash);
	for (size_t i = 0; i < COUNT(cases); i++) {
		for (size_t cut = 0; cut <= cases[i].in.n; cut++) {
			uint8_t once[SHA256_SIZE], pieces[SHA256_SIZE];

			sha256(cases[i].in, once);
			sha256_add(&hash, str_first(cases[i].in, cut));
			sha256_add(&hash, str_from_at(cases[i].in, cut));
			sha256_finish(&hash, pieces);
			assert_memory_equal(once, pieces, SHA256_SIZE);
		}
	}
	sha256_release(&hash);
	sha256_release(&hash);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_published_values),
		cmocka_unit_test(gives_the_same_in_pieces_and_again),
	};

	return cmocka_run_group_tests_name("base/sha256", tests, NULL, NULL);
}
