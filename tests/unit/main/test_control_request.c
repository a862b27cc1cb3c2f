#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "main/control_request.h"

static const struct {
	struct str in;
	enum errc want;
} cases[] = {
	{ STR_INIT("status"), OK },
	{ STR_INIT("sessions"), OK },
	{ STR_INIT("sessions user=ann address=::1"), OK },
	{ STR_INIT("disconnect sid=1f"), OK },
	{ STR_INIT("sessions user="), OK },
	{ STR_INIT("sessions user=a%20b%25"), OK },
	{ STR_INIT(""), ERR_UNSUPPORTED },
	{ STR_INIT("Status"), ERR_UNSUPPORTED },
	{ STR_INIT("status "), ERR_UNSUPPORTED },
	{ STR_INIT("sessions colour=red"), ERR_UNSUPPORTED },
	{ STR_INIT("sessions user"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a user=b"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a%2"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a%"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a%gg"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a\tb"), ERR_SYNTAX },
	{ STR_INIT("sessions user=a\r"), ERR_SYNTAX },
};

static void takes_words_and_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new("test");
		struct control_request request;
		enum errc got = control_request_parse(cases[i].in, arena, &request, NULL);

		if (got != cases[i].want)
			fail_msg("case %zu: got %d", i, (int)got);
		arena_free(&arena);
	}
}

static void reads_what_it_wrote(void **state)
{
	struct arena *arena = arena_new("test");
	const struct control_request written = {
		.verb = CONTROL_DISCONNECT,
		.user = STR("a b%\xc3\xa9\n"),
		.address = STR_EMPTY,
		.sid = STR(""),
	};
	struct control_request read;

	(void)state;
	assert_int_equal(
	    control_request_parse(control_request_write(arena, &written), arena, &read, NULL),
	    OK);
	assert_int_equal(read.verb, CONTROL_DISCONNECT);
	assert_true(str_equal(read.user, written.user));
	assert_null(read.address.p);
	assert_true(read.sid.p && read.sid.n == 0);
	arena_free(&arena);
}

static void has_a_longest_line(void **state)
{
	struct arena *arena = arena_new("test");
	char *line = arena_alloc(arena, CONTROL_LINE_MAX + 1);
	struct control_request request;

	(void)state;
	for (size_t i = 0; i <= CONTROL_LINE_MAX; i++)
		line[i] = i < 14 ? "sessions user="[i] : 'x';
	for (size_t n = CONTROL_LINE_MAX - 1; n <= CONTROL_LINE_MAX + 1; n++)
		assert_int_equal(
		    control_request_parse((struct str){ line, n }, arena, &request, NULL),
		    n <= CONTROL_LINE_MAX ? OK : ERR_LIMIT);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_words_and_pairs),
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(has_a_longest_line),
	};

	return cmocka_run_group_tests_name("main/control_request", tests, NULL, NULL);
}
