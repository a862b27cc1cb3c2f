#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "mime/index.h"
#include "mime/limits.h"
#include "mime/message.h"

#include <string.h>

#define MESSAGE                                                                                \
	"Content-Type: multipart/mixed; boundary=r\r\n\r\npreamble\r\n"                        \
	"--r\r\nContent-Transfer-Encoding: base64\r\n\r\nYQ==\r\n"                             \
	"--r\r\nContent-Type: message/rfc822\r\n\r\nSubject: two\r\n\r\ntext\r\n"              \
	"--r--\r\nepilogue"

static void assert_same(const struct mime_part *a, const struct mime_part *b, uint64_t shift)
{
	for (; a && b; a = a->next, b = b->next) {
		assert_int_equal(a->kind, b->kind);
		assert_int_equal(a->encoding, b->encoding);
		assert_int_equal(a->is_message, b->is_message);
		assert_int_equal(a->child_count, b->child_count);
		assert_int_equal(a->body_lines, b->body_lines);
		assert_int_equal(a->body_size, b->body_size);
		assert_int_equal(a->body_offset + shift, b->body_offset);
		assert_int_equal(a->header_offset + (a->parent ? shift : 0), b->header_offset);
		assert_int_equal(a->header_size + (a->parent ? 0 : shift), b->header_size);
		assert_null(b->head);
		assert_same(a->child, b->child, shift);
	}
	assert_true(!a && !b);
}

static void comes_back_shifted(void **state)
{
	static const uint64_t shifts[] = { 0, 1, 300, UINT64_C(1) << 40 };

	(void)state;
	for (size_t i = 0; i < COUNT(shifts); i++) {
		struct arena *arena = arena_new("test");
		struct mime_part *root, *again;
		struct buf index = BUF_INIT(1000), second = BUF_INIT(1000);

		mime_parse(STR(MESSAGE), arena, &root);
		mime_index_write(root, &index);
		assert_int_equal(
		    mime_index_read(buf_str(&index), shifts[i], arena, &again, NULL), OK);
		assert_same(root, again, shifts[i]);
		if (shifts[i] == 0) {
			mime_index_write(again, &second);
			assert_true(str_equal(buf_str(&index), buf_str(&second)));
		}
		buf_release(&index);
		buf_release(&second);
		arena_free(&arena);
	}
}

/* Cut at every byte, and with bytes behind it. */
static void refuses_what_is_cut_or_longer(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_part *root, *again;
	struct buf index = BUF_INIT(1000);

	(void)state;
	mime_parse(STR(MESSAGE), arena, &root);
	mime_index_write(root, &index);
	for (size_t n = 0; n < index.n; n++)
		assert_int_equal(
		    mime_index_read(str_first(buf_str(&index), n), 0, arena, &again, NULL),
		    ERR_CORRUPT);
	buf_add_char(&index, '\0');
	assert_int_equal(mime_index_read(buf_str(&index), 0, arena, &again, NULL), ERR_CORRUPT);
	buf_release(&index);
	arena_free(&arena);
}

/* version, kind, gap, header, body, lines[, children] */
static const struct {
	const char *what;
	struct str in;
	enum errc want;
} cases[] = {
	{ "a leaf", STR_INIT("\1\0\0\5\7\1"), OK },
	{ "another version", STR_INIT("\2\0\0\5\7\1"), ERR_UNSUPPORTED },
	{ "no such kind", STR_INIT("\1\5\0\5\7\1"), ERR_CORRUPT },
	{ "no such encoding", STR_INIT("\1\60\0\5\7\1"), ERR_CORRUPT },
	{ "more lines than bytes", STR_INIT("\1\0\0\5\7\10"), ERR_CORRUPT },
	{ "bytes before the root", STR_INIT("\1\0\1\5\7\1"), ERR_CORRUPT },
	{ "a number that is longer than needed", STR_INIT("\1\0\0\205\0\7\1"), ERR_CORRUPT },
	{ "a number that is too large", STR_INIT("\1\0\0\5\377\377\377\377\377\377\377\177\1"),
	    ERR_CORRUPT },
	{ "a multipart",
	    STR_INIT("\1\2\0\5\7\1\1"
		     "\1\0\1\1\0"),
	    OK },
	{ "a multipart without children", STR_INIT("\1\2\0\5\7\1\0"), ERR_CORRUPT },
	{ "a child that is longer than its parent",
	    STR_INIT("\1\2\0\5\7\1\1"
		     "\1\2\3\3\0"),
	    ERR_CORRUPT },
	{ "a child that just fits",
	    STR_INIT("\1\2\0\5\7\1\1"
		     "\1\2\3\2\0"),
	    OK },
	{ "a message",
	    STR_INIT("\1\3\0\5\7\1"
		     "\1\0\2\5\1"),
	    OK },
	{ "a message without a message", STR_INIT("\1\3\0\5\7\1"), ERR_CORRUPT },
};

static void checks_every_number(void **state)
{
	struct arena *arena = arena_new("test");
	struct mime_part *root;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct err err = { .text = "" };
		enum errc got = mime_index_read(cases[i].in, 0, arena, &root, &err);

		if (got != cases[i].want)
			fail_msg("%s: %s %s", cases[i].what, errc_name(got), err.text);
	}
	arena_free(&arena);
}

static void refuses_too_much_depth(void **state)
{
	(void)state;
	for (size_t depth = MIME_DEPTH_MAX - 1; depth <= MIME_DEPTH_MAX + 1; depth++) {
		struct arena *arena = arena_new("test");
		struct buf index = BUF_INIT(10000);
		struct mime_part *root;

		BUF_ADD(&index, "\1");
		for (size_t i = 0; i < depth; i++)
			BUF_ADD(&index, "\3\0\0\7\1");
		BUF_ADD(&index, "\1\0\0\7\1");
		assert_int_equal(mime_index_read(buf_str(&index), 0, arena, &root, NULL),
		    depth <= MIME_DEPTH_MAX ? OK : ERR_CORRUPT);
		buf_release(&index);
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_shifted),
		cmocka_unit_test(refuses_what_is_cut_or_longer),
		cmocka_unit_test(checks_every_number),
		cmocka_unit_test(refuses_too_much_depth),
	};

	return cmocka_run_group_tests_name("mime/index", tests, NULL, NULL);
}
