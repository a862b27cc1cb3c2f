#include "tests/cm.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"
#include "cli/trace_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AT "2026-11-20T20:11:36.123Z info lmtp "

/* Two messages in session 1, one of them by session 2 again; session 3 has nothing to do with it. */
static const char log_text[] = AT
    "connect sid=1\n"
    "some other program\n" AT "rcpt-refused sid=1 qid=\"q1\" rcpt=\"x\"\n" AT
    "deliver sid=1 qid=\"q1\" msgid=\"m1@x\" object=101\n" AT
    "deliver sid=1 qid=\"q2\" msgid=\"m2@x\" object=102\n" AT
    "deliver sid=2 qid=\"q3\" msgid=\"m1@x\" object=103\n" AT
    "deliver sid=3 qid=\"q4\" msgid=\"m4@x\" object=104\n" AT "disconnect sid=1 reason=bye\n";

static char folder[64], path[96];

static void write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
	assert_int_equal(fclose(file), 0);
}

static int make_folder(void **state)
{
	(void)state;
	(void)snprintf(folder, sizeof(folder), "/tmp/tabella-trace-XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof(path), "%s/log", folder);
	write_file(path, log_text);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(folder);
}

static void keep_line(void *arg, struct str line)
{
	struct buf *told = arg;

	/* behind the time, level and service */
	buf_add_str(told, str_from_at(line, sizeof(AT) - 1));
	buf_add_char(told, '\n');
}

static void expect_told(const char *wanted, const char *lines, size_t objects)
{
	struct trace_log *log = trace_log_new(str_from(wanted));
	struct buf told = BUF_INIT(100000);
	size_t count;

	assert_int_equal(trace_log_add_file(log, path, NULL), OK);
	assert_int_equal(trace_log_look(log, NULL), OK);
	assert_int_equal(trace_log_tell(log, keep_line, &told, NULL), OK);
	if (!str_equal(buf_str(&told), str_from(lines)))
		fail_msg("%s: %.*s", wanted, STR_ARG(buf_str(&told)));
	(void)trace_log_objects(log, &count);
	assert_int_equal(count, objects);
	assert_int_equal(trace_log_has_found(log), lines[0] != '\0');
	buf_release(&told);
	trace_log_free(&log);
}

#define M1                                                                                     \
	"connect sid=1\n"                                                                      \
	"rcpt-refused sid=1 qid=\"q1\" rcpt=\"x\"\n"                                           \
	"deliver sid=1 qid=\"q1\" msgid=\"m1@x\" object=101\n"

static void follows_a_message_through_its_sessions(void **state)
{
	(void)state;
	expect_told("<m1@x>",
	    M1 "deliver sid=2 qid=\"q3\" msgid=\"m1@x\" object=103\n"
	       "disconnect sid=1 reason=bye\n",
	    2);
	expect_told("101", M1 "disconnect sid=1 reason=bye\n", 1);
	expect_told("q1", M1 "disconnect sid=1 reason=bye\n", 1);
}

static void tells_a_session_whole(void **state)
{
	(void)state;
	expect_told("1",
	    M1 "deliver sid=1 qid=\"q2\" msgid=\"m2@x\" object=102\n"
	       "disconnect sid=1 reason=bye\n",
	    2);
	expect_told("m@x", "", 0);
}

static void reads_rotated_files_oldest_first(void **state)
{
	char older[110], packed[110], other[110];
	struct trace_log *log = trace_log_new(STR("m9@x"));
	struct buf told = BUF_INIT(100000);

	(void)state;
	(void)snprintf(older, sizeof(older), "%s.1", path);
	(void)snprintf(packed, sizeof(packed), "%s-20261119.gz", path);
	(void)snprintf(other, sizeof(other), "%s.old", path);
	write_file(older, AT "deliver sid=9 qid=\"q9\" msgid=\"m9@x\" uid=1\n");
	write_file(packed, "packed");
	write_file(other, AT "deliver sid=9 qid=\"q9\" msgid=\"m9@x\" uid=3\n");
	write_file(path, AT "deliver sid=9 qid=\"q9\" msgid=\"m9@x\" uid=2\n");
	assert_int_equal(trace_log_add_file(log, path, NULL), OK);
	assert_int_equal(trace_log_look(log, NULL), OK);
	assert_int_equal(trace_log_tell(log, keep_line, &told, NULL), OK);
	assert_true(str_equal(buf_str(&told),
	    STR("deliver sid=9 qid=\"q9\" msgid=\"m9@x\" uid=1\n"
		"deliver sid=9 qid=\"q9\" msgid=\"m9@x\" uid=2\n")));
	assert_string_equal(trace_log_compressed(log), packed);
	trace_log_free(&log);
	buf_release(&told);
	(void)unlink(older);
	(void)unlink(packed);
	(void)unlink(other);
	write_file(path, log_text);
}

static void says_what_it_cannot_read(void **state)
{
	struct trace_log *log = trace_log_new(STR("x"));
	struct err err = { .code = OK };

	(void)state;
	assert_int_equal(trace_log_add_file(log, "/nonexistent/log", &err), ERR_NOTFOUND);
	assert_int_equal(trace_log_add_file(log, folder, &err), ERR_ARG);
	trace_log_free(&log);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_a_message_through_its_sessions),
		cmocka_unit_test(tells_a_session_whole),
		cmocka_unit_test(reads_rotated_files_oldest_first),
		cmocka_unit_test(says_what_it_cannot_read),
	};

	return cmocka_run_group_tests_name("cli/trace_log", tests, make_folder, remove_folder);
}
