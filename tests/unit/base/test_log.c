#include "tests/cm.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/str.h"

#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A log that writes into memory. */
struct fixture {
	struct log_sink sink;
	struct log log;
	char text[1 << 20];
};

static struct fixture fixture;

static int open_log(void **state)
{
	fixture.sink =
	    (struct log_sink){ .fd = memfd_create("log", 0), .level = LOG_LEVEL_INFO };
	log_init(&fixture.log, &fixture.sink, "imap");
	*state = &fixture;
	return fixture.sink.fd < 0;
}

static int close_log(void **state)
{
	struct fixture *f = *state;

	return close(f->sink.fd);
}

static struct str all_lines(struct fixture *f)
{
	ssize_t n = pread(f->sink.fd, f->text, sizeof(f->text), 0);

	assert_true(n >= 0);
	return (struct str){ f->text, (size_t)n };
}

/* The only line, without its 24 characters of time, a space, and its end. */
static struct str line_after_time(struct fixture *f)
{
	struct str text = all_lines(f);

	assert_true(text.n > 26);
	assert_int_equal(str_find_char(text, '\n'), text.n - 1);
	assert_int_equal(text.p[23], 'Z');
	return str_first(str_from_at(text, 25), text.n - 26);
}

static void assert_line(struct fixture *f, struct str want)
{
	struct str got = line_after_time(f);

	if (!str_equal(got, want))
		fail_msg("%.*s\nwanted %.*s", STR_ARG(got), STR_ARG(want));
}

static void writes_words_and_fields(void **state)
{
	struct err err;

	log_info(&fixture.log, "login", F_STR("user", STR("ann@example.org")),
	    F_WORD("mech", "SCRAM-SHA-256"), F_INT("ms", 4), F_INT("low", INT64_MIN),
	    F_UINT("high", UINT64_MAX),
	    F_ERR((err_set(&err, ERR_UNAVAIL, "no %s", "\"db\""), &err)));
	assert_line(*state,
	    STR("info imap login user=\"ann@example.org\" mech=SCRAM-SHA-256 ms=4 "
		"low=-9223372036854775808 high=18446744073709551615 err=\"ERR_UNAVAIL no "
		"\\\"db\\\"\""));
}

static void writes_json(void **state)
{
	fixture.sink.format = LOG_FORMAT_JSON;
	log_warn(&fixture.log, "login", F_STR("user", STR("a\"\n\\")), F_WORD("mech", "PLAIN"),
	    F_INT("ms", -4));
	assert_true(str_equal(str_first(all_lines(*state), 9), STR("{\"time\":\"")));
	assert_true(str_ends_nocase(all_lines(*state),
	    STR("\",\"level\":\"warn\",\"service\":\"imap\",\"event\":\"login\","
		"\"user\":\"a\\\"\\\\x0a\\\\\\\\\",\"mech\":\"PLAIN\",\"ms\":-4}\n")));
}

static void writes_an_event_without_fields(void **state)
{
	log_error(&fixture.log, "stopped");
	assert_line(*state, STR("error imap stopped"));
}

static void carries_the_fields_of_the_chain(void **state)
{
	struct log listener, session;

	log_set(&fixture.log, F_WORD("node", "n1"));
	log_child(&listener, &fixture.log, "lmtp");
	log_set(&listener, F_WORD("listener", "in"));
	log_child(&session, &listener, NULL);
	log_set(&session, F_WORD("sid", "1"));
	log_set(&session, F_WORD("sid", "2"));
	log_info(&session, "end", F_INT("in", 7));
	assert_line(*state, STR("info lmtp end node=n1 listener=in sid=2 in=7"));
}

static void lets_the_innermost_of_a_name_count(void **state)
{
	struct log session;

	log_set(&fixture.log, F_WORD("user", "outer"));
	log_set(&fixture.log, F_WORD("mbox", "outer"));
	log_set(&fixture.log, F_WORD("node", "n1"));
	log_child(&session, &fixture.log, NULL);
	log_set(&session, F_WORD("user", "inner"));
	log_info(&session, "x", F_WORD("mbox", "own"));
	assert_line(*state, STR("info imap x node=n1 user=inner mbox=own"));
}

static int evaluated(int *count)
{
	return ++*count;
}

static void costs_nothing_when_the_level_is_off(void **state)
{
	int count = 0;
	const struct log *none = NULL;

	log_debug(&fixture.log, "x", F_INT("n", evaluated(&count)));
	log_error(none, "x", F_INT("n", evaluated(&count)));
	assert_int_equal(count, 0);
	assert_int_equal(all_lines(*state).n, 0);
	fixture.sink.level = LOG_LEVEL_DEBUG;
	log_debug(&fixture.log, "x", F_INT("n", evaluated(&count)));
	log_trace(&fixture.log, "y");
	assert_line(*state, STR("debug imap x n=1"));
}

static void keeps_a_forged_line_inside_its_quotes(void **state)
{
	static const struct str attacks[] = {
		STR_INIT("x\n2026-11-20T20:11:36.123Z info imap login user=\"root\""),
		STR_INIT("x\r\n2026 forged"), STR_INIT("x\" user=\"root"),
		STR_INIT("x\\\" user=\"root"), STR_INIT("x\xc2\x85y"),
		STR_INIT("x\xe2\x80\xa8y"), STR_INIT("x\0\ny"), STR_INIT("x\x0b\x0cy"),
		STR_INIT("x\xc3\ny")
	};

	(void)state;
	for (size_t i = 0; i < COUNT(attacks); i++) {
		struct str line, value;
		size_t quotes = 0;

		assert_int_equal(ftruncate(fixture.sink.fd, 0), 0);
		assert_int_equal(lseek(fixture.sink.fd, 0, SEEK_SET), 0);
		log_info(&fixture.log, "refused", F_STR("user", attacks[i]), F_INT("ms", 1));
		line = line_after_time(&fixture);
		assert_true(str_starts(line, STR("info imap refused user=\"")));
		assert_true(str_ends_nocase(line, STR("\" ms=1")));
		value = str_from_at(line, strlen("info imap refused user="));
		for (size_t j = 0; j < value.n; j++) {
			assert_true((unsigned char)value.p[j] >= 0x20);
			if (value.p[j] == '\\')
				j++;
			else
				quotes += value.p[j] == '"';
		}
		assert_int_equal(quotes, 2);
	}
}

static void drops_whole_fields_when_the_line_is_full(void **state)
{
	static const enum log_format formats[] = { LOG_FORMAT_TEXT, LOG_FORMAT_JSON };
	char long_text[LOG_VALUE_MAX + 1];
	struct str value = { long_text, sizeof(long_text) };

	memset(long_text, '\n', sizeof(long_text));
	for (size_t i = 0; i < COUNT(formats); i++) {
		struct str text;

		assert_int_equal(ftruncate(fixture.sink.fd, 0), 0);
		assert_int_equal(lseek(fixture.sink.fd, 0, SEEK_SET), 0);
		fixture.sink.format = formats[i];
		log_info(&fixture.log, "x", F_STR("a", value), F_STR("b", value),
		    F_STR("c", value), F_STR("d", value), F_INT("e", 5));
		text = all_lines(*state);
		assert_true(text.n <= LOG_LINE_MAX);
		assert_true(str_ends_nocase(text,
		    formats[i] == LOG_FORMAT_JSON ? STR("\",\"e\":5,\"cut\":1}\n")
						  : STR("\xe2\x80\xa6\" e=5 cut=1\n")));
	}
}

static void *write_many(void *arg)
{
	struct log log;

	log_child(&log, &fixture.log, NULL);
	log_set(&log, F_WORD("sid", arg));
	for (int i = 0; i < 200; i++)
		log_info(&log, "x", F_STR("user", STR("ann@example.org")), F_INT("n", i));
	return NULL;
}

static void never_mixes_the_lines_of_two_threads(void **state)
{
	pthread_t threads[4];
	char names[4][2] = { "a", "b", "c", "d" };
	struct str text, line;
	size_t lines = 0;

	/* as the daemon's log file is opened: the offset is moved by the kernel */
	assert_int_equal(fcntl(fixture.sink.fd, F_SETFL, O_APPEND), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_many, names[i]), 0);
	for (size_t i = 0; i < COUNT(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	text = all_lines(*state);
	while (str_split(&text, '\n', &line)) {
		if (line.n == 0)
			continue;
		lines++;
		assert_true(str_starts(str_from_at(line, 25), STR("info imap x sid=")));
		assert_int_equal(str_find(line, STR("user=\"ann@example.org\" n=")), 25 + 18);
	}
	assert_int_equal(lines, 4 * 200);
}

static void counts_the_lines_that_are_lost(void **state)
{
	int keep = fixture.sink.fd;

	(void)state;
	fixture.sink.fd = -1;
	log_info(&fixture.log, "x");
	assert_int_equal(counter_read(&fixture.sink.lost), 1);
	fixture.sink.fd = keep;
}

static void opens_its_file_again_under_the_same_number(void **state)
{
	char path[] = "/tmp/tabella-log-XXXXXX";
	int fd = mkstemp(path), before = fixture.sink.fd;
	struct err err;

	assert_true(fd >= 0);
	assert_int_equal(log_sink_to_file(&fixture.sink, path, &err), OK);
	assert_int_equal(fixture.sink.fd, before);
	log_info(&fixture.log, "reopened");
	assert_int_equal(lseek(fd, 0, SEEK_END), 25 + strlen("info imap reopened\n"));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(
	    log_sink_to_file(&fixture.sink, "/nonexistent/log", &err), ERR_UNAVAIL);
	assert_int_equal(close(fd), 0);
	(void)state;
}

#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, open_log, close_log)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOG_TEST(writes_words_and_fields),
		LOG_TEST(writes_json),
		LOG_TEST(writes_an_event_without_fields),
		LOG_TEST(carries_the_fields_of_the_chain),
		LOG_TEST(lets_the_innermost_of_a_name_count),
		LOG_TEST(costs_nothing_when_the_level_is_off),
		LOG_TEST(keeps_a_forged_line_inside_its_quotes),
		LOG_TEST(drops_whole_fields_when_the_line_is_full),
		LOG_TEST(never_mixes_the_lines_of_two_threads),
		LOG_TEST(counts_the_lines_that_are_lost),
		LOG_TEST(opens_its_file_again_under_the_same_number),
	};

	return cmocka_run_group_tests_name("base/log", tests, NULL, NULL);
}
