/*
 * The head of an HTTP request. It is found at the same place however the bytes come, and what is taken apart is there in
 * the input: no line ends in names and values, no more than one Host and no body that is said twice.
 */
#include "base/arena.h"
#include "base/str.h"
#include "http/limits.h"
#include "http/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect(bool holds)
{
	if (!holds)
		__builtin_trap();
}

static bool has_line_end(struct str s)
{
	return str_find_char(s, '\r') < s.n || str_find_char(s, '\n') < s.n;
}

static void check_request(const struct http_request *request)
{
	unsigned hosts = 0, lengths = 0;

	expect(request->field_count <= HTTP_FIELDS_MAX);
	for (size_t i = 0; i < request->field_count; i++) {
		const struct http_field *field = &request->fields[i];

		expect(field->name.n > 0 && !has_line_end(field->name) &&
		    !has_line_end(field->value));
		expect(str_find_char(field->name, ':') == field->name.n);
		hosts += str_equal_nocase(field->name, STR("Host"));
		lengths += str_equal_nocase(field->name, STR("Content-Length"));
		expect(!str_equal_nocase(field->name, STR("Transfer-Encoding")));
	}
	expect(hosts <= 1 && lengths <= 1 && (hosts == 1 || !request->is_1_1));
	expect(lengths == 1 || request->body_size == 0);
	expect(request->method == HTTP_OTHER || request->path.n > 0);
	expect(str_find_char(request->path, '?') == request->path.n);
}

/* A beginning is incomplete, or wrong in the same way as the whole. */
static void check_beginnings(struct str in, enum errc whole, size_t size)
{
	size_t end = whole == OK ? size : in.n;

	for (size_t n = 0; n < end; n += 1 + end / 64) {
		size_t size_cut;
		int status;
		enum errc rc = http_head_find(str_first(in, n), &size_cut, &status);

		expect(rc == ERR_MORE || (whole != OK && rc == whole));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size };
	struct arena *arena = arena_new("fuzz");
	struct http_request request;
	size_t head = 0;
	int status = 0;
	enum errc rc = http_head_find(in, &head, &status);

	check_beginnings(in, rc, head);
	if (rc == OK) {
		expect(head <= in.n && head <= HTTP_HEAD_MAX);
		rc = http_request_parse(str_first(in, head), arena, &request, &status, NULL);
		if (rc == OK)
			check_request(&request);
	}
	expect(rc == OK || rc == ERR_MORE || (status >= 400 && status <= 505));
	arena_free(&arena);
	return 0;
}
