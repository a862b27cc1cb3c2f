#include "tests/cm.h"

#include "base/arena.h"
#include "base/str.h"
#include "http/limits.h"
#include "http/request.h"

#include <string.h>

#define HOST "Host: x\r\n\r\n"

static const struct {
	struct str in;
	enum errc want;
	int status;
} heads[] = {
	{ STR_INIT("GET / HTTP/1.1\r\n\r\n"), OK, 0 },
	{ STR_INIT("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\nGET"), OK, 0 },
	{ STR_INIT(""), ERR_MORE, 0 },
	{ STR_INIT("\r\n"), ERR_MORE, 0 },
	{ STR_INIT("GET / HTTP/1.1\r\n"), ERR_MORE, 0 },
	{ STR_INIT("GET / HTTP/1.1\r\n\r"), ERR_MORE, 0 },
	{ STR_INIT("GET / HTTP/1.1\n\n"), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nHost: x\n\r\n"), ERR_SYNTAX, 400 },
};

static void finds_the_end_of_a_head(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(heads); i++) {
		size_t size = 0;
		int status = 0;
		enum errc got = http_head_find(heads[i].in, &size, &status);

		if (got != heads[i].want || status != heads[i].status ||
		    (got == OK &&
			!str_equal(
			    (struct str){ heads[i].in.p + size - 4, 4 }, STR("\r\n\r\n"))))
			fail_msg("case %zu: got %d, %d", i, (int)got, status);
	}
}

/* A request line of `n` bytes and nothing else. */
static int line_of(size_t n)
{
	struct arena *arena = arena_new("test");
	char *p = arena_alloc(arena, n + 4);
	size_t size;
	int status = 0;

	memset(p, 'x', n);
	memcpy(p + n, "\r\n\r\n", 4);
	(void)!http_head_find((struct str){ p, n + 4 }, &size, &status);
	arena_free(&arena);
	return status;
}

/* Field lines of 1000 bytes with their ends, and the last so that the head has `n` bytes. */
static int head_of(size_t n)
{
	struct arena *arena = arena_new("test");
	char *p = arena_alloc(arena, n);
	size_t size;
	int status = 0;

	memset(p, 'x', n);
	for (size_t at = 998; at + 1002 < n; at += 1000)
		memcpy(p + at, "\r\n", 2);
	memcpy(p + n - 4, "\r\n\r\n", 4);
	(void)!http_head_find((struct str){ p, n }, &size, &status);
	arena_free(&arena);
	return status;
}

static void has_a_longest_line_and_a_longest_head(void **state)
{
	(void)state;
	assert_int_equal(line_of(HTTP_LINE_MAX - 1), 0);
	assert_int_equal(line_of(HTTP_LINE_MAX), 0);
	assert_int_equal(line_of(HTTP_LINE_MAX + 1), 414);
	assert_int_equal(head_of(HTTP_HEAD_MAX - 1), 0);
	assert_int_equal(head_of(HTTP_HEAD_MAX), 0);
	assert_int_equal(head_of(HTTP_HEAD_MAX + 1), 431);
}

static const struct {
	struct str in;
	enum errc want;
	int status;
} requests[] = {
	{ STR_INIT("GET / HTTP/1.1\r\n" HOST), OK, 0 },
	{ STR_INIT("GET / HTTP/1.0\r\n\r\n"), OK, 0 },
	{ STR_INIT("GET / HTTP/1.2\r\n" HOST), OK, 0 },
	{ STR_INIT("GET / HTTP/1.1\r\nX:\r\nY: \t a b \r\n" HOST), OK, 0 },
	{ STR_INIT("GET / HTTP/1.1\r\nX: \xc3\xa9\r\n" HOST), OK, 0 },
	{ STR_INIT("OPTIONS * HTTP/1.1\r\n" HOST), OK, 0 },
	{ STR_INIT("CONNECT x:443 HTTP/1.1\r\n" HOST), OK, 0 },
	{ STR_INIT("GET / HTTP/1.1\r\nContent-Length: 0\r\n" HOST), OK, 0 },
	{ STR_INIT("GET / HTTP/2.0\r\n" HOST), ERR_UNSUPPORTED, 505 },
	{ STR_INIT("GET / HTTP/0.9\r\n" HOST), ERR_UNSUPPORTED, 505 },
	{ STR_INIT("GET / HTTP/1.1 \r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / http/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET  / HTTP/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET /\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET x HTTP/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET /\xc3\xa9 HTTP/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT(" / HTTP/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("G(T / HTTP/1.1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\n\r\n"), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nHost: x\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX : y\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX: y\r\n z\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX: \x01\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX: a\rb\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nX: a\0b\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n" HOST),
	    ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nContent-Length: 1,1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nContent-Length: -1\r\n" HOST), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nContent-Length: 9223372036854775808\r\n" HOST),
	    ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" HOST), ERR_UNSUPPORTED,
	    501 },
	{ STR_INIT("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), ERR_SYNTAX, 400 },
	{ STR_INIT("GET / HTTP/1.1\r\nTransfer-Encoding: x\r\nContent-Length: 1\r\n" HOST),
	    ERR_SYNTAX, 400 },
};

static void parses_the_grammar_and_nothing_else(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(requests); i++) {
		struct arena *arena = arena_new("test");
		struct http_request request;
		int status = 0;
		enum errc got =
		    http_request_parse(requests[i].in, arena, &request, &status, NULL);

		if (got != requests[i].want || status != requests[i].status)
			fail_msg("case %zu: got %d, %d", i, (int)got, status);
		arena_free(&arena);
	}
}

static const struct {
	struct str in;
	const char *path, *query;
	bool keep;
} targets[] = {
	{ STR_INIT("GET /a/b?c=d HTTP/1.1\r\n" HOST), "/a/b", "c=d", true },
	{ STR_INIT("GET /a? HTTP/1.1\r\nConnection: x\r\n" HOST), "/a", "", true },
	{ STR_INIT("GET http://h:80/a?b HTTP/1.1\r\n" HOST), "/a", "b", true },
	{ STR_INIT("GET HTTPS://h HTTP/1.1\r\n" HOST), "/", NULL, true },
	{ STR_INIT("GET http:// HTTP/1.1\r\n" HOST), "/", NULL, true },
	{ STR_INIT("GET /a HTTP/1.1\r\nConnection: CLOSE\r\n" HOST), "/a", NULL, false },
	{ STR_INIT("GET /a HTTP/1.1\r\nConnection: a , close,b\r\n" HOST), "/a", NULL, false },
	{ STR_INIT("GET /a HTTP/1.1\r\nConnection: close\r\nConnection: a\r\n" HOST), "/a",
	    NULL, false },
	{ STR_INIT("GET /a HTTP/1.0\r\n\r\n"), "/a", NULL, false },
};

static void reads_target_and_connection(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(targets); i++) {
		struct arena *arena = arena_new("test");
		struct http_request request;
		int status;

		assert_int_equal(
		    http_request_parse(targets[i].in, arena, &request, &status, NULL), OK);
		if (!str_equal(request.path, str_from(targets[i].path)) ||
		    !str_equal(request.query, str_from(targets[i].query)) ||
		    (request.query.p != NULL) != (targets[i].query != NULL) ||
		    request.keep != targets[i].keep)
			fail_msg("case %zu", i);
		arena_free(&arena);
	}
}

static int fields(size_t count)
{
	struct arena *arena = arena_new("test");
	struct str head = STR("GET / HTTP/1.1\r\n");
	struct http_request request;
	int status = 0;

	for (size_t i = 1; i < count; i++)
		head = str_printf(arena, "%.*sX: y\r\n", STR_ARG(head));
	head = str_printf(arena, "%.*s" HOST, STR_ARG(head));
	(void)!http_request_parse(head, arena, &request, &status, NULL);
	arena_free(&arena);
	return status;
}

static void has_room_for_so_many_fields(void **state)
{
	(void)state;
	assert_int_equal(fields(HTTP_FIELDS_MAX - 1), 0);
	assert_int_equal(fields(HTTP_FIELDS_MAX), 0);
	assert_int_equal(fields(HTTP_FIELDS_MAX + 1), 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_end_of_a_head),
		cmocka_unit_test(has_a_longest_line_and_a_longest_head),
		cmocka_unit_test(parses_the_grammar_and_nothing_else),
		cmocka_unit_test(reads_target_and_connection),
		cmocka_unit_test(has_room_for_so_many_fields),
	};

	return cmocka_run_group_tests_name("http/request", tests, NULL, NULL);
}
