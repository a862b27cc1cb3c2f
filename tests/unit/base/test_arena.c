#include "tests/cm.h"

#include "base/arena.h"

#include <string.h>

static void gives_zeroed_aligned_memory_of_any_size(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (size_t size = 0; size < 10000; size += 37) {
		char *p = arena_alloc(arena, size);

		assert_int_equal((uintptr_t)p % sizeof(max_align_t) % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, size);
	}
	arena_free(&arena);
	assert_null(arena);
	arena_free(&arena);
}

static void forgets_everything_when_cleared(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct str s = str_dup(arena, STR("text"));

		(void)arena_alloc(arena, 100000);
		assert_memory_equal(s.p, "text", 4);
		assert_true(arena_used(arena) >= 100004);
		arena_clear(arena);
		assert_int_equal(arena_used(arena), 0);
	}
	arena_free(&arena);
}

static void refuses_a_nul_inside_a_c_string(void **state)
{
	struct arena *arena = arena_new("test");

	(void)state;
	assert_string_equal(str_cstr(arena, STR("abc")), "abc");
	assert_string_equal(str_cstr(arena, STR_EMPTY), "");
	assert_null(str_cstr(arena, STR("a\0b")));
	arena_free(&arena);
}

static void prints_text_of_any_length(void **state)
{
	struct arena *arena = arena_new("test");
	struct str s = str_printf(arena, "%0500d", 7);

	(void)state;
	assert_int_equal(s.n, 500);
	assert_int_equal(s.p[499], '7');
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_zeroed_aligned_memory_of_any_size),
		cmocka_unit_test(forgets_everything_when_cleared),
		cmocka_unit_test(refuses_a_nul_inside_a_c_string),
		cmocka_unit_test(prints_text_of_any_length),
	};

	return cmocka_run_group_tests_name("base/arena", tests, NULL, NULL);
}
